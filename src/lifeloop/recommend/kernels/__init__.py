"""Inner loops of recommending: compiled where Numba can be had, else in plain NumPy, with equal results.

`LIFELOOP_PLAIN_KERNELS=1` chooses the plain ones. Nothing is imported before the first call of `kernels`.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Protocol, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Flags, Floats, Ints, Longs

Shorts: TypeAlias = npt.NDArray[np.uint16]

T = TypeVar("T", bound=np.generic)

NO_WEIGHTS: Floats = np.zeros(0, np.float32)
"""Says that all deeds weigh the same but for their age."""
NO_WEIGHTS.flags.writeable = False


class Kernels(Protocol):
    """What both kinds offer. Arrays are C-contiguous; those that are read only are handed in through `fixed`."""

    def count_together(self, starts: Longs, items: Ints, counts: Shorts) -> None:
        """Count histories with both products, at (one, other) or (other, one), and with one on the diagonal."""
        ...

    def count_after(self, starts: Longs, items: Ints, weights: Longs, first: int, counts: Longs) -> None:
        """Add `weights[gap - 1]` at (before, after) for deeds `gap` apart, for the rows from `first` on."""
        ...

    def rows_around(
        self,
        starts: Longs,
        users: Ints,
        items: Ints,
        ahead: Longs,
        behind: Longs,
        alone: int,
        where: Ints,
        first_at: Longs,
        first: int,
        widths: Longs,
        columns: Ints,
        values: Longs,
    ) -> None:
        """Count what stands ahead and behind, and itself, row by row, without a square."""
        ...

    def keep_highest(
        self,
        starts: Longs,
        columns: Ints,
        values: Floats,
        kept_starts: Longs,
        first: int,
        last: int,
        kept_columns: Ints,
        kept_values: Floats,
    ) -> None:
        """Copy the highest values of some rows."""
        ...

    def add_rows(self, scores: Floats, starts: Longs, items: Ints, matrix: Floats, by_age: Floats, by_deed: Floats) -> None:
        """Add the rows of the last deeds, weighted by age and deed."""
        ...

    def add_sparse(
        self,
        scores: Floats,
        starts: Longs,
        items: Ints,
        row_starts: Longs,
        columns: Ints,
        values: Floats,
        by_age: Floats,
        by_deed: Floats,
    ) -> None:
        """Do what `add_rows` does for rows of which only some columns are kept."""
        ...

    def pick(self, scores: Floats, starts: Longs, items: Ints, drop_seen: bool, ids: Ints, best: Floats) -> None:  # noqa: FBT001 - compiled code takes no keywords
        """Write the best columns of every row of scores."""
        ...

    def top_sparse(
        self,
        starts: Longs,
        items: Ints,
        row_starts: Longs,
        columns: Ints,
        values: Floats,
        by_age: Floats,
        by_deed: Floats,
        allowed: Flags,
        drop_seen: bool,  # noqa: FBT001
        into: Floats,
        touched: Ints,
        ids: Ints,
        best: Floats,
    ) -> None:
        """Score and pick at once where rows are sparse."""
        ...


@cache
def kernels() -> Kernels:
    """Return the kernels to use; the first call compiles or loads them."""
    from lifeloop.recommend.kernels import plain

    if os.environ.get("LIFELOOP_PLAIN_KERNELS") == "1":
        return cast(Kernels, plain)
    try:
        from lifeloop.recommend.kernels import compiled
    except ImportError:
        return cast(Kernels, plain)
    return cast(Kernels, compiled)


def fixed(array: npt.NDArray[T]) -> npt.NDArray[T]:
    """Return a view that cannot be written through, C-contiguous: kernels are compiled for such, as mapped files are."""
    view = np.ascontiguousarray(array).view(np.ndarray)
    view.flags.writeable = False
    return view


def placed(items: Ints, products: int) -> Ints:
    """Return places of products as `fixed` does; raises IndexError where one is not below `products`: kernels do not look."""
    view = fixed(np.asarray(items, np.int32))
    if len(view) and int(view.view(np.uint32).max()) >= products:
        raise IndexError(f"a history holds places that are no products: there are {products}, from 0 on")
    return view
