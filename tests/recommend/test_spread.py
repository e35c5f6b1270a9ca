"""What is done for many people at once is what is done for one."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.recommend.answering.diversity import SAME_BRAND, SAME_CATEGORY, Cap, Likeness, spread
from lifeloop.recommend.histories import Histories
from lifeloop.recommend.learning.spread import Group, cells, spread_all, strongest_causes
from lifeloop.recommend.matrices import Blend, DenseMatrix, LowRankMatrix, Part, SparseMatrix

SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.sampled_from([0.0, 0.2, 0.7]), st.sampled_from([None, 1, 2]), st.sampled_from([None, 1]))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_list_among_many_is_the_one_that_is_spread_out_alone(
    seed: int, diversity: float, cap: int | None, brand_cap: int | None
) -> None:
    draw = np.random.default_rng(seed)
    category, brand = draw.integers(-1, 4, 20).astype(np.int32), draw.integers(-1, 5, 20).astype(np.int32)
    pool = np.stack([draw.permutation(20)[:8] for _ in range(5)]).astype(np.int32)
    drawn = np.sort(draw.permutation(1000)[:40].reshape(5, 8), axis=1)[:, ::-1] / 1000
    scores = np.ascontiguousarray(drawn, np.float32)
    groups = (Group(category, SAME_CATEGORY, cap), Group(brand, SAME_BRAND, brand_cap))

    found = spread_all(pool, scores, diversity, groups, places=4)

    for row in range(5):
        codes = [(category[pool[row]], cap), (brand[pool[row]], brand_cap)]
        alike = Likeness(codes[0][0], codes[1][0])
        caps = [Cap(code, most) for code, most in codes if most is not None]
        alone = spread(scores[row].astype(np.float64), 4, weight=diversity, alike=alike, caps=caps)
        assert found[row][found[row] >= 0].tolist() == list(alone)


def test_what_may_not_be_picked_is_not_even_where_nothing_else_is_left() -> None:
    pool = np.array([[0, 1, 2]], np.int32)
    scores = np.array([[0.5, -np.inf, 0.1]], np.float32)

    assert spread_all(pool, scores, 0.2, (), places=3).tolist() == [[0, 2, -1]]
    assert spread_all(pool, np.full((1, 3), -np.inf, np.float32), 0.2, (), places=2).tolist() == [[-1, -1]]
    assert spread_all(np.zeros((2, 0), np.int32), np.zeros((2, 0), np.float32), 0.2, (), places=2).tolist() == [[-1, -1]] * 2


def matrices(draw: np.random.Generator, products: int) -> list[Any]:
    values = np.where(draw.random((products, products)) < 0.4, draw.normal(size=(products, products)), 0).astype(np.float32)
    thin = draw.normal(size=(products, 3)).astype(np.float32)
    empty = SparseMatrix.of(sp.csr_matrix(np.zeros((products, products), np.float32)))
    return [DenseMatrix(values), SparseMatrix.of(sp.csr_matrix(values)), LowRankMatrix(thin, thin.T.copy()), empty]


@given(SEEDS)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_cells_are_those_of_the_matrix(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows, columns = draw.integers(0, 7, (2, 4, 5)).astype(np.int32)
    for matrix in matrices(draw, 7):
        every = np.arange(7, dtype=np.int32)
        whole = matrix.contributions(every, np.ones(7, np.float32), every)

        np.testing.assert_allclose(cells(matrix, rows, columns), whole[rows, columns], rtol=1e-5, atol=1e-6)


@given(SEEDS)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_strongest_cause_is_the_deed_that_adds_most(seed: int) -> None:
    draw = np.random.default_rng(seed)
    dense, sparse, thin, _ = matrices(draw, 7)
    blend = Blend((Part(dense, 1.0, 0.3, 4), Part(sparse, 0.5, 0.1, 3), Part(thin, 0.2, 0.2, 5)))
    lists = [draw.integers(0, 7, draw.integers(0, 9)).tolist() for _ in range(4)]
    histories = Histories.of(lists, products=7)
    histories = Histories(histories.starts, histories.items, 7, None, draw.integers(0, 4, len(histories.items)).astype(np.int8))
    assert histories.kinds is not None
    by_kind = np.array([1, 2, 1.5, 2, 0], np.float32)
    places = draw.integers(0, 7, (4, 3)).astype(np.int32)

    because, share = strongest_causes(blend, histories, places, by_kind)

    for user, items in enumerate(lists):
        first = histories.starts[user]
        weights = by_kind[histories.kinds[first : first + len(items)]]
        added = blend.contributions(np.array(items, np.int32), places[user], weights)
        for place in range(3):
            best = added[:, place].max(initial=0)
            if best <= 0:
                assert because[user, place] == -1
                continue
            assert np.isclose(added[because[user, place] - first, place], best, rtol=1e-4)
            assert np.isclose(share[user, place], best / np.maximum(added[:, place], 0).sum(), rtol=1e-3)
