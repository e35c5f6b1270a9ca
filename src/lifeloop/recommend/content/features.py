"""What a product is, as numbers: its category with all above it, its brand, its price, and the words written about it.

Each of the four is a block of features of length 1 per product, times the block's weight; the length of what is not known is 0.

    category   a feature for every path from the top down: `Home`, `Home > Kitchen`, ...
    brand      a feature for every brand of two products or more
    price      a feature for every knot of the prices' quantiles, on a log scale: a price lies between two of them
    words      (1 + ln tf) (1 + ln((1 + n) / (1 + df))) of the words of title and description, at most `MOST_WORDS`, those of
               most products first; a word of one product alone tells nothing of others

Source  Salton & Buckley (1988), Term-weighting approaches in automatic text retrieval.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from lifeloop.recommend.catalogue import Catalogue, Doubles
from lifeloop.recommend.content.words import words_of
from lifeloop.recommend.histories import Ints

MOST_WORDS = 20_000
KNOTS = 6
CATEGORY, BRAND, PRICE, WORDS = 1.0, 0.7, 0.3, 1.0
"""How much each block counts."""


def features_of(catalogue: Catalogue, places: Ints) -> Any:
    """Return what products are, a SciPy CSR matrix of float32, shape (places, features).

    `places` are those of the products in the catalogue (`Catalogue.aligned`); of -1 nothing is known.
    """
    import scipy.sparse as sp

    chosen = places.tolist()
    categories = (_above(_at(catalogue.category, place)) for place in chosen)
    brands = (filter(None, [_at(catalogue.brand, place).casefold()]) for place in chosen)
    written = ((_at(catalogue.title, place), _at(catalogue.description, place)) for place in chosen)
    texts = ((word for text in both for word in words_of(text)) for both in written)
    blocks = [
        CATEGORY * _unit(_counted(categories, least=1)),
        BRAND * _unit(_counted(brands, least=2)),
        PRICE * _unit(_between(np.append(catalogue.price_minor, np.nan)[places])),
        WORDS * _unit(_weighed(_counted(texts, least=2))),
    ]
    return sp.hstack(blocks, format="csr", dtype=np.float32)


def _at(values: Sequence[str | None], place: int) -> str:
    return (values[place] or "") if place >= 0 else ""


def _above(path: str) -> list[str]:
    """Return a category path and all above it.

    >>> _above("Home > Kitchen")
    ['home', 'home > kitchen']
    """
    parts = [part.strip().casefold() for part in path.split(">")]
    return list(accumulate((part for part in parts if part), lambda above, part: f"{above} > {part}"))


def _counted(names: Iterable[Iterable[str]], *, least: int) -> Any:
    """Return how often each product has each name, for the MOST_WORDS names of most products, of `least` at least."""
    import scipy.sparse as sp

    places: dict[str, int] = {}
    starts, columns, counts = array("q", [0]), array("i"), array("d")
    for own in names:
        for name, count in Counter(own).items():
            columns.append(places.setdefault(name, len(places)))
            counts.append(count)
        starts.append(len(columns))
    found = np.bincount(columns, minlength=len(places)) if len(columns) else np.zeros(0, np.int64)
    enough = (name for name, place in places.items() if found[place] >= least)
    kept = sorted(enough, key=lambda name: (-found[places[name]], name))[:MOST_WORDS]
    rows = sp.csr_matrix((np.asarray(counts), np.asarray(columns), np.asarray(starts)), (len(starts) - 1, len(places)))
    return rows[:, [places[name] for name in kept]]


def _weighed(rows: Any) -> Any:
    """Return words weighed by how often they stand in a text and in how few texts."""
    found = np.bincount(rows.indices, minlength=rows.shape[1])
    rows.data = (1.0 + np.log(rows.data)) * (1.0 + np.log((1.0 + rows.shape[0]) / (1.0 + found)))[rows.indices]
    return rows


def _between(price: Doubles) -> Any:
    """Return where prices lie between the knots of their quantiles, on a log scale, shape (products, at most KNOTS)."""
    import scipy.sparse as sp

    known = np.flatnonzero(price > 0)
    if not len(known):
        return sp.csr_matrix((len(price), 0))
    logged = np.log(price[known])
    knots = np.unique(np.quantile(logged, np.linspace(0, 1, KNOTS)))
    place = np.interp(logged, knots, np.arange(len(knots)))
    low = np.minimum(place.astype(int), max(len(knots) - 2, 0))
    high = np.minimum(low + 1, len(knots) - 1)
    cells = np.concatenate([1 - (place - low), place - low]), (np.tile(known, 2), np.concatenate([low, high]))
    return sp.csr_matrix(cells, (len(price), len(knots)))


def _unit(rows: Any) -> Any:
    """Return rows of length 1; those of nothing stay so."""
    import scipy.sparse as sp

    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return sp.diags_array(1.0 / np.where(length > 0, length, 1.0)) @ rows
