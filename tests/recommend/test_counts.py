"""Counts are whole numbers: any order gives the same, and what was added can be taken back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.recommend.histories import Histories
from lifeloop.recommend.matrices import (
    CountedConfig,
    Following,
    FollowingConfig,
    SolvedConfig,
    Taste,
    TasteConfig,
    next_blend,
    taste_blend,
    visit_blend,
)
from lifeloop.recommend.matrices.counting import count_ahead, count_around
from lifeloop.recommend.matrices.counts import UNIT, Window
from lifeloop.recommend.matrices.memory import FOLLOWING_BYTES, fits_dense
from lifeloop.recommend.matrices.together import distinct

PRODUCTS = 9
MANY = 260
"""Products whose square does not fit into 1 MB."""
LISTS = st.lists(st.lists(st.integers(0, PRODUCTS - 1), max_size=14), max_size=8)
MEMORY = pytest.mark.parametrize("memory_mb", [2000, 1], ids=["dense", "sparse"])


def histories(lists: list[list[int]], memory_mb: int = 2000) -> Histories:
    return Histories.of(lists, products=MANY if memory_mb == 1 else PRODUCTS)


def following(lists: list[list[int]], memory_mb: int = 2000) -> Following:
    counted = CountedConfig(reach=4)
    solved = SolvedConfig(around_reach=6)
    config = FollowingConfig(counted=counted, solved=solved, memory_mb=memory_mb, threads=1)
    fitted = Following.fit(histories(lists, memory_mb), config)
    assert fitted.is_solved == (memory_mb > 1)
    return fitted


def taste(lists: list[list[int]], memory_mb: int = 2000) -> Taste:
    return Taste.fit(histories(lists, memory_mb), TasteConfig(memory_mb=memory_mb, threads=1))


def same(one: Any, other: Any) -> bool:
    left, right = one.arrays(), other.arrays()
    bits = all(np.array_equal(left[name], right[name]) and left[name].dtype == right[name].dtype for name in right)
    return left.keys() == right.keys() and bits


def brute(lists: list[list[int]], ahead: list[float], behind: list[float], alone: int) -> np.ndarray:
    counts = np.zeros((PRODUCTS, PRODUCTS))
    for items in lists:
        for at, item in enumerate(items):
            counts[item, item] += alone
            for other, product in enumerate(items):
                if at < other <= at + len(ahead):
                    counts[item, product] += ahead[other - at - 1]
                if at - len(behind) <= other < at:
                    counts[item, product] += behind[at - other - 1]
    return counts


@given(lists=LISTS, alone=st.integers(0, 2))
def test_what_stands_around_is_counted_as_by_hand(lists, alone):
    window = Window(np.array([5, 3, 1]), np.array([2, 1]), alone)
    starts, columns, values = count_around(histories(lists), lambda reach: window, 3, 1000, threads=1)[0].rows()
    found = np.zeros((PRODUCTS, PRODUCTS), np.int64)
    found[np.repeat(np.arange(PRODUCTS), np.diff(starts)), columns] = values
    assert np.array_equal(found, brute(lists, [5, 3, 1], [2, 1], alone))
    assert np.array_equal(count_ahead(histories(lists), window, threads=2).values, brute(lists, [5, 3, 1], [], 0))


@given(lists=LISTS)
def test_pairs_in_one_history_are_those_of_the_matrix_product(lists):
    had = np.zeros((len(lists), PRODUCTS), np.int64)
    for number, items in enumerate(lists):
        had[number, items] = 1
    assert np.array_equal(taste(lists).counts.values, had.T @ had)
    sparse = taste(lists, 1).counts
    starts, columns, values = sparse.rows()
    found = np.zeros((MANY, MANY), np.int64)
    found[np.repeat(np.arange(MANY), np.diff(starts)), columns] = values
    assert np.array_equal(found[:PRODUCTS, :PRODUCTS], had.T @ had)
    assert np.array_equal(sparse.diagonal(), found.diagonal())


@MEMORY
@given(lists=LISTS.filter(bool), seed=st.integers(0, 99))
def test_whom_we_forget_leaves_what_a_fit_without_them_gives(memory_mb, lists, seed):
    gone = seed % len(lists)
    rest = [*lists[:gone], *lists[gone + 1 :]]
    for fit in (taste, following):
        left, refit = fit(lists, memory_mb).forget(np.array(lists[gone], np.int32)), fit(rest, memory_mb)
        assert same(left, refit)
        assert same(left.matrix, refit.matrix)


@MEMORY
@given(lists=LISTS, seed=st.integers(0, 99))
def test_the_order_of_customers_changes_nothing(memory_mb, lists, seed):
    mixed = [lists[at] for at in np.random.default_rng(seed).permutation(len(lists))]
    assert same(taste(lists, memory_mb), taste(mixed, memory_mb))
    assert same(following(lists, memory_mb), following(mixed, memory_mb))


@MEMORY
def test_counts_come_back_from_their_arrays_even_where_they_cannot_be_written(memory_mb):
    lists = [[0, 1, 2, 3], [3, 1, 0], [5]]
    for fit, back in ((taste, Taste), (following, Following)):
        fitted = fit(lists, memory_mb)
        arrays = fitted.arrays()
        for array in arrays.values():
            array.flags.writeable = False
        again = back.of_arrays(arrays, fitted.config)
        assert same(again, fitted)
        assert same(again.matrix, fitted.matrix)
        assert same(again.forget(np.array([5], np.int32)), fit(lists[:2], memory_mb))


def test_a_product_met_twice_counts_once_where_taste_is_concerned():
    assert distinct(Histories.of([[2, 2, 1, 2], [], [1, 1]], products=3)).items.tolist() == [2, 1, 1]


def test_a_shop_without_products_or_people_has_empty_matrices():
    for memory_mb in (2000, 0):
        nothing = Histories.of([], products=0)
        assert Taste.fit(nothing, TasteConfig(memory_mb=memory_mb)).matrix.products == 0
        assert Following.fit(nothing, FollowingConfig(memory_mb=memory_mb)).matrix.products == 0
        nobody = Histories.of([[], []], products=3)
        assert Following.fit(nobody, FollowingConfig(memory_mb=memory_mb)).matrix.scores(np.array([1]), np.ones(1)).sum() == 0


def test_counts_that_would_not_fit_look_less_far():
    items = np.random.default_rng(0).permutation(4000)
    shop = Histories.of([items], products=4000)

    def pairs(room: int) -> tuple[int, int]:
        counts, reach = count_around(shop, CountedConfig().window, 20, room, threads=1)
        return len(counts.rows()[1]), reach

    assert pairs(200_000) == (2 * sum(4000 - gap for gap in range(1, 21)), 20)
    assert pairs(60_000) == (2 * sum(4000 - gap for gap in range(1, 8)), 7)
    assert pairs(1) == (2 * 3999, 1)


def test_what_is_dense_is_told_by_bytes():
    assert fits_dense(5_000, FOLLOWING_BYTES, 2_000)
    assert not fits_dense(5_001, FOLLOWING_BYTES, 100_000)
    assert not fits_dense(4_000, FOLLOWING_BYTES, 1_000)
    assert fits_dense(3_700, FOLLOWING_BYTES, 1_000)


def test_a_visit_may_come_back_to_what_was_seen_and_what_comes_next_may_not():
    visits, seen = Histories.of([[0, 1, 0, 1], [1, 0], [0, 1, 2]] * 20, products=4), Histories.of([[0, 1]], products=4)
    for memory_mb in (2000, 0):
        again = visit_blend(Following.fit(visits, FollowingConfig(memory_mb=memory_mb, threads=1)))
        assert set(again.top(seen, 4, drop_seen=False)[0][0].tolist()) == {0, 1, 2, -1}
        for blend in (next_blend, taste_blend):
            assert blend(visits, memory_mb, threads=1).top(seen, 4)[0].tolist() == [[2, -1, -1, -1]]


@given(lists=LISTS)
def test_within_a_visit_a_square_says_about_what_sparse_counts_say(lists):
    solved, counted = (following(lists, memory_mb) for memory_mb in (2000, 1))
    assert solved.counted is not solved.matrix
    assert counted.counted is counted.matrix
    how = SolvedConfig(around_reach=6)
    ahead, soon = (window.ahead[:20] / UNIT for name, window in how.windows().items() if name != "around")
    gaps = 0.3 * ahead + 0.7 * np.pad(soon, (0, len(ahead) - len(soon)))
    deeds = solved.deeds + 1.0
    expected = brute(lists, gaps.tolist(), (0.2 * gaps).tolist(), 0) / (deeds[:, None] ** 0.5 * deeds**0.1)
    rows = np.stack([solved.counted.scores(np.array([item], np.int32), np.ones(1, np.float32)) for item in range(PRODUCTS)])
    np.testing.assert_allclose(rows, expected, atol=1e-4)


def test_weights_within_a_visit_lie_near_those_of_sparse_counts():
    solved, gap = SolvedConfig().windows(), np.arange(1.0, 6.0)
    mixed = 0.3 * solved["ahead"].ahead[:5] + 0.7 * solved["soon"].ahead[:5]
    assert np.abs(mixed / UNIT - gap**-0.75).max() < 0.12


def test_what_a_product_says_of_itself_within_a_visit_grows_with_those_who_had_it():
    fitted = following([[0, 1], [0]])
    rows = [fitted.itself.scores(np.array([item], np.int32), np.ones(1, np.float32)) for item in range(3)]
    assert [row[other] for item, row in enumerate(rows) for other in range(3) if other != item] == [0] * 6
    alone = [float(fitted.itself.scores(np.array([item], np.int32), np.ones(1, np.float32))[item]) for item in range(3)]
    np.testing.assert_allclose(alone, [0.4 * 2 / 3**0.6, 0.4 / 2**0.6, 0], rtol=1e-6)
