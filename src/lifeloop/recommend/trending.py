"""Trending: what is wanted by many now, overall and among deeds of one category, source or language.

Reads    deeds: which product, when, what kind; of which category, source and language they were
Writes   a score per product: its share of all that is wanted now, decayed with age
How      A deed of weight w at time t adds w · 2^((t - now) / half-life), in whole units, so that what was added can be taken
         away again exactly. For one group, such as a category, the shares are shrunk to those of all deeds:
         (n_gj + s p_j) / (n_g + s), p_j the share of all deeds and s a fixed weight of deeds. Of several groups at once each
         multiplies p_j by how much more the product is wanted in it: p_j Π_g (p_gj / p_j), as if they were independent.
Source   Cormode et al. (2009) for decay that looks forward: weights never change with time, only what they are compared with;
         shrinkage is the posterior mean under a Dirichlet prior (Jelinek & Mercer 1980 for the idea in language models)
Limits   who did it is not looked at: whoever hands the deeds in leaves out robots and repeated looks
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


@dataclass(frozen=True, kw_only=True)
class TrendingConfig:
    """What counts how much, and how fast it fades."""

    half_life_days: float = 7.0
    """Days after which a deed counts half."""
    weights: Mapping[DeedKind, float] = field(
        default_factory=lambda: {"view": 1.0, "cart": 3.0, "wish": 2.0, "order": 5.0, "refund": 0.0}
    )
    """How much each kind of deed says that a product is wanted."""
    prior: float = 50.0
    """Deeds of weight 1, done now, that the shares of all deeds count as in each group."""


@dataclass(frozen=True)
class GroupCounts:
    """What was wanted among the deeds of each value of one group: cells (value, product) in rising order."""

    keys: Longs
    """value · products + product, shape (cells,), rising."""
    amounts: Longs
    """In `UNIT`, shape (cells,)."""

    def of(self, value: int, products: int) -> npt.NDArray[np.float64]:
        """Return the amounts of one value, shape (products,)."""
        low, high = np.searchsorted(self.keys, [value * products, (value + 1) * products])
        row = np.zeros(products)
        row[self.keys[low:high] - value * products] = self.amounts[low:high]
        return row

    def plus(self, keys: Longs, amounts: Longs) -> GroupCounts:
        """Return the counts with these added; cells that come to nothing are dropped."""
        fresh, places = np.unique(keys, return_inverse=True)
        more = np.zeros(len(fresh), np.int64)
        np.add.at(more, places, amounts)
        where = np.searchsorted(self.keys, fresh)
        here = where < len(self.keys)
        here[here] = self.keys[where[here]] == fresh[here]
        total = self.amounts.copy()
        total[where[here]] += more[here]
        every = self.keys
        if not here.all():
            total, every = (np.insert(old, where[~here], new[~here]) for old, new in ((total, more), (every, fresh)))
        if not total.all():
            every, total = every[total != 0], total[total != 0]
        return GroupCounts(every, total)


@dataclass(frozen=True)
class Trending:
    """How much each product is wanted as of one moment."""

    amounts: Longs
    """Of all deeds, in `UNIT`, shape (products,)."""
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
            products: how many there are
            now: the moment they are judged from
            category: number of the deed's category, shape (deeds,); -1 where not known; None where of none
            source: number of its source, likewise
            language: number of its language, likewise
            config: what counts how much
        """
        empty = {name: GroupCounts(np.zeros(0, np.int64), np.zeros(0, np.int64)) for name in GROUPS}
        nothing = cls(np.zeros(products, np.int64), empty, now, config or TrendingConfig())
        return nothing.learn(items, at, kinds, category=category, source=source, language=language)

    def learn(
        self,
        items: Ints,
        at: Longs,
        kinds: npt.NDArray[np.int8],
        *,
        category: Ints | None = None,
        source: Ints | None = None,
        language: Ints | None = None,
    ) -> Trending:
        """Return it with further deeds, those of today too; the same as if they had been there from the start."""
        return self._plus(items, self._worth(at, kinds), {"category": category, "source": source, "language": language})

    def forget(
        self,
        items: Ints,
        at: Longs,
        kinds: npt.NDArray[np.int8],
        *,
        category: Ints | None = None,
        source: Ints | None = None,
        language: Ints | None = None,
    ) -> Trending:
        """Return it without these deeds: exactly what the others alone give."""
        return self._plus(items, -self._worth(at, kinds), {"category": category, "source": source, "language": language})

    def scores(self, *, category: int | None = None, source: int | None = None, language: int | None = None) -> Floats:
        """Return how much each product is wanted, shape (products,): its share of what is wanted now, in the groups named."""
        total = self.amounts.sum()
        if total <= 0:
            return np.zeros(len(self.amounts), np.float32)
        overall = self.amounts / total
        score = overall.copy()
        for name, value in {"category": category, "source": source, "language": language}.items():
            if value is not None:
                score *= self._lift(name, value, overall)
        scores: Floats = score.astype(np.float32)
        return scores

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what was counted as arrays, to be kept in a file."""
        cells = {f"{name}_keys": counts.keys for name, counts in self.groups.items()}
        amounts = {f"{name}_amounts": counts.amounts for name, counts in self.groups.items()}
        return {"amounts": self.amounts, "now": np.array([self.now], np.int64), **cells, **amounts}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], config: TrendingConfig | None = None) -> Trending:
        """Return what `arrays` were made of."""
        groups = {name: GroupCounts(arrays[f"{name}_keys"], arrays[f"{name}_amounts"]) for name in GROUPS}
        return cls(arrays["amounts"], groups, int(arrays["now"][0]), config or TrendingConfig())

    def _worth(self, at: Longs, kinds: npt.NDArray[np.int8]) -> Longs:
        """Return what each deed counts, in `UNIT`."""
        weights = np.array([self.config.weights.get(kind, 0.0) for kind in DEED_KINDS])
        halvings = np.minimum((at - self.now) / (self.config.half_life_days * _DAY), _LONGEST_AHEAD)
        worth: Longs = np.rint(weights[kinds] * np.exp2(halvings) * UNIT).astype(np.int64)
        return worth

    def _plus(self, items: Ints, worth: Longs, codes: Mapping[str, Ints | None]) -> Trending:
        products = len(self.amounts)
        amounts = self.amounts.copy()
        np.add.at(amounts, items, worth)
        groups = dict(self.groups)
        for name, code in codes.items():
            if code is not None:
                known = code >= 0
                keys = code[known].astype(np.int64) * products + items[known]
                groups[name] = groups[name].plus(keys, worth[known])
        return Trending(amounts, groups, self.now, self.config)

    def _lift(self, name: str, value: int, overall: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return how many times as much each product is wanted in one group as it is overall, shape (products,)."""
        own = self.groups[name].of(value, len(overall))
        prior = self.config.prior * UNIT
        share = (own + prior * overall) / (own.sum() + prior)
        lift: npt.NDArray[np.float64] = np.divide(share, overall, out=np.ones_like(share), where=overall > 0)
        return lift
