"""Diversity: a list that does not say the same thing ten times, and holds no more of a brand or category than may be.

Source  Carbonell & Goldstein (1998), maximal marginal relevance: the next product is the one with the greatest
        (1 - w) * relevance - w * likeness to what stands above, relevance from 0 (worst of the pool) to 1 (best)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Floats, Ints

Doubles = npt.NDArray[np.float64]

SAME_CATEGORY, SAME_BRAND, SAME_BUYERS = 0.4, 0.2, 0.4
"""What makes up the likeness of two products: their category, their brand, and the cosine of who had to do with both."""


@dataclass(frozen=True)
class Cap:
    """At most `most` products of one group in a list."""

    groups: Ints
    """The group of each product of the pool, -1 for none, shape (pool,)."""
    most: int
    taken: dict[int, int] = field(default_factory=dict)

    def take(self, place: int) -> int | None:
        """Count a product in; return its group if that is full now."""
        group = int(self.groups[place])
        if group < 0:
            return None
        count = self.taken[group] = self.taken.get(group, 0) + 1
        return group if count >= self.most else None


@dataclass(frozen=True)
class Likeness:
    """How alike the products of a pool are, from 0 to 1.

    >>> Likeness(np.array([0, 0, 1], np.int32), np.array([-1, 2, 2], np.int32)).to(1).round(1).tolist()
    [0.4, 0.6, 0.2]
    """

    categories: Ints
    """Of each product of the pool, -1 without one, shape (pool,)."""
    brands: Ints
    buyers: Callable[[int], Floats] | None = None
    """Cosines of one product of the pool with all of it, shape (pool,)."""

    def to(self, place: int) -> Doubles:
        """Return how like each product of the pool is to one of them, shape (pool,); what it is to itself says nothing."""
        alike = SAME_CATEGORY * (self.categories == self.categories[place]) if self.categories[place] >= 0 else 0.0
        if self.brands[place] >= 0:
            alike = alike + SAME_BRAND * (self.brands == self.brands[place])
        if self.buyers is not None:
            alike = alike + SAME_BUYERS * self.buyers(place)
        return np.asarray(alike, np.float64)


def spread(scores: Doubles, k: int, *, weight: float, alike: Likeness | None, caps: Sequence[Cap] = ()) -> list[int]:
    """Return the places in the pool of at most `k` products, in the order they are to be shown.

    Cost: k steps over the pool; `scores` are sorted, best first. With weight 0 and no caps it is their order.

    >>> scores, brand = np.array([1.0, 0.9, 0.2]), np.array([7, 7, -1], np.int32)
    >>> spread(scores, 3, weight=0.6, alike=Likeness(brand, brand))
    [0, 2, 1]
    >>> spread(scores, 3, weight=0, alike=None, caps=[Cap(brand, 1)])
    [0, 2]
    """
    k = min(k, len(scores))
    if weight == 0 or alike is None or k == 0:
        return _in_order(len(scores), k, caps)
    width = float(scores[0] - scores[-1])
    gain = (1.0 - weight) * ((scores - scores[-1]) / width if width > 0 else np.ones(len(scores)))
    nearest = np.zeros(len(scores))
    chosen: list[int] = []
    while len(chosen) < k:
        best = int(np.argmax(gain - weight * nearest))
        if gain[best] == -np.inf:
            break
        chosen.append(best)
        gain[best] = -np.inf
        for cap in caps:
            if (full := cap.take(best)) is not None:
                gain[cap.groups == full] = -np.inf
        np.maximum(nearest, alike.to(best), out=nearest)
    return chosen


def _in_order(pool: int, k: int, caps: Sequence[Cap]) -> list[int]:
    if not caps:
        return list(range(k))
    chosen: list[int] = []
    full: list[set[int]] = [set() for _ in caps]
    for place in range(pool):
        if len(chosen) == k:
            break
        if any(int(cap.groups[place]) in out for cap, out in zip(caps, full, strict=True)):
            continue
        chosen.append(place)
        for cap, out in zip(caps, full, strict=True):
            if (group := cap.take(place)) is not None:
                out.add(group)
    return chosen


def fitting(groups: Sequence[tuple[Ints, int]], shown: Sequence[int], more: Ints) -> list[int]:
    """Return those of `more` that can be added, all of them together, to what is shown without breaking a cap.

    `groups` has per cap the group of every product of the catalogue and the most there may be. Whatever of the returned
    products takes whichever place, every cap is kept: so chance may choose among them freely.
    """
    every: list[int] = more.tolist()
    if not groups:
        return every
    taken: list[dict[int, int]] = [Counter(codes[list(shown)].tolist()) for codes, _ in groups]
    own = [codes[more].tolist() for codes, _ in groups]
    most = [limit for _, limit in groups]
    fit: list[int] = []
    for place, *codes in zip(every, *own, strict=True):
        for had, code, limit in zip(taken, codes, most, strict=True):
            if code >= 0 and had.get(code, 0) >= limit:
                break
        else:
            fit.append(place)
            for had, code in zip(taken, codes, strict=True):
                had[code] = had.get(code, 0) + 1
    return fit
