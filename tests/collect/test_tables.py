"""Files that hold lifeloop's own tables are read as they stand."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifeloop.base.errors import SourceError
from lifeloop.schema import CUSTOMER, EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND, Table
from lifeloop.testing.till import Till

AT = datetime(2024, 1, 5, 10, 0, 0, 250_000, tzinfo=UTC)
LATER = datetime(2024, 1, 5, 10, 0, 3, tzinfo=UTC)
BACK = datetime(2024, 1, 9, 8, tzinfo=UTC)
COMPUTED = ("digest", "products", "told")


def parquet(folder: Path, table: Table, *rows: dict[str, Any], name: str = "") -> Path:
    """Write rows of a table as its maker would: the declared columns in their types, without those lifeloop computes."""
    fields = [pa.field(field.name, field.type) for field in table.arrow() if field.name not in COMPUTED]
    path = folder / f"{name or table.name}.parquet"
    pq.write_table(
        pa.Table.from_pylist([{"source": "shop", "received_at": LATER} | row for row in rows], pa.schema(fields)), path
    )
    return path


HEAD = {
    "order_id": "1", "customer_id": "ann", "placed_at": AT, "currency": "EUR", "total_minor": 2700, "shipping_minor": 500,
    "goods_minor": 1850, "quantity": 3.0, "channel": "web", "coupon": "茶", "country": "CN",
}  # fmt: skip
LINE = {"order_id": "1", "customer_id": "ann", "placed_at": AT, "currency": "EUR"}
MUGS = {**LINE, "line_no": 1, "product_id": "mug", "title": "杯子", "quantity": 2.0, "amount_minor": 1900, "goods_minor": 1600}
TEA = {**LINE, "line_no": 2, "product_id": "tea", "title": "Tea", "quantity": 1.0, "amount_minor": 300, "goods_minor": 250}
RETURN = {
    "refund_id": "R1", "line_no": 1, "order_id": "1", "customer_id": "ann", "refunded_at": BACK, "product_id": "tea",
    "quantity": 1.0, "currency": "EUR", "amount_minor": 300, "goods_minor": 250,
}  # fmt: skip
VIEW = {
    "message_id": "m1", "type": "track", "name": "Product Viewed", "customer_id": "ann", "anonymous_id": "v1",
    "session_id": "s", "occurred_at": AT, "product_id": "mug", "currency": "EUR", "amount_minor": 950,
    "properties": '{"搜索": ["杯"]}',
}  # fmt: skip
_ORDER = ("order_id", "customer_id", "placed_at", "total_minor", "shipping_minor", "goods_minor", "quantity", "products")


def halves(folder: Path) -> dict[str, Path]:
    """Write one order, its lines and a refund; every row is delivered twice."""
    return {
        "order": parquet(folder, ORDER, HEAD, HEAD),
        "order_line": parquet(folder, ORDER_LINE, MUGS, TEA, TEA, MUGS),
        "refund": parquet(folder, REFUND, RETURN, RETURN),
    }


def assert_told_once(till: Till) -> None:
    """Check that the lake holds the one order with its two lines and its refund."""
    assert till.orders(*_ORDER) == [("1", "ann", AT, 2700, 500, 1850, 3.0, 2)]
    assert till.orders("channel", "coupon", "country", "received_at") == [("web", "茶", "CN", LATER)]
    assert till.lines("line_no", "product_id", "title", "quantity", "amount_minor", "goods_minor") == [
        (1, "mug", "杯子", 2.0, 1900, 1600),
        (2, "tea", "Tea", 1.0, 300, 250),
    ]
    assert till.refunds("refund_id", "order_id", "refunded_at", "product_id", "quantity", "amount_minor", "goods_minor") == [
        ("R1", "1", BACK, "tea", 1.0, 300, 250)
    ]


@pytest.mark.parametrize("order", list(permutations(["order", "order_line", "refund"])))
def test_an_order_and_its_lines_are_one_order_whichever_file_comes_first(till: Till, order: tuple[str, ...]) -> None:
    files = halves(till.folder)
    for name in order:
        till.takes(files[name])

    assert_told_once(till)
    assert [till.takes(file).written for file in files.values()] == [(), (), ()]


def test_the_files_of_one_import_are_joined_and_importing_them_again_changes_nothing(till: Till) -> None:
    files = list(halves(till.folder).values())
    report = till.takes(*files)

    assert (report.orders_new, report.lines, report.refunds, report.rejected) == (1, 2, 1, {})
    assert_told_once(till)
    assert till.takes(*reversed(files)).written == ()


def test_goods_are_taken_as_given_and_need_no_rate(till: Till) -> None:
    report = till.takes(parquet(till.folder, ORDER, {**HEAD, "currency": "JPY"}))

    assert (report.rejected, till.orders("currency", "goods_minor")) == ({}, [("JPY", 1850)])


def test_an_event_is_read_as_it_stands_and_counts_once(till: Till) -> None:
    report = till.takes(parquet(till.folder, EVENT, VIEW, VIEW, {**VIEW, "message_id": "m2", "type": "page", "name": None}))

    assert (report.events, report.files[0].guess.form, report.files[0].guess.kind) == (2, "event", "events")
    assert till.rows(EVENT, *VIEW, "received_at", by="message_id")[0] == (*VIEW.values(), LATER)


def test_without_a_time_of_receipt_a_fact_was_received_now(till: Till) -> None:
    till.takes(parquet(till.folder, EVENT, {**VIEW, "received_at": None}))
    till.takes(parquet(till.folder, ORDER, {**HEAD, "received_at": None}))

    assert till.events("received_at") == till.orders("received_at") == [till.clock.now()]


def test_products_and_customers_are_read_as_they_stand(till: Till) -> None:
    mug = {
        "product_id": "mug", "title": "杯子", "category": "Kitchen > Cups", "brand": "Acme",
        "description": "<p>A mug</p>\n杯子", "currency": "JPY", "price_minor": 950, "cost_minor": 400,
        "updated_at": AT,
    }  # fmt: skip
    ann = {
        "customer_id": "ann", "first_seen_at": AT, "last_seen_at": BACK, "email": "ann@x.org", "phone": "1", "name": "安",
        "language": "zh", "country": "CN",
    }  # fmt: skip
    till.takes(parquet(till.folder, PRODUCT, mug, mug), parquet(till.folder, CUSTOMER, ann, ann))

    assert till.products(*mug) == [tuple(mug.values())]
    assert till.customers(*ann) == [tuple(ann.values())]


@pytest.mark.parametrize(
    ("table", "row", "change", "reason"),
    [
        (ORDER, HEAD, {"order_id": None}, "missing_value"),
        (ORDER, HEAD, {"placed_at": None}, "no_date"),
        (ORDER, HEAD, {"placed_at": datetime(2190, 1, 1, tzinfo=UTC)}, "future_date"),
        (ORDER, HEAD, {"placed_at": datetime(1960, 1, 1, tzinfo=UTC)}, "bad_date"),
        (ORDER, HEAD, {"total_minor": None}, "missing_number"),
        (ORDER, HEAD, {"total_minor": -5}, "negative_price"),
        (ORDER, HEAD, {"currency": None}, "unknown_currency"),
        (ORDER, HEAD, {"currency": "XYZ"}, "unknown_currency"),
        (ORDER_LINE, MUGS, {"line_no": 0}, "bad_number"),
        (ORDER_LINE, MUGS, {"quantity": 0.0}, "zero_quantity"),
        (ORDER_LINE, MUGS, {"quantity": -1.0}, "bad_number"),
        (ORDER_LINE, MUGS, {"amount_minor": None}, "missing_number"),
        (REFUND, RETURN, {"refund_id": None}, "missing_value"),
        (REFUND, RETURN, {"amount_minor": -300}, "negative_price"),
        (EVENT, VIEW, {"message_id": None}, "missing_value"),
        (EVENT, VIEW, {"type": "shout"}, "no_event"),
        (EVENT, VIEW, {"name": None}, "no_event"),
        (EVENT, VIEW, {"customer_id": None, "anonymous_id": "", "session_id": None}, "no_customer"),
    ],
)
def test_a_row_that_cannot_be_is_rejected_with_its_reason(
    till: Till, table: Table, row: dict[str, Any], change: dict[str, Any], reason: str
) -> None:
    good = [{**row, table.key[1]: number} for number in ("8", "9")]
    report = till.takes(parquet(till.folder, table, *good, row | change))

    assert report.rejected == {reason: 1}
    assert till.rejected("line", "reason") == [(3, reason)]
    assert len(till.rows(table, table.key[1])) == 2


def test_the_last_word_on_a_row_counts(till: Till) -> None:
    till.takes(parquet(till.folder, ORDER, HEAD, {**HEAD, "total_minor": 9900}))
    assert till.orders("total_minor") == [9900]


def test_a_line_delivered_again_alone_takes_nothing_from_its_order(till: Till) -> None:
    till.takes(*halves(till.folder).values())
    report = till.takes(parquet(till.folder, ORDER_LINE, TEA, name="late"))

    assert (report.orders_unchanged, report.written) == (1, ())
    assert_told_once(till)


def test_minor_units_are_never_guessed_to_be_an_amount(till: Till) -> None:
    with pytest.raises(SourceError, match="no column for 'goods_minor'"):
        till.takes("order_id,placed_at,currency,total_minor\n1,2024-01-05,EUR,2700\n")


def test_equal_lines_of_an_order_are_two_lines_where_their_numbers_say_so(till: Till) -> None:
    till.takes(parquet(till.folder, ORDER_LINE, {**MUGS, "line_no": 2}, MUGS))

    assert till.orders("quantity", "total_minor") == [(4.0, 3800)]
    assert till.lines("line_no") == [1, 2]


def test_times_of_a_csv_without_a_zone_are_utc_and_whole_numbers_minor_units(till: Till) -> None:
    till.shop = {"currency": "EUR", "timezone": "Asia/Shanghai"}
    till.takes("order_id,placed_at,currency,total_minor,goods_minor\n1,2024-01-05 10:00:00.25,EUR,2700,1850.0\n")

    assert till.orders("order_id", "placed_at", "total_minor", "goods_minor") == [("1", AT, 2700, 1850)]


def test_a_fraction_of_a_minor_unit_is_no_amount(till: Till) -> None:
    head = "order_id,placed_at,currency,total_minor,goods_minor\n"
    report = till.takes(head + "1,2024-01-05,EUR,27.5,1850\n2,2024-01-05,EUR,27,18\n")

    assert report.rejected == {"bad_number": 1}


def test_the_first_import_takes_the_currency_of_the_tables(till: Till) -> None:
    till.shop = {}
    assert till.takes(parquet(till.folder, ORDER, HEAD)).currency == "EUR"


def test_a_file_of_several_sources_is_kept_under_one_with_a_warning(till: Till) -> None:
    other = {**HEAD, "order_id": "2", "source": "market"}
    report = till.takes(parquet(till.folder, ORDER, HEAD, other))

    assert till.orders("source") == ["shop", "shop"]
    assert "its rows name 2 sources (market, shop) and are kept under 'shop' alone" in report.warnings[0]
    assert till.takes(parquet(till.folder, ORDER, other), source="market").warnings == ()
