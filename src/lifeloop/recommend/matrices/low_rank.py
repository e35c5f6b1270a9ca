"""A matrix that is a product of two thin ones: what is known of a product by few features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from lifeloop.recommend.histories import Floats, Ints, Longs
from lifeloop.recommend.kernels import fixed, kernels


class LowRankMatrix:
    """`left @ right`, float32, shapes (products, features) and (features, products).

    >>> two = LowRankMatrix(np.array([[1], [0]], np.float32), np.array([[0, 0.5]], np.float32))
    >>> two.scores(np.array([0], np.int32), np.array([2], np.float32)).tolist()
    [0.0, 1.0]
    """

    def __init__(self, left: Floats, right: Floats) -> None:
        self.left = fixed(left.astype(np.float32, copy=False))
        self.right = fixed(right.astype(np.float32, copy=False))

    @property
    def products(self) -> int:
        """How many products it speaks of."""
        return len(self.left)

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return self.left.nbytes + self.right.nbytes

    def scores(self, items: Ints, weights: Floats) -> Floats:
        """Return the weighted sum of the rows of `items`, shape (products,)."""
        features: Floats = np.asarray(weights, np.float32) @ self.left[items]
        return np.asarray(features @ self.right, np.float32)

    def contributions(self, items: Ints, weights: Floats, targets: Ints) -> Floats:
        """Return what each item adds to the score of each target, shape (items, targets)."""
        features: Floats = np.asarray(weights, np.float32)[:, None] * self.left[items]
        return np.asarray(features @ self.right[:, targets], np.float32)

    def add(self, scores: Floats, starts: Longs, items: Ints, by_age: Floats, by_deed: Floats) -> None:
        """Add to `scores[user]` the rows of that user's last deeds, weighted by age and deed."""
        features = np.zeros((len(scores), self.left.shape[1]), np.float32)
        kernels().add_rows(features, starts, items, self.left, by_age, by_deed)
        scores += features @ self.right

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all it is, by name."""
        return {"left": self.left, "right": self.right}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the matrix that these arrays are."""
        return cls(arrays["left"], arrays["right"])
