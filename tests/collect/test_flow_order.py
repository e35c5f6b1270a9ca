"""Whatever order live facts come in, together or apart, once or again: the lake says the same."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.config import Settings
from lifeloop.collect.flow import Flow
from lifeloop.collect.spool import SpoolWriter, Stamp
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND
from lifeloop.store import open_store

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
MUG = {"product_id": "mug", "name": "Mug", "price": 9.5, "quantity": 2}
TEA = {"product_id": "tea", "name": "Tea", "price": 3, "quantity": 1}
_REST = "currency, shipping_minor, tax_minor, discount_minor, channel, country, digest, told"
SAME = (
    (EVENT, "message_id, name, customer_id, occurred_at, amount_minor"),
    (ORDER, f"order_id, customer_id, placed_at, told_at, total_minor, goods_minor, quantity, products, coupon, {_REST}"),
    (ORDER_LINE, "order_id, line_no, customer_id, placed_at, product_id, title, quantity, amount_minor, currency"),
    (REFUND, "refund_id, line_no, order_id, product_id, quantity, amount_minor, refunded_at"),
    (PRODUCT, "product_id, title, category, price_minor, currency, updated_at, told"),
)
"""What must be the same; when something was received is not."""


def event(message: str, does: str, hours_ago: float, user: str | None = "ann", /, **said: Any) -> str:
    at = (NOW - timedelta(hours=hours_ago)).isoformat()
    told = {"type": "track", "event": does, "messageId": message, "userId": user, "anonymousId": "v", "timestamp": at}
    return json.dumps(told | {"properties": {"currency": "EUR"} | said})


STORY = (
    event("a1", "Order Completed", 50, order_id="A", total=22, products=[MUG, TEA], coupon="X"),
    event("a2", "Order Updated", 49, order_id="A", total=19, products=[MUG]),
    event("a3", "Order Updated", 30, None, order_id="A", total=9.5, products=[MUG | {"quantity": 1}], email="ann@x.org"),
    event("a4", "Order Refunded", 20, order_id="A", refund_id="R1", total=9.5, products=[MUG | {"quantity": 1}]),
    event("a5", "Order Refunded", 10, order_id="A", refund_id="R2", total=3, products=[TEA]),
    event("b1", "Order Updated", 40, "bob", order_id="B", total=3, products=[TEA]),
    event("b2", "Order Completed", 41, "bob", order_id="B", total=3, products=[TEA]),
    event("c1", "Order Cancelled", 5, "bob", order_id="B", total=3, products=[TEA]),
    event("v1", "Product Viewed", 60, product_id="mug", name="杯子", category="Cups", price=8),
    event("v2", "Product Viewed", 59, product_id="mug", name="Mug!", price=9),
    event("v3", "Product Viewed", 3, product_id="cup", name="Cup", price=2),
    event("v4", "Product Viewed", 2, product_id="cup", name="一杯", price=2.5),
    event("l1", "Product Updated", 70, None, product_id="tea", name="Green tea", price=3.2),
    event("l2", "Product Updated", 1, None, product_id="tea", name="Black tea", price=3.1),
)


def lake_after(requests: list[list[int]], story: Sequence[str] = STORY) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the lake says after some requests of a story's events, one step of the flow behind each."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        lake, store = Lake(home / "lake"), open_store(f"sqlite:///{home / 'store.sqlite'}")
        engine, writer = DuckEngine(lake, threads=1), SpoolWriter(home / "spool")
        shop = Settings(shop={"currency": "EUR"})  # type: ignore[arg-type]
        flow = Flow(lake, engine, store, home / "spool", "door", home, shop, FixedClock(NOW))
        for request in requests:
            body = f'{{"batch": [{", ".join(story[one] for one in request)}]}}'
            writer.append([(Stamp("segment", "live", micros(NOW)), body.encode())])
            flow.step()
        writer.close()
        store.close()
        rows = {table.name: engine.query(f"SELECT {named} FROM t ORDER BY ALL", {"t": table}) for table, named in SAME}
        return {name: [tuple(row.values()) for row in found.to_pylist()] for name, found in rows.items()}


@cache
def told_at_once() -> dict[str, list[tuple[Any, ...]]]:
    return lake_after([list(range(len(STORY)))])


def check(order: list[int], again: list[int], cuts: list[int]) -> None:
    told = order + again
    ends = [0, *sorted(cuts), len(told)]
    requests = [told[start:end] for start, end in pairwise(ends) if end > start]

    assert lake_after(requests) == told_at_once()


@pytest.mark.parametrize("step", [1, 3])
def test_words_told_backwards_leave_the_same_lake(step: int) -> None:
    order = list(reversed(range(len(STORY))))
    check(order, order[:4], list(range(0, len(STORY), step)))


@pytest.mark.soak
@given(
    st.permutations(range(len(STORY))),
    st.lists(st.sampled_from(range(len(STORY))), max_size=6),
    st.lists(st.integers(1, len(STORY)), max_size=8, unique=True),
)
def test_words_told_in_any_order_leave_the_same_lake(order: list[int], again: list[int], cuts: list[int]) -> None:
    check(list(order), again, cuts)


WHOLE = {"total": 27.0, "subtotal": 20.5, "shipping": 5, "tax": 1.5, "coupon": "X", "products": [MUG, TEA]}
TELLINGS = (
    event("t1", "Order Completed", 9, order_id="A", **WHOLE),
    event("t2", "Order Completed", 8.99, order_id="A", revenue=20.5),
    event("t3", "Order Completed", 8.98, None, order_id="A", revenue=20, shipping=4, channel="web", country="DE"),
    event("t4", "Order Updated", 8, "ann2", order_id="A", total=25, placed_at="2024-05-31T00:00:00Z", discount=2),
    event("t5", "Order Updated", 7, order_id="A", products=[TEA | {"name": "Green tea"}, MUG]),
    event("t6", "Order Updated", 7, order_id="A", products=[MUG, TEA | {"name": "Black tea"}]),
    event("t7", "Order Completed", 8, order_id="B", value=3, tax=1),
    event("t8", "Order Completed", 8, order_id="B", products=[TEA], coupon="Y"),
    event("t9", "Order Updated", 8, order_id="B", currency="GBP", shipping=7, products=[MUG]),
)
"""What a shop's server, its pages and its office say of two orders: none of it all, some at one instant."""


@cache
def tellings_at_once() -> dict[str, list[tuple[Any, ...]]]:
    return lake_after([list(range(len(TELLINGS)))], TELLINGS)


def test_a_poorer_telling_leaves_the_lines_and_the_whole_total_of_a_richer_one() -> None:
    for requests in ([[0, 1]], [[1, 0]], [[0], [1]], [[1], [0]]):
        lake = lake_after(requests, TELLINGS)
        assert [(row[4], row[5], *row[10:12]) for row in lake["order"]] == [(2700, 2050, 500, 150)]
        assert [row[4] for row in lake["order_line"]] == ["mug", "tea"]


@settings(max_examples=8)
@given(st.permutations(range(len(TELLINGS))), st.lists(st.integers(1, len(TELLINGS) - 1), max_size=4, unique=True))
def test_tellings_of_an_order_come_to_the_same_however_they_are_split_and_turned(order: list[int], cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(order)]
    assert lake_after([list(order[start:end]) for start, end in pairwise(ends)], TELLINGS) == tellings_at_once()


GIVEN_BACK = (
    event("g1", "Order Completed", 9, order_id="A", **WHOLE),
    event("g2", "Order Refunded", 8, order_id="A", total=3, products=[TEA]),
    event("g3", "Order Refunded", 7.99, order_id="A", total="3.00", products=[TEA]),
    event("g4", "Order Refunded", 7, order_id="A", refund_id="R1", total=4),
    event("g5", "Order Cancelled", 6, order_id="A", **WHOLE),
    event("g6", "Order Cancelled", 5.99, order_id="A", total=27),
    event("g7", "Order Completed", 9, order_id="B", total=22, products=[MUG, TEA]),
    event("g8", "Order Refunded", 8, order_id="B", products=[MUG, TEA]),
    event("g9", "Order Refunded", 7, order_id="B", total=22),
)
"""Money given back, told by two each, and orders cancelled of which some was given back before."""


@cache
def given_back_at_once() -> dict[str, list[tuple[Any, ...]]]:
    return lake_after([list(range(len(GIVEN_BACK)))], GIVEN_BACK)


def test_no_more_of_an_order_is_given_back_than_it_came_to_however_many_tell_it() -> None:
    amounts = [(row[2], row[0].startswith("R1"), row[5]) for row in given_back_at_once()["refund"]]
    assert sorted(amounts) == [("A", False, 300), ("A", False, 2000), ("A", True, 400), ("B", False, 300), ("B", False, 1900)]


@settings(max_examples=8)
@given(st.permutations(range(len(GIVEN_BACK))), st.lists(st.integers(1, len(GIVEN_BACK) - 1), max_size=4, unique=True))
def test_money_given_back_comes_to_the_same_however_it_is_told(order: list[int], cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(order)]
    assert lake_after([list(order[start:end]) for start, end in pairwise(ends)], GIVEN_BACK) == given_back_at_once()


@pytest.mark.soak
@given(st.permutations(range(len(TELLINGS))), st.lists(st.integers(1, len(TELLINGS) - 1), max_size=8, unique=True))
def test_tellings_of_an_order_come_to_the_same_very_often(order: list[int], cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(order)]
    assert lake_after([list(order[start:end]) for start, end in pairwise(ends)], TELLINGS) == tellings_at_once()
