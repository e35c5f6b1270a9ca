"""Exploring: some places of a list go to new products by chance, with the chance of everything that came to its place.

How     Of k places, share · k are given away: the whole part for sure, one more with the chance of the fraction. Which places
        is drawn evenly, and so is which new product comes to each; what is ranked keeps its order in the places that are left.
Exact   With m places given away of n, the chance that place r (from 0) is one of them is m / n, and each of w new products
        comes to it with m / (n w). The product of rank i stands at place r if r is not given away and r - i of the r places
        above are: hypergeometric, C(r, r - i) C(n - r - 1, m - r + i) / C(n, m). Both are averaged over the chances of m.
Source  Horvitz & Thompson (1952): what was shown with a known chance can be weighed with it
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Placed:
    """A product in its place of a list."""

    item: int
    """Its place among all products."""
    propensity: float
    """The chance with which it came to this place of this list, 0 < propensity <= 1."""
    is_explored: bool
    """Whether chance put it there."""


def explore(ranked: Sequence[int], new: Sequence[int], *, k: int, share: float, generator: np.random.Generator) -> list[Placed]:
    """Return the list that is shown: `ranked` from the top, with new products by chance in `share` of the places.

    Args:
        ranked: distinct products, best first
        new: distinct new products that may be shown; those among the first `k` of `ranked` stand there already
        k: places at most; with fewer products than that the list holds all of them
        share: of the places, 0..1
        generator: of chance

    >>> explore([7, 8, 9], [], k=2, share=0.5, generator=np.random.default_rng(0))
    [Placed(item=7, propensity=1.0, is_explored=False), Placed(item=8, propensity=1.0, is_explored=False)]
    """
    top = [int(item) for item in ranked[:k]]
    standing = set(top)
    fresh = [int(item) for item in new if int(item) not in standing]
    length = min(k, len(top) + len(fresh))
    chances = given_away(length, len(top), len(fresh), share)
    away = _draw(chances, generator)
    places = set(generator.choice(length, away, replace=False).tolist()) if away else set()
    chosen = iter(generator.choice(len(fresh), away, replace=False).tolist() if away else ())
    best = iter(range(len(top)))
    return [
        Placed(fresh[next(chosen)], explored_chance(chances, length, len(fresh)), is_explored=True)
        if place in places
        else _kept(top, next(best), place, chances, length)
        for place in range(length)
    ]


def given_away(length: int, ranked: int, new: int, share: float) -> dict[int, float]:
    """Return how many of `length` places may go to new products, and with which chance.

    Never more than there are new products, and never so few that what is ranked would not fill the list.

    >>> given_away(10, 10, 3, share=0.125)
    {1: 0.75, 2: 0.25}
    """
    wanted = min(max(share, 0.0), 1.0) * length
    whole = math.floor(wanted + 1e-9)
    over = max(wanted - whole, 0.0)
    chances: dict[int, float] = {}
    for places, chance in ((whole, 1 - over), (whole + 1, over)):
        if chance > 0:
            possible = max(min(places, new), length - ranked)
            chances[possible] = chances.get(possible, 0.0) + chance
    return chances


def explored_chance(chances: dict[int, float], length: int, new: int) -> float:
    """Return the chance that one of `new` products comes to one of `length` places."""
    return sum(chance * away for away, chance in chances.items()) / (length * new)


def kept_chance(chances: dict[int, float], length: int, rank: int, place: int) -> float:
    """Return the chance that the product of `rank` comes to `place`, both from 0.

    >>> kept_chance({1: 1.0}, 4, rank=0, place=0), kept_chance({1: 1.0}, 4, rank=0, place=1)
    (0.75, 0.25)
    """
    above, below = place - rank, length - place - 1
    if above < 0:
        return 0.0
    return sum(
        chance * math.comb(place, above) * math.comb(below, away - above) / math.comb(length, away)
        for away, chance in chances.items()
        if above <= away
    )


def _kept(top: list[int], rank: int, place: int, chances: dict[int, float], length: int) -> Placed:
    return Placed(top[rank], kept_chance(chances, length, rank, place), is_explored=False)


def _draw(chances: dict[int, float], generator: np.random.Generator) -> int:
    """Return one of the numbers, by its chance; nothing is drawn where there is but one."""
    if len(chances) == 1:
        return next(iter(chances))
    fewer, more = chances
    return fewer if generator.random() < chances[fewer] else more
