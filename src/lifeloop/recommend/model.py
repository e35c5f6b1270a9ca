"""The recommender's model: everything counted from what was done before one moment. `fit` makes it, `keep` keeps it.

Limits   a product that the catalogue did not know at the fit has no place in it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lifeloop.recommend.histories import Floats, Ints, Products

if TYPE_CHECKING:
    from lifeloop.recommend.answering.ranker import Ranker
    from lifeloop.recommend.deeds import Deeds
    from lifeloop.recommend.matrices import Blend, Following, ItemMatrix, Taste
    from lifeloop.recommend.together import Together
    from lifeloop.recommend.trending import Trending

QUESTION = "recommend"
"""Under which versions are kept: models/recommend/<version>/."""

NO_VERSION = "none"
"""The version of a model that was never fitted: it knows the catalogue, and nobody."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """What was learned as of one moment. Every array and matrix speaks of products by their place in `products`."""

    version: str
    as_of: int
    """First instant not known, microseconds since 1970 UTC."""
    products: Products
    people: Ints
    """How many different people had to do with each product, shape (products,): below `new_below` it is new."""
    gaps: Floats
    """Median days between two purchases of a product by one customer, shape (products,); nan where too few are known."""
    taste: Taste
    following: Following
    personal: Blend
    """What the history of a customer says of what comes next."""
    visit: Blend
    """What a visit says of what is looked at next in it: what visitors are served."""
    similar: ItemMatrix
    together: Together
    content: ItemMatrix
    trending: Trending
    deeds: Deeds
    """What everybody did, and who agreed to what."""
    category: Ints = field(default_factory=lambda: np.zeros(0, np.int32))
    """Category of each product, a place in `categories`, -1 without one, shape (products,)."""
    categories: tuple[str, ...] = ()
    """Category paths, by the numbers `trending` has for them."""
    ranker: Ranker | None = None
    """None where too little was clicked to learn an order from."""

    @property
    def is_fitted(self) -> bool:
        """Whether anything was learned at all."""
        return self.version != NO_VERSION

    def wanted(self, *, category: str | None = None, source: str | None = None, language: str | None = None) -> Floats:
        """Return what is trending, shape (products,): overall, or in a category, source and language it knows."""
        return self.trending.scores(
            category=_place(self.categories, category),
            source=_place(self.deeds.sources, source),
            language=_place(self.deeds.languages, language),
        )


def _place(names: tuple[str, ...], name: str | None) -> int | None:
    return names.index(name) if name in names else None
