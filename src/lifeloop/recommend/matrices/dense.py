"""A matrix of which every cell is kept: 4 bytes for each pair of products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from lifeloop.recommend.histories import Floats, Ints, Longs
from lifeloop.recommend.kernels import fixed, kernels


class DenseMatrix:
    """All cells, float32, shape (products, products).

    >>> two = DenseMatrix(np.array([[0, 0.5], [1, 0]], np.float32))
    >>> two.scores(np.array([0], np.int32), np.array([2], np.float32)).tolist()
    [0.0, 1.0]
    """

    def __init__(self, values: Floats) -> None:
        self.values = fixed(values.astype(np.float32, copy=False))

    @property
    def products(self) -> int:
        """How many products it speaks of."""
        return len(self.values)

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return self.values.nbytes

    def scores(self, items: Ints, weights: Floats) -> Floats:
        """Return the weighted sum of the rows of `items`, shape (products,)."""
        return np.asarray(weights, np.float32) @ self.values[items]

    def contributions(self, items: Ints, weights: Floats, targets: Ints) -> Floats:
        """Return what each item adds to the score of each target, shape (items, targets)."""
        return np.asarray(weights, np.float32)[:, None] * self.values[np.ix_(items, targets)]

    def add(self, scores: Floats, starts: Longs, items: Ints, by_age: Floats, by_deed: Floats) -> None:
        """Add to `scores[user]` the rows of that user's last deeds, weighted by age and deed."""
        kernels().add_rows(scores, starts, items, self.values, by_age, by_deed)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all it is, by name."""
        return {"values": self.values}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the matrix that these arrays are."""
        return cls(arrays["values"])
