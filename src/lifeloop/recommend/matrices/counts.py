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

    def pairs_of_new(self, before: Ints, item: int) -> Pairs:
        """Return what one more deed adds to a history."""
        near, far = before[::-1][: len(self.ahead)], before[::-1][: len(self.behind)]
        new = np.full(max(len(near), len(far)), item, np.int32)
        own, alone = np.full(int(self.alone != 0), item, np.int32), np.full(int(self.alone != 0), self.alone, np.int64)
        rows = np.concatenate([near, new[: len(far)], own])
        columns = np.concatenate([new[: len(near)], far, own])
        return Pairs(rows, columns, np.concatenate([self.ahead[: len(near)], self.behind[: len(far)], alone]))


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

    def learn(self, pairs: Pairs) -> None:
        """Add `pairs` in place; counts mapped from a file are copied first."""
        if not self.values.flags.writeable:
            self.values = np.array(self.values)
        np.add.at(self.values, (pairs.rows, pairs.columns), pairs.amounts.astype(self.values.dtype))

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
    """Only pairs that were met, row after row, columns ascending; those learned since wait until somebody reads."""

    def __init__(self, starts: Longs, columns: Ints, values: Longs) -> None:
        self._rows = (starts, columns, values)
        self._learned: list[Pairs] = []

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
        learned, self._learned = self._learned, []
        if learned:
            self._rows = self._added(learned, 1).rows()
        return self._rows

    def plus(self, pairs: Pairs, sign: int) -> SparseCounts:
        """Return new sums with `pairs` added (sign 1) or taken back (sign -1)."""
        self.rows()
        return self._added([pairs], sign)

    def learn(self, pairs: Pairs) -> None:
        """Add `pairs`."""
        self._learned.append(pairs)

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

    def _added(self, several: list[Pairs], sign: int) -> SparseCounts:
        import scipy.sparse as sp

        starts, columns, values = self._rows
        shape = (len(starts) - 1, len(starts) - 1)
        cells = (np.concatenate([pairs.rows for pairs in several]), np.concatenate([pairs.columns for pairs in several]))
        amounts = sign * np.concatenate([pairs.amounts for pairs in several])
        now = sp.csr_matrix((values, columns, starts), shape) + sp.csr_matrix((amounts, cells), shape, dtype=np.int64)
        return self.of_csr(now)


def counts_of_arrays(arrays: Mapping[str, np.ndarray]) -> DenseCounts | SparseCounts:
    """Return the counts that these arrays are."""
    if "starts" in arrays:
        return SparseCounts(arrays["starts"], arrays["columns"], arrays["values"])
    return DenseCounts(arrays["values"])
