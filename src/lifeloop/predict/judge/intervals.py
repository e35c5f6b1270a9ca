"""Intervals by drawing customers, not rows: the same customer stands in many snapshots, so rows are not independent.

Source  Field & Welsh (2007), the cluster bootstrap; percentile intervals (Efron & Tibshirani, 1993)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifeloop.predict.columns import Floats
from lifeloop.predict.metrics import Figures, Judge

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """One figure with its interval."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float | None]:
        """Return it as plain values; what is not a number becomes null."""
        shown = {"value": self.value, "low": self.low, "high": self.high}
        return {name: figure if np.isfinite(figure) else None for name, figure in shown.items()}


@dataclass(frozen=True)
class Draws:
    """The same draws of customers for everything that is compared, so that differences are paired."""

    codes: npt.NDArray[np.intp]
    """(rows,) each row's customer as a number from 0."""
    times: npt.NDArray[np.int32]
    """(replicates, customers) how often each customer was drawn."""

    @classmethod
    def of(cls, customers: npt.ArrayLike, replicates: int, seed: int) -> Draws:
        """Draw as many customers as there are, with replacement, `replicates` times."""
        names, codes = np.unique(np.asarray(customers), return_inverse=True)
        rng = np.random.default_rng(seed)
        drawn = [np.bincount(rng.integers(0, names.size, names.size), minlength=names.size) for _ in range(replicates)]
        return cls(codes.astype(np.intp), np.asarray(drawn, dtype=np.int32).reshape(replicates, names.size))

    def weights(self) -> Iterator[Floats]:
        """Yield the row weights of each draw, shape (rows,)."""
        for times in self.times:
            yield times.astype(np.float64)[self.codes]


@dataclass(frozen=True)
class Measured:
    """Every figure of one prediction, with its value in each draw."""

    figures: Figures
    draws: dict[str, Floats]
    """Per figure (replicates,)."""

    def estimate(self, name: str) -> Estimate:
        """Return one figure with its percentile interval."""
        return Estimate(self.figures[name], *_ends(self.draws[name]))

    def difference(self, name: str, baseline: Measured) -> Estimate:
        """Return this figure minus the baseline's, with the interval of the paired difference."""
        return Estimate(self.figures[name] - baseline.figures[name], *_ends(self.draws[name] - baseline.draws[name]))


def measure(judge: Judge, draws: Draws) -> Measured:
    """Measure one prediction as it is and under every draw of customers."""
    figures = judge.measure()
    rows: list[Mapping[str, float]] = [judge.measure(weights) for weights in draws.weights()]
    return Measured(figures, {name: np.array([row[name] for row in rows], dtype=np.float64) for name in figures})


def _ends(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
