"""A distribution kept small: shares of rows at or below each of some hundred values, enough for quantiles and distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lifeloop.predict.columns import Floats

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
"""The shares at which quantiles are told."""

TOP_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Best-selling shares of the products, at which the popularity curve is known."""

_STEPS = 400
"""Cumulative shares are kept to 1/400: every told quantile is exact, and a distance is off by .0025 at most."""


@dataclass(frozen=True)
class Distribution:
    """How one figure is spread over rows; in the unit of the figure."""

    rows: int
    mean: float
    sd: float
    """Standard deviation over all rows."""
    values: tuple[float, ...]
    """Rising; at most 401 of them."""
    up_to: tuple[float, ...]
    """Share of rows at or below each value; the last is 1."""

    @classmethod
    def of(cls, values: npt.ArrayLike, counts: npt.ArrayLike) -> Distribution | None:
        """Return the distribution of values that occur so often, both of shape (n,), in any order; None without rows.

        >>> spread = Distribution.of([3, 1, 2], [1, 1, 2])
        >>> spread.mean, spread.quantile(0.5), spread.share_up_to(1)
        (2.0, 2.0, 0.25)
        """
        value, place = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True)
        count = np.bincount(place, np.asarray(counts, dtype=np.float64), value.size)
        rows = float(count.sum())
        if not rows:
            return None
        mean = float(np.einsum("i,i->", value, count)) / rows
        sd = float(np.sqrt(np.einsum("i,i->", (value - mean) ** 2, count) / rows))
        up_to = np.cumsum(count) / rows
        up_to[-1] = 1.0
        kept = np.arange(value.size)
        if value.size > _STEPS:
            kept = np.unique(np.concatenate(([0], _places(up_to, np.arange(1, _STEPS + 1) / _STEPS))))
        return cls(round(rows), mean, sd, tuple(value[kept].tolist()), tuple(up_to[kept].tolist()))

    def quantile(self, share: float) -> float:
        """Return the smallest value that at least `share` of the rows do not exceed."""
        return self.values[int(_places(np.array(self.up_to), np.array([share]))[0])]

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The values at QUANTILES."""
        return tuple(self.quantile(share) for share in QUANTILES)

    def share_up_to(self, value: float) -> float:
        """Return the share of rows at or below a value."""
        place = int(np.searchsorted(self.values, value, side="right"))
        return self.up_to[place - 1] if place else 0.0

    def shares(self, edges: Sequence[float]) -> tuple[float, ...]:
        """Return the share of rows between neighbouring edges, the upper one within; one fewer than there are edges.

        >>> Distribution.of([1, 2, 3, 9], [1, 1, 1, 1]).shares([0, 2, 5, float("inf")])
        (0.5, 0.25, 0.25)
        """
        below = [self.share_up_to(edge) for edge in edges]
        return tuple(high - low for low, high in pairwise(below))

    def distance(self, other: Distribution) -> float:
        """Return the largest absolute difference of the two cumulative shares, 0 to 1 (Kolmogorov's distance).

        >>> one, two = Distribution.of([1, 2], [1, 1]), Distribution.of([2, 3], [3, 1])
        >>> one.distance(two)
        0.5
        """
        points = sorted({*self.values, *other.values})
        return max(abs(self.share_up_to(point) - other.share_up_to(point)) for point in points)


def popularity(lines: npt.NDArray[np.int64], products: npt.NDArray[np.int64]) -> tuple[float, ...]:
    """Return the popularity curve at TOP_SHARES of so many products with so many lines each, shapes (n,); the most first.

    A share that falls within a product counts that part of it.

    >>> popularity(np.array([8, 1]), np.array([1, 2]))[-1]
    0.97
    """
    if not lines.size:
        return ()
    sold = np.concatenate(([0.0], np.cumsum(products))) / products.sum()
    made = np.concatenate(([0.0], np.cumsum(lines * products))) / (lines * products).sum()
    return tuple(np.interp(TOP_SHARES, sold, made).tolist())


def _places(up_to: Floats, shares: Floats) -> npt.NDArray[np.intp]:
    """Return where each share is first reached; a share is reached also when rounding alone keeps it away."""
    return np.minimum(np.searchsorted(up_to, shares - 1e-12, side="left"), up_to.size - 1)
