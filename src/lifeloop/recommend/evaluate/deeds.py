"""Single deeds, put in order: who had which product when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.recommend.histories import Flags, Histories, Ints, Longs
from lifeloop.recommend.learning.ties import scrambled
from lifeloop.recommend.peers.peer import owners

_SECONDS_BELOW = 10**11
_MILLISECONDS_BELOW = 10**14
"""A number of microseconds as small as that would be before 1974."""


@dataclass(frozen=True)
class Deeds:
    """Deeds of one file, row by row."""

    owners: Any
    """Arrow array, shape (deeds,)."""
    products: Any
    """Arrow array of names, later their places, shape (deeds,)."""
    at: Longs | None
    """Microseconds since 1970 UTC, shape (deeds,)."""


def microseconds(column: Any) -> Longs:
    """Return times as microseconds since 1970; of plain numbers their size tells whether they are seconds or parts of them.

    >>> microseconds(pa.chunked_array([[881250949]])).tolist(), microseconds(pa.chunked_array([[1433193132535]])).tolist()
    ([881250949000000], [1433193132535000])
    """
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return np.asarray(pc.cast(pc.cast(column, pa.timestamp("us"), safe=False), pa.int64()), np.int64)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        column = pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64())
        return np.asarray(column, np.int64)
    numbers = np.asarray(column)
    largest = float(np.abs(numbers).max()) if numbers.size else 0.0
    unit = 1_000_000 if largest < _SECONDS_BELOW else 1_000 if largest < _MILLISECONDS_BELOW else 1
    whole = numbers.dtype.kind != "f"
    found: Longs = numbers.astype(np.int64) * unit if whole else np.rint(numbers * unit).astype(np.int64)
    return found


def histories_of(parts: Sequence[Deeds], products: int) -> Histories:
    """Return the deeds of some files by owner and time.

    Deeds of one time, such as the lines of an order, have no order: they are put in one that says nothing, for files have
    them by product, and what follows what would be read out of product numbers. The same product of the same owner at the
    same time is one deed: files overlap.
    """
    names = np.concatenate([_text(one.owners) for one in parts])
    whose = np.unique(names, return_inverse=True)[1].astype(np.int64)
    items: Ints = np.concatenate([one.products for one in parts]).astype(np.int32)
    times = [one.at for one in parts if one.at is not None]
    at = np.concatenate(times) if len(times) == len(parts) else None
    order = np.argsort(whose, kind="stable") if at is None else np.lexsort((scrambled(items.astype(np.uint64), at), at, whose))
    if at is not None:
        order = order[~_again(whose, at, items)[order]]
        at = at[order]
    lengths = np.bincount(whose[order], minlength=int(whose.max(initial=-1)) + 1)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Histories(starts, items[order], products, at)


def _again(whose: Longs, at: Longs, items: Ints) -> Flags:
    """Return which rows are the same as an earlier one, shape (deeds,)."""
    order = np.lexsort((items, at, whose))
    same = np.ones(max(len(order) - 1, 0), np.bool_)
    for values in (whose, at, items):
        same &= values[order][1:] == values[order][:-1]
    found = np.zeros(len(order), np.bool_)
    found[order[1:]] = same
    return found


def _text(names: Any) -> Any:
    """Return owners so that those of several files can be compared."""
    comparable = names if pa.types.is_integer(names.type) else names.cast(pa.string())
    return comparable.to_numpy(zero_copy_only=False)


def next_of_each(histories: Histories) -> tuple[Histories, Histories, Ints]:
    """Return for every deed but the first of a history what came before it, the deed itself, and whose it is.

    >>> given, targets, whose = next_of_each(Histories.of([[4, 5, 6], [7]], products=8))
    >>> given.items.tolist(), given.starts.tolist(), targets.items.tolist(), whose.tolist()
    ([4, 4, 5], [0, 1, 3], [5, 6], [0, 0])
    """
    place = np.arange(len(histories.items)) - histories.starts[owners(histories)]
    ends = np.flatnonzero(place > 0)
    lengths = place[ends]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    within = np.arange(int(starts[-1])) - np.repeat(starts[:-1], lengths)
    items = histories.items[np.repeat(ends - lengths, lengths) + within]
    targets = Histories.of(histories.items[ends][:, None], products=histories.products)
    return Histories(starts, items, histories.products), targets, owners(histories)[ends]
