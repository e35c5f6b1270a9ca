"""Requests and shops that are not as they should be get a clear error, or a sensible answer that says so."""

from __future__ import annotations

from typing import Any

import pytest
from tests.recommend.kitchen import notes, shop

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.base.recommend_settings import PLACEMENTS
from lifeloop.recommend.asked import MOST_WANTED, Asked
from lifeloop.recommend.model import NO_VERSION
from lifeloop.testing.shopfronts import Front, customer, product


def test_a_new_shop_shows_its_newest_products_and_says_so() -> None:
    rows = [product("old", updated_at=1), product("new", updated_at=3), product("mid", updated_at=2)]
    front = shop(*rows, version=NO_VERSION)
    said = front.answer(Asked(placement="home"))

    assert [one.product_id for one in said.products] == ["new", "mid", "old"]
    assert "Nothing has been learned yet" in notes(said)
    assert said.version == NO_VERSION
    assert "Nothing has been learned yet" not in notes(front.answer(Asked(placement="home", category="Toys")))


def test_a_shop_that_learned_says_so_even_where_nothing_speaks_for_a_product() -> None:
    front = shop(wanted={"tea": 3})
    nothing = notes(front.answer(Asked(placement="home", category="Toys")))
    unspoken = notes(front.answer(Asked(placement="home", category="Kitchen")))

    assert "Nothing lies in the category 'Toys'" in nothing
    assert "newest" not in nothing
    assert "the newest are shown" in unspoken
    assert "yet" not in unspoken


def test_a_shop_of_three_products_is_not_said_to_have_others() -> None:
    said = notes(shop(product("a"), product("b"), product("c")).answer(Asked(placement="home")))

    assert "3 of 10 places are filled: there is no other product that may be shown here." in said


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_an_empty_catalogue_has_an_empty_answer(placement: Any) -> None:
    said = Front.of().answer(Asked(placement=placement, items=("tea",)), customer(("tea", "order")))

    assert said.products == ()
    assert "The catalogue is empty" in notes(said)


def test_a_list_of_nothing_cannot_be_asked_for_and_a_very_long_one_is_cut() -> None:
    with pytest.raises(SettingsError, match="k must be at least 1"):
        shop().answer(Asked(placement="home", k=0))
    many = Front.of(*(product(f"p{number}") for number in range(150)))
    said = many.answer(Asked(placement="home", k=10_000))
    assert len(said.products) == MOST_WANTED
    assert "10000 were asked for; a list holds at most 100" in notes(said)


def test_an_unknown_product_page_is_an_error_with_a_near_name() -> None:
    with pytest.raises(UnknownName, match="did you mean 'tea'"):
        shop().answer(Asked(placement="product", items=("teaa",)))
    with pytest.raises(SettingsError, match="no product was named"):
        shop().answer(Asked(placement="product"))
    with pytest.raises(UnknownName, match="did you mean 'cart'"):
        shop().answer(Asked(placement="chart"))  # type: ignore[arg-type] # as somebody may write it


def test_a_cart_of_a_hundred_thousand_things_is_answered_and_keeps_all_of_them_out() -> None:
    front = shop(together={("tea", "pot"): 0.5})
    said = front.answer(Asked(placement="cart", items=(*(f"x{number}" for number in range(100_000)), "cup", "tea")))

    assert [one.product_id for one in said.products] == ["pot", "jam", "mug"]
    assert "100000 of the products are not known" in notes(said)


def test_a_long_cart_is_looked_at_from_its_end() -> None:
    rows = [product(f"p{number:03d}", title=f"{chr(97 + number // 26)}{chr(97 + number % 26)} thing") for number in range(200)]
    front = shop(*rows, together={("p000", "p198"): 0.9, ("p150", "p199"): 0.1})
    said = front.answer(Asked(placement="cart", items=tuple(f"p{number:03d}" for number in range(180)), k=20))

    assert "180 products were given; the last 100 of them were looked at" in notes(said)
    assert said.products[0].product_id == "p199"
    assert {one.product_id for one in said.products} == {f"p{number:03d}" for number in range(180, 200)}
