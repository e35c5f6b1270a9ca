"""Learning by day: what was done since the fit, taken into what speaks of products for everybody.

What is trending, and who had to do with which new product, follow at once. What follows what is counted too, exactly as a fit
with the day's deeds would count it, and solved anew where that takes a moment only. All other matrices stay as they were
fitted: somebody's own latest deeds are asked of them with every request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from lifeloop.recommend.deeds import Deeds
from lifeloop.recommend.histories import Histories, Ints, Longs
from lifeloop.recommend.learning.fit import TrendingDeeds, joined, lasting, trending_deeds
from lifeloop.recommend.matrices import Following, personal_blend, visit_blend
from lifeloop.recommend.matrices.counts import DenseCounts, SparseCounts
from lifeloop.recommend.model import Model
from lifeloop.recommend.trending import Trending

Counts: TypeAlias = DenseCounts | SparseCounts

MOST_SOLVED = 1000
"""Products up to which what follows what is solved by day: a tenth of a second of one core."""
MOST_PAIRS = 2_000_000
"""Pairs ever met, up to which it is counted anew by day where it is sparse."""
_KNOWN_WELL = 1000
"""A product that so many had to do with is not new, and becomes no less so: they are not counted by day."""


def learned(model: Model, lately: Deeds) -> Model:
    """Return the model with what was done lately; `lately` speaks of the model's products, and of nothing before its moment."""
    if not len(lately.histories.items):
        return model
    before = np.array([model.deeds.names.find(name) for name in lately.names], np.int64)
    trending = _trending(model, lately, before)
    return replace(model, trending=trending, people=model.people + _newcomers(model, lately, before))


def _trending(model: Model, lately: Deeds, before: Longs) -> Trending:
    """Return what is trending with the deeds done lately; `before`: places of the people in the model, -1 of others."""
    news = trending_deeds(lately, model.category, np.arange(len(lately.histories.items)))
    source = _numbers(lately.sources, model.deeds.sources)[lately.source]
    language = np.append(_numbers(lately.languages, model.deeds.languages), np.int32(-1))[news["language"]]
    numbers = np.where(before >= 0, before, len(model.deeds.names) + np.arange(len(before)))
    who = numbers[news["who"]].astype(np.int32)
    news = TrendingDeeds({**news, "who": who, "source": source, "language": language})
    starts, known = model.deeds.histories.starts, np.sort(before[before >= 0])
    lengths = starts[known + 1] - starts[known]
    rows = np.repeat(starts[known + 1] - np.cumsum(lengths), lengths) + np.arange(int(lengths.sum()))
    old = trending_deeds(model.deeds, model.category, lasting(model.deeds, rows, model.trending.now))
    return model.trending.forget(**old).learn(**joined(old, news))


def _newcomers(model: Model, lately: Deeds, before: Longs) -> Ints:
    """Return how many people had to do with each product for the first time, shape (products,)."""
    products = len(model.products)
    who = np.repeat(np.arange(len(lately.histories)), np.diff(lately.histories.starts))
    is_counted = model.people[lately.histories.items] < _KNOWN_WELL
    pairs = np.unique((who * products + lately.histories.items)[is_counted])
    known, histories = np.flatnonzero(before >= 0), model.deeds.histories
    first, last = histories.starts[before[known]], histories.starts[before[known] + 1]
    rows = np.repeat(last - np.cumsum(last - first), last - first) + np.arange(int((last - first).sum()))
    had = np.repeat(known, last - first) * products + histories.items[rows]
    return np.bincount(pairs[~np.isin(pairs, had)] % products, minlength=products).astype(np.int32)


def _numbers(names: Sequence[str | None], known: Sequence[str]) -> Ints:
    """Return the place in `known` of each name, -1 of others."""
    places = {name: place for place, name in enumerate(known)}
    return np.array([places.get(name or "", -1) for name in names], np.int32)


def followed(model: Model, lately: Deeds) -> Model:
    """Return the model with what follows what as a fit with the deeds done lately counts it; the same where that takes long."""
    base = model.following
    if not len(lately.histories.items) or not _is_quick(base):
        return model
    before, after = _paths(model, lately)
    first, second = (Following.fit(some, base.config) for some in (before, after))
    if second.reach != base.reach:
        return model
    counts = {name: _moved(base.counts[name], second.counts[name], first.counts[name]) for name in base.counts}
    now = Following(counts, base.deeds + second.deeds - first.deeds, base.reach, base.config)
    return replace(model, following=now, personal=personal_blend(now, model.taste), visit=visit_blend(now))


def _is_quick(following: Following) -> bool:
    if following.is_solved:
        return len(following.deeds) <= MOST_SOLVED
    return sum(len(counts.rows()[1]) for counts in following.counts.values() if isinstance(counts, SparseCounts)) <= MOST_PAIRS


def _paths(model: Model, lately: Deeds) -> tuple[Histories, Histories]:
    """Return the histories of those who did something lately, without and with what they did."""
    known, products = model.deeds, len(model.products)
    places = [known.names.find(name) for name in lately.names]
    before = [known.histories.one(place).tolist() if place >= 0 else [] for place in places]
    news = [lately.histories.one(number).tolist() for number in range(len(lately.names))]
    after = [old + new[bool(old and new and old[-1] == new[0]) :] for old, new in zip(before, news, strict=True)]
    return Histories.of(before, products=products), Histories.of(after, products=products)


def _moved(base: Counts, second: Counts, first: Counts) -> Counts:
    """Return `base + second - first`."""
    if isinstance(base, DenseCounts) and isinstance(second, DenseCounts) and isinstance(first, DenseCounts):
        return DenseCounts(base.values + second.values - first.values)
    return SparseCounts.of_csr(_csr(base) + _csr(second) - _csr(first))


def _csr(counts: Counts) -> Any:
    import scipy.sparse as sp

    starts, columns, values = counts.sparse().rows()
    return sp.csr_matrix((values, columns, starts), (len(starts) - 1, len(starts) - 1))
