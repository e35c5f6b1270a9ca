"""Whether customers come back when they were said to, although some have not yet: calibration under censoring.

A forecast said that the next order comes by the day it came on with probability u. If forecasts are right, u is uniform.
Whoever has not come yet has a u of at least what was said for the last day watched. The Kaplan-Meier curve G of u over many
customers uses both: G(u) = u where forecasts are right, and otherwise G is the correction, F -> G(F).

Source  Kaplan & Meier (1958); quantile recalibration after Kuleshov, Fenner & Ermon (2018), here with censoring
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifeloop.predict.columns import Floats

KNOTS = 21


@dataclass(frozen=True)
class Curve:
    """A rising map of [0, 1] onto itself, linear between knots."""

    said: tuple[float, ...]
    came: tuple[float, ...]

    def of(self, said: Floats) -> Floats:
        """Return what came of probabilities said, shape as given."""
        return np.interp(said, self.said, self.came)

    def inverse(self, came: float) -> float:
        """Return the probability to be said so that `came` comes.

        >>> Curve((0.0, 0.4, 1.0), (0.0, 0.5, 1.0)).inverse(0.5)
        0.4
        """
        return float(np.interp(came, self.came, self.said))

    @property
    def error(self) -> float:
        """Largest distance of the curve from being right."""
        return float(np.max(np.abs(np.array(self.said) - np.array(self.came))))


RIGHT = Curve((0.0, 1.0), (0.0, 1.0))


def kaplan_meier(said: Floats, came: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the sorted values and the share of all that lies at or below each, shapes (n,); `came` False is censored.

    >>> values, share = kaplan_meier(np.array([0.2, 0.4, 0.6]), np.array([True, False, True]))
    >>> share.round(4).tolist()
    [0.3333, 0.3333, 1.0]
    """
    order = np.lexsort((~came, said))
    at_risk = said.size - np.arange(said.size)
    stay: Floats = 1.0 - came[order].astype(np.float64) / at_risk
    return said[order], 1.0 - np.cumprod(stay, dtype=np.float64)


def learn_curve(said: Floats, came: npt.NDArray[np.bool_], *, least_events: int = 200, least_at_risk: int = 50) -> Curve:
    """Return the correction curve of past forecasts, shapes (n,); RIGHT when fewer than `least_events` came.

    Beyond the last value at which `least_at_risk` customers were still watched nothing is known: the curve goes straight
    from there to (1, 1).
    """
    if int(came.sum()) < least_events:
        return RIGHT
    values, share = kaplan_meier(said, came)
    known = values[-least_at_risk] if values.size >= least_at_risk else 0.0
    knots = np.linspace(0.0, 1.0, KNOTS)
    knots = knots[(knots > 0.0) & (knots <= known) & (knots < 1.0)]
    heights = share[np.searchsorted(values, knots, side="right") - 1]
    # strictly rising, so that it can be turned round
    heights = np.clip(np.maximum.accumulate(heights), 1e-4, 1.0 - 1e-4) + np.arange(knots.size) * 1e-9
    return Curve((0.0, *knots.tolist(), 1.0), (0.0, *heights.tolist(), 1.0))


@dataclass(frozen=True)
class Promise:
    """How a forecast of waiting times turned out."""

    customers: int
    came_by_median: float
    """Share who came by the median told; 0.5 is right."""
    came_within: float
    """Share who came within the 80 % interval told; 0.8 is right."""

    @classmethod
    def of(cls, said: Floats, came: npt.NDArray[np.bool_]) -> Promise:
        """Judge forecasts by the probability said for the day each customer came, or was last watched; shapes (n,)."""
        values, share = kaplan_meier(said, came)

        def by(level: float) -> float:
            place = int(np.searchsorted(values, level, side="right")) - 1
            return float(share[place]) if place >= 0 else 0.0

        return cls(said.size, by(0.5), by(0.9) - by(0.1))
