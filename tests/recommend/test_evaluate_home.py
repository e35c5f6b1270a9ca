"""A shop's own home, read as the nightly run reads it."""

from __future__ import annotations

import pytest

from lifeloop.base.config import Settings
from lifeloop.base.errors import NotEnoughData
from lifeloop.lake import DuckEngine
from lifeloop.recommend.evaluate import temporal
from lifeloop.recommend.evaluate.home import read_home
from lifeloop.testing import ShopBuilder
from lifeloop.unify.resolved import RESOLVED


def test_views_and_orders_of_a_home_are_parted_in_time(shop: ShopBuilder) -> None:
    for number in range(10):
        shop.does(f"c{number}", "Product Viewed", day=1 + number / 100, product="tea")
        shop.orders(f"c{number}", day=2 + number / 100, products=["tea", "cup"])
    shop.does("c1", "Product Viewed", day=8, product="tea").does("c2", "Product Viewed", day=9, product="pot")
    shop.orders("c3", day=9, products=["cup"])

    engine = DuckEngine(shop.lake, views=RESOLVED)
    recorded = read_home(shop.lake, engine, shop.day(10), settings=Settings())
    split = temporal(recorded, repeats=True)
    assert recorded.histories.at is not None
    assert len(split.train) == 10
    assert split.facts["unknown_products"] == 1  # nobody knew of the pot before
    assert len(split) == 2


def test_an_empty_home_is_said_to_be(shop: ShopBuilder) -> None:
    with pytest.raises(NotEnoughData, match="viewed or bought"):
        read_home(shop.lake, DuckEngine(shop.lake, views=RESOLVED), shop.day(10), settings=Settings())
