"""How many histories hold both of two products: the statistic of taste and of likeness, in whole numbers.

While a square fits, all pairs of a history count. Beyond, those at most `reach` products apart: all of a history that is not
longer. The diagonal holds how many histories have the product at all.
"""

from __future__ import annotations

import numpy as np

from lifeloop.recommend.histories import Histories, Ints, Longs
from lifeloop.recommend.matrices.counting import count_around, count_together
from lifeloop.recommend.matrices.counts import DenseCounts, Pairs, SparseCounts, Window
from lifeloop.recommend.matrices.memory import TOGETHER_BYTES, fits_dense, room_for_pairs

ALL = 1 << 20
"""A reach that no history has."""


def count_both(histories: Histories, *, memory_mb: int, threads: int | None = None) -> tuple[DenseCounts | SparseCounts, int]:
    """Return in how many histories both products stand, shape (products, products), and the reach that was counted with."""
    if fits_dense(histories.products, TOGETHER_BYTES, memory_mb):
        return count_together(histories, threads=threads), ALL
    once = distinct(histories)
    longest = int(np.diff(once.starts).max(initial=1))
    counts, near = count_around(once, _window, longest, room_for_pairs(memory_mb), threads=threads)
    return counts, ALL if near == longest else near


def distinct(histories: Histories) -> Histories:
    """Return histories in which every product stands once, where it was first met."""
    users = np.repeat(np.arange(len(histories)), np.diff(histories.starts))
    keys = users * histories.products + histories.items
    first = np.sort(np.unique(keys, return_index=True)[1])
    starts = np.searchsorted(first, histories.starts)
    return Histories(starts.astype(np.int64), histories.items[first], histories.products)


def pairs_of(items: Ints, reach: int) -> Pairs:
    """Return what one history adds to the counts."""
    once = np.asarray(items, np.int32)[np.sort(np.unique(items, return_index=True)[1])]
    return _window(min(reach, max(len(once), 1))).pairs(once)


def histories_with(counts: DenseCounts | SparseCounts) -> Longs:
    """Return how many histories hold each product, shape (products,)."""
    return counts.diagonal()


def _window(reach: int) -> Window:
    ones = np.ones(reach, np.int64)
    return Window(ones, ones, 1)
