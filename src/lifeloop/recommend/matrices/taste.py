"""Taste: which products are liked by those who like these? EASE, the closed-form item-item regression.

    G = X'X + penalty I,  P = G^-1,  B_ij = -P_ij / P_jj,  B_jj = 0

X says who had what (0 or 1). Where a square does not fit, shrunk cosines of the same counts stand in.
Source: Steck (2019), Embarrassingly shallow autoencoders for sparse data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lifeloop.recommend.histories import Floats, Histories, Ints
from lifeloop.recommend.matrices.counts import DenseCounts, SparseCounts, counts_of_arrays
from lifeloop.recommend.matrices.dense import DenseMatrix
from lifeloop.recommend.matrices.item_matrix import ItemMatrix
from lifeloop.recommend.matrices.memory import TOGETHER_BYTES, fits_dense
from lifeloop.recommend.matrices.similar import SimilarConfig, similar_of
from lifeloop.recommend.matrices.together import count_together, pairs_of_new, pairs_together


@dataclass(frozen=True, kw_only=True)
class TasteConfig:
    """How taste is measured."""

    penalty: float = 300.0
    """Ridge: histories' worth of doubt about every product; 200 to 500 is flat on every public set."""
    memory_mb: int = 2000
    threads: int | None = None


@dataclass(frozen=True)
class Taste:
    """Counts of products met together, and the matrix that follows from them."""

    counts: DenseCounts | SparseCounts
    config: TasteConfig

    @classmethod
    def fit(cls, histories: Histories, config: TasteConfig | None = None) -> Taste:
        """Return the taste that histories show."""
        how = config or TasteConfig()
        dense = fits_dense(histories.products, TOGETHER_BYTES, how.memory_mb)
        return cls(count_together(histories, dense=dense, threads=how.threads), how)

    @cached_property
    def matrix(self) -> ItemMatrix:
        """B, as of when it is first asked for."""
        if isinstance(self.counts, DenseCounts):
            return DenseMatrix(solve_ease(self.counts.values, self.config.penalty))
        return similar_of(self.counts, SimilarConfig())

    def forget(self, items: Ints) -> Taste:
        """Return the taste of all but one history: bit by bit what a fit without it gives."""
        return Taste(self.counts.plus(pairs_together(np.asarray(items, np.int32)), -1), self.config)

    def learn(self, before: Ints, item: int) -> None:
        """Count one more deed in, `before` being the history it ends; the matrix stays until the next fit."""
        self.counts.learn(pairs_of_new(np.asarray(before, np.int32), item))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return its counts, by name."""
        return self.counts.arrays()

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], config: TasteConfig | None = None) -> Taste:
        """Return the taste whose counts these are."""
        return cls(counts_of_arrays(arrays), config or TasteConfig())


def solve_ease(counts: Ints, penalty: float) -> Floats:
    """Return EASE's matrix of counts, both of shape (products, products). Cost: about n^3 multiply-adds, 8 n^2 bytes.

    >>> solve_ease(np.array([[2, 1], [1, 1]], np.int32), 1.0).round(2).tolist()
    [[0.0, 0.5], [0.33, 0.0]]
    """
    from scipy.linalg import lapack

    if not len(counts):
        return np.zeros((0, 0), np.float32)
    system = np.array(counts, np.float32, order="F")
    system[np.diag_indices(len(system))] += np.float32(penalty)
    triangle, _ = lapack.spotrf(system, lower=1, clean=0, overwrite_a=1)
    inverse, _ = lapack.spotri(triangle, lower=1, overwrite_c=1)
    solved: Floats = np.tril(inverse) + np.tril(inverse, -1).T
    solved /= -np.diagonal(solved).copy()
    np.fill_diagonal(solved, 0)
    return np.ascontiguousarray(solved, np.float32)
