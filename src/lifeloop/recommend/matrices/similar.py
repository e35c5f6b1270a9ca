"""Likeness of two products: the cosine of who had them, shrunk where few did.

    likeness(i, j) = c_ij / (sqrt(c_i c_j) + shrink),  likeness(i, i) = 0

c_ij histories hold both, c_i hold i. Source: Sarwar et al. (2001), Item-based collaborative filtering.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Histories, Ints, Longs
from lifeloop.recommend.matrices.counts import DenseCounts, SparseCounts
from lifeloop.recommend.matrices.memory import NEIGHBOURS
from lifeloop.recommend.matrices.neighbours import highest
from lifeloop.recommend.matrices.sparse import SparseMatrix
from lifeloop.recommend.matrices.together import count_both


@dataclass(frozen=True, kw_only=True)
class SimilarConfig:
    """How likeness is measured."""

    shrink: float = 10.0
    """Histories by which every pair is made less alike."""
    neighbours: int = NEIGHBOURS


def similar_of(counts: DenseCounts | SparseCounts, config: SimilarConfig | None = None) -> SparseMatrix:
    """Return the likeness of products to each other, the best of each row, from counts of histories with both."""
    how = config or SimilarConfig()
    root = np.sqrt(counts.diagonal().astype(np.float64))

    def likeness(rows: Longs, columns: Ints, both: Longs) -> npt.NDArray[np.float64]:
        value: npt.NDArray[np.float64] = both / (root[rows] * root[columns] + how.shrink)
        return np.where(rows == columns, 0, value)

    return highest(counts.sparse(), likeness, how.neighbours)


def fit_similar(
    histories: Histories, config: SimilarConfig | None = None, *, memory_mb: int = 2000, threads: int | None = None
) -> SparseMatrix:
    """Return the likeness of products to each other, counted from histories."""
    return similar_of(count_both(histories, memory_mb=memory_mb, threads=threads)[0], config)
