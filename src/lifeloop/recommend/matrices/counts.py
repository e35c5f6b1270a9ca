"""How often products were met together, in integers: what is added can be taken back exactly.

Weights that are no whole numbers are counted in units of 1 / UNIT, rounded once and for all, so that sums do not depend on
the order of adding, and a customer's deeds are subtracted without a trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Histories, Ints, Longs
from lifeloop.recommend.kernels import fixed, kernels
from lifeloop.recommend.matrices.threads import in_chunks

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


def pairs_after(items: Ints, weights: Longs) -> Pairs:
    """Return what one history adds where `weights[gap - 1]` is added at (before, after) for deeds `gap` apart."""
    gaps = range(1, min(len(weights), len(items) - 1) + 1)
    rows = [items[:-gap] for gap in gaps]
    nothing = [np.zeros(0, np.int32)]
    amounts = np.repeat(weights[: len(gaps)], [len(row) for row in rows])
    return Pairs(np.concatenate(rows or nothing), np.concatenate([items[gap:] for gap in gaps] or nothing), amounts)


class PairCounts(Protocol):
    """Sums for pairs of products, however they are kept."""

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        ...

    def plus(self, pairs: Pairs, sign: int) -> Self:
        """Return new sums with `pairs` added (sign 1) or taken back (sign -1)."""
        ...

    def learn(self, pairs: Pairs) -> None:
        """Add `pairs` in place."""
        ...

    def csr(self) -> Any:
        """Return them as SciPy's CSR matrix of int64, columns ascending, no zeros."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all it is, by name."""
        ...


class DenseCounts:
    """All sums, int32 or int64, shape (products, products)."""

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self.values = values

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return int(self.values.nbytes)

    def plus(self, pairs: Pairs, sign: int) -> DenseCounts:
        """Return new sums with `pairs` added or taken back."""
        values = np.array(self.values)
        np.add.at(values, (pairs.rows, pairs.columns), (sign * pairs.amounts).astype(values.dtype))
        return DenseCounts(values)

    def learn(self, pairs: Pairs) -> None:
        """Add `pairs` in place; counts mapped from a file are copied first."""
        if not self.values.flags.writeable:
            self.values = np.array(self.values)
        np.add.at(self.values, (pairs.rows, pairs.columns), pairs.amounts.astype(self.values.dtype))

    def csr(self) -> Any:
        """Return them as SciPy's CSR matrix of int64."""
        import scipy.sparse as sp

        return sp.csr_matrix(self.values).astype(np.int64)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all it is, by name."""
        return {"values": self.values}


class SparseCounts:
    """Only pairs that were met; those learned since the fit wait in a dictionary until they are read."""

    def __init__(self, starts: Longs, columns: Ints, values: Longs) -> None:
        self.starts, self.columns, self.values = starts, columns, values
        self.learned: list[Pairs] = []

    @property
    def nbytes(self) -> int:
        """Bytes it takes, what waits left out."""
        return int(self.starts.nbytes + self.columns.nbytes + self.values.nbytes)

    @classmethod
    def of_csr(cls, rows: Any) -> SparseCounts:
        """Return SciPy's CSR matrix as counts: columns ascending, no zeros."""
        rows.sum_duplicates()
        rows.eliminate_zeros()
        rows.sort_indices()
        return cls(rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data.astype(np.int64))

    def csr(self) -> Any:
        """Return them as SciPy's CSR matrix of int64, what was learned counted in."""
        import scipy.sparse as sp

        products = len(self.starts) - 1
        rows = sp.csr_matrix((self.values, self.columns, self.starts), (products, products))
        if self.learned:
            rows = rows + _as_csr(self.learned, products, 1)
        return rows

    def plus(self, pairs: Pairs, sign: int) -> SparseCounts:
        """Return new sums with `pairs` added or taken back."""
        return self.of_csr(self.csr() + _as_csr([pairs], len(self.starts) - 1, sign))

    def learn(self, pairs: Pairs) -> None:
        """Add `pairs`."""
        self.learned.append(pairs)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all it is, by name."""
        whole = self.of_csr(self.csr()) if self.learned else self
        return {"starts": whole.starts, "columns": whole.columns, "values": whole.values}


def _as_csr(several: list[Pairs], products: int, sign: int) -> Any:
    import scipy.sparse as sp

    rows = np.concatenate([pairs.rows for pairs in several])
    columns = np.concatenate([pairs.columns for pairs in several])
    amounts = sign * np.concatenate([pairs.amounts for pairs in several])
    return sp.csr_matrix((amounts, (rows, columns)), (products, products), dtype=np.int64)


def counts_of_arrays(arrays: Mapping[str, np.ndarray]) -> DenseCounts | SparseCounts:
    """Return the counts that these arrays are."""
    if "starts" in arrays:
        return SparseCounts(arrays["starts"], arrays["columns"], arrays["values"])
    return DenseCounts(arrays["values"])


def count_after(histories: Histories, weights: Longs, *, dense: bool, threads: int | None = None) -> DenseCounts | SparseCounts:
    """Return the sum over all histories of `weights[gap - 1]` at (before, after), for deeds `gap` <= len(weights) apart."""
    if dense:
        return DenseCounts(_dense_after(histories, weights, threads))
    return _sparse_after(histories, weights, threads)


def _dense_after(histories: Histories, weights: Longs, threads: int | None) -> Longs:
    parts: list[Longs] = []
    starts, items, fixed_weights = fixed(histories.starts), fixed(histories.items), fixed(weights)

    def one_chunk(first: int, last: int) -> None:
        part = np.zeros((histories.products, histories.products), np.int64)
        kernels().count_after(starts[first : last + 1], items, fixed_weights, part)
        parts.append(part)

    in_chunks(one_chunk, len(histories), threads, per_thread=1)
    return summed(parts, histories.products)


def summed(parts: list[npt.NDArray[Any]], products: int) -> npt.NDArray[Any]:
    """Return the sum of what threads counted, in the first of the arrays; zeros where there was none."""
    if not parts:
        return np.zeros((products, products), np.int64)
    for part in parts[1:]:
        parts[0] += part
    return parts[0]


def _sparse_after(histories: Histories, weights: Longs, threads: int | None) -> SparseCounts:
    import scipy.sparse as sp

    items, deeds, products = histories.items, len(histories.items), histories.products
    by_item = sp.csr_matrix((np.ones(deeds, np.int8), (items, np.arange(deeds))), (products, deeds))
    where, first_at = fixed(by_item.indices.astype(np.int64)), fixed(by_item.indptr.astype(np.int64))
    stops = fixed(np.repeat(histories.starts[1:], np.diff(histories.starts)))
    own, own_weights = fixed(items), fixed(weights)
    widths = np.zeros(products, np.int64)
    columns, values = np.zeros(0, np.int32), np.zeros(0, np.int64)
    starts = np.zeros(products + 1, np.int64)

    def one_chunk(first: int, last: int) -> None:
        put = slice(starts[first], starts[last])
        kernels().rows_after(stops, own, own_weights, where, first_at, first, widths[first:last], columns[put], values[put])

    in_chunks(one_chunk, products, threads)
    np.cumsum(widths, out=starts[1:])
    columns, values = np.zeros(starts[-1], np.int32), np.zeros(starts[-1], np.int64)
    in_chunks(one_chunk, products, threads)
    return SparseCounts(starts, columns, values)
