"""Counting histories: squares while they fit, else row by row over the products. No thread has counts of its own to add up."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np

from lifeloop.recommend.histories import Histories, Ints, Longs
from lifeloop.recommend.kernels import fixed, kernels, placed
from lifeloop.recommend.matrices.counts import DenseCounts, SparseCounts, Window
from lifeloop.recommend.matrices.threads import in_chunks

MOST_HISTORIES = 65_535
"""That are counted in cells of 2 bytes."""
LEAST_ROW_BLOCKS = 4
"""Of dense counts: every block is one pass over all deeds, and a smaller one lies nearer to the core; 4 was fastest."""
_NOWHERE: Ints = np.zeros(0, np.int32)
_NOTHING: Longs = np.zeros(0, np.int64)


def count_ahead(histories: Histories, window: Window, *, threads: int | None = None) -> DenseCounts:
    """Return the sums of what `window` adds ahead, shape (products, products); what is behind is their transpose."""
    counts = np.zeros((histories.products, histories.products), np.int64)
    starts, items, ahead = fixed(histories.starts), placed(histories.items, histories.products), fixed(window.ahead)

    def some_rows(first: int, last: int) -> None:
        kernels().count_after(starts, items, ahead, first, counts[first:last])

    in_chunks(some_rows, histories.products, threads, most=-(-histories.products // LEAST_ROW_BLOCKS) or 1)
    return DenseCounts(counts)


def count_around(
    histories: Histories, windows: Callable[[int], Window], reach: int, room: int, *, threads: int | None = None
) -> tuple[SparseCounts, int]:
    """Return the sums of what `windows(reach)` adds, of pairs that were met, and the reach.

    Pairs are numbered before any is stored: while there are more than `room`, the reach is cut in proportion, down to 1; at
    first by a sixteenth of the rows, which says about how far.
    """
    rows = _Rows(histories, threads)
    while reach > 1 and (pairs := rows.about(windows(reach))) > room:
        reach = max(1, min(reach - 1, reach * room // pairs))
    while True:
        window = windows(reach)
        widths = rows.widths(window)
        pairs = int(widths.sum())
        if pairs <= room or reach <= 1:
            return rows.counts(window, widths), reach
        reach = max(1, min(reach - 1, reach * room // pairs))


class _Rows:
    """Counts row by row over the products, in two passes: how wide each row is, then what is in it."""

    def __init__(self, histories: Histories, threads: int | None) -> None:
        users = np.repeat(np.arange(len(histories), dtype=np.int32), np.diff(histories.starts))
        self._seen = (fixed(histories.starts), fixed(users), placed(histories.items, histories.products))
        self._by_item = _by_item(histories)
        self._products = histories.products
        self._threads = threads

    def about(self, window: Window) -> int:
        """Return about how many pairs there are, by one stretch of rows in 16; 0 where there are too few to say."""
        stretch = self._products // 1024
        widths, starts = np.zeros(64 * stretch, np.int64), np.zeros(self._products + 1, np.int64)

        def some_rows(first: int, last: int) -> None:
            for number in range(first, last):
                own = widths[number * stretch : (number + 1) * stretch]
                self._rows(window, (16 * number + 8) * stretch, own, starts, _NOWHERE, _NOTHING)

        in_chunks(some_rows, 64 if stretch else 0, self._threads)
        return 16 * int(widths.sum())

    def widths(self, window: Window) -> Longs:
        """Return how many columns each row has, shape (products,)."""
        widths, starts = np.zeros(self._products, np.int64), np.zeros(self._products + 1, np.int64)
        self._count(window, widths, starts, _NOWHERE, _NOTHING)
        return widths

    def counts(self, window: Window, widths: Longs) -> SparseCounts:
        """Return the rows, where their widths are known."""
        starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
        columns, values = np.zeros(starts[-1], np.int32), np.zeros(starts[-1], np.int64)
        if len(columns):
            self._count(window, widths, starts, columns, values)
        return SparseCounts(starts, columns, values)

    def _count(self, window: Window, widths: Longs, starts: Longs, columns: Ints, values: Longs) -> None:
        def some_rows(first: int, last: int) -> None:
            self._rows(window, first, widths[first:last], starts, columns, values)

        in_chunks(some_rows, self._products, self._threads)

    def _rows(self, window: Window, first: int, widths: Longs, starts: Longs, columns: Ints, values: Longs) -> None:
        put = slice(starts[first], starts[first + len(widths)])
        added = (fixed(window.ahead), fixed(window.behind), window.alone)
        kernels().rows_around(*self._seen, *added, *self._by_item, first, widths, columns[put], values[put])


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
    starts, items, adding = fixed(histories.starts), placed(histories.items, histories.products), Lock()

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
