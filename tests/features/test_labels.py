"""Labels say what happened after as_of, within the horizon, to everyone who had ordered before."""

from __future__ import annotations

import pytest

from lifeloop.base.errors import SettingsError
from lifeloop.features import take_labels
from lifeloop.testing import ShopBuilder


def test_labels_say_who_came_back_within_the_horizon(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("bob", day=2)
    shop.orders("ann", day=10, spent=5).orders("ann", day=39, spent=7).orders("bob", day=40).orders("new", day=12)

    assert take_labels(shop.engine, shop.day(10), 30).to_pylist() == [
        {"customer_id": "ann", "orders": 2, "order_days": 2, "revenue_minor": 1200, "churned": False, "next_order_days": 1},
        {"customer_id": "bob", "orders": 0, "order_days": 0, "revenue_minor": 0, "churned": True, "next_order_days": None},
    ]


def test_two_orders_on_one_day_are_one_order_day(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("ann", day=12).orders("ann", day=12.25)

    assert take_labels(shop.engine, shop.day(10), 30)["order_days"].to_pylist() == [1]
    assert take_labels(shop.engine, shop.day(10), 30, zone="Asia/Shanghai")["order_days"].to_pylist() == [2]  # 20:00, 02:00


def test_the_instant_of_as_of_is_the_first_of_the_horizon(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("ann", day=10)  # at noon

    for as_of, orders in ((10.5, 1), (10.500001, 0)):
        (label,) = take_labels(shop.engine, shop.day(as_of), 7).to_pylist()
        assert label["orders"] == orders


def test_what_is_given_back_is_no_order(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).refunds("ann", day=12)

    assert take_labels(shop.engine, shop.day(10), 30)["churned"].to_pylist() == [True]


def test_the_horizon_is_counted_on_the_wall_clock(shop: ShopBuilder) -> None:
    # London changes to summer time on day 90, so midnight of day 92 there is 23:00 UTC of day 91
    shop.orders("ann", day=1).orders("ann", day=91 + 10.5 / 24).orders("ann", day=91 + 11.5 / 24)

    labels = take_labels(shop.engine, shop.day(85), 7, zone="Europe/London")

    assert labels["orders"].to_pylist() == [1]  # 22:30 UTC is within the seven days, 23:30 UTC is not


def test_a_horizon_of_no_days_is_refused(shop: ShopBuilder) -> None:
    with pytest.raises(SettingsError, match="horizon of 0 days"):
        take_labels(shop.engine, shop.day(1), 0)
