"""Pools: for many customers at once the products to pick from, and how much speaks for each.

What the model says of a customer's latest deeds, from 0 to 1; what they bought and is due stands half a point higher, as in the
placement for messages; what is trending fills up behind. Left out is what they bought and is not due, gave back, or were sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.recommend.asked import DEED_KINDS
from lifeloop.recommend.deeds import KIND_WEIGHTS, ORDERED, Bytes, between, chosen, latest, timed
from lifeloop.recommend.histories import Flags, Floats, Histories, Ints, Longs
from lifeloop.recommend.model import Model
from lifeloop.recommend.placements.home import TRENDING as TRENDING_WEIGHT
from lifeloop.recommend.placements.message import DUE as DUE_WEIGHT

POOL = 50
"""Products the model is asked for, for each customer."""
MOST_DUE = 10
"""Products that are due, those bought last first."""
FILL = 50
"""Trending products to fill up with."""
PERSONAL, TRENDING, DUE_AGAIN = 0, 1, 2
"""What a product stands in a pool for."""
_ORIGINS = (PERSONAL, DUE_AGAIN, TRENDING)
BY_KIND: Floats = np.array([KIND_WEIGHTS[kind] for kind in DEED_KINDS], np.float32)
_DAY_US = 86_400_000_000
_NEVER = np.float32(-np.inf)


@dataclass(frozen=True)
class Pool:
    """The products to pick from for each of some people, shapes (people, pool)."""

    items: Ints
    scores: Floats
    """What may not be picked: -inf."""
    origin: Bytes
    recent: Histories
    """The deeds the model was asked with."""


@dataclass(frozen=True)
class Pools:
    """All that pools are made of."""

    model: Model
    allowed: Flags
    """Which products may be in messages, shape (products,)."""
    settings: RecommendSettings
    now: int
    sent: Longs
    """Pairs (person x products + product) that stood in messages lately."""

    def of(self, people: Ints) -> Pool:
        """Return the pools of some people, at least one: places in the model's names, rising."""
        deeds, first, last = self.model.deeds, int(people[0]), int(people[-1]) + 1
        flags = np.zeros(last - first, np.bool_)
        flags[people - first] = True
        own, returned = (chosen(between(some, first, last), flags) for some in (deeds.histories, deeds.refunds))
        recent, _ = latest(own, self.settings.history)
        ids, best = self.model.personal.top(
            recent, POOL, allowed=self.allowed, drop_seen=False, by_kind=BY_KIND, threads=self.settings.threads
        )
        due = self._due(own)
        wanted = np.broadcast_to(self._wanted, (len(people), len(self._wanted)))
        again = _among(ids, due)
        liked = best / np.maximum(best.max(axis=1, keepdims=True, initial=0), np.finfo(np.float32).tiny)
        blocks = [
            (ids, liked + np.float32(DUE_WEIGHT) * again, ids >= 0),
            (due, np.full(due.shape, DUE_WEIGHT), (due >= 0) & ~_among(due, ids)),
            (wanted, np.zeros(wanted.shape), ~_among(wanted, ids) & ~_among(wanted, due)),
        ]
        items = np.maximum(np.concatenate([block for block, _, _ in blocks], axis=1), 0).astype(np.int32)
        scores = np.concatenate([part for _, part, _ in blocks], axis=1).astype(np.float32) + self._worth[items]
        fit = np.concatenate([is_fit for _, _, is_fit in blocks], axis=1) & self.allowed[items]
        fit &= ~np.isin(people.astype(np.int64)[:, None] * len(self.allowed) + items, self._out(people, own, returned))
        origin = np.concatenate(
            [np.full(block.shape, place, np.int8) for place, (block, _, _) in zip(_ORIGINS, blocks, strict=True)], axis=1
        )
        origin[:, : ids.shape[1]][again] = DUE_AGAIN
        return Pool(items, np.where(fit, scores, _NEVER), origin, recent)

    def _out(self, people: Ints, own: Histories, returned: Histories) -> Longs:
        """Return the pairs that are not to be recommended: bought and not due, given back, or sent lately."""
        products = len(self.allowed)
        who, gave = (np.repeat(people.astype(np.int64), np.diff(some.starts)) * products for some in (own, returned))
        kinds, _ = timed(own)
        bought = (kinds == ORDERED) & ~self._is_due(own)
        return np.concatenate([who[bought] + own.items[bought], gave + returned.items, self.sent])

    def _is_due(self, own: Histories) -> Flags:
        """Return which purchases lie as far back as it takes others to buy again, shape (deeds,)."""
        kinds, at = timed(own)
        if not self.settings.repeats:
            return np.zeros(len(kinds), np.bool_)
        due: Flags = (kinds == ORDERED) & ((self.now - at) / _DAY_US >= self.model.gaps[own.items])
        return due

    def _due(self, own: Histories) -> Ints:
        """Return what each bought last of what is due, shape (people, MOST_DUE), -1 where there is no more."""
        places = np.flatnonzero(self._is_due(own))[::-1]
        who = np.searchsorted(own.starts, places, side="right") - 1
        first = np.unique(who * len(self.allowed) + own.items[places], return_index=True)[1]
        places, who = places[np.sort(first)], who[np.sort(first)]
        count = np.bincount(who, minlength=len(own))
        behind = np.cumsum(count[::-1])[::-1] - count  # purchases of people with higher numbers stand before
        rank = np.arange(len(who)) - behind[who]
        due = np.full((len(own), MOST_DUE), -1, np.int32)
        kept = rank < MOST_DUE
        due[who[kept], rank[kept]] = own.items[places[kept]]
        return due

    @cached_property
    def _worth(self) -> Floats:
        """What being wanted by many adds to each product's score, shape (products,); a little even where nothing is wanted."""
        wanted = self.model.wanted()
        known = np.log1p(self.model.people.astype(np.float32))
        worth = wanted / max(float(wanted.max(initial=0)), 1e-30) + 1e-3 * (1 + known) / (1 + known.max(initial=0))
        return np.asarray(TRENDING_WEIGHT * worth, np.float32)

    @cached_property
    def _wanted(self) -> Ints:
        """What many want now, best first."""
        able = np.flatnonzero(self.allowed)
        return able[np.lexsort((able, -self._worth[able]))][:FILL].astype(np.int32)


def _among(some: Ints, others: Ints) -> Flags:
    """Return which of each row of `some` stand in the same row of `others`; -1 stands in none."""
    found = np.zeros(some.shape, np.bool_)
    for place in range(others.shape[1]):
        found |= some == others[:, place : place + 1]
    return found & (some >= 0)
