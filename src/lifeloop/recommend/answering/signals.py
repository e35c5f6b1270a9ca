"""Signals: what the ranking knows of a product when it is asked for it.

They are logged with every list, and a ranker learns from them: so a name, once used, keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lifeloop.base.recommend_settings import PLACEMENTS
from lifeloop.recommend.answering.reasons import Term
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.histories import Floats, Ints

SIGNALS: tuple[str, ...] = (
    "score",  # the sum of all parts
    "personal",  # what the history, or the visit so far, adds
    "similar",
    "together",
    "content",
    "trending",
    "people",  # log of how many had to do with it
    "price",  # log of the price in minor units
    "margin",  # share of the price
    "is_new",
    "same_category",  # share of the history in its category
    "same_brand",  # share of the history of its brand
    "history",  # how many deeds are known
    "placement",  # place in PLACEMENTS
)
"""Names, in the order of the columns a ranker sees; nan where not known."""

_PARTS = {"session": "personal"}
"""The strategy whose column another one's part is counted in."""


def signals(request: Request, terms: Sequence[Term], places: Ints) -> Floats:
    """Return the signals of products of the catalogue, shape (products, signals)."""
    shelf, shop = request.shelf, request.shelf.catalogue
    columns: dict[str, npt.NDArray[np.float64]] = {name: np.zeros(len(places)) for name in SIGNALS}
    for term in terms:
        part = term.scores[places]
        columns["score"] += part
        name = _PARTS.get(term.strategy, term.strategy)
        if name in columns:
            columns[name] += part
    people = shelf.people[places]
    columns["people"] = np.log1p(people)
    columns["is_new"] = (people < shelf.settings.new_below).astype(np.float64)
    price, cost = shop.price_minor[places], shop.cost_minor[places]
    price = np.where(price > 0, price, np.nan)
    columns["price"], columns["margin"] = np.log(price), 1.0 - cost / price
    had = shop.products.find(request.history.names)
    columns["same_category"] = _share(shop.category_code, had, places)
    columns["same_brand"] = _share(shop.brand_code, had, places)
    columns["history"] += len(request.history)
    columns["placement"] += PLACEMENTS.index(request.asked.placement)
    return np.column_stack([columns[name] for name in SIGNALS]).astype(np.float32)


def _share(codes: Ints, had: Ints, places: Ints) -> npt.NDArray[np.float64]:
    """Return which share of what was had is in the group of each product, shape (products,)."""
    if not len(had):
        return np.zeros(len(places))
    own = codes[places]
    alike = (codes[had][:, None] == own) & (own >= 0)
    share: npt.NDArray[np.float64] = alike.mean(axis=0)
    return share
