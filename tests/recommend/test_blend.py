"""What a blend of matrices says, and how it picks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.recommend.histories import Histories
from lifeloop.recommend.matrices import Blend, DenseMatrix, ItemMatrix, LowRankMatrix, Part, SparseMatrix, Taste, decay

PRODUCTS = 23


def matrix(kind: str, seed: int) -> ItemMatrix:
    random = np.random.default_rng(seed)
    square = random.normal(size=(PRODUCTS, PRODUCTS)).astype(np.float32)
    if kind == "dense":
        return DenseMatrix(square)
    if kind == "sparse":
        import scipy.sparse as sp

        return SparseMatrix.of(sp.csr_matrix(np.where(random.random(square.shape) < 0.4, square, 0)))
    return LowRankMatrix(square[:, :3], square[:3])


KINDS = [["dense"], ["sparse"], ["low"], ["dense", "sparse", "low"], ["sparse", "sparse"]]


def blend(kinds: list[str]) -> Blend:
    return Blend(
        tuple(
            Part(matrix(kind, seed), weight=1 + seed, delta=0.1 + 0.3 * seed, most=4 + seed, newest=1.5, floor=0.1)
            for seed, kind in enumerate(kinds)
        )
    )


HISTORIES = st.lists(st.lists(st.integers(0, PRODUCTS - 1), max_size=12), min_size=1, max_size=9)


@pytest.mark.parametrize("kinds", KINDS, ids="+".join)
@given(lists=HISTORIES, drop_seen=st.booleans(), masked=st.booleans())
def test_the_best_are_those_a_full_sort_would_find(kinds, lists, drop_seen, masked):
    mix = blend(kinds)
    allowed = np.arange(PRODUCTS) % 3 != 0 if masked else None
    ids, best = mix.top(Histories.of(lists, products=PRODUCTS), 6, allowed=allowed, drop_seen=drop_seen, threads=1)
    for number, items in enumerate(lists):
        scores = mix.scores(np.array(items, np.int32))
        scores[[] if allowed is None else ~allowed] = -np.inf
        scores[items if drop_seen else []] = -np.inf
        wanted = np.sort(scores[scores > 1e-5])[::-1][:6]
        found = ids[number][ids[number] >= 0]
        np.testing.assert_allclose(best[number][: len(wanted)], wanted, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(scores[found], best[number][: len(found)], rtol=1e-4, atol=1e-5)
        assert len(set(found.tolist())) == len(found)


@pytest.mark.parametrize("kinds", KINDS, ids="+".join)
@given(items=st.lists(st.integers(0, PRODUCTS - 1), max_size=12), seed=st.integers(0, 9))
def test_contributions_add_up_to_the_score(kinds, items, seed):
    mix, history = blend(kinds), np.array(items, np.int32)
    kinds_count = np.random.default_rng(seed).random(len(items)).astype(np.float32)
    targets = np.array([3, 0, PRODUCTS - 1], np.int32)
    parts = mix.contributions(history, targets, kinds_count)
    np.testing.assert_allclose(parts.sum(axis=0), mix.scores(history, kinds_count)[targets], atol=2e-5)
    kinds_of = np.arange(len(items), dtype=np.int8)
    one = replace(Histories.of([items], products=PRODUCTS), kinds=kinds_of)
    ids, best = mix.top(one, 5, by_kind=kinds_count, drop_seen=False, threads=1)
    known = ids[0] >= 0
    np.testing.assert_allclose(mix.scores(history, kinds_count)[ids[0][known]], best[0][known], atol=2e-5)


@pytest.mark.parametrize("kinds", KINDS, ids="+".join)
@given(lists=HISTORIES, seed=st.integers(0, 9))
def test_who_else_is_asked_for_changes_nobodys_list(kinds, lists, seed):
    mix = blend(kinds)
    order = np.random.default_rng(seed).permutation(len(lists))
    ids, best = mix.top(Histories.of(lists, products=PRODUCTS), 4, threads=1)
    others, other_best = mix.top(Histories.of([lists[at] for at in order], products=PRODUCTS), 4, threads=2)
    assert np.array_equal(ids[order], others)
    np.testing.assert_allclose(best[order], other_best, rtol=1e-5 if "low" in kinds else 0)
    alone, score = mix.top(Histories.of(lists[:1], products=PRODUCTS), 4)
    assert ids[0].tolist() == alone[0].tolist()
    np.testing.assert_allclose(best[0], score[0], rtol=1e-5 if "low" in kinds else 0)


def test_an_empty_history_or_a_list_of_nothing_is_answered_by_nothing():
    for kinds in KINDS:
        assert blend(kinds).top(Histories.of([[]], products=PRODUCTS), 5)[0].tolist() == [[-1] * 5]
        assert blend(kinds).top(Histories.of([[1]], products=PRODUCTS), 0)[0].shape == (1, 0)
        assert blend(kinds).top(Histories.of([], products=PRODUCTS), 3)[0].shape == (0, 3)


def test_more_are_asked_for_than_there_are():
    everything = Blend((Part(DenseMatrix(np.ones((3, 3), np.float32))),))
    ids, best = everything.top(Histories.of([[1], []], products=3), 5)
    assert ids.tolist() == [[0, 2, -1, -1, -1], [-1] * 5]
    assert best.tolist() == [[1, 1, 0, 0, 0], [0] * 5]


def test_older_deeds_weigh_less_and_those_beyond_the_last_nothing():
    assert decay(4, np.log(2), 3).round(6).tolist() == [0, 0.25, 0.5, 1]
    assert decay(0, 0.2, 3).tolist() == []
    mix = Blend((Part(DenseMatrix(np.eye(3, dtype=np.float32)), delta=np.log(2), most=2, newest=3),))
    assert mix.scores(np.array([2, 1, 0], np.int32)).round(6).tolist() == [3, 0.5, 0]


def test_a_matrix_that_was_kept_is_the_same_again():
    item, one = np.array([2], np.int32), np.ones(1, np.float32)
    for kind in ("dense", "sparse", "low"):
        kept = matrix(kind, 1)
        again = type(kept).of_arrays(kept.arrays())
        assert again.scores(item, one).tolist() == kept.scores(item, one).tolist()
        assert again.nbytes == kept.nbytes > 0
        assert isinstance(kept, ItemMatrix)


def test_a_place_that_is_no_product_is_refused_before_a_kernel_reads_there():
    mix = blend(["dense"])
    for place in (-1, PRODUCTS):
        with pytest.raises(IndexError, match="there are 23"):
            mix.top(Histories.of([[0], [place]], products=PRODUCTS), 3)
        with pytest.raises(IndexError, match="there are 3"):
            Taste.fit(Histories.of([[0, place]], products=3))
