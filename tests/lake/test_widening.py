"""Tables outlive their declarations: columns declared later are null in what was written before."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lifeloop.lake import DuckEngine, Lake
from lifeloop.lake.engine import View
from lifeloop.schema import EVENT, ORDER, PRODUCT, REFUND
from lifeloop.testing import ShopBuilder

LATER = ("original_at", "sent_at", "clock", "is_bot")


def from_before(shop: ShopBuilder) -> Lake:
    """Write two events as they were written before `LATER` was declared."""
    shop.does("ann", "Product Viewed", day=1).does("bob", "Product Viewed", day=2)
    rows = shop.engine.query("SELECT * FROM e", {"e": EVENT}).drop_columns(list(LATER))
    old = Lake(Path(shop.lake.url).with_name("old"))
    before = {name: column for name, column in EVENT.columns.items() if name not in LATER}
    declared = type(EVENT)(name="event", about=EVENT.about, key=EVENT.key, time=EVENT.time, columns=before)
    old.append(declared, rows.cast(declared.arrow()))
    return old


def event(number: int) -> pa.Table:
    day = ShopBuilder.day(3)
    row = {
        "source": "live",
        "message_id": f"m{number}",
        "type": "track",
        "occurred_at": day,
        "received_at": day,
        "is_bot": True,
    }
    return pa.Table.from_pylist([row], schema=EVENT.arrow())


def bots(lake: Lake) -> list[tuple[str, bool | None]]:
    rows = DuckEngine(lake).query("SELECT message_id, is_bot FROM e ORDER BY message_id", {"e": EVENT}).to_pylist()
    return [(row["message_id"], row["is_bot"]) for row in rows]


def test_a_table_from_before_is_read_with_the_columns_of_today(shop: ShopBuilder) -> None:
    old = from_before(shop)

    assert old.lacks(EVENT) == LATER
    assert bots(old) == [("message-1", None), ("message-2", None)]


def test_rows_of_today_go_behind_those_from_before(shop: ShopBuilder) -> None:
    old = from_before(shop)
    old.append(EVENT, event(3))

    assert old.lacks(EVENT) == ()
    assert bots(old) == [("m3", True), ("message-1", None), ("message-2", None)]
    old.compact(EVENT)
    assert bots(old) == [("m3", True), ("message-1", None), ("message-2", None)]


def test_merging_into_a_table_from_before_widens_it(shop: ShopBuilder) -> None:
    old = from_before(shop)
    old.merge(EVENT, event(4))

    assert bots(old) == [("m4", True), ("message-1", None), ("message-2", None)]


def refund(number: str, line: int, amount: int) -> dict[str, object]:
    day = ShopBuilder.day(3)
    return {
        "source": "live", "refund_id": number, "line_no": line, "refunded_at": day, "received_at": day, "quantity": 1.0,
        "currency": "EUR", "amount_minor": amount, "goods_minor": amount,
    }  # fmt: skip


def test_a_merge_replaces_adds_and_takes_away_by_key(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    written = [refund("a", 1, 10), refund("a", 2, 20), refund("b", 1, 30)]
    lake.append(REFUND, pa.Table.from_pylist(written, schema=REFUND.arrow()))
    told = pa.Table.from_pylist([refund("a", 1, 11), refund("c", 1, 40)], schema=REFUND.arrow())
    gone = pa.table({"source": ["live", "live"], "refund_id": ["a", "z"], "line_no": pa.array([2, 1], pa.int32())})
    lake.merge(REFUND, told, gone)

    rows = DuckEngine(lake).query("SELECT refund_id, line_no, amount_minor FROM r ORDER BY ALL", {"r": REFUND}).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("a", 1, 11), ("b", 1, 30), ("c", 1, 40)]
    assert lake.version(REFUND) == 1


def test_merging_into_a_table_nobody_wrote_begins_it(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.merge(REFUND, pa.Table.from_pylist([refund("a", 1, 11)], schema=REFUND.arrow()))

    assert DuckEngine(lake).query("SELECT amount_minor FROM r", {"r": REFUND}).to_pylist() == [{"amount_minor": 11}]


HALVED = View(
    sql="SELECT o.order_id AS order_id, o.total_minor / h.by AS total_minor FROM stored AS o CROSS JOIN "
    "(SELECT count(*) AS by FROM things) AS h",
    tables={"things": PRODUCT},
    needs=PRODUCT,
)


@pytest.mark.parametrize("things", [0, 2])
def test_a_view_shows_a_table_otherwise_once_what_it_needs_is_there(shop: ShopBuilder, things: int) -> None:
    shop.orders("ann", day=1, spent=10)
    lake = shop.lake
    engine = DuckEngine(lake, views={"order": HALVED})
    rows = [{"source": "s", "product_id": f"p{number}", "updated_at": shop.day(1)} for number in range(things)]
    if rows:
        lake.append(PRODUCT, pa.Table.from_pylist(rows, schema=PRODUCT.arrow()))
    asked = "SELECT total_minor FROM o"

    assert engine.query(asked, {"o": ORDER}).to_pylist() == [{"total_minor": 500 if things else 1000}]
    assert engine.as_stored.query(asked, {"o": ORDER}).to_pylist() == [{"total_minor": 1000}]
