"""How often products were met together, in integers: what is added can be taken back exactly.

Weights that are no whole numbers are counted in units of 1 / UNIT, rounded once and for all, so that sums do not depend on
the order of adding, and a customer's deeds are subtracted without a trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Ints, Longs

UNIT = 1 << 12


def units(weights: npt.NDArray[Any]) -> Longs:
    """Return weights in whole units of 1 / UNIT; trailing zeros, which count nothing, are cut off."""
    whole: Longs = np.rint(np.asarray(weights) * UNIT).astype(np.int64)
    last = int(np.flatnonzero(whole).max(initial=-1))
    return whole[: last + 1]


@dataclass(frozen=True)
class Pairs:
    """Amounts to add at (row, column), as one history asks for; all of equal length."""

    rows: Ints
    columns: Ints
    amounts: Longs


@dataclass(frozen=True)
class Window:
    """What a deed adds at (its product, another's): `ahead[gap - 1]` for one `gap` later, `behind[gap - 1]` for one earlier."""

    ahead: Longs
    behind: Longs = field(default_factory=lambda: np.zeros(0, np.int64))
    alone: int = 0
    """What it adds at (its product, its product)."""

    def pairs(self, items: Ints) -> Pairs:
        """Return what one history adds."""
        own = items[: len(items) if self.alone else 0]
        one, other, amounts = [own], [own], [np.full(len(own), self.alone, np.int64)]
        for gap in range(1, min(max(len(self.ahead), len(self.behind)), len(items) - 1) + 1):
            before, after = items[:-gap], items[gap:]
            if gap <= len(self.ahead):
                one, other = [*one, before], [*other, after]
                amounts.append(np.full(len(before), self.ahead[gap - 1]))
            if gap <= len(self.behind):
                one, other = [*one, after], [*other, before]
                amounts.append(np.full(len(before), self.behind[gap - 1]))
        return Pairs(np.concatenate(one), np.concatenate(other), np.concatenate(amounts))


class DenseCounts:
    """All sums, int32 or int64, shape (products, products)."""

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.values = values

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return int(self.values.nbytes)

    def plus(self, pairs: Pairs, sign: int) -> DenseCounts:
        """Return new sums with `pairs` added (sign 1) or taken back (sign -1)."""
        values = np.array(self.values)
        np.add.at(values, (pairs.rows, pairs.columns), (sign * pairs.amounts).astype(values.dtype))
        return DenseCounts(values)

    def diagonal(self) -> Longs:
        """Return the sums of every product with itself, shape (products,)."""
        return np.diagonal(self.values).astype(np.int64)

    def sparse(self) -> SparseCounts:
        """Return the same with zeros left out."""
        import scipy.sparse as sp

        return SparseCounts.of_csr(sp.csr_matrix(self.values).astype(np.int64))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all it is, by name."""
        return {"values": self.values}


class SparseCounts:
    """Only pairs that were met, row after row, columns ascending."""

    def __init__(self, starts: Longs, columns: Ints, values: Longs) -> None:
        self._rows = (starts, columns, values)

    @classmethod
    def of_csr(cls, rows: Any) -> SparseCounts:
        """Return SciPy's CSR matrix as counts."""
        rows.sum_duplicates()
        rows.eliminate_zeros()
        rows.sort_indices()
        return cls(rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data.astype(np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return sum(array.nbytes for array in self.rows())

    def rows(self) -> tuple[Longs, Ints, Longs]:
        """Return starts, columns and sums."""
        return self._rows

    def plus(self, pairs: Pairs, sign: int) -> SparseCounts:
        """Return new sums with `pairs` added (sign 1) or taken back (sign -1)."""
        return self._added(pairs, sign)

    def diagonal(self) -> Longs:
        """Return the sums of every product with itself, shape (products,)."""
        starts, columns, values = self.rows()
        row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        own = row == columns
        sums = np.zeros(len(starts) - 1, np.int64)
        sums[row[own]] = values[own]
        return sums

    def sparse(self) -> SparseCounts:
        """Return itself."""
        return self

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all it is, by name."""
        return dict(zip(("starts", "columns", "values"), self.rows(), strict=True))

    def _added(self, pairs: Pairs, sign: int) -> SparseCounts:
        """Return copies in which only the cells that `pairs` speak of differ; what becomes 0 is left out."""
        starts, columns, values = self._rows
        rows, own, sums = _summed(pairs, sign, len(starts) - 1)
        at = np.zeros(len(rows), np.int64)
        for row in np.unique(rows):
            here = rows == row
            at[here] = starts[row] + np.searchsorted(columns[starts[row] : starts[row + 1]], own[here])
        inside = np.flatnonzero(at < starts[rows + 1])
        known = inside[columns[at[inside]] == own[inside]]
        now = values.copy()
        now[at[known]] += sums[known]
        gone = at[known][now[at[known]] == 0]
        is_new = sums != 0
        is_new[known] = False
        widths = np.diff(starts)
        np.add.at(widths, rows[is_new], 1)
        np.add.at(widths, np.searchsorted(starts, gone, side="right") - 1, -1)
        put = at[is_new]
        if len(put):
            columns, now = np.insert(columns, put, own[is_new]), np.insert(now, put, sums[is_new])
        if len(gone):
            gone = gone + np.searchsorted(put, gone, side="right")
            columns, now = np.delete(columns, gone), np.delete(now, gone)
        return SparseCounts(np.concatenate([[0], np.cumsum(widths)]).astype(np.int64), columns, now)


def _summed(pairs: Pairs, sign: int, products: int) -> tuple[Longs, Ints, Longs]:
    """Return each cell once, by row and column, with the sum of its amounts."""
    cells, place = np.unique(pairs.rows.astype(np.int64) * products + pairs.columns, return_inverse=True)
    sums = np.zeros(len(cells), np.int64)
    np.add.at(sums, place, sign * pairs.amounts)
    return cells // max(products, 1), (cells % max(products, 1)).astype(np.int32), sums


def counts_of_arrays(arrays: Mapping[str, np.ndarray]) -> DenseCounts | SparseCounts:
    """Return the counts that these arrays are."""
    if "starts" in arrays:
        return SparseCounts(arrays["starts"], arrays["columns"], arrays["values"])
    return DenseCounts(arrays["values"])
