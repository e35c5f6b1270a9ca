"""New products come to some places by chance, and the chance is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.recommend.answering.exploring import explore, given_away, kept_chance

lists = st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(0, 12), st.floats(0, 1))


def shown(ranked: int, new: int, k: int, share: float, seed: int = 0) -> list[tuple[int, float, bool]]:
    placed = explore(range(ranked), range(100, 100 + new), k=k, share=share, generator=np.random.default_rng(seed))
    return [(one.item, one.propensity, one.is_explored) for one in placed]


@given(lists, st.integers(0, 1000))
def test_a_list_is_full_has_nothing_twice_and_keeps_the_ranking(given_: tuple[int, int, int, float], seed: int) -> None:
    ranked, new, k, share = given_

    items = [item for item, _, _ in shown(ranked, new, k, share, seed)]

    assert len(items) == len(set(items)) == min(k, ranked + new)
    assert [item for item in items if item < 100] == list(range(sum(item < 100 for item in items)))


@given(lists)
def test_the_chances_of_all_that_may_come_to_a_place_add_up_to_one(given_: tuple[int, int, int, float]) -> None:
    ranked, new, k, share = given_
    top = min(ranked, k)
    length = min(k, top + new)
    chances = given_away(length, top, new, share)

    for place in range(length):
        kept = sum(kept_chance(chances, length, rank, place) for rank in range(top))
        away = sum(chance * count for count, chance in chances.items()) / length
        assert kept + away == pytest.approx(1.0)


@pytest.mark.parametrize(("ranked", "new", "k", "share"), [(10, 5, 10, 0.1), (10, 2, 6, 0.45), (3, 4, 6, 0.1), (8, 1, 5, 0.5)])
def test_the_chance_told_is_how_often_it_happens(ranked: int, new: int, k: int, share: float) -> None:
    rounds, generator = 20_000, np.random.default_rng(5)
    seen: Counter[tuple[int, int]] = Counter()
    told: dict[tuple[int, int], float] = {}
    for _ in range(rounds):
        for place, one in enumerate(explore(range(ranked), range(100, 100 + new), k=k, share=share, generator=generator)):
            seen[place, one.item] += 1
            told[place, one.item] = one.propensity

    assert seen
    for cell, chance in told.items():
        error = np.sqrt(chance * (1 - chance) / rounds)
        assert seen[cell] / rounds == pytest.approx(chance, abs=4.5 * error + 1e-9)


def test_a_tenth_of_ten_places_is_always_exactly_one() -> None:
    assert {sum(explored for _, _, explored in shown(10, 5, 10, 0.1, seed)) for seed in range(50)} == {1}


def test_a_new_product_that_is_ranked_already_is_not_shown_twice() -> None:
    placed = explore([1, 2, 3], [2, 3], k=3, share=0.9, generator=np.random.default_rng(0))

    assert [(one.item, one.propensity) for one in placed] == [(1, 1.0), (2, 1.0), (3, 1.0)]
