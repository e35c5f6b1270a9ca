"""Learning by day: what was done since the fit, taken into what speaks of products for everybody.

What is trending, and who had to do with which new product, follow at once. Matrices stay as they were fitted: somebody's own
latest deeds are asked of them with every request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lifeloop.recommend.deeds import Deeds, timed
from lifeloop.recommend.histories import Ints
from lifeloop.recommend.model import Model

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
