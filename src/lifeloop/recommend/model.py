"""The recommender's model: everything counted from what was done before one moment, and how it is kept.

Reads    what everybody did (`Deeds`), the catalogue, what was shown and clicked
Writes   a version folder: JSON, arrays that are mapped into memory and not read, LightGBM text
Limits   a product that is neither in the catalogue nor was ever sold has no place in it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lifeloop.recommend.histories import Floats, Ints, Products

if TYPE_CHECKING:
    from lifeloop.recommend.deeds import Deeds
    from lifeloop.recommend.matrices import Blend, ItemMatrix
    from lifeloop.recommend.matrices.following import Following
    from lifeloop.recommend.matrices.taste import Taste
    from lifeloop.recommend.ranker import Ranker
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
    """What a history says of what comes next: `following` and `taste`, weighed by default."""
    similar: ItemMatrix
    together: Together
    content: ItemMatrix
    trending: Trending
    deeds: Deeds
    """What everybody did, and who agreed to what."""
    ranker: Ranker | None = None
    """None where too little was clicked to learn an order from."""

    @property
    def is_fitted(self) -> bool:
        """Whether anything was learned at all."""
        return self.version != NO_VERSION
