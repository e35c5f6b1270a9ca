"""A snapshot says what was known of each customer at one moment, in numbers that can be checked by hand."""

from __future__ import annotations

import pytest

from lifeloop.base.errors import UnknownName
from lifeloop.features import FEATURES, take_labels, take_snapshot, write_snapshot
from lifeloop.schema import SNAPSHOT
from lifeloop.testing import ShopBuilder


def row(
    shop: ShopBuilder, customer: str, *, day: float, zone: str = "UTC", names: list[str] | None = None
) -> dict[str, object]:
    snapshot = take_snapshot(shop.engine, shop.day(day), zone=zone, features=names or FEATURES)
    return next(row for row in snapshot.to_pylist() if row["customer_id"] == customer)


def test_a_snapshot_counts_only_orders_before_the_day(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("ann", day=9).orders("ann", day=10)  # day 10 is as_of: not known yet

    assert row(shop, "ann", day=10)["orders"] == 2


def test_the_snapshot_table_holds_each_moment_once(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("bob", day=2)

    for day in (5, 5, 9):
        assert write_snapshot(shop.lake, shop.engine, shop.day(day)) == 2

    rows = shop.engine.query("SELECT as_of, count(*) AS n, sum(recency_days) AS r FROM s GROUP BY as_of", {"s": SNAPSHOT})
    assert sorted((r["n"], r["r"]) for r in rows.to_pylist()) == [(2, 5), (2, 13)]


def test_labels_say_who_came_back_within_the_horizon(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("bob", day=2)
    shop.orders("ann", day=10, spent=5).orders("ann", day=39, spent=7).orders("bob", day=40).orders("new", day=12)

    assert take_labels(shop.engine, shop.day(10), 30).to_pylist() == [
        {"customer_id": "ann", "orders": 2, "order_days": 2, "revenue_minor": 1200, "churned": False, "next_order_days": 1},
        {"customer_id": "bob", "orders": 0, "order_days": 0, "revenue_minor": 0, "churned": True, "next_order_days": None},
    ]


def test_an_unknown_feature_is_answered_with_the_nearest(shop: ShopBuilder) -> None:
    with pytest.raises(UnknownName, match="did you mean 'recency_days'"):
        take_snapshot(shop.engine, shop.day(1), features=["recency_day"])
