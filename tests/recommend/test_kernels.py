"""Compiled kernels and plain ones are the same functions."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.recommend.histories import Histories
from lifeloop.recommend.kernels import NO_WEIGHTS, compiled, fixed, kernels, plain
from lifeloop.recommend.matrices import SparseMatrix

PRODUCTS = 40
LISTS = st.lists(st.lists(st.integers(0, PRODUCTS - 1), max_size=20), max_size=10)
BOTH = (compiled, plain)


class Drawn:
    """Random matrices and histories."""

    def __init__(self, lists: list[list[int]], seed: int, most: int = 7) -> None:
        random = np.random.default_rng(seed)
        self.histories = Histories.of(lists, products=PRODUCTS)
        self.starts, self.items = fixed(self.histories.starts), fixed(self.histories.items)
        self.dense = fixed(random.normal(size=(PRODUCTS, PRODUCTS)).astype(np.float32))
        import scipy.sparse as sp

        self.sparse = SparseMatrix.of(sp.csr_matrix(np.where(random.random(self.dense.shape) < 0.2, self.dense, 0)))
        self.by_age = fixed(np.exp(-0.3 * np.arange(most)).astype(np.float32))
        has_weights = bool(seed % 2)
        self.by_deed = fixed(random.random(len(self.items)).astype(np.float32)) if has_weights else NO_WEIGHTS
        self.allowed = fixed(random.random(PRODUCTS) < 0.7)

    def empty(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        return np.empty((len(self.histories), k), np.int32), np.empty((len(self.histories), k), np.float32)


def agree(found: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Scores are close, and ids equal wherever no other score is as close as rounding is."""
    (ids, best), (plain_ids, plain_best) = found
    np.testing.assert_allclose(best, plain_best, atol=1e-5)
    gap = np.abs(np.diff(best, axis=1, append=-1)) > 1e-5
    sure = gap & np.concatenate([np.ones((len(gap), 1), bool), gap[:, :-1]], axis=1)
    assert np.array_equal(ids[sure], plain_ids[sure])


@given(lists=LISTS, seed=st.integers(0, 999))
def test_sums_of_rows_are_equal(lists, seed):
    drawn, found = Drawn(lists, seed), []
    for kernel in BOTH:
        scores = np.zeros((len(lists), PRODUCTS), np.float32)
        kernel.add_rows(scores, drawn.starts, drawn.items, drawn.dense, drawn.by_age, drawn.by_deed)
        kernel.add_sparse(scores, drawn.starts, drawn.items, *rows(drawn.sparse), drawn.by_age, drawn.by_deed)
        found.append(scores)
    np.testing.assert_allclose(*found, atol=1e-5)


def rows(matrix: SparseMatrix) -> tuple[Any, Any, Any]:
    return matrix.starts, matrix.columns, matrix.values


@given(lists=LISTS, seed=st.integers(0, 999), k=st.integers(1, PRODUCTS + 3), drop_seen=st.booleans())
def test_the_best_are_equal_and_nobody_is_shown_what_they_had(lists, seed, k, drop_seen):
    drawn, found = Drawn(lists, seed), []
    for kernel in BOTH:
        scores = np.zeros((len(lists), PRODUCTS), np.float32)
        kernel.add_rows(scores, drawn.starts, drawn.items, drawn.dense, drawn.by_age, drawn.by_deed)
        found.append(drawn.empty(k))
        kernel.pick(scores, drawn.starts, drawn.items, drop_seen, *found[-1])
        if drop_seen:
            assert not any(set(ids.tolist()) & set(items) for ids, items in zip(found[-1][0], lists, strict=True))
    agree(found)


@given(lists=LISTS, seed=st.integers(0, 999), k=st.integers(1, 12), drop_seen=st.booleans())
def test_the_best_of_sparse_rows_are_equal_and_allowed(lists, seed, k, drop_seen):
    drawn, found = Drawn(lists, seed), []
    for kernel in BOTH:
        found.append(drawn.empty(k))
        ages = fixed(drawn.by_age[None])
        known = (drawn.starts, drawn.items, *rows(drawn.sparse), ages, drawn.by_deed, drawn.allowed)
        scratch = np.zeros(PRODUCTS, np.float32), np.empty(PRODUCTS, np.int32)
        kernel.top_sparse(*known, drop_seen, *scratch, *found[-1])
        assert not scratch[0].any()
        ids = found[-1][0]
        assert drawn.allowed[ids[ids >= 0]].all()
        if drop_seen:
            assert not any(set(ids.tolist()) & set(items) for ids, items in zip(ids, lists, strict=True))
    agree(found)


@pytest.mark.parametrize("scores", [[0.0] * 300, [1.0] * 300, [2.0, 1.0] * 150, [-1.0] * 299 + [3.0], [1e-30] * 300])
@pytest.mark.parametrize("k", [1, 10, 100, 301])
def test_equal_scores_are_ranked_by_place(scores, k):
    found = []
    for kernel in BOTH:
        ids, best = np.empty((1, k), np.int32), np.empty((1, k), np.float32)
        nobody, drop_seen = fixed(np.array([0, 0])), True
        kernel.pick(np.array([scores], np.float32), nobody, fixed(np.zeros(0, np.int32)), drop_seen, ids, best)
        found.append((ids.tolist(), best.tolist()))
    assert found[0] == found[1]


@given(lists=LISTS, seed=st.integers(0, 99))
def test_counts_are_equal(lists, seed):
    drawn = Drawn(lists, seed)
    weights = fixed(np.array([7, 3, 1]))
    found = []
    for kernel in BOTH:
        together, after = np.zeros((PRODUCTS, PRODUCTS), np.uint16), np.zeros((PRODUCTS - 5, PRODUCTS), np.int64)
        kernel.count_together(drawn.starts, drawn.items, together)
        kernel.count_after(drawn.starts, drawn.items, weights, 5, after)
        found.append((together + together.T, after))
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])


@given(seed=st.integers(0, 99), most=st.integers(0, 6))
def test_the_highest_of_rows_are_equal(seed, most):
    random = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(random.integers(0, 9, 5))])
    columns = np.concatenate([np.arange(width) for width in np.diff(starts)]).astype(np.int32)
    values = random.integers(-1, 3, len(columns)).astype(np.float32)
    kept = np.concatenate([[0], np.cumsum(np.minimum(np.diff(starts), most))])
    found = []
    for kernel in BOTH:
        found.append((np.zeros(kept[-1], np.int32), np.zeros(kept[-1], np.float32)))
        kernel.keep_highest(fixed(starts), fixed(columns), fixed(values), fixed(kept), 0, 5, *found[-1])
    assert [array.tolist() for array in found[0]] == [array.tolist() for array in found[1]]


def test_plain_kernels_are_chosen_by_word_or_where_nothing_compiles(monkeypatch):
    assert kernels() is compiled
    try:
        kernels.cache_clear()
        monkeypatch.setenv("LIFELOOP_PLAIN_KERNELS", "1")
        assert kernels() is plain
        kernels.cache_clear()
        monkeypatch.delenv("LIFELOOP_PLAIN_KERNELS")
        monkeypatch.delattr("lifeloop.recommend.kernels.compiled")
        monkeypatch.setitem(sys.modules, "lifeloop.recommend.kernels.compiled", None)
        assert kernels() is plain
    finally:
        kernels.cache_clear()
