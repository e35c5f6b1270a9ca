"""From sparse counts to a sparse matrix: values for each pair, of each row the highest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Ints, Longs
from lifeloop.recommend.kernels import fixed, kernels
from lifeloop.recommend.matrices.counts import SparseCounts
from lifeloop.recommend.matrices.sparse import SparseMatrix
from lifeloop.recommend.matrices.threads import in_chunks

Scale: TypeAlias = Callable[[Longs, Ints, Longs], npt.NDArray[Any]]
"""From rows, columns and sums of pairs to their values."""


def highest(counts: SparseCounts, scale: Scale, most: int, *, threads: int | None = None) -> SparseMatrix:
    """Return the `most` highest of `scale(rows, columns, sums)` of each row of counts. Cost: 4 bytes for each pair more."""
    starts, columns, sums = counts.rows()
    products = len(starts) - 1
    values = np.empty(len(columns), np.float32)
    kept_starts = np.zeros(products + 1, np.int64)
    np.cumsum(np.minimum(np.diff(starts), most), out=kept_starts[1:])
    kept_columns, kept_values = np.empty(kept_starts[-1], np.int32), np.empty(kept_starts[-1], np.float32)
    own_starts, own_columns, own_kept = fixed(starts), fixed(columns), fixed(kept_starts)
    own_values = fixed(values)

    def some_rows(first: int, last: int) -> None:
        own = slice(starts[first], starts[last])
        rows = np.repeat(np.arange(first, last), np.diff(starts[first : last + 1]))
        values[own] = scale(rows, columns[own], sums[own])
        kernels().keep_highest(own_starts, own_columns, own_values, own_kept, first, last, kept_columns, kept_values)

    in_chunks(some_rows, products, threads, most=max(1, products // 64))
    return SparseMatrix(kept_starts, kept_columns, kept_values)
