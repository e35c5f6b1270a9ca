"""Histories: who did what with which product, as arrays; what matrices are counted from and requests are answered with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int32]
Longs: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Products:
    """The products a model knows, each at a place from 0 on that arrays speak of it by."""

    ids: Sequence[str]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Product id -> place."""
        return {name: place for place, name in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def find(self, names: Iterable[str]) -> Ints:
        """Return the places of those that are known, in order, shape (at most as many as `names`,)."""
        known = self.places
        return np.array([known[name] for name in names if name in known], np.int32)


@dataclass(frozen=True)
class Histories:
    """What each of many did, oldest first: that of number u is `items[starts[u]:starts[u + 1]]`.

    >>> two = Histories.of([[3, 1], [2]], products=4)
    >>> two.starts.tolist(), two.items.tolist(), len(two)
    ([0, 2, 3], [3, 1, 2], 2)
    """

    starts: Longs
    """Shape (users + 1,)."""
    items: Ints
    """Places of products, shape (deeds,)."""
    products: int
    """How many products there are; every item is below."""
    at: Longs | None = None
    """Microseconds since 1970 UTC, shape (deeds,), where known."""
    kinds: npt.NDArray[np.int8] | None = None
    """Places in `DEED_KINDS`, shape (deeds,), where known."""
    names: Sequence[str] = field(default=())
    """Whose they are, sorted, shape (users,); empty where nobody needs to be found again."""

    @classmethod
    def of(cls, lists: Iterable[Sequence[int]], *, products: int) -> Histories:
        """Return the histories that lists of places spell out."""
        rows = [np.asarray(one, np.int32) for one in lists]
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=starts[1:])
        items = np.concatenate(rows) if rows else np.zeros(0, np.int32)
        return cls(starts, items.astype(np.int32, copy=False), products)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def one(self, number: int) -> Ints:
        """Return the items of one of them, oldest first; a view."""
        return self.items[self.starts[number] : self.starts[number + 1]]
