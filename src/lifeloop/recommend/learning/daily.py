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

from lifeloop.recommend.deeds import Deeds, timed
from lifeloop.recommend.histories import Histories, Ints
from lifeloop.recommend.matrices import Following, personal_blend, visit_blend
from lifeloop.recommend.matrices.counts import DenseCounts, SparseCounts
from lifeloop.recommend.model import Model

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
    kinds, at = timed(lately.histories)
    items = lately.histories.items
    who = np.repeat(np.arange(len(lately.histories)), np.diff(lately.histories.starts))
    trending = model.trending.learn(
        items,
        at,
        kinds,
        category=model.category[items],
        source=_numbers(lately.sources, model.deeds.sources)[lately.source],
        language=np.append(_numbers(lately.languages, model.deeds.languages), np.int32(-1))[lately.language[who]],
    )
    return replace(model, trending=trending, people=model.people + _newcomers(model, lately, who.astype(np.int32)))


def _newcomers(model: Model, lately: Deeds, who: Ints) -> Ints:
    """Return how many people had to do with each product for the first time, shape (products,)."""
    products = len(model.products)
    is_counted = model.people[lately.histories.items] < _KNOWN_WELL
    pairs = np.unique((who.astype(np.int64) * products + lately.histories.items)[is_counted])
    before = np.array([model.deeds.names.find(name) for name in lately.names], np.int64)
    is_first = np.ones(len(pairs), np.bool_)
    for number, (person, item) in enumerate(zip(before[pairs // products].tolist(), (pairs % products).tolist(), strict=True)):
        is_first[number] = person < 0 or item not in model.deeds.histories.one(person)
    return np.bincount(pairs[is_first] % products, minlength=products).astype(np.int32)


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
