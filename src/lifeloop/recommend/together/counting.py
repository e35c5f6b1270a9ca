"""Counting pairs: row by row over the products, never as a table of products by products."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from lifeloop.recommend.histories import Ints, Longs
from lifeloop.recommend.kernels import fixed
from lifeloop.recommend.matrices.threads import cores
from lifeloop.recommend.together.pairs import Pairs

_BLOCKS = 16
"""Blocks of rows of equal cost for each thread, so that all end at about the same time."""
_ROOM = 1 << 16
"""Pairs the compiled loop writes before it hands them over."""
_CELLS = 4_000_000
"""Pairs that plain NumPy spells out at once: 100 MB."""

_Piece: TypeAlias = tuple[Ints, Ints, Ints, Ints]


@dataclass(frozen=True)
class Lines:
    """The lines of all baskets, product by product; those of one product in the order of the baskets."""

    starts: Longs
    """Where those of each product begin, shape (products + 1,)."""
    where: Longs
    """Their places in `items`, shape (lines,)."""
    ends: Longs
    """Where the basket of each ends in `items`, shape (lines,)."""
    whose: Ints
    """Whose the basket of each is, shape (lines,); empty where every basket is of somebody else."""
    items: Ints
    """Of all baskets, in each of them distinct and rising, shape (lines,)."""

    @classmethod
    def of(cls, starts: Longs, items: Ints, owners: Ints | None, products: int) -> Lines:
        """Return the lines of baskets that are sorted by owner."""
        from scipy.sparse import csr_array

        turned = csr_array((np.arange(len(items)), items, starts), shape=(len(starts) - 1, products)).tocsc()
        where, widths = turned.data.astype(np.int64), np.diff(starts)
        whose = np.zeros(0, np.int32) if owners is None else np.repeat(owners, widths)[where]
        ends = np.repeat(starts[1:], widths)[where]
        begin = turned.indptr.astype(np.int64)
        return cls(fixed(begin), fixed(where), fixed(ends), fixed(whose.astype(np.int32)), fixed(items))

    @property
    def products(self) -> int:
        """How many products there are."""
        return len(self.starts) - 1

    def blocks(self, cost: float) -> list[tuple[int, int]]:
        """Return blocks of rows, from and to, of about that many additions each."""
        before = np.concatenate([[0], np.cumsum(self.ends - self.where)])[self.starts]
        edges = np.flatnonzero(np.diff((before[:-1] / max(cost, 1.0)).astype(np.int64))) + 1
        return list(pairwise([0, *edges.tolist(), self.products]))

    def cost(self) -> int:
        """Return how many additions counting takes."""
        return int((self.ends - self.where).sum())


def count_pairs(
    starts: Longs, items: Ints, held: Longs, *, least: int, owners: Ints | None = None, threads: int | None = None
) -> Pairs:
    """Return the pairs that stand together in at least `least` baskets.

    Args:
        starts: of the baskets, shape (baskets + 1,)
        items: of all baskets, in each of them distinct and rising, shape (lines,)
        held: baskets with each product, shape (products,); one in fewer than `least` is in no such pair
        least: baskets a pair must stand in
        owners: whose each basket is, rising, shape (baskets,); None where each is of somebody else
        threads: of the compiled loop; None for one per core
    """
    often = held >= least
    kept = often[items]
    before = np.zeros(len(items) + 1, np.int64)
    np.cumsum(kept, out=before[1:])
    dense = np.cumsum(often, dtype=np.int32) - np.int32(1)
    lines = Lines.of(before[starts], dense[items[kept]], owners, int(often.sum()))
    found = count_compiled(lines, least, threads=threads) if _can_compile() else count_plainly(lines, least)
    names = np.flatnonzero(often).astype(np.int32)
    return Pairs(names[found.first], names[found.second], found.orders, found.people)


def count_compiled(lines: Lines, least: int, *, threads: int | None = None) -> Pairs:
    """Count with the compiled loop, blocks of rows in threads."""
    workers = threads or cores()
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(partial(_count_block, lines, least), lines.blocks(lines.cost() / (workers * _BLOCKS))))
    return _joined([piece for block in found for piece in block])


def count_plainly(lines: Lines, least: int) -> Pairs:
    """Count by spelling out the pairs of some rows at a time, and sorting them."""
    return _joined([_spell_out(lines, least, rows) for rows in lines.blocks(_CELLS)])


@cache
def _can_compile() -> bool:
    """Return whether the compiled loop can and may be used; else plain NumPy counts."""
    if os.environ.get("LIFELOOP_PLAIN_KERNELS") == "1":
        return False
    try:
        import lifeloop.recommend.together.compiled  # noqa: F401 - whether it can be had
    except ImportError:
        return False
    return True


def _count_block(lines: Lines, least: int, rows: tuple[int, int]) -> list[_Piece]:
    """Return the pairs of one block of rows, in pieces."""
    from lifeloop.recommend.together.compiled import count_rows

    room = max(_ROOM, lines.products)
    pieces, row = [], rows[0]
    while row < rows[1]:
        written = np.empty((4, room), np.int32)
        progress = np.array([row, 0], np.int64)
        count_rows(lines.starts, lines.where, lines.items, lines.ends, lines.whose, least, rows[1], written, progress)
        row, filled = progress.tolist()
        first, second, orders, people = written[:, :filled].copy()
        pieces.append((first, second, orders, people))
    return pieces


def _spell_out(lines: Lines, least: int, rows: tuple[int, int]) -> _Piece:
    own = slice(lines.starts[rows[0]], lines.starts[rows[1]])
    where, behind = lines.where[own], lines.ends[own] - lines.where[own] - 1
    row = np.repeat(np.arange(*rows), np.diff(lines.starts[rows[0] : rows[1] + 1]))
    nth = np.arange(behind.sum()) - np.repeat(np.cumsum(behind) - behind, behind)
    keys = np.repeat(row * lines.products, behind) + lines.items[np.repeat(where + 1, behind) + nth]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    is_new = np.concatenate([[True], keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, np.bool_)
    edges = np.flatnonzero(is_new)
    orders = people = np.diff(np.concatenate([edges, [len(keys)]]))
    if len(lines.whose) and len(keys):
        whose = np.repeat(lines.whose[own], behind)[order]
        people = np.add.reduceat(is_new | np.concatenate([[True], whose[1:] != whose[:-1]]), edges, dtype=np.int64)
    kept = orders >= least
    first, second = np.divmod(keys[edges][kept], lines.products)
    return first.astype(np.int32), second.astype(np.int32), orders[kept].astype(np.int32), people[kept].astype(np.int32)


def _joined(pieces: list[_Piece]) -> Pairs:
    if not pieces:
        return Pairs(*(np.zeros(0, np.int32) for _ in range(4)))
    return Pairs(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))
