"""Taste: what is liked by those who like these? EASE, the closed-form regression of every product on all others.

    P = (X'X + diag(penalty (n + 1)^share))^-1,  B_ij = -P_ij / P_jj,  B_jj = 0

X says who had what (0 or 1), n how many had each product. Where a square does not fit, shrunk cosines stand in.
Source: Steck (2019), Embarrassingly shallow autoencoders for sparse data; the penalty that grows with the product is ours,
better than one for all on every draw of ML-1M (docs/models/recommend.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Floats, Histories, Ints
from lifeloop.recommend.matrices.counts import DenseCounts, SparseCounts, counts_of_arrays
from lifeloop.recommend.matrices.dense import DenseMatrix
from lifeloop.recommend.matrices.item_matrix import ItemMatrix
from lifeloop.recommend.matrices.similar import similar_of
from lifeloop.recommend.matrices.together import ALL, count_both, pairs_of


@dataclass(frozen=True, kw_only=True)
class TasteConfig:
    """How taste is measured."""

    penalty: float = 40.0
    share: float = 0.5
    """The penalty of a product that n had is penalty (n + 1)^share."""
    memory_mb: int = 2000
    threads: int | None = None


@dataclass(frozen=True)
class Taste:
    """In how many histories two products stand together, and the matrix that follows."""

    counts: DenseCounts | SparseCounts
    config: TasteConfig
    reach: int = ALL

    @classmethod
    def fit(cls, histories: Histories, config: TasteConfig | None = None) -> Taste:
        """Return the taste that histories show."""
        how = config or TasteConfig()
        counts, reach = count_both(histories, memory_mb=how.memory_mb, threads=how.threads)
        return cls(counts, how, reach)

    @cached_property
    def matrix(self) -> ItemMatrix:
        """B, as of when it is first asked for."""
        if isinstance(self.counts, DenseCounts):
            penalty = self.config.penalty * (self.counts.diagonal() + 1.0) ** self.config.share
            return DenseMatrix(solve_ease(self.counts.values, np.asarray(penalty, np.float64)))
        return similar_of(self.counts)

    def forget(self, items: Ints) -> Taste:
        """Return the taste of all but one history: bit by bit what a fit without it gives, at the same reach."""
        return Taste(self.counts.plus(pairs_of(items, self.reach), -1), self.config, self.reach)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return its counts, by name."""
        return self.counts.arrays() | {"reach": np.array([self.reach])}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], config: TasteConfig | None = None) -> Taste:
        """Return the taste whose counts these are."""
        return cls(counts_of_arrays(arrays), config or TasteConfig(), int(arrays["reach"][0]))


def solve_ease(counts: Ints, penalty: npt.NDArray[np.float64] | float) -> Floats:
    """Return EASE's matrix of counts, both of shape (products, products); `penalty` one for all or one each.

    Cost: n^3 multiply-adds, 12 n^2 bytes.

    >>> solve_ease(np.array([[2, 1], [1, 1]], np.int32), 1.0).round(2)
    array([[0.  , 0.33],
           [0.5 , 0.  ]], dtype=float32)
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
