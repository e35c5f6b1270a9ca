"""How much each deed of a history counts: the newest most, the others less the older they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifeloop.recommend.histories import Floats


@dataclass(frozen=True, slots=True)
class Fading:
    """Weight of a deed of age a (0 is the newest): e^(-delta a) + floor e^(-floor_delta a), the newest times `newest`."""

    delta: float
    most: int
    """Deeds that are looked at; older ones count nothing."""
    newest: float = 1.0
    floor: float = 0.0
    floor_delta: float = 0.0

    def by_age(self) -> Floats:
        """Return the weights of ages 0, 1, ..., shape (most,)."""
        age = np.arange(self.most)
        weights = np.exp(-self.delta * age) + self.floor * np.exp(-self.floor_delta * age)
        weights[:1] *= self.newest
        return np.asarray(weights, np.float32)


def decay(count: int, delta: float, most: int) -> Floats:
    """Return the weights of a history of `count` deeds, oldest first: e^(-delta age), 0 beyond the last `most`.

    >>> decay(3, 0.6931472, 2).round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    return weights_of(Fading(delta, most).by_age(), count)


def weights_of(by_age: Floats, count: int) -> Floats:
    """Return weights by age as those of a history of `count` deeds, oldest first, shape (count,)."""
    weights = np.zeros(count, np.float32)
    near = min(count, len(by_age))
    weights[count - near :] = by_age[:near][::-1]
    return weights
