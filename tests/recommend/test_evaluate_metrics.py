"""The figures of lists: by hand, and beside those of RecTools."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.recommend.evaluate import metrics
from lifeloop.recommend.evaluate.intervals import mean_of
from lifeloop.recommend.evaluate.metrics import accuracy, counts, hits
from lifeloop.recommend.histories import Histories

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pandas as pd
    import rectools.metrics as theirs
    from rectools.metrics.distances import PairwiseDistanceCalculator


def test_a_hit_in_second_place_is_worth_what_the_papers_say() -> None:
    one = accuracy(np.array([[False, True] + [False] * 98]), np.array([1]))

    assert one["ndcg_at_10"][0] == pytest.approx(1 / np.log2(3))
    assert one["recall_at_10"][0] == one["hit_rate_at_20"][0] == 1
    assert one["mrr_at_20"][0] == 0.5
    assert one["precision_at_20"][0] == 1 / 20


def test_a_hit_below_the_tenth_place_is_none_in_the_first_ten() -> None:
    one = accuracy(np.eye(100, dtype=bool)[[10]], np.array([1]))

    assert one["ndcg_at_10"][0] == one["recall_at_10"][0] == 0
    assert one["recall_at_20"][0] == 1
    assert one["mrr_at_20"][0] == pytest.approx(1 / 11)
    assert one["ndcg_at_100"][0] == pytest.approx(1 / np.log2(12))


def test_finding_all_of_more_targets_than_places_is_the_best_there_is() -> None:
    one = accuracy(np.ones((1, 100), bool), np.array([30]))

    assert one["recall_at_10"][0] == one["recall_at_20"][0] == one["ndcg_at_10"][0] == 1
    assert one["ndcg_at_100"][0] > 1  # a list with more hits than there are targets cannot come from `hits`


def test_products_of_one_are_no_targets_of_another() -> None:
    lists = np.array([[0, 1], [0, 1]], np.int32)

    assert hits(lists, Histories.of([[1], [0, 1]], products=2)).tolist() == [[False, True], [True, True]]
    assert hits(lists, Histories.of([[], []], products=2)).sum() == 0


def test_a_target_told_twice_counts_once() -> None:
    assert counts(Histories.of([[1, 1, 0], [], [2]], products=3)).tolist() == [2, 0, 1]


def test_a_list_of_what_everybody_had_is_no_news() -> None:
    had = np.array([4, 1, 0])

    assert metrics.novelty(np.array([[0], [1], [2], [-1]], np.int32), had, 4).tolist()[:3] == [0.0, 2.0, 2.0]
    assert np.isnan(metrics.novelty(np.array([[-1]], np.int32), had, 4)[0])


def test_products_of_the_same_people_are_not_diverse_and_of_others_wholly() -> None:
    train = Histories.of([[0, 1], [0, 1], [2]], products=3)

    assert metrics.diversity(np.array([[0, 1], [0, 2], [1, -1]], np.int32), train)[:2].tolist() == pytest.approx([0.0, 1.0])


def test_coverage_counts_each_product_once() -> None:
    assert metrics.coverage(np.array([[0, 1], [1, -1]], np.int32), 4) == 0.5


def test_an_interval_widens_where_cases_come_from_the_same_visit() -> None:
    values = np.repeat([0.0, 1.0, 1.0, 0.0], 10)

    alone, together = mean_of(values), mean_of(values, np.repeat(np.arange(4), 10))
    assert alone.value == together.value == 0.5
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    found = [mean_of(rng.random(200) ** 2) for _ in range(400)]

    assert 0.92 < np.mean([one.low <= 1 / 3 <= one.high for one in found]) < 0.98


def rectools_lists(lists: Any) -> Any:
    rows = [(case, item, rank + 1) for case, row in enumerate(lists) for rank, item in enumerate(row) if item >= 0]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])


def rectools_targets(targets: Histories) -> Any:
    rows = [(case, item) for case in range(len(targets)) for item in set(targets.one(case).tolist())]
    return pd.DataFrame(rows, columns=["user_id", "item_id"])


@st.composite
def questions(draw: st.DrawFn) -> tuple[Any, Histories, Histories]:
    """Full lists of 100 of 150 products, targets of 1 to 30 products, and histories to learn from."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cases = draw(st.integers(1, 8))
    lists = np.stack([rng.permutation(150)[:100] for _ in range(cases)]).astype(np.int32)
    targets = Histories.of([rng.integers(0, 150, rng.integers(1, 30)).tolist() for _ in range(cases)], products=150)
    train = Histories.of([rng.integers(0, 150, rng.integers(1, 60)).tolist() for _ in range(30)], products=150)
    return lists, targets, train


@given(questions())
def test_accuracy_is_what_rectools_finds(question: tuple[Any, Histories, Histories]) -> None:
    lists, targets, _ = question
    ours = accuracy(hits(lists, targets), counts(targets))
    shown, wanted = rectools_lists(lists), rectools_targets(targets)

    def of(metric: Any) -> Any:
        return metric.calc_per_user(shown, wanted).sort_index().to_numpy()

    assert ours["ndcg_at_10"] == pytest.approx(of(theirs.NDCG(k=10, divide_by_achievable=True)))
    assert ours["ndcg_at_100"] == pytest.approx(of(theirs.NDCG(k=100, divide_by_achievable=True)))
    assert ours["precision_at_20"] == pytest.approx(of(theirs.Precision(k=20)))
    assert ours["hit_rate_at_20"] == pytest.approx(of(theirs.HitRate(k=20)))
    assert ours["mrr_at_20"] == pytest.approx(of(theirs.MRR(k=20)))
    few = np.minimum(counts(targets), 10) / counts(targets)  # theirs is over all targets, ours over what ten places can hold
    assert ours["recall_at_10"] * few == pytest.approx(of(theirs.Recall(k=10)))


@given(questions())
def test_what_lists_are_made_of_is_what_rectools_finds(question: tuple[Any, Histories, Histories]) -> None:
    lists, _, train = question
    ten, had = lists[:, :10], metrics.buyers(train)
    shown, learnt = rectools_lists(lists), rectools_targets(train)

    novel = theirs.MeanInvUserFreq(k=10).calc_per_user(shown, learnt).sort_index().to_numpy()
    assert metrics.novelty(ten, had, 30) == pytest.approx(novel)
    popular = theirs.AvgRecPopularity(k=10, normalize=True).calc_per_user(shown, learnt).sort_index().to_numpy()
    assert metrics.popularity(ten, had, 30) / had.sum() * 30 == pytest.approx(popular)
    assert metrics.coverage(ten, 150) == pytest.approx(theirs.CatalogCoverage(k=10, normalize=True).calc(shown, range(150)))


class CosineDistance(PairwiseDistanceCalculator):  # type: ignore[misc] # RecTools is not typed for us
    """1 - cosine of two products' people, plainly from a dense matrix."""

    def __init__(self, train: Histories) -> None:
        had = np.zeros((len(train), train.products))
        for number in range(len(train)):
            had[number, train.one(number)] = 1
        self.unit = had / np.maximum(np.linalg.norm(had, axis=0), 1e-12)

    def _get_distances_for_item_pairs(self, items_0: Any, items_1: Any) -> Any:
        return 1 - (self.unit[:, np.asarray(items_0, int)] * self.unit[:, np.asarray(items_1, int)]).sum(0)


@given(questions())
def test_diversity_is_what_rectools_finds(question: tuple[Any, Histories, Histories]) -> None:
    lists, _, train = question
    metric = theirs.IntraListDiversity(k=10, distance_calculator=CosineDistance(train))

    found = metric.calc_per_user(rectools_lists(lists[:, :10])).sort_index().to_numpy()
    assert metrics.diversity(lists[:, :10], train) == pytest.approx(found)
