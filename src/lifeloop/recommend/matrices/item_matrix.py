"""An item-item matrix: row i is what was had, column j what is scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self, runtime_checkable

import numpy as np

from lifeloop.recommend.histories import Floats, Ints, Longs


@runtime_checkable
class ItemMatrix(Protocol):
    """What every kind of matrix can be asked."""

    @property
    def products(self) -> int:
        """How many products it speaks of."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        ...

    def scores(self, items: Ints, weights: Floats) -> Floats:
        """Return the weighted sum of the rows of `items`, shape (products,)."""
        ...

    def contributions(self, items: Ints, weights: Floats, targets: Ints) -> Floats:
        """Return what each item adds to the score of each target, shape (items, targets): columns sum to the score."""
        ...

    def add(self, scores: Floats, starts: Longs, items: Ints, by_age: Floats, by_deed: Floats) -> None:
        """Add to `scores[user]`, shape (users, products), the rows of that user's last deeds, weighted by age and deed."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all it is, by name."""
        ...

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the matrix that these arrays are; they may be mapped from a file, and are not copied."""
        ...
