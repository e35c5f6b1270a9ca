"""How many histories hold both of two products: the statistic of taste and of likeness, in whole numbers."""

from __future__ import annotations

import numpy as np

from lifeloop.recommend.histories import Histories, Ints, Longs
from lifeloop.recommend.kernels import fixed, kernels
from lifeloop.recommend.matrices.counts import DenseCounts, Pairs, SparseCounts, count_after, summed
from lifeloop.recommend.matrices.threads import in_chunks


def count_together(histories: Histories, *, dense: bool, threads: int | None = None) -> DenseCounts | SparseCounts:
    """Return in how many histories both products stand, shape (products, products); the diagonal counts histories."""
    if not dense:
        return _sparse_together(histories, threads)
    parts: list[Ints] = []
    starts, items = fixed(histories.starts), fixed(histories.items)

    def one_chunk(first: int, last: int) -> None:
        part = np.zeros((histories.products, histories.products), np.int32)
        kernels().count_together(starts[first : last + 1], items, part)
        parts.append(part)

    in_chunks(one_chunk, len(histories), threads, per_thread=1)
    once = summed(parts, histories.products).astype(np.int32, copy=False)
    own = np.diagonal(once).copy()
    both = once + once.T
    np.fill_diagonal(both, own)
    return DenseCounts(both)


def distinct(histories: Histories) -> Histories:
    """Return histories in which every product stands once, where it was first met."""
    users = np.repeat(np.arange(len(histories)), np.diff(histories.starts))
    keys = users * histories.products + histories.items
    first = np.sort(np.unique(keys, return_index=True)[1])
    starts = np.searchsorted(first, histories.starts)
    return Histories(starts.astype(np.int64), histories.items[first], histories.products)


def _sparse_together(histories: Histories, threads: int | None) -> SparseCounts:
    import scipy.sparse as sp

    once = distinct(histories)
    longest = int(np.diff(once.starts).max(initial=1))
    after = count_after(once, np.ones(longest, np.int64), dense=False, threads=threads).csr()
    own = sp.diags_array(np.bincount(once.items, minlength=histories.products).astype(np.int64), dtype=np.int64)
    return SparseCounts.of_csr((after + after.T + own).tocsr())


def pairs_together(items: Ints) -> Pairs:
    """Return what one history adds to the counts."""
    own = np.unique(items)
    return Pairs(np.repeat(own, len(own)), np.tile(own, len(own)), np.ones(len(own) ** 2, np.int64))


def pairs_of_new(before: Ints, item: int) -> Pairs:
    """Return what one more deed adds to the counts of a history: nothing where the product stands there already."""
    own = np.unique(before).astype(np.int32)
    if item in own:
        return Pairs(own[:0], own[:0], np.zeros(0, np.int64))
    same = np.full(len(own), item, np.int32)
    rows, columns = np.concatenate([own, same, [item]]), np.concatenate([same, own, [item]])
    return Pairs(rows.astype(np.int32), columns.astype(np.int32), np.ones(len(rows), np.int64))


def histories_with(counts: DenseCounts | SparseCounts) -> Longs:
    """Return how many histories hold each product, shape (products,)."""
    if isinstance(counts, DenseCounts):
        return np.diagonal(counts.values).astype(np.int64)
    return np.asarray(counts.csr().diagonal(), np.int64)
