"""What holds of every answer: reasons add up, chances are true, and what does not matter changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recommend.kitchen import EVERY, shop

from lifeloop.base.recommend_settings import PLACEMENTS, RecommendSettings
from lifeloop.recommend.answering.signals import SIGNALS
from lifeloop.recommend.asked import Asked
from lifeloop.recommend.placements.search import REACH
from lifeloop.testing.shopfronts import Front, customer, model, product


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_no_hit_overtakes_one_that_the_shop_put_further_above_it_than_search_reaches(seed: int, count: int) -> None:
    chance = np.random.default_rng(seed)
    names = [f"p{number:02d}" for number in range(count)]
    front = Front.of(
        *(product(name) for name in names),
        personal=chance.normal(size=(count, count)).astype(np.float32),
        content=chance.normal(size=(count, count)).astype(np.float32),
        wanted={name: int(chance.integers(9)) for name in names},
    )
    hits = tuple(chance.permutation(names).tolist())
    found = front.shown(Asked(placement="search", items=hits, k=100), customer(*((name, "view") for name in hits[:5])))

    assert sorted(found) == sorted(hits)
    place = {name: number for number, name in enumerate(hits)}
    for number, name in enumerate(found):
        assert all(place[below] > place[name] - REACH - 1e-6 for below in found[number + 1 :] if place[below] < place[name])


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from(PLACEMENTS))
def test_the_reasons_of_a_product_add_up_to_its_score(seed: int, placement: Any) -> None:
    chance = np.random.default_rng(seed)
    names = [f"p{number:02d}" for number in range(30)]
    cells = {
        name: np.where(chance.random((30, 30)) < 0.5, chance.normal(size=(30, 30)), 0).astype(np.float32)
        for name in ("personal", "similar", "together", "content")
    }
    front = Front.of(
        *(product(name, category=f"c{int(chance.integers(4))}") for name in names),
        settings=RecommendSettings(exploration=0.3),
        wanted={name: int(chance.integers(9)) for name in names},
        people={name: int(chance.integers(60)) for name in names},
        **cells,
    )
    had = [(name, kind) for name, kind in zip(chance.choice(names, 8).tolist(), ["view", "order"] * 4, strict=True)]
    asked = Asked(placement=placement, items=tuple(chance.choice(names, 6).tolist()))
    said = front.answer(asked, customer(*had), seed=seed)

    assert said.products
    for one in said.products:
        assert sum(why.contribution for why in one.reasons) == pytest.approx(one.score, abs=1e-9)
        assert one.signals["score"] == pytest.approx(one.score, abs=1e-5)
        assert set(one.signals) <= set(SIGNALS)
        assert len(one.reasons) <= 5


def test_what_does_not_matter_changes_nothing() -> None:
    told: dict[str, Any] = {"personal": {("tea", "pot"): 0.5, ("cup", "jam"): 0.2}, "together": {("tea", "jam"): 0.3}}
    ann = customer(("tea", "view"), ("cup", "order"))
    one, other = shop(*EVERY, **told), shop(*reversed(EVERY), **told)
    gone = replace(one, model=model([*one.model.products.ids, "aaa"], **told))
    for placement in PLACEMENTS:
        asked = Asked(placement=placement, items=("tea", "mug"))
        assert other.answer(asked, ann) == one.answer(asked, ann)
        assert gone.answer(asked, ann) == one.answer(asked, ann)
    cart = Asked(placement="cart", items=("tea", "mug", "cup"))
    assert one.shown(replace(cart, items=("cup", "tea", "mug", "tea"))) == one.shown(cart)


def test_the_chance_that_is_logged_is_the_true_one_under_caps() -> None:
    rows = [product(f"p{number}", brand="a" if number < 5 else "b") for number in range(10)]
    front = Front.of(
        *rows,
        settings=RecommendSettings(exploration=0.3, brand_cap=3, diversity=0.5),
        wanted={f"p{number}": 30 - number for number in range(10)},
        people={"p3": 1, "p4": 1, "p8": 1, "p9": 1},
    )
    times = 4000
    seen: dict[tuple[str, int], int] = {}
    chances: dict[tuple[str, int], float] = {}
    generator = np.random.default_rng(5)
    for _ in range(times):
        for one in front.answer(Asked(placement="home", k=4), seed=int(generator.integers(1 << 30))).products:
            key = (one.product_id, one.rank)
            seen[key] = seen.get(key, 0) + 1
            assert chances.setdefault(key, one.propensity) == one.propensity
    for key, chance in chances.items():
        assert abs(seen[key] / times - chance) < 4.5 * np.sqrt(chance * (1 - chance) / times) + 1e-9, key


def test_the_same_question_has_the_same_answer() -> None:
    front = replace(shop(people={"tea": 0, "pot": 0}), settings=RecommendSettings(exploration=0.5))

    assert front.answer(Asked(placement="home"), seed=3) == front.answer(Asked(placement="home"), seed=3)
