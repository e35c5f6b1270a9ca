"""A matrix of which only some columns of each row are kept: 8 bytes for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from lifeloop.recommend.histories import Floats, Ints, Longs
from lifeloop.recommend.kernels import fixed, kernels


class SparseMatrix:
    """Row i holds `values[starts[i]:starts[i + 1]]` at `columns[...]`, ascending; all other cells are 0.

    >>> two = SparseMatrix(np.array([0, 1, 1]), np.array([1]), np.array([0.5]))
    >>> two.scores(np.array([0], np.int32), np.array([2], np.float32)).tolist()
    [0.0, 1.0]
    """

    def __init__(self, starts: Longs, columns: Ints, values: Floats) -> None:
        self.starts = fixed(starts.astype(np.int64, copy=False))
        self.columns = fixed(columns.astype(np.int32, copy=False))
        self.values = fixed(values.astype(np.float32, copy=False))

    @classmethod
    def of(cls, rows: Any, *, most: int | None = None) -> Self:
        """Return a SciPy matrix, shape (products, products), with the `most` highest values of each row."""
        ordered = rows.tocsr().astype(np.float32)
        if most is not None:
            ordered = keep_highest(ordered, most)
        ordered.sort_indices()
        return cls(ordered.indptr, ordered.indices, ordered.data)

    @property
    def products(self) -> int:
        """How many products it speaks of."""
        return len(self.starts) - 1

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return self.starts.nbytes + self.columns.nbytes + self.values.nbytes

    def row(self, item: int) -> tuple[Ints, Floats]:
        """Return the columns and values kept of one row."""
        kept = slice(self.starts[item], self.starts[item + 1])
        return self.columns[kept], self.values[kept]

    def scores(self, items: Ints, weights: Floats) -> Floats:
        """Return the weighted sum of the rows of `items`, shape (products,)."""
        total = np.zeros(self.products, np.float32)
        for item, weight in zip(items, weights, strict=True):
            columns, values = self.row(int(item))
            total[columns] += np.float32(weight) * values
        return total

    def contributions(self, items: Ints, weights: Floats, targets: Ints) -> Floats:
        """Return what each item adds to the score of each target, shape (items, targets)."""
        found = np.zeros((len(items), len(targets)), np.float32)
        for number, (item, weight) in enumerate(zip(items, weights, strict=True)):
            columns, values = self.row(int(item))
            if len(columns):
                place = np.minimum(np.searchsorted(columns, targets), len(columns) - 1)
                found[number] = np.where(columns[place] == targets, np.float32(weight) * values[place], 0)
        return found

    def add(self, scores: Floats, starts: Longs, items: Ints, by_age: Floats, by_deed: Floats) -> None:
        """Add to `scores[user]` the rows of that user's last deeds, weighted by age and deed."""
        kernels().add_sparse(scores, starts, items, self.starts, self.columns, self.values, by_age, by_deed)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all it is, by name."""
        return {"starts": self.starts, "columns": self.columns, "values": self.values}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the matrix that these arrays are."""
        return cls(arrays["starts"], arrays["columns"], arrays["values"])


def keep_highest(rows: Any, most: int) -> Any:
    """Return a SciPy CSR matrix with only the `most` highest values of each row, of equals the lower columns."""
    import scipy.sparse as sp

    width = np.diff(rows.indptr)
    if not len(width) or width.max() <= most:
        return rows
    row = np.repeat(np.arange(len(width)), width)
    order = np.lexsort((rows.indices, -rows.data, row))
    kept = order[(np.arange(len(order)) - rows.indptr[row]) < most]
    return sp.csr_matrix((rows.data[kept], (row[kept], rows.indices[kept])), rows.shape)
