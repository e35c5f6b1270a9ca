"""Each placement answers its own question, says why, and says what it could not do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.recommend.kitchen import CUP, EVERY, MUG, POT, TEA, notes, shop

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.recommend.answering import reasons
from lifeloop.recommend.asked import Asked, Person
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.testing.shopfronts import Front, customer, model, product


def test_home_shows_what_follows_from_what_a_customer_did() -> None:
    front = shop(personal={("tea", "pot"): 0.5, ("tea", "cup"): 0.2}, wanted={"jam": 9})

    said = front.answer(Asked(placement="home", k=3), customer(("tea", "view")))

    assert [one.product_id for one in said.products] == ["pot", "cup", "jam"]
    assert [one.strategy for one in said.products] == ["personal", "personal", "trending"]
    assert said.products[0].reasons[0].say("en") == "Because you viewed Tea"
    assert said.products[0].reasons[0].because_of == "tea"
    assert said.is_personal
    assert said.version == "v1"


def test_the_next_click_changes_the_list() -> None:
    front = shop(personal={("tea", "pot"): 0.5, ("jam", "cup"): 0.9})
    before = front.shown(Asked(placement="home", k=1), customer(("tea", "view")))
    after = front.shown(Asked(placement="home", k=1), customer(("tea", "view"), ("jam", "view")))

    assert (before, after) == (["pot"], ["cup"])


def test_home_leaves_out_what_lies_in_the_cart_but_not_what_was_viewed() -> None:
    front = shop(wanted={"tea": 9, "pot": 5, "jam": 1}, gaps={"tea": 30.0})
    home, message = Asked(placement="home"), Asked(placement="message")

    assert front.shown(home, customer(("tea", "cart"), ("pot", "view"), ("pot", "wish")))[0] == "pot"
    assert "tea" not in front.shown(home, customer(("tea", "cart", 400), ("tea", "view", 1)))
    assert "tea" not in front.shown(home, customer(("tea", "order", 40), ("tea", "cart", 1))), "due, and in the cart again"
    assert "tea" in front.shown(home, customer(("tea", "cart", 40), ("tea", "order", 40)))
    assert front.shown(message, customer(("tea", "cart")))[0] == "tea"


def test_a_visitor_is_shown_what_the_visit_says() -> None:
    front = shop(personal={("tea", "pot"): 0.5})
    said = front.answer(Asked(placement="home", k=1), replace(customer(("tea", "view")), is_known=False))

    assert (said.products[0].product_id, said.products[0].strategy) == ("pot", "session")
    assert said.is_personal


def test_a_visit_told_in_the_request_counts_with_consent_alone() -> None:
    front = shop(personal={("tea", "pot"): 0.5}, wanted={"jam": 5, "cup": 2})
    asked = Asked(placement="home", k=1, items=("tea",))
    said = front.answer(asked, Person(has_consent=True))

    assert (said.products[0].product_id, said.products[0].strategy) == ("pot", "session")
    assert said.products[0].reasons[0].say("zh") == "因为您浏览过“Tea”"

    without = front.answer(asked)
    assert without.products == front.answer(replace(asked, items=())).products
    assert (without.products[0].product_id, without.products[0].strategy) == ("jam", "trending")
    assert "named in the request were not used here" in notes(without)


@pytest.mark.parametrize("placement", ["home", "message"])
def test_what_is_not_used_is_not_looked_for_either(placement: Any) -> None:
    assert "never" not in notes(shop().answer(Asked(placement=placement, items=("never",))))


@pytest.mark.parametrize("placement", ["home", "message"])
def test_without_a_history_what_is_wanted_by_many_is_shown(placement: Any) -> None:
    said = shop(wanted={"jam": 5, "cup": 2}).answer(Asked(placement=placement, k=2), customer())

    assert [one.product_id for one in said.products] == ["jam", "cup"]
    assert {one.strategy for one in said.products} == {"trending"}
    assert said.products[0].reasons[0].say("en") == "Popular right now"
    assert not said.is_personal


def test_without_consent_the_history_is_not_looked_at_and_that_is_said() -> None:
    front = shop(personal={("tea", "pot"): 0.5}, wanted={"jam": 5})
    said = front.answer(Asked(placement="home", k=1), replace(customer(("tea", "view")), has_consent=False))

    assert [one.product_id for one in said.products] == ["jam"]
    assert "no consent" in notes(said)


def test_a_product_page_shows_what_is_like_it_and_what_goes_with_it() -> None:
    front = shop(similar={("cup", "mug"): 0.6}, together={("cup", "pot"): 0.2}, wanted={"jam": 99})
    said = front.answer(Asked(placement="product", items=("cup",), k=2))

    assert [(one.product_id, one.strategy) for one in said.products] == [("mug", "similar"), ("pot", "together")]
    assert [one.reasons[0].say("en") for one in said.products] == ["Similar to Cup", "Often bought together with Cup"]


def test_a_price_band_on_a_product_page_is_in_shares_of_its_price() -> None:
    rules = RecommendSettings(lowest_price=0.5, highest_price=2, exploration=0)
    rows = [product("mug"), *(product(f"at{price}", price_minor=price) for price in (499, 500, 2000, 2001))]
    front = shop(*rows, settings=rules, similar={("mug", row["product_id"]): 1 for row in rows[1:]})

    assert set(front.shown(Asked(placement="product", items=("mug",)))) == {"at500", "at2000"}
    assert set(front.shown(Asked(placement="home"))) == set()  # 0.50 to 2 EUR


def test_a_cart_is_offered_what_is_bought_with_it_but_nothing_of_it_and_no_variant() -> None:
    rows = [product("t1", title="Green Tea 100 g"), product("t2", title="Green Tea 250 g"), product("pot"), product("cup")]
    together = {("t1", "t2"): 0.9, ("t1", "pot"): 0.3, ("t1", "t1"): 1, ("pot", "cup"): 0.1}
    said = shop(*rows, together=together).answer(Asked(placement="cart", items=("t1",)))

    assert [one.product_id for one in said.products] == ["pot", "cup"]
    assert said.products[0].reasons[0].say("zh") == "常与“Green Tea 100 g”一起购买"


def test_of_two_things_equally_often_bought_with_it_a_cart_is_offered_the_small_and_worthwhile_one() -> None:
    dear, cheap = product("dear", price_minor=9000, cost_minor=4500), product("small", price_minor=300, cost_minor=150)
    thin = product("thin", price_minor=300, cost_minor=290)
    front = shop(TEA, dear, cheap, thin, together={("tea", name): 0.3 for name in ("dear", "small", "thin")})

    assert front.shown(Asked(placement="cart", items=("tea",))) == ["small", "thin", "dear"]


def test_what_was_bought_comes_again_only_when_it_is_due() -> None:
    front = shop(wanted={"tea": 5}, gaps={"tea": 30.0})
    asked = Asked(placement="message", k=5)

    assert "tea" not in front.shown(asked, customer(("tea", "order", 29)))
    said = front.answer(asked, customer(("tea", "order", 31)))
    assert said.products[0].product_id == "tea"
    assert said.products[0].reasons[0].say("en") == "You bought this before, and it is about time for more"
    assert "tea" not in front.shown(asked, customer(("tea", "order", 60), ("tea", "order", 1)))
    assert "tea" not in front.shown(asked, customer(("tea", "order", 60), ("tea", "refund", 50)))
    never = replace(front, settings=RecommendSettings(repeats=False, exploration=0))
    assert "tea" not in never.shown(asked, customer(("tea", "order", 60)))


def test_a_message_does_not_repeat_what_was_sent() -> None:
    front = shop(personal={("jam", "tea"): 0.9, ("jam", "cup"): 0.1})

    assert front.shown(Asked(placement="message", k=1), customer(("jam", "view"))) == ["tea"]
    assert front.shown(Asked(placement="message", k=1), customer(("jam", "view"), sent=frozenset({"tea"}))) == ["cup"]


def test_search_keeps_to_the_hits_and_prefers_what_suits() -> None:
    front = shop(personal={("jam", "mug"): 0.9}, wanted={"tea": 99})
    asked = Asked(placement="search", items=("pot", "cup", "mug"))

    assert front.shown(asked) == ["pot", "cup", "mug"]
    assert front.shown(asked, customer(("jam", "view"))) == ["mug", "pot", "cup"]


def test_search_leaves_out_what_is_not_for_sale_and_says_of_what_it_does_not_know() -> None:
    front = shop(TEA, product("cup", stock=0), MUG)
    said = front.answer(Asked(placement="search", items=("cup", "mug", "tee", "tea")))

    assert [one.product_id for one in said.products] == ["mug", "tea"]
    assert "No product 'tee' is known; it was left out. Did you mean 'tea'?" in notes(said)
    assert "2 of 3 places are filled" in notes(said)


def test_what_is_sold_no_more_still_says_what_goes_with_it() -> None:
    catalogue = Catalogue.of([POT, CUP])
    front = Front(model(["cup", "pot", "tea"], similar={("tea", "pot"): 0.5}), catalogue, RecommendSettings(exploration=0))

    assert front.shown(Asked(placement="product", items=("tea",)))[0] == "pot"


def test_what_came_after_the_fit_is_found_and_tried() -> None:
    front = Front(
        model(["cup", "pot"], wanted={"cup": 2, "pot": 1}), Catalogue.of([POT, CUP, TEA]), RecommendSettings(exploration=0.5)
    )
    said = [front.answer(Asked(placement="home", k=2), seed=seed) for seed in range(30)]
    explored = [one for answer in said for one in answer.products if one.is_explored]

    assert {one.product_id for one in explored} == {"tea"}
    assert {one.strategy for one in explored} == {"new"}
    assert explored[0].reasons[0].say("zh") == "新品上架"


def test_what_was_there_at_the_fit_is_called_little_known_and_not_new() -> None:
    front = shop(people={"tea": 3}, wanted={"cup": 9, "pot": 5}, settings=RecommendSettings(exploration=0.5))
    said = [front.answer(Asked(placement="home", k=2), seed=seed) for seed in range(30)]
    explored = [one for answer in said for one in answer.products if one.is_explored]

    assert {one.product_id for one in explored} == {"tea"}
    assert explored[0].reasons[0].say("en") == "Few people know it yet"


def test_a_last_reason_that_takes_from_the_score_says_so() -> None:
    front = shop(personal={("tea", "pot"): 0.9, ("cup", "pot"): -0.4, ("tea", "mug"): 0.1})
    said = front.answer(Asked(placement="home", k=1), customer(("cup", "view"), ("tea", "view"))).products[0]

    assert [why.text for why in said.reasons] == [reasons.VIEWED, reasons.AGAINST]
    assert said.reasons[-1].contribution < 0


def test_nothing_is_left_to_chance_in_a_search() -> None:
    front = replace(shop(people={"tea": 0, "pot": 0}), settings=RecommendSettings(exploration=0.5))
    said = front.answer(Asked(placement="search", items=("tea", "pot")))

    assert [one.propensity for one in said.products] == [1.0, 1.0]


def test_a_category_holds_the_list_and_an_unknown_one_is_said_to_be_so() -> None:
    front = shop(wanted={"tea": 9, "cup": 1})
    said = front.answer(Asked(placement="home", category="kitchen"))
    assert {one.product_id for one in said.products} == {"pot", "cup", "mug"}
    assert said.products[0].reasons[0].say("en") == "Popular in kitchen right now"
    assert "Nothing lies in the category 'Toys'" in notes(front.answer(Asked(placement="home", category="Toys")))


def test_what_is_popular_in_a_category_names_its_last_level_however_it_is_written() -> None:
    front = Front.of(product("tea", category="Food / Hot Drinks/Tea"), wanted={"tea": 1})
    said = front.answer(Asked(placement="home", category="food/hot drinks"))

    assert said.products[0].reasons[0].say("en") == "Popular in hot drinks right now"


def test_caps_leave_room_for_others_however_well_one_brand_does() -> None:
    rows = [product(f"a{number:03d}", brand="a") for number in range(300)] + [product("b", brand="b"), product("c")]
    wanted = {f"a{number:03d}": 400 - number for number in range(300)} | {"b": 1}
    front = Front.of(*rows, settings=RecommendSettings(brand_cap=2, exploration=0, diversity=0), wanted=wanted)

    assert front.shown(Asked(placement="home", k=4)) == ["a000", "a001", "b"]


def test_what_is_sold_out_meanwhile_is_gone_from_the_next_answer() -> None:
    front = shop(wanted={"tea": 9, "cup": 1})
    later = replace(front, catalogue=Catalogue.of([TEA | {"stock": 0}, *EVERY[1:]]))

    assert front.shown(Asked(placement="home"))[0] == "tea"
    assert "tea" not in later.shown(Asked(placement="home"))
    assert front.shown(Asked(placement="home"))[0] == "tea"


def test_deeds_older_than_the_history_that_is_looked_at_still_keep_out_what_was_bought() -> None:
    front = replace(shop(wanted={"tea": 9}), settings=RecommendSettings(history=1, exploration=0))
    ann = Person(deeds=customer(("tea", "order"), ("cup", "view")).deeds, is_known=True, has_consent=True)

    assert "tea" not in front.shown(Asked(placement="home"), ann)


def test_a_substitute_is_of_the_same_kind() -> None:
    kinds = {"tray": "Tea > Ware", "bowl": "Tea > Ware", "chai": "Tea > Leaves", "quilt": "Home > Bedding"}
    liked = {("tray", "quilt"): 0.6, ("tray", "chai"): 0.6, ("tray", "bowl"): 0.3}
    front = Front.of(*(product(name, category=kind) for name, kind in kinds.items()), similar=liked)

    said = front.answer(Asked(placement="product", items=("tray",), k=3))

    assert [one.product_id for one in said.products] == ["bowl", "chai", "quilt"]


def test_postage_is_recommended_nowhere() -> None:
    front = Front.of(product("POST", title="POSTAGE"), product("mug"), wanted={"POST": 99, "mug": 1})

    for asked in (
        Asked(placement="home"),
        Asked(placement="cart", items=("cup",)),
        Asked(placement="search", items=("POST", "mug")),
    ):
        assert "POST" not in [one.product_id for one in front.answer(asked).products]
