"""Counting pairs: row by row over the products, never as a table of products by products."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Ints, Longs
from lifeloop.recommend.kernels import fixed
from lifeloop.recommend.matrices.threads import cores
from lifeloop.recommend.together.pairs import Pairs


def count_pairs(
    starts: Longs, items: Ints, holding: npt.NDArray[np.integer], *, least: int, threads: int | None = None
) -> Pairs:
    """Return the pairs that stand together in at least `least` baskets.

    Args:
        starts: of the baskets, shape (baskets + 1,)
        items: of all baskets, in each of them distinct and rising, shape (lines,)
        holding: baskets with each product, shape (products,); one in fewer than `least` is in no such pair
        least: baskets a pair must stand in
        threads: of the compiled loop; None for one per core
    """
    often = holding >= least
    kept = often[items]
    before = np.zeros(len(items) + 1, np.int64)
    np.cumsum(kept, out=before[1:])
    dense = np.cumsum(often, dtype=np.int32) - np.int32(1)
    count = _plain if _compiled() is None else partial(_in_threads, threads=threads)
    found = count(before[starts], dense[items[kept]], int(often.sum()), least)
    names = np.flatnonzero(often).astype(np.int32)
    return Pairs(names[found.first], names[found.second], found.orders)


@cache
def _compiled() -> Any:
    """Return the compiled loop, or None where only plain NumPy may be or can be used."""
    if os.environ.get("LIFELOOP_PLAIN_KERNELS") == "1":
        return None
    try:
        from lifeloop.recommend.together.compiled import count_rows
    except ImportError:
        return None
    return count_rows


_BLOCKS = 16
"""Blocks of rows of equal cost for each thread, so that all end at about the same time."""
_ROOM = 1 << 16
"""Pairs the compiled loop writes before it hands them over."""


def _in_threads(starts: Longs, items: Ints, products: int, least: int, *, threads: int | None) -> Pairs:
    """Count with the compiled loop, blocks of rows in threads."""
    turned, where = _turned(starts, items, products)
    ends = np.repeat(starts[1:], np.diff(starts))[where]
    cost = np.concatenate([[0], np.cumsum(ends - where)])[turned]
    workers = threads or cores()
    blocks = workers * _BLOCKS
    of_row = (cost[:-1] * blocks // max(int(cost[-1]), 1)).astype(np.int64)
    count = partial(_count_block, fixed(turned), fixed(where), fixed(items), fixed(ends), products, least)
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(count, _runs(of_row)))
    return _joined([part for block in found for part in block])


def _count_block(
    turned: Longs, where: Longs, items: Ints, ends: Longs, products: int, least: int, rows: tuple[int, int]
) -> list[tuple[Ints, Ints, Ints]]:
    """Return the pairs of one block of rows, in pieces."""
    room = max(_ROOM, products)
    pieces, row = [], rows[0]
    while row < rows[1]:
        first, second, orders = (np.empty(room, np.int32) for _ in range(3))
        progress = np.array([row, 0], np.int64)
        _compiled()(turned, where, items, ends, least, rows[1], first, second, orders, progress)
        row, filled = progress.tolist()
        pieces.append((first[:filled].copy(), second[:filled].copy(), orders[:filled].copy()))
    return pieces


def _turned(starts: Longs, items: Ints, products: int) -> tuple[Longs, Longs]:
    """Return for each product where its lines begin, and the places of its lines."""
    from scipy.sparse import csr_array

    lines = csr_array((np.arange(len(items)), items, starts), shape=(len(starts) - 1, products)).tocsc()
    return lines.indptr.astype(np.int64), lines.data.astype(np.int64)


def _joined(pieces: list[tuple[Ints, Ints, Ints]]) -> Pairs:
    if not pieces:
        return Pairs(*(np.zeros(0, np.int32) for _ in range(3)))
    return Pairs(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))


_CELLS = 20_000_000
"""Additions one block of rows may cost, and so the most cells it may have."""


def _plain(starts: Longs, items: Ints, products: int, least: int) -> Pairs:
    """Count by products of sparse matrices, in blocks of rows that fit memory."""
    from scipy.sparse import csr_array

    if not len(items):
        return _joined([])
    rows = csr_array((np.ones(len(items), np.int32), items, starts), shape=(len(starts) - 1, products))
    turned = rows.T.tocsr()
    cost = np.bincount(items, weights=np.repeat(np.diff(starts), np.diff(starts)), minlength=products)
    block_of = (np.cumsum(cost) // _CELLS).astype(np.int64)
    found: list[tuple[Ints, Ints, Ints]] = []
    for low, high in _runs(block_of):
        block = (turned[low:high] @ rows).tocoo()
        first, second = block.coords[0] + low, block.coords[1]
        kept = (second > first) & (block.data >= least)
        order = np.lexsort((second[kept], first[kept]))
        one, other, orders = (part[kept][order].astype(np.int32) for part in (first, second, block.data))
        found.append((one, other, orders))
    return _joined(found)


def _runs(values: Longs) -> list[tuple[int, int]]:
    """Return from where to where equal values stand."""
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = [0, *edges.tolist(), len(values)]
    return list(pairwise(bounds))
