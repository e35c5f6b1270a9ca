"""How good a prediction is: rank, sharpness, calibration and level, each under any row weights.

What a weight is for: a bootstrap over customers draws customers, so a row counts as often as its customer was drawn
(`lifeloop.predict.judge.intervals`). A judge sorts once and then answers any number of weightings, each in O(rows).

Source  Hanley & McNeil (1982) for AUC; Brier (1950); Cox (1958) for the calibration slope; Naeini et al. (2015) for ECE
        (here with bins of equal size); the normalised Gini after Frees et al. (2011). Checked against scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lifeloop.predict.columns import Floats

ECE_BINS = 15
LOGIT_LIMIT = 1e-6
"""Probabilities are cut to [1e-6, 1 - 1e-6] before a logit."""

BINARY = ("auc", "ap_churned", "ap_kept", "brier", "log_loss", "ece", "slope", "bias")
"""What `Binary` measures: smaller is better for brier, log_loss and ece; slope is best at 1, bias at 0."""

AMOUNTS = ("gini", "spearman", "total_ratio", "decile_mape", "mae")
"""What `Amounts` measures: total_ratio is best at 1; smaller is better for decile_mape and mae."""

Figures = dict[str, float]


class Judge(Protocol):
    """Measures one prediction under any weighting of its rows."""

    def measure(self, weights: Floats | None = None) -> Figures:
        """Return every figure by name; NaN where it is not defined."""
        ...


def logit(probability: npt.ArrayLike, limit: float = LOGIT_LIMIT) -> Floats:
    """Return ln(p / (1 - p)) of probabilities cut to [limit, 1 - limit], shape as given.

    >>> logit([0.5, 0.75]).round(4).tolist()
    [0.0, 1.0986]
    """
    p = np.clip(np.asarray(probability, dtype=np.float64), limit, 1 - limit)
    return np.log(p) - np.log1p(-p)


def sigmoid(score: npt.ArrayLike) -> Floats:
    """Return 1 / (1 + exp(-score)), shape as given; never overflows.

    >>> sigmoid([0.0, -1000.0]).tolist()
    [0.5, 0.0]
    """
    z = np.asarray(score, dtype=np.float64)
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def quantile_bins(prediction: Floats, bins: int) -> npt.NDArray[np.intp]:
    """Return each row's bin, 0 .. bins - 1, by the quantiles of the prediction; equal predictions share a bin.

    >>> quantile_bins(np.array([0.1, 0.2, 0.3, 0.4]), 2).tolist()
    [0, 0, 1, 1]
    """
    edges = np.quantile(prediction, np.arange(1, bins) / bins)
    return np.searchsorted(edges, prediction, side="left").astype(np.intp)


class Binary:
    """Judges probabilities of something that did or did not happen, shapes (n,) and (n,); n at least 1."""

    def __init__(self, happened: npt.ArrayLike, probability: npt.ArrayLike) -> None:
        self._y = np.asarray(happened, dtype=np.float64)
        self._p = np.asarray(probability, dtype=np.float64)
        self._order = np.argsort(self._p, kind="stable")
        ranked = self._p[self._order]
        self._starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        self._sorted_y = self._y[self._order]
        cut = np.clip(self._p, 1e-15, 1 - 1e-15)
        self._square = (self._p - self._y) ** 2
        self._loss = -(self._y * np.log(cut) + (1 - self._y) * np.log1p(-cut))
        self._bins = quantile_bins(self._p, ECE_BINS)
        self._slope = _Slope(self._y, logit(self._p))

    def measure(self, weights: Floats | None = None) -> Figures:
        """Return the figures named in `BINARY`; O(n) once the judge is made."""
        w = np.ones_like(self._y) if weights is None else weights
        total = w.sum()
        wy = w[self._order] * self._sorted_y
        positive = np.add.reduceat(wy, self._starts)
        negative = np.add.reduceat(w[self._order], self._starts) - positive
        return {
            "auc": _auc(positive, negative),
            "ap_churned": _average_precision(positive[::-1], negative[::-1]),
            "ap_kept": _average_precision(negative, positive),
            "brier": float(w @ self._square / total),
            "log_loss": float(w @ self._loss / total),
            "ece": self._ece(w),
            "slope": self._slope.under(weights),
            "bias": float(w @ (self._p - self._y) / total),
        }

    def _ece(self, w: Floats) -> float:
        gap = np.bincount(self._bins, weights=w * (self._p - self._y), minlength=ECE_BINS)
        return float(np.abs(gap).sum() / w.sum())


def _auc(positive: Floats, negative: Floats) -> float:
    """Return the AUC from the weights of both classes at each distinct score, scores rising; a tie counts half."""
    below = np.cumsum(negative) - negative
    pairs = positive.sum() * negative.sum()
    return float(positive @ (below + negative / 2) / pairs) if pairs > 0 else float("nan")


def _average_precision(positive: Floats, negative: Floats) -> float:
    """Return sum of (step in recall) x precision, from the weights at each distinct score, most likely first."""
    found = np.cumsum(positive)
    shown = found + np.cumsum(negative)
    precision = np.divide(found, shown, out=np.zeros_like(found), where=shown > 0)
    return float(positive @ precision / found[-1]) if found[-1] > 0 else float("nan")


class _Slope:
    """Slope of the logistic regression of what happened on the logit of the score; 1 = calibrated, below 1 = overconfident.

    Fitted by Newton's method once; under other weights one further Newton step is taken from there, which is exact to
    the second order and needs five dot products.
    """

    def __init__(self, y: Floats, z: Floats) -> None:
        self._z = z
        self._fit = np.array([0.0, 1.0])
        self._defined = bool(0 < y.sum() < y.size and np.ptp(z) > 0)
        if not self._defined:
            return
        for _ in range(50):
            self._rest, self._spread = self._derivatives(y)
            step = self._step(np.ones_like(y))
            self._fit = self._fit + step
            if np.abs(step).max() < 1e-10:
                break
        self._rest, self._spread = self._derivatives(y)

    def under(self, weights: Floats | None) -> float:
        """Return the slope under weights; NaN where one class or one score is all there is."""
        if not self._defined:
            return float("nan")
        if weights is None:
            return float(self._fit[1])
        return float(self._fit[1] + self._step(weights)[1])

    def _derivatives(self, y: Floats) -> tuple[Floats, Floats]:
        expected = sigmoid(self._fit[0] + self._fit[1] * self._z)
        return y - expected, expected * (1 - expected)

    def _step(self, w: Floats) -> Floats:
        slope = w * self._rest
        curve = w * self._spread
        curve_z = curve * self._z
        gradient = np.array([slope.sum(), slope @ self._z])
        hessian = np.array([[curve.sum(), curve_z.sum()], [curve_z.sum(), curve_z @ self._z]])
        return np.asarray(np.linalg.lstsq(hessian, gradient, rcond=None)[0], dtype=np.float64)


class Amounts:
    """Judges predicted amounts (revenue, orders) against actual ones, shapes (n,) and (n,); n at least 1."""

    def __init__(self, actual: npt.ArrayLike, predicted: npt.ArrayLike) -> None:
        self._y = np.asarray(actual, dtype=np.float64)
        self._p = np.asarray(predicted, dtype=np.float64)
        self._by_prediction = _Ranking(self._p)
        self._by_actual = _Ranking(self._y)
        self._bins = quantile_bins(self._p, 10)

    def measure(self, weights: Floats | None = None) -> Figures:
        """Return the figures named in `AMOUNTS`; O(n) once the judge is made."""
        w = np.ones_like(self._y) if weights is None else weights
        total = float(w @ self._y)
        best = self._by_actual.lorenz(self._y, w)
        return {
            "gini": self._by_prediction.lorenz(self._y, w) / best if best > 0 else float("nan"),
            "spearman": _correlation(self._by_prediction.ranks(w), self._by_actual.ranks(w), w),
            "total_ratio": float(w @ self._p) / total if total > 0 else float("nan"),
            "decile_mape": self._decile_mape(w),
            "mae": float(w @ np.abs(self._p - self._y) / w.sum()),
        }

    def _decile_mape(self, w: Floats) -> float:
        """Mean over ten prediction deciles of |predicted - actual| / actual; deciles where nothing happened are left out."""
        actual = np.bincount(self._bins, weights=w * self._y, minlength=10)
        gap = np.abs(np.bincount(self._bins, weights=w * (self._p - self._y), minlength=10))
        some = actual > 0
        return float(np.mean(gap[some] / actual[some])) if some.any() else float("nan")


class _Ranking:
    """One column sorted once; equal values stand at the same place."""

    def __init__(self, values: Floats) -> None:
        self._order = np.argsort(values, kind="stable")
        ranked = values[self._order]
        new = np.r_[True, ranked[1:] != ranked[:-1]]
        self._starts = np.flatnonzero(new)
        self._group = np.empty(values.size, dtype=np.intp)
        self._group[self._order] = np.cumsum(new) - 1

    def ranks(self, w: Floats) -> Floats:
        """Return each row's middle rank under weights, shape (n,)."""
        mass = np.add.reduceat(w[self._order], self._starts)
        middle = np.cumsum(mass) - mass / 2
        return np.asarray(middle[self._group])

    def lorenz(self, y: Floats, w: Floats) -> float:
        """Return the mean height over the diagonal of the share of `y` caught, highest values of the column first."""
        mass = np.add.reduceat(w[self._order], self._starts)[::-1]
        caught = np.add.reduceat((w * y)[self._order], self._starts)[::-1]
        if caught.sum() <= 0:
            return float("nan")
        height = (np.cumsum(caught) - caught / 2) / caught.sum()
        return float(mass @ height / mass.sum() - 0.5)


def _correlation(a: Floats, b: Floats, w: Floats) -> float:
    """Return the weighted Pearson correlation."""
    a, b = a - w @ a / w.sum(), b - w @ b / w.sum()
    spread = float(w @ (a * a)) * float(w @ (b * b))
    return float(w @ (a * b) / np.sqrt(spread)) if spread > 0 else float("nan")


@dataclass(frozen=True)
class Bin:
    """One row of a calibration table: how many were told what, and what happened."""

    rows: int
    predicted: float
    observed: float

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"rows": self.rows, "predicted": self.predicted, "observed": self.observed}


def calibration_table(observed: npt.ArrayLike, predicted: npt.ArrayLike, bins: int = 10) -> list[Bin]:
    """Return mean prediction and mean outcome per quantile bin of the prediction, lowest first; empty bins are left out.

    >>> calibration_table([0, 1, 1, 1], [0.2, 0.2, 0.8, 0.8], bins=2)
    [Bin(rows=2, predicted=0.2, observed=0.5), Bin(rows=2, predicted=0.8, observed=1.0)]
    """
    y, p = np.asarray(observed, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    place = quantile_bins(p, bins)
    counts = np.bincount(place, minlength=bins)
    told = np.bincount(place, weights=p, minlength=bins)
    came = np.bincount(place, weights=y, minlength=bins)
    return [Bin(int(n), float(a / n), float(b / n)) for n, a, b in zip(counts, told, came, strict=True) if n]
