"""The one preparation every learner but the trees gets: signed log, median with a flag where unknown, unit spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifeloop.predict.columns import Floats


@dataclass(frozen=True)
class Preparation:
    """Learned from training rows, applied to any; p columns in, p + flags columns out."""

    median: Floats
    """(p,) of the signed logs; 0 where a column was never known."""
    flagged: npt.NDArray[np.intp]
    """Columns that were unknown for some: each gets a flag column behind the others."""
    mean: Floats
    """(p + flags,)"""
    spread: Floats
    """(p + flags,) standard deviation; 1 where a column never varies."""

    @classmethod
    def of(cls, values: Floats) -> Preparation:
        """Learn from training rows, shape (n, p), n at least 1."""
        logs = signed_log(values)
        unknown = np.isnan(logs)
        flagged = np.flatnonzero(unknown.any(axis=0)).astype(np.intp)
        median = np.zeros(logs.shape[1])
        for column in range(logs.shape[1]):
            known = logs[~unknown[:, column], column] if column in flagged else logs[:, column]
            median[column] = np.median(known) if known.size else 0.0
        filled = _filled(logs, median, flagged)
        spread = filled.std(axis=0)
        return cls(median, flagged, filled.mean(axis=0), np.where(spread > 1e-9, spread, 1.0))

    def apply(self, values: Floats) -> Floats:
        """Return prepared rows, shape (n, p + flags)."""
        prepared = _filled(signed_log(values), self.median, self.flagged)
        prepared -= self.mean
        prepared /= self.spread
        return prepared

    @property
    def origin(self) -> npt.NDArray[np.intp]:
        """Which column each prepared column came from, shape (p + flags,)."""
        return np.concatenate([np.arange(self.median.size, dtype=np.intp), self.flagged])

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return what was learned, by name, to be saved."""
        return {"median": self.median, "flagged": self.flagged, "mean": self.mean, "spread": self.spread}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Preparation:
        """Return what `arrays` gave."""
        floats = {name: np.asarray(arrays[name], dtype=np.float64) for name in ("median", "mean", "spread")}
        return cls(flagged=np.asarray(arrays["flagged"], dtype=np.intp), **floats)


def signed_log(values: Floats) -> Floats:
    """Return sign(x) ln(1 + |x|); not known stays so.

    >>> signed_log(np.array([0.0, 99.0, -99.0])).round(3).tolist()
    [0.0, 4.605, -4.605]
    """
    logs = np.log1p(np.abs(values))
    return np.copysign(logs, values, out=logs)


def _filled(logs: Floats, median: Floats, flagged: npt.NDArray[np.intp]) -> Floats:
    """Return the logs with medians where unknown, and the flags behind them."""
    unknown = np.isnan(logs)
    filled = np.empty((logs.shape[0], logs.shape[1] + flagged.size), dtype=np.float64)
    filled[:, : logs.shape[1]] = np.where(unknown, median, logs)
    filled[:, logs.shape[1] :] = unknown[:, flagged]
    return filled
