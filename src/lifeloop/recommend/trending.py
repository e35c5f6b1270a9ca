"""Trending: what is wanted by many now, overall and among deeds of one category, source or language.

Reads    deeds: whose, which product, when, what kind; of which category, source and language they were
Writes   a score per product: its share of all that is wanted now, decayed with age
How      Everybody speaks once for a product, with what they did of it that weighs most; a product that fewer than
         `least_people` spoke for is not trending, overall or in a group. So nobody makes a trend alone, however much they do.
         A deed of weight w at time t adds w · 2^((t - now) / half-life), in whole units, so that what was added can be taken
         away again exactly. For one group, such as a category, the shares are shrunk to those of all deeds:
         (n_gj + s p_j) / (n_g + s), p_j the share of all deeds and s a fixed weight of deeds. Of several groups at once each
         multiplies p_j by how much more the product is wanted in it: p_j Π_g (p_gj / p_j), as if they were independent.
Source   Cormode et al. (2009) for decay that looks forward: weights never change with time, only what they are compared with;
         shrinkage is the posterior mean under a Dirichlet prior (Jelinek & Mercer 1980 for the idea in language models)
Limits   a browser may claim to be many visitors: whoever hands the deeds in leaves out robots
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.asked import DEED_KINDS, DeedKind
from lifeloop.recommend.histories import Floats, Ints, Longs

UNIT = 1 << 20
"""Of one deed of weight 1 done now: weights are kept as whole numbers of such parts."""

_DAY = 86_400_000_000
_LONGEST_AHEAD = 20.0
"""Half-lives behind the fit that a deed may be counted in: beyond, whole numbers would run over, and a new fit is due."""

GROUPS = ("category", "source", "language")
_PARTS = ("keys", "amounts", "people")


@dataclass(frozen=True, kw_only=True)
class TrendingConfig:
    """What counts how much, and how fast it fades."""

    half_life_days: float = 7.0
    """Days after which a deed counts half."""
    weights: Mapping[DeedKind, float] = field(
        default_factory=lambda: {"view": 1.0, "cart": 3.0, "wish": 2.0, "order": 5.0, "refund": 0.0}
    )
    """How much each kind of deed says that a product is wanted."""
    least_people: int = 3
    """How many must have done something with a product before it is trending."""
    prior: float = 50.0
    """Deeds of weight 1, done now, that the shares of all deeds count as in each group."""


@dataclass(frozen=True)
class GroupCounts:
    """What was wanted among the deeds of each value of one group: cells (value, product) in rising order."""

    keys: Longs
    """value · products + product, shape (cells,), rising."""
    amounts: Longs
    """In `UNIT`, shape (cells,)."""
    people: Longs
    """How many spoke for each, shape (cells,)."""

    def of(self, value: int, products: int, least_people: int) -> npt.NDArray[np.float64]:
        """Return the amounts of one value, shape (products,); 0 of what too few spoke for."""
        low, high = np.searchsorted(self.keys, [value * products, (value + 1) * products])
        row = np.zeros(products)
        cells = np.flatnonzero(self.people[low:high] >= least_people) + low
        row[self.keys[cells] - value * products] = self.amounts[cells]
        return row

    def plus(self, keys: Longs, amounts: Longs, sign: int) -> GroupCounts:
        """Return the counts with these added, or taken away; cells that come to nothing are dropped."""
        fresh, places = np.unique(keys, return_inverse=True)
        more, people = np.zeros(len(fresh), np.int64), sign * np.bincount(places, minlength=len(fresh))
        np.add.at(more, places, sign * amounts)
        where = np.searchsorted(self.keys, fresh)
        here = where < len(self.keys)
        here[here] = self.keys[where[here]] == fresh[here]
        cells = [self.keys.copy(), self.amounts.copy(), self.people.copy()]
        for old, new in zip(cells[1:], (more, people), strict=True):
            old[where[here]] += new[here]
        if not here.all():
            news = (fresh, more, people)
            cells = [np.insert(old, where[~here], new[~here]) for old, new in zip(cells, news, strict=True)]
        if not cells[1].all():
            cells = [old[cells[1] != 0] for old in cells]
        return GroupCounts(*cells)


@dataclass(frozen=True)
class Trending:
    """How much each product is wanted as of one moment."""

    amounts: Longs
    """Of all that was said, in `UNIT`, shape (products,)."""
    people: Longs
    """How many spoke for each product, shape (products,)."""
    groups: Mapping[str, GroupCounts]
    """By category, source and language."""
    now: int
    """The moment weights are compared with, microseconds since 1970 UTC."""
    config: TrendingConfig

    @classmethod
    def fit(
        cls,
        items: Ints,
        at: Longs,
        kinds: npt.NDArray[np.int8],
        *,
        who: Ints | None = None,
        products: int,
        now: int,
        category: Ints | None = None,
        source: Ints | None = None,
        language: Ints | None = None,
        config: TrendingConfig | None = None,
    ) -> Trending:
        """Count deeds.

        Args:
            items: places of products, shape (deeds,)
            at: when, microseconds since 1970 UTC, shape (deeds,)
            kinds: places in `DEED_KINDS`, shape (deeds,)
            who: number of whoever did it, shape (deeds,); None where everybody did one thing
            products: how many there are
            now: the moment they are judged from: that of the latest of them, lest they all be faded away
            category: number of the deed's category, shape (deeds,); -1 where not known; None where of none
            source: number of its source, likewise
            language: number of its language, likewise
            config: what counts how much
        """
        none, zero = np.zeros(0, np.int64), np.zeros(products, np.int64)
        empty = dict.fromkeys(GROUPS, GroupCounts(none, none, none))
        nothing = cls(zero, zero, empty, now, config or TrendingConfig())
        return nothing.learn(items, at, kinds, who=who, category=category, source=source, language=language)

    def learn(
        self,
        items: Ints,
        at: Longs,
        kinds: npt.NDArray[np.int8],
        *,
        who: Ints | None = None,
        category: Ints | None = None,
        source: Ints | None = None,
        language: Ints | None = None,
    ) -> Trending:
        """Return it with the deeds of further people; the same as if they had been there from the start.

        Of somebody who is counted already, `forget` the deeds that were, and learn those together with the later ones.
        """
        codes = {"category": category, "source": source, "language": language}
        return self._plus(items, self._worth(at, kinds), who, codes, 1)

    def forget(
        self,
        items: Ints,
        at: Longs,
        kinds: npt.NDArray[np.int8],
        *,
        who: Ints | None = None,
        category: Ints | None = None,
        source: Ints | None = None,
        language: Ints | None = None,
    ) -> Trending:
        """Return it without people, of whom these are all deeds: exactly what the others alone give."""
        codes = {"category": category, "source": source, "language": language}
        return self._plus(items, self._worth(at, kinds), who, codes, -1)

    def scores(self, *, category: int | None = None, source: int | None = None, language: int | None = None) -> Floats:
        """Return how much each product is wanted, shape (products,): its share of what is wanted now, in the groups named."""
        wanted = np.where(self.people >= self.config.least_people, self.amounts, 0)
        total = wanted.sum()
        if total <= 0:
            return np.zeros(len(wanted), np.float32)
        overall = wanted / total
        score = overall.copy()
        for name, value in {"category": category, "source": source, "language": language}.items():
            if value is not None:
                score *= self._lift(name, value, overall)
        scores: Floats = score.astype(np.float32)
        return scores

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what was counted as arrays, to be kept in a file."""
        cells = {f"{name}_{part}": getattr(counts, part) for name, counts in self.groups.items() for part in _PARTS}
        return {"amounts": self.amounts, "people": self.people, "now": np.array([self.now], np.int64), **cells}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], config: TrendingConfig | None = None) -> Trending:
        """Return what `arrays` were made of."""
        groups = {name: GroupCounts(*(arrays[f"{name}_{part}"] for part in _PARTS)) for name in GROUPS}
        return cls(arrays["amounts"], arrays["people"], groups, int(arrays["now"][0]), config or TrendingConfig())

    def _worth(self, at: Longs, kinds: npt.NDArray[np.int8]) -> Longs:
        """Return what each deed counts, in `UNIT`."""
        weights = np.array([self.config.weights.get(kind, 0.0) for kind in DEED_KINDS])
        halvings = np.minimum((at - self.now) / (self.config.half_life_days * _DAY), _LONGEST_AHEAD)
        worth: Longs = np.rint(weights[kinds] * np.exp2(halvings) * UNIT).astype(np.int64)
        return worth

    def _plus(self, items: Ints, worth: Longs, who: Ints | None, codes: Mapping[str, Ints | None], sign: int) -> Trending:
        products = len(self.amounts)
        said = _said(items, worth, who)
        items, worth = items[said], worth[said]
        amounts, people = self.amounts.copy(), self.people + sign * np.bincount(items, minlength=products)
        np.add.at(amounts, items, sign * worth)
        groups = dict(self.groups)
        for name, code in codes.items():
            if code is not None:
                known = code[said] >= 0
                keys = code[said][known].astype(np.int64) * products + items[known]
                groups[name] = groups[name].plus(keys, worth[known], sign)
        return Trending(amounts, people, groups, self.now, self.config)

    def _lift(self, name: str, value: int, overall: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return how many times as much each product is wanted in one group as it is overall, shape (products,)."""
        own = self.groups[name].of(value, len(overall), self.config.least_people)
        prior = self.config.prior * UNIT
        share = (own + prior * overall) / (own.sum() + prior)
        lift: npt.NDArray[np.float64] = np.divide(share, overall, out=np.ones_like(share), where=overall > 0)
        return lift


def _said(items: Ints, worth: Longs, who: Ints | None) -> Longs:
    """Return which deeds count: of each person and product the one that is worth most, of equals the last."""
    if who is None:
        return np.flatnonzero(worth > 0)
    order = np.lexsort((worth, items, who))
    is_last = np.ones(len(order), np.bool_)
    is_last[:-1] = (np.diff(items[order]) != 0) | (np.diff(who[order]) != 0)
    said: Longs = order[is_last & (worth[order] > 0)]
    return said
