"""The laws of a snapshot: the future leaves no mark on it, and the order in which facts arrive does not matter."""

from __future__ import annotations

import math
import random
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.features import cut, snapshot, take_snapshot
from lifeloop.testing import ShopBuilder

Fact = tuple[str, str, float, int]
"""Kind, customer, day, amount."""

AS_OF = 20
ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])


def fact(first: float, last: float) -> st.SearchStrategy[Fact]:
    """Return facts at whole hours of the days from `first` to before `last`."""
    hours = st.integers(round(first * 24), round(last * 24) - 1)
    kinds = st.sampled_from(["order", "order", "refund", "event"])
    return st.tuples(kinds, st.sampled_from(["ann", "bob", "cid"]), hours.map(lambda hour: hour / 24), st.integers(0, 99))


def tell(shop: ShopBuilder, facts: list[Fact]) -> ShopBuilder:
    for kind, customer, day, amount in facts:
        at = day - 0.5  # the builder speaks of noon
        if kind == "order":
            shop.orders(customer, day=at, spent=amount, products=("tea", "cup")[: 1 + amount % 2])
        elif kind == "refund":
            shop.refunds(customer, day=at, amount=amount)
        else:
            shop.does(customer, ("Product Viewed", "Product Added")[amount % 2], day=at)
    return shop


def before_and_after(known: list[Fact], later: list[Fact], zone: str = "UTC") -> tuple[pa.Table, pa.Table]:
    """Return the snapshot of one shop before and after it hears the `later` facts."""
    with tempfile.TemporaryDirectory() as folder:
        shop = tell(ShopBuilder(Path(folder)), known)
        before = take_snapshot(shop.engine, shop.day(AS_OF), zone=zone)
        return before, take_snapshot(tell(shop, later).engine, shop.day(AS_OF), zone=zone)


def same(first: pa.Table, second: pa.Table) -> bool:
    """Return whether two snapshots agree: whole numbers exactly, others to 9 digits (sums run in any order)."""
    if first.schema != second.schema or first.num_rows != second.num_rows:
        return False
    pairs = zip(first.to_pylist(), second.to_pylist(), strict=True)
    return all(close(one[name], other[name]) for one, other in pairs for name in one)


def close(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


@given(st.lists(fact(0, AS_OF), max_size=12), st.lists(fact(AS_OF, 40), min_size=1, max_size=8), ZONES)
def test_a_later_fact_never_changes_an_earlier_snapshot(known: list[Fact], later: list[Fact], zone: str) -> None:
    assert same(*before_and_after(known, later, zone))


@given(st.lists(fact(0, 30), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(facts: list[Fact], rng: random.Random) -> None:
    shuffled = facts.copy()
    rng.shuffle(shuffled)

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        shops = tell(ShopBuilder(Path(one)), facts), tell(ShopBuilder(Path(other)), shuffled)
        first, second = (take_snapshot(shop.engine, shop.day(AS_OF)) for shop in shops)
    assert same(first, second)


@pytest.mark.parametrize("kind", ["order", "refund", "event"])
def test_a_cut_that_leaks_would_be_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known, later = [("order", "ann", 3.0, 10)], [(kind, "ann", AS_OF + 1.0, 5)]
    assert same(*before_and_after(known, later))

    def leaking(*args: object, **options: object) -> str:
        sql = cut.known(*args, **options)  # type: ignore[arg-type]
        for table in cut.FACTS.values():
            sql = sql.replace(f"facts.{table.time} < $as_of", "$as_of IS NOT NULL")
        return sql

    monkeypatch.setattr(snapshot, "known", leaking)

    assert not same(*before_and_after(known, later))
