"""Baskets: a product stands on one line, partners are bought together, and what is expected is what is drawn."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.simulate import Shop, WorldConfig
from lifeloop.simulate.basket import Shelf
from lifeloop.simulate.draws import Draws
from lifeloop.simulate.goods import PARTNERS, make_goods
from lifeloop.simulate.people import make_people

WORLD = WorldConfig().but(shop={"customers": 9000, "products": 120}, basket={"lines": 3.0}, products={"launches": 0.3})


def shelf(config: WorldConfig) -> Shelf:
    draws = Draws(5)
    goods = make_goods(config, draws)
    return Shelf(config, make_people(config, draws), goods, draws)


def full(one: Shelf, days: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Basket, product and quantity of everybody on so many days, while the shelves are full."""
    who, stock = np.arange(one.generosity.size), np.full(len(one.goods), np.inf)
    filled = [one.fill(who, day, stock) for day in range(days)]
    return [(baskets.basket, baskets.product, baskets.quantity) for baskets in filled]


def test_a_product_stands_on_one_line_of_a_basket() -> None:
    one = shelf(WORLD)
    (basket, product, pieces), *_ = full(one, 1)
    lines = Counter(zip(basket.tolist(), product.tolist(), strict=True))

    assert max(lines.values()) == 1
    assert (np.diff(basket) >= 0).all()
    sizes = np.bincount(basket)
    assert sizes.mean() == pytest.approx(WORLD.basket.lines, abs=4 * sizes.std() / np.sqrt(sizes.size) + 0.03)
    assert pieces.mean() == pytest.approx(WORLD.basket.quantity, abs=4 * pieces.std() / np.sqrt(pieces.size) + 0.03)


@pytest.mark.parametrize("partner", [0.0, 0.5, 1.0])
def test_baskets_are_worth_what_is_expected(partner: float) -> None:
    config = WORLD.but(basket={"partner": partner})
    one = shelf(config)
    who = np.arange(one.generosity.size)
    found = np.mean(
        [np.bincount(basket, one.goods.price_minor[product] * pieces, who.size) for basket, product, pieces in full(one, 6)],
        axis=0,
    )
    expected = one.expected(who, one.goods.price_minor) * config.basket.quantity

    assert found.mean() == pytest.approx(expected.mean(), abs=4 * (found - expected).std() / np.sqrt(who.size))
    liked = one.favourites[:, 0] < 5
    error = 4 * (found - expected)[liked].std() / np.sqrt(liked.sum())
    assert found[liked].mean() == pytest.approx(expected[liked].mean(), abs=error)


def test_products_have_partners_of_their_own_and_of_complementary_categories() -> None:
    goods = shelf(WORLD).goods
    partners = goods.partners

    assert partners.shape == (120, PARTNERS)
    assert (partners != np.arange(120)[:, None]).all()
    some = partners[:, 0] >= 0
    assert some.mean() > 0.8
    assert (goods.category[partners[some, 0]] == goods.category[some]).all()
    assert (goods.category[partners[:, 1:]] != goods.category[:, None]).mean() > 0.4


def test_partners_are_found_in_one_order_more_often_than_chance_would_have_it() -> None:
    def together(share: float) -> float:
        """How many pairs of products of one order are partners."""
        one = shelf(WORLD.but(shop={"products": 600}, basket={"partner": share}))
        (basket, product, _), *_ = full(one, 1)
        beside = basket[1:] == basket[:-1]
        first, second = product[:-1][beside], product[1:][beside]
        partners = one.goods.partners
        return float(((partners[first] == second[:, None]) | (partners[second] == first[:, None])).any(axis=1).mean())

    assert together(0.4) > 2 * together(0.0)


def test_what_is_taken_out_of_the_cart_was_in_it_and_is_not_ordered() -> None:
    config = WORLD.but(shop={"customers": 800}, behaviour={"removes": 0.5}, dirt={"malformed": 0, "late": 0, "skewed": 0})
    config = config.but(dirt={"out_of_order": 0, "duplicates": 0}).lasting(60)
    days = list(Shop(config).history())
    event, line = (pa.concat_tables([getattr(day, name) for day in days]) for name in ("event", "order_line"))
    ordered = set(zip(line["order_id"].to_pylist(), line["product_id"].to_pylist(), strict=True))
    cart: dict[str, set[str]] = {}
    gone: dict[str, set[str]] = {}
    left = passed = 0
    for row in event.filter(pc.is_valid(event["session_id"])).sort_by("occurred_at").to_pylist():
        session, product = row["session_id"], row["product_id"]
        if row["name"] == "Product Added":
            cart.setdefault(session, set()).add(product)
        elif row["name"] == "Product Removed":
            assert product in cart[session]
            said = json.loads(row["properties"])
            assert row["amount_minor"] == round(said["price"] * 100) * said["quantity"]
            gone.setdefault(session, set()).add(product)
            left += 1
        elif row["name"] == "Checkout Started":
            cart.setdefault(session, set())
        elif row["name"] == "Order Completed" and session in gone:
            assert not [one for one in gone[session] if (row["order_id"], one) in ordered]
            passed += 1

    assert left > 100
    assert passed > 20
