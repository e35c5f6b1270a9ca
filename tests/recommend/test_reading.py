"""What everybody did, as read from a shop's lake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.base.clock import micros
from lifeloop.lake import DuckEngine
from lifeloop.recommend.asked import Deed
from lifeloop.recommend.deeds import Deeds
from lifeloop.recommend.histories import Products
from lifeloop.recommend.learning.reading import products_seen, read_deeds
from lifeloop.schema import EVENT, IDENTITY
from lifeloop.testing.shop import NOON, ShopBuilder
from lifeloop.unify.resolved import RESOLVED

THINGS = Products(["cup", "pot", "tea"])


@pytest.fixture
def shop(tmp_path: Path) -> ShopBuilder:
    return ShopBuilder(tmp_path)


def read(shop: ShopBuilder, day: float, products: Products = THINGS) -> Deeds:
    return read_deeds(DuckEngine(shop.lake, views=RESOLVED), products, shop.day(day))


def told(deeds: Deeds, products: Products = THINGS) -> dict[str, list[tuple[str, str]]]:
    """Return what each did, as kinds and products."""
    done = {name: deeds.of(place, products, 100) for place, name in enumerate(deeds.names)}
    return {name: [(one.kind, one.product_id) for one in some] for name, some in done.items()}


def test_views_carts_and_orders_become_one_history_in_the_order_of_time(shop: ShopBuilder) -> None:
    shop.orders("ann", day=3, products=("tea",)).does("ann", "Product Viewed", day=1, product="pot")
    shop.does("ann", "Product Added", day=2, product="tea").does("ann", "Product Added to Wishlist", day=1.2, product="cup")

    deeds = read(shop, 10)

    assert told(deeds) == {"cann": [("view", "pot"), ("wish", "cup"), ("order", "tea")]}


def test_several_deeds_in_a_row_with_one_product_are_the_strongest_of_them(shop: ShopBuilder) -> None:
    for day, name in ((1, "Product Viewed"), (2, "Product Added"), (3, "Product Viewed")):
        shop.does("ann", name, day=day, product="tea")
    shop.does("ann", "Product Viewed", day=4, product="pot").does("ann", "Product Viewed", day=5, product="tea")

    deeds = read(shop, 10)

    assert told(deeds) == {"cann": [("cart", "tea"), ("view", "pot"), ("view", "tea")]}
    assert deeds.histories.at is not None
    assert deeds.histories.at[0] == micros(shop.day(2) + NOON)


def test_nothing_of_the_moment_asked_for_or_later_is_read(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1, products=("tea", "pot")).does("ann", "Product Viewed", day=2, product="cup")
    before = read(shop, 5).arrays()
    shop.orders("ann", day=5, products=("cup",)).orders("bob", day=6).refunds("ann", day=7, product="tea")
    shop.does("ann", "Product Viewed", day=5, product="cup").does("eve", "Product Viewed", day=9, product="cup")

    after = read(shop, 5).arrays()

    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_shop_that_knows_orders_alone_has_histories_and_baskets(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1, products=("tea", "pot", "tea")).orders(None, day=2, products=("cup",)).orders("ann", day=3)

    deeds = read(shop, 10)

    assert {name: sorted(did) for name, did in told(deeds).items()} == {"cann": [("order", "pot"), ("order", "tea")]}
    assert [deeds.orders.one(number).tolist() for number in range(len(deeds.orders))] == [[0], [1, 2]]
    assert deeds.owner.tolist() == [-1, 0]
    assert deeds.ordered_at.tolist() == [micros(shop.day(2) + NOON), micros(shop.day(1) + NOON)]


def test_a_visitor_is_not_the_customer_of_the_same_id_and_becomes_the_one_the_device_turned_out_to_be(
    shop: ShopBuilder,
) -> None:
    shop.does("x", "Product Viewed", day=1, product="tea")
    view = {"source": "test", "type": "track", "name": "Product Viewed", "anonymous_id": "x", "product_id": "pot"}
    moment = {"message_id": "m1", "occurred_at": shop.day(2), "received_at": shop.day(2)}
    shop.lake.append(EVENT, pa.Table.from_pylist([view | moment], schema=EVENT.arrow()))
    assert told(read(shop, 10)) == {"cx": [("view", "tea")], "vx": [("view", "pot")]}

    link = {"kind": "device", "identifier": "x", "since": shop.day(0), "customer_id": "ann"}
    shop.lake.append(IDENTITY, pa.Table.from_pylist([link], schema=IDENTITY.arrow()))

    assert told(read(shop, 10)) == {"cann": [("view", "pot")], "cx": [("view", "tea")]}


def test_what_was_given_back_stands_before_all_else(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1, products=("tea",)).refunds("ann", day=2, product="tea")
    shop.does("ann", "Product Viewed", day=3, product="pot")

    deeds = read(shop, 10)

    assert deeds.of(0, THINGS, 1) == (
        Deed("tea", "refund", micros(shop.day(2) + NOON)),
        Deed("tea", "order", micros(shop.day(1) + NOON)),
        Deed("pot", "view", micros(shop.day(3) + NOON)),
    )


def test_no_order_is_read_into_the_lines_of_an_order(shop: ShopBuilder) -> None:
    names = [f"p{number:02}" for number in range(20)]
    for number in range(30):
        shop.orders(f"c{number:02}", day=number, products=tuple(names)).does(
            f"c{number:02}", "Product Viewed", day=40, product="p07"
        )

    found = read(shop, 50, Products(names)).histories
    again = read(shop, 50, Products(["a", *names])).histories

    lists = [found.one(number).tolist() for number in range(30)]
    assert len({tuple(one) for one in lists}) == 30
    assert all(one[-1] == 7 for one in lists)
    assert np.mean(np.diff([one[:20] for one in lists]) == 1) < 0.1
    assert np.array_equal(again.items, found.items + 1)


def test_somebody_taken_out_leaves_what_a_reading_without_them_gives(shop: ShopBuilder, tmp_path: Path) -> None:
    other = ShopBuilder(tmp_path / "other")
    for builder in (shop, other):
        builder.orders("ann", day=1, products=("tea", "pot")).does("eve", "Product Viewed", day=2, product="cup")
        builder.orders(None, day=3, products=("cup",)).refunds("ann", day=4, product="pot")
    shop.orders("bob", day=1, products=("tea", "cup")).does("bob", "Product Viewed", day=2, product="cup")
    shop.refunds("bob", day=5, product="tea")
    whole = read(shop, 10)

    left = whole.without(np.array([name == "cbob" for name in whole.names]))

    expected = read(other, 10)
    assert told(left) == told(expected)
    for name, array in expected.arrays().items():
        assert np.array_equal(left.arrays()[name], array), name


def test_deeds_come_back_from_their_arrays(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1, products=("tea", "pot")).does("bob", "Product Viewed", day=2, product="cup")
    deeds = read(shop, 10)

    back = Deeds.of_arrays(deeds.arrays(), products=3, sources=deeds.sources, languages=deeds.languages)

    assert told(back) == told(deeds)
    assert {name: len(did) for name, did in told(back).items()} == {"cann": 2, "cbob": 1}
    assert back.names.find("cbob") == 1
    assert back.names.find("cbo") == -1
    assert back.is_customer.tolist() == [True, True]


def test_a_lake_with_nothing_in_it_has_no_deeds(shop: ShopBuilder) -> None:
    deeds = read(shop, 10)

    assert len(deeds.names) == len(deeds.orders) == len(deeds.histories) == 0
    assert deeds.of_arrays(deeds.arrays(), products=3, sources=(), languages=()).names.find("cann") == -1
    assert products_seen(shop.engine) == []
