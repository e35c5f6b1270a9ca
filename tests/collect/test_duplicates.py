"""The same order again, overlapping files, and parts of an order that come apart; and imports that break off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifeloop.base.errors import LakeError
from lifeloop.schema import Table
from lifeloop.testing.till import Till

HEADER = "order,customer,date,sku,qty,price\n"


def line(order: object, sku: str = "mug", quantity: int = 1, price: object = 2, customer: str = "ann") -> str:
    return f"{order},{customer},2024-01-05,{sku},{quantity},{price}\n"


def test_the_same_file_twice_makes_no_new_version_of_any_table(till: Till) -> None:
    text = HEADER + line(1) + line(1, "tea") + line("C2", quantity=-1) + line(3, price="x")
    till.takes(text)
    before = till.versions()

    report = till.takes(text, name="a copy of it.csv")

    assert (report.orders_new, report.orders_unchanged, report.lines, report.refunds, report.rejected, report.written) == (
        0,
        1,
        2,
        1,
        {"bad_number": 1},
        (),
    )
    assert till.versions() == before


def test_lines_that_stand_in_two_files_of_one_import_count_once(till: Till) -> None:
    report = till.takes(HEADER + line(1) + line(2) + line(3, price="x"), HEADER + line(2) + line(4) + line(3, price="x"))

    assert (report.orders_new, report.lines, report.rejected) == (3, 3, {"bad_number": 1})
    assert till.lines("order_id") == ["1", "2", "4"]
    assert till.rejected("file") == ["orders.csv"]


def test_identical_lines_inside_one_file_stay_two(till: Till) -> None:
    report = till.takes(HEADER + line(1) + line(1), HEADER + line(1) + line(1) + line(1))

    assert report.lines == 3, "as often as in the file that has most of them"
    assert till.orders("quantity", "goods_minor") == [(3.0, 600)]


def test_an_order_that_changed_takes_the_place_of_the_old_one(till: Till) -> None:
    till.takes(HEADER + line(1, quantity=1) + line(1, "tea") + line(2))
    report = till.takes(HEADER + line(1, quantity=5) + line(2), name="later.csv")

    assert (report.orders_new, report.orders_updated, report.orders_unchanged) == (0, 1, 1)
    assert till.lines("order_id", "line_no", "product_id", "quantity") == [("1", 1, "mug", 5.0), ("2", 1, "mug", 1.0)]
    assert till.orders("order_id", "goods_minor") == [("1", 1000), ("2", 200)]


def test_parts_of_an_order_that_share_no_product_are_joined_and_known_again(till: Till) -> None:
    first, second = HEADER + line(1), HEADER + line(1, "tea", 2)
    till.takes(first)
    joined = till.takes(second, name="second.csv")
    before = till.versions()

    assert (joined.orders_updated, till.lines("line_no", "product_id")) == (1, [(1, "mug"), (2, "tea")])
    assert till.orders("goods_minor", "quantity", "products") == [(600, 3.0, 2)]
    for again in (first, second):
        assert till.takes(again, name="again.csv").written == ()
    assert till.versions() == before


def test_refunds_are_joined_replaced_and_known_again_like_orders(till: Till) -> None:
    till.takes(HEADER + line("C1", quantity=-1))
    assert till.takes(HEADER + line("C1", "tea", -1), name="b.csv").written == ("refund",)
    assert till.takes(HEADER + line("C1", "tea", -1), name="c.csv").written == ()
    assert till.refunds("line_no", "product_id") == [(1, "mug"), (2, "tea")]
    till.takes(HEADER + line("C1", "tea", -3), name="d.csv")
    assert till.refunds("line_no", "product_id", "quantity") == [(1, "tea", 3.0)]


def test_the_same_goods_given_back_twice_in_two_months_are_two_returns(till: Till) -> None:
    months = [
        line(1, quantity=3),
        line(1, quantity=-1).replace("01-05", "02-05"),
        line(1, quantity=-1).replace("01-05", "03-05"),
    ]
    for number, month in enumerate(months):
        till.takes(HEADER + month, name=f"{number}.csv")

    assert [at.date().isoformat() for at in till.refunds("refunded_at")] == ["2024-02-05", "2024-03-05"]
    assert till.takes(HEADER + months[1], name="again.csv").written == ()
    till.takes(HEADER + "".join(months).replace("02-05", "02-06"), name="mended.csv")  # tells the whole order anew
    assert [at.date().isoformat() for at in till.refunds("refunded_at")] == ["2024-02-06", "2024-03-05"]


def test_the_same_number_from_another_source_is_another_order(till: Till) -> None:
    till.takes(HEADER + line(1), source="web")
    till.takes(HEADER + line(1), source="store")

    assert till.orders("source", "order_id") == [("store", "1"), ("web", "1")]


def test_rows_rejected_once_and_read_better_later_are_rejected_no_more(till: Till) -> None:
    text = HEADER + line(1) + line(2) + line(3).replace("2024-01-05", "2024_01_06") + line(4).replace("2024-01-05", "5.6.7.8")
    till.takes(text)
    assert till.rejected("line") == [4, 5]
    till.takes(text, date_format="%Y_%m_%d")

    assert till.rejected("line") == [5]
    assert till.orders("order_id") == ["1", "2", "3"]


def test_a_row_rejected_for_another_reason_now_tells_the_new_one(till: Till) -> None:
    text = HEADER + line(1) + line(2) + line(3, price="x").replace("2024-01-05", "2024_01_06")
    till.takes(text)
    assert till.rejected("reason") == ["bad_date"]
    till.takes(text, date_format="%Y_%m_%d")
    assert till.rejected("reason") == ["bad_number"]


def test_an_order_number_used_by_two_customers_is_warned_of(till: Till) -> None:
    report = till.takes(HEADER + line(1) + line(1, customer="bob"))

    assert "1 orders name more than one customer, such as order 1" in report.warnings[0]


class Breaking:
    """Lets a lake fail at its n-th write."""

    def __init__(self, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
        self._till, self._patch = till, monkeypatch

    def at(self, n: int, work: Callable[[], Any]) -> bool:
        """Run `work` with a lake whose write number `n` (from 0) fails; returns whether it did fail."""
        real, done = type(self._till.lake)._write, 0

        def write(lake: Any, table: Table, rows: Any, **options: Any) -> None:
            nonlocal done
            if done == n:
                raise LakeError("cannot write", "the disk is full", "Make room.")
            done += 1
            real(lake, table, rows, **options)

        with self._patch.context() as patch:
            patch.setattr(type(self._till.lake), "_write", write)
            try:
                work()
            except LakeError:
                return True
        return False


STORIES = {
    "a first import": ([], HEADER + line(1) + line(1, "tea") + line("C2", quantity=-1) + line(3, price="x")),
    "an update": ([HEADER + line(1) + line(1, "tea") + line(2)], HEADER + line(1, quantity=5) + line(2) + line(4)),
    "a joining": ([HEADER + line(1) + line(2)], HEADER + line(1, "tea", 2) + line(4)),
}


@pytest.mark.parametrize("story", STORIES)
def test_an_import_that_breaks_off_anywhere_is_healed_by_importing_again(
    story: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, text = STORIES[story]
    whole = _till(tmp_path / "whole", before)
    whole.takes(text, name="new.csv")
    expected = _content(whole)
    for n in range(10):
        till = _till(tmp_path / str(n), before)
        if not Breaking(till, monkeypatch).at(n, lambda till=till: till.takes(text, name="new.csv")):  # type: ignore[misc]
            break
        till.takes(text, name="new.csv")
        assert _content(till) == expected, f"broken at write {n}"
        assert till.takes(text, name="new.csv").written == ()
    assert n >= 2


def _till(folder: Any, before: list[str]) -> Till:
    folder.mkdir()
    till = Till(folder)
    for number, text in enumerate(before):
        till.takes(text, name=f"{number}.csv")
    return till


def _content(till: Till) -> list[Any]:
    return [
        till.orders("order_id", "goods_minor", "quantity", "products", "digest"),
        till.lines("order_id", "line_no", "product_id", "quantity"),
        till.refunds("refund_id", "line_no", "product_id", "quantity"),
        till.products("product_id", "price_minor"),
        till.rejected("line", "reason"),
    ]


LINE = st.tuples(st.integers(1, 3), st.sampled_from(["mug", "tea"]), st.integers(-2, 2), st.sampled_from(["2", "0", "x"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(st.lists(LINE, min_size=1, max_size=8), st.data())
def test_any_way_of_cutting_a_file_into_overlapping_files_gives_the_same_facts(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    distinct = list(dict.fromkeys(lines))
    texts = [line(order, sku, quantity, price) for order, sku, quantity, price in distinct]
    cut = data.draw(st.integers(0, len(texts)))
    back = data.draw(st.integers(0, cut))
    whole, parts = (Till(tmp_path_factory.mktemp("till")) for _ in range(2))

    one = whole.takes(HEADER + "".join(texts))
    two = parts.takes(HEADER + "".join(texts[:cut]) + line(9), HEADER + "".join(texts[back:]) + line(9))

    assert two.lines == one.lines + 1
    assert two.refunds == one.refunds
    assert two.rejected == one.rejected
    assert one.lines + one.refunds + sum(one.rejected.values()) == len(texts)
    columns = ("order_id", "goods_minor", "quantity", "products", "digest")
    assert [order for order in parts.orders(*columns) if order[0] != "9"] == whole.orders(*columns)
