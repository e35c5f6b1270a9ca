"""Counting histories: squares while they fit, else row by row over the products. No thread has counts of its own to add up."""

from __future__ import annotations

from threading import Lock

import numpy as np

from lifeloop.recommend.histories import Histories, Ints, Longs
from lifeloop.recommend.kernels import fixed, kernels
from lifeloop.recommend.matrices.counts import DenseCounts, SparseCounts, Window
from lifeloop.recommend.matrices.threads import in_chunks

MOST_HISTORIES = 65_535
"""That are counted in cells of 2 bytes."""
LEAST_ROW_BLOCKS = 4
"""Of dense counts: every block is one pass over all deeds, and a smaller one lies nearer to the core; 4 was fastest."""


def count_around(
    histories: Histories, window: Window, *, dense: bool, threads: int | None = None
) -> DenseCounts | SparseCounts:
    """Return the sum over all histories of what `window` adds, shape (products, products).

    Dense counts look ahead only: what is behind is their transpose.
    """
    return _dense(histories, window, threads) if dense else _sparse(histories, window, threads)


def _dense(histories: Histories, window: Window, threads: int | None) -> DenseCounts:
    counts = np.zeros((histories.products, histories.products), np.int64)
    starts, items, ahead = fixed(histories.starts), fixed(histories.items), fixed(window.ahead)

    def some_rows(first: int, last: int) -> None:
        kernels().count_after(starts, items, ahead, first, counts[first:last])

    in_chunks(some_rows, histories.products, threads, most=-(-histories.products // LEAST_ROW_BLOCKS) or 1)
    return DenseCounts(counts)


def _sparse(histories: Histories, window: Window, threads: int | None) -> SparseCounts:
    deeds, products = len(histories.items), histories.products
    where, first_at = _by_item(histories)
    users = fixed(np.repeat(np.arange(len(histories), dtype=np.int32), np.diff(histories.starts)))
    seen = (fixed(histories.starts), users, fixed(histories.items))
    added = (fixed(window.ahead), fixed(window.behind), window.alone)
    widths, starts = np.zeros(products, np.int64), np.zeros(products + 1, np.int64)
    columns, values = np.zeros(0, np.int32), np.zeros(0, np.int64)

    def some_rows(first: int, last: int) -> None:
        put = slice(starts[first], starts[last])
        kernels().rows_around(*seen, *added, where, first_at, first, widths[first:last], columns[put], values[put])

    if deeds:
        in_chunks(some_rows, products, threads)
        np.cumsum(widths, out=starts[1:])
        columns, values = np.zeros(starts[-1], np.int32), np.zeros(starts[-1], np.int64)
        in_chunks(some_rows, products, threads)
    return SparseCounts(starts, columns, values)


def _by_item(histories: Histories) -> tuple[Ints, Longs]:
    """Return the deeds with each product, one product after the other, and where each begins; a counting sort."""
    import scipy.sparse as sp

    deeds = len(histories.items)
    cells = (histories.items, np.arange(deeds, dtype=np.int32))
    by_item = sp.csr_matrix((np.ones(deeds, np.int8), cells), (histories.products, max(deeds, 1)))
    return fixed(by_item.indices.astype(np.int32, copy=False)), fixed(by_item.indptr.astype(np.int64))


def count_together(histories: Histories, *, threads: int | None = None) -> DenseCounts:
    """Return in how many histories both products stand, int32, shape (products, products); the diagonal counts histories."""
    counts = np.zeros((histories.products, histories.products), np.int32)
    starts, items, adding = fixed(histories.starts), fixed(histories.items), Lock()

    def some_users(first: int, last: int) -> None:
        part = np.zeros(counts.shape, np.uint16)
        kernels().count_together(starts[first : last + 1], items, part)
        with adding:
            np.add(counts, part, out=counts, casting="unsafe")

    in_chunks(some_users, len(histories), threads, most=MOST_HISTORIES)
    own = np.diagonal(counts).copy()
    both = counts + counts.T
    np.fill_diagonal(both, own)
    return DenseCounts(both)
