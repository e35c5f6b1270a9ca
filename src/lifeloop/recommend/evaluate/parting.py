"""Parts of histories: the first deeds of each, some of the people, some of the deeds, and products numbered anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lifeloop.recommend.histories import Flags, Histories, Ints, Longs
from lifeloop.recommend.peers.peer import owners


def kept(histories: Histories, flags: Flags) -> Histories:
    """Return the deeds with a flag, shape (deeds,), of the same people in the same order."""
    lengths = np.bincount(owners(histories)[flags], minlength=len(histories))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return replace(
        histories,
        starts=starts,
        items=histories.items[flags],
        at=_some(histories.at, flags),
        kinds=_some(histories.kinds, flags),
    )


def shortened(histories: Histories, lengths: Longs) -> Histories:
    """Return the first so many deeds of each, `lengths` of shape (histories,).

    >>> shortened(Histories.of([[1, 2, 3], [4]], products=5), np.array([2, 0])).items.tolist()
    [1, 2]
    """
    place = np.arange(len(histories.items)) - np.repeat(histories.starts[:-1], np.diff(histories.starts))
    return kept(histories, place < np.repeat(lengths, np.diff(histories.starts)))


def picked(histories: Histories, people: Flags) -> Histories:
    """Return the histories with a flag, shape (histories,), in the same order."""
    some = kept(histories, people[owners(histories)])
    lengths = np.diff(some.starts)[people]
    names = [name for name, chosen in zip(histories.names, people, strict=True) if chosen] if histories.names else ()
    return replace(some, starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), names=names)


def distinct(histories: Histories) -> Histories:
    """Return each product of each history once, where it was first."""
    keys = owners(histories).astype(np.int64) * histories.products + histories.items
    first = np.zeros(len(keys), np.bool_)
    first[np.unique(keys, return_index=True)[1]] = True
    return kept(histories, first)


def renumbered(histories: Histories, places: Ints, products: int) -> Histories:
    """Return the histories with product p at `places[p]`; deeds with a product at -1 are left out."""
    some = kept(histories, places[histories.items] >= 0)
    return replace(some, items=places[some.items], products=products)


def places_of(histories: Histories) -> tuple[Ints, int]:
    """Return new places for the products that occur, -1 for the others, shape (products,), and how many occur."""
    there = np.bincount(histories.items, minlength=histories.products) > 0
    places = np.where(there, np.cumsum(there) - 1, -1).astype(np.int32)
    return places, int(there.sum())


def _some(values: Any, flags: Flags) -> Any:
    return None if values is None else values[flags]
