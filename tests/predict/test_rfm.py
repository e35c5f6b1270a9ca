"""RFM scores: fifths of the shop's own customers, equal values always equal scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.errors import ModelError
from lifeloop.predict.segment.rfm import GRID, RFM_NAMES, learn_cuts, rfm_label, rfm_name, rfm_scores

values = st.lists(st.integers(0, 20), min_size=1, max_size=80).map(lambda drawn: np.array(drawn, dtype=np.float64))


def test_ten_different_customers_fill_the_fifths_two_by_two() -> None:
    spent = np.arange(10.0)

    assert learn_cuts(spent).score(spent).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_where_everybody_is_equal_everybody_stands_in_the_middle() -> None:
    orders = np.ones(50)

    assert learn_cuts(orders).score(orders).tolist() == [3] * 50


def test_four_in_five_customers_with_one_order_share_one_score() -> None:
    orders = np.array([1.0] * 8 + [2.0, 7.0])  # middles of their places: .40, .85, .95

    assert learn_cuts(orders).score(orders).tolist() == [3] * 8 + [5, 5]


def test_a_value_nobody_had_scores_like_the_next_one_below_it() -> None:
    cuts = learn_cuts(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))

    assert cuts.score(np.array([0.0, 2.5, 99.0])).tolist() == [1, 2, 5]


@given(values)
def test_who_has_more_never_scores_less_and_equals_score_equally(drawn: np.ndarray) -> None:
    scores = learn_cuts(drawn).score(drawn)

    assert set(scores.tolist()) <= {1, 2, 3, 4, 5}
    ranked = np.argsort(drawn, kind="stable")
    assert (np.diff(scores[ranked]) >= 0).all()
    assert all(len(set(scores[drawn == value].tolist())) == 1 for value in drawn)


def test_every_pair_of_scores_has_a_declared_name_in_both_languages() -> None:
    assert {name for row in GRID.values() for name in row} == set(RFM_NAMES)
    for r in range(1, 6):
        for f in range(1, 6):
            for m in range(1, 6):
                assert rfm_scores(rfm_label(r, f, m)) == (r, f, m)
                assert rfm_name(rfm_label(r, f, m)).label.zh


def test_the_names_a_marketer_expects() -> None:
    names = {label: rfm_name(label).name for label in ("R5F5M5", "R4F4M3", "R5F1M1", "R2F3M3", "R1F5M5", "R1F1M1")}

    assert names == {
        "R5F5M5": "champions",
        "R4F4M3": "loyal",
        "R5F1M1": "new",
        "R2F3M3": "at_risk",
        "R1F5M5": "cannot_lose",
        "R1F1M1": "hibernating",
    }


def test_a_label_that_is_none_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot read the RFM label 'R9F1M1'"):
        rfm_scores("R9F1M1")
