"""Likeness of two products: the cosine of who had them, shrunk where few did.

    likeness(i, j) = c_ij / (sqrt(c_i c_j) + shrink)

c_ij histories hold both, c_i hold i. Source: Sarwar et al. (2001), Item-based collaborative filtering.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lifeloop.recommend.histories import Histories
from lifeloop.recommend.matrices.counts import DenseCounts, SparseCounts
from lifeloop.recommend.matrices.memory import NEIGHBOURS, TOGETHER_BYTES, fits_dense
from lifeloop.recommend.matrices.sparse import SparseMatrix
from lifeloop.recommend.matrices.together import count_together, histories_with


@dataclass(frozen=True, kw_only=True)
class SimilarConfig:
    """How likeness is measured."""

    shrink: float = 10.0
    """Histories by which every pair is made less alike."""
    neighbours: int = NEIGHBOURS


def similar_of(counts: DenseCounts | SparseCounts, config: SimilarConfig | None = None) -> SparseMatrix:
    """Return the likeness of products to each other, the best of each row, from counts of histories with both."""
    how = config or SimilarConfig()
    rows: Any = counts.csr().tocoo()
    root = np.sqrt(histories_with(counts).astype(np.float64))
    other = rows.row != rows.col
    row, column = rows.row[other], rows.col[other]
    likeness = rows.data[other] / (root[row] * root[column] + how.shrink)
    import scipy.sparse as sp

    return SparseMatrix.of(sp.csr_matrix((likeness, (row, column)), rows.shape), most=how.neighbours)


def fit_similar(
    histories: Histories, config: SimilarConfig | None = None, *, memory_mb: int = 2000, threads: int | None = None
) -> SparseMatrix:
    """Return the likeness of products to each other, counted from histories."""
    dense = fits_dense(histories.products, TOGETHER_BYTES, memory_mb)
    return similar_of(count_together(histories, dense=dense, threads=threads), config)
