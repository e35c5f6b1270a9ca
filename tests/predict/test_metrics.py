"""Every figure agrees with scikit-learn and SciPy, with a sum done by hand, and with itself under weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from lifeloop.predict.judge.intervals import Draws, measure
from lifeloop.predict.metrics import Amounts, Binary, calibration_table, logit, quantile_bins, sigmoid


def simulated(n: int = 400, seed: int = 0, digits: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.02, 0.98, n).round(digits)
    return (rng.uniform(size=n) < p).astype(float), p


@given(st.integers(0, 10_000), st.integers(1, 3))
def test_rank_and_loss_are_scikit_learns_also_with_ties(seed: int, digits: int) -> None:
    y, p = simulated(200, seed, digits)
    p = p.clip(0.02, 0.98)
    ours = Binary(y, p).measure()

    assert ours["auc"] == pytest.approx(roc_auc_score(y, p))
    assert ours["ap_churned"] == pytest.approx(average_precision_score(y, p))
    assert ours["ap_kept"] == pytest.approx(average_precision_score(1 - y, 1 - p))
    assert ours["brier"] == pytest.approx(brier_score_loss(y, p))
    assert ours["log_loss"] == pytest.approx(log_loss(y, p))


@given(st.integers(0, 10_000))
def test_a_weight_of_two_is_the_row_twice(seed: int) -> None:
    y, p = simulated(60, seed)
    amounts = np.random.default_rng(seed).gamma(1.0, 10.0, 60).round(0)
    times = np.random.default_rng(seed + 1).integers(1, 4, 60)

    weighted, repeated = Binary(y, p).measure(times.astype(float)), Binary(y.repeat(times), p.repeat(times)).measure()
    for name in ("auc", "ap_churned", "ap_kept", "brier", "log_loss", "bias"):
        assert weighted[name] == pytest.approx(repeated[name])
    weighted, repeated = (
        Amounts(amounts, p).measure(times.astype(float)),
        Amounts(amounts.repeat(times), p.repeat(times)).measure(),
    )
    for name in ("gini", "spearman", "total_ratio", "mae"):
        assert weighted[name] == pytest.approx(repeated[name])


def test_the_slope_is_that_of_an_unpenalised_logistic_regression() -> None:
    y, p = simulated(2000)
    z = 1.7 * logit(p) + 0.3

    fitted = LogisticRegression(C=1e9, tol=1e-10).fit(z[:, None], y).coef_[0, 0]

    assert Binary(y, sigmoid(z)).measure()["slope"] == pytest.approx(fitted, rel=1e-4)


def test_the_slope_under_weights_comes_close_to_a_new_fit() -> None:
    y, p = simulated(2000)
    weights = np.random.default_rng(3).poisson(1.0, 2000).astype(float)

    fitted = LogisticRegression(C=1e9, tol=1e-10).fit(logit(p)[:, None], y, sample_weight=weights).coef_[0, 0]

    assert Binary(y, p).measure(weights)["slope"] == pytest.approx(fitted, abs=5e-3)


def test_calibration_error_counts_the_gap_of_each_bin() -> None:
    y = np.array([0, 0, 0, 1] * 15)
    p = np.repeat(np.arange(15) / 100 + 0.2, 4)

    assert Binary(y, p).measure()["ece"] == pytest.approx(np.abs(np.arange(15) / 100 + 0.2 - 0.25).mean())


def test_one_class_or_one_score_has_no_rank() -> None:
    same = Binary([0, 1, 1], [0.5, 0.5, 0.5]).measure()
    one = Binary([1, 1], [0.2, 0.3]).measure()

    assert same["auc"] == 0.5
    assert np.isnan(same["slope"])
    assert np.isnan(one["auc"])
    assert np.isnan(one["ap_kept"])
    assert one["ap_churned"] == 1.0


def test_rank_of_amounts_by_hand() -> None:
    found = Amounts([0, 0, 10], [1.0, 2.0, 3.0]).measure()

    assert found["gini"] == 1.0
    assert found["total_ratio"] == pytest.approx(0.6)
    assert found["mae"] == pytest.approx((1 + 2 + 7) / 3)
    assert Amounts([0, 0, 10], [3.0, 2.0, 1.0]).measure()["gini"] == -1.0
    assert Amounts([0, 0, 10], [1.0, 1.0, 1.0]).measure()["gini"] == pytest.approx(0.0)


def test_spearman_is_scipys() -> None:
    rng = np.random.default_rng(0)
    actual, predicted = rng.poisson(1.0, 300), rng.poisson(2.0, 300)

    assert Amounts(actual, predicted).measure()["spearman"] == pytest.approx(spearmanr(actual, predicted).statistic)


def test_decile_error_leaves_out_deciles_where_nothing_happened() -> None:
    predicted = np.arange(1.0, 11.0)
    actual = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], dtype=float)

    assert Amounts(actual, predicted).measure()["decile_mape"] == pytest.approx(np.mean(1 / np.arange(1.0, 10.0)))


def test_equal_scores_share_a_bin() -> None:
    assert set(quantile_bins(np.array([0.5] * 10), 15).tolist()) == {0}
    assert [row.rows for row in calibration_table([0, 1] * 5, [0.5] * 10)] == [10]


def test_intervals_draw_customers_so_copies_of_a_customer_do_not_narrow_them() -> None:
    y, p = simulated(300)
    customers = np.arange(300)
    once = measure(Binary(y, p), Draws.of(customers, 200, seed=1)).estimate("auc")
    copied = measure(Binary(np.tile(y, 5), np.tile(p, 5)), Draws.of(np.tile(customers, 5), 200, seed=1)).estimate("auc")

    assert copied.value == pytest.approx(once.value)
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=1e-9)
    assert once.low < once.value < once.high


def test_a_prediction_differs_from_itself_by_nothing() -> None:
    y, p = simulated(300)
    found = measure(Binary(y, p), Draws.of(np.arange(300), 50, seed=1))

    difference = found.difference("auc", found)

    assert (difference.value, difference.low, difference.high) == (0.0, 0.0, 0.0)
