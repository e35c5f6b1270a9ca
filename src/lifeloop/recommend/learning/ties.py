"""Deeds of one moment, such as the lines of an order, have no order: they are put in one that says nothing of the products.

Read by their numbers, what follows what would be learned from a shop's numbering.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Ints, Longs

Marks = npt.NDArray[np.uint64]


def marks_of(products: Sequence[str]) -> Marks:
    """Return a number for each product that depends on its id alone, shape (products,)."""
    return np.array([zlib.crc32(name.encode("utf-8", "replace")) for name in products], np.uint64)


def scrambled(marks: Marks, at: Longs) -> Marks:
    """Return a number for each deed that is the same for the same product and moment, and otherwise says nothing of them.

    Source  Steele, Lea & Flood (2014), the mixing of SplitMix64
    """
    mixed = marks * np.uint64(0x9E3779B97F4A7C15) ^ at.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: Marks = mixed ^ (mixed >> np.uint64(31))
    return found


def untied(who: Ints, at: Longs, items: Ints, marks: Marks) -> Longs:
    """Return an order of deeds, which are in that of person and moment, in which those of one moment are scrambled.

    Several with one product at one moment stay together. `marks` are those of the products.
    """
    order = np.arange(len(who))
    same = np.zeros(len(who) + 1, np.bool_)
    same[1:-1] = (who[1:] == who[:-1]) & (at[1:] == at[:-1])
    tied = np.flatnonzero(same[1:] | same[:-1])
    if len(tied):
        key = scrambled(marks[items[tied]], at[tied])
        order[tied] = tied[np.lexsort((items[tied], key, at[tied], who[tied]))]
    return order
