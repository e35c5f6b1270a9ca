"""A mean over cases with its 95 % interval, where cases of one person or visit are not independent.

Source  Liang & Zeger (1986), the variance of a mean over clusters; the normal interval
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifeloop.recommend.evaluate.metrics import Doubles
from lifeloop.recommend.histories import Ints

NORMAL = 1.959963984540054
"""Standard errors to either side that hold 95 %."""


@dataclass(frozen=True)
class Mean:
    """One mean and its interval; nan where it cannot be said."""

    value: float
    low: float
    high: float


def mean_of(values: Doubles, clusters: Ints | None = None) -> Mean:
    """Return the mean of `values` (cases,); `clusters` (cases,) says whose each is; nan is left out.

    The standard error is the root of the summed squares of each cluster's summed deviations, over the number of cases,
    times clusters / (clusters - 1) for few of them.

    >>> one = mean_of(np.array([0.0, 1.0, 0.0, 1.0]))
    >>> round(one.value, 3), round(one.low, 3), round(one.high, 3)
    (0.5, -0.066, 1.066)
    """
    there = ~np.isnan(values)
    values = values[there]
    if values.size == 0:
        return Mean(np.nan, np.nan, np.nan)
    mean = float(values.mean())
    codes = np.arange(values.size) if clusters is None else np.unique(clusters[there], return_inverse=True)[1]
    sums = np.bincount(codes, values - mean)
    if sums.size < 2:
        return Mean(mean, np.nan, np.nan)
    wide = NORMAL * float(np.sqrt((sums**2).sum() * sums.size / (sums.size - 1))) / values.size
    return Mean(mean, mean - wide, mean + wide)
