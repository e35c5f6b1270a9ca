"""What is counted over orders: how many hold a product, and how many hold two of them. All are whole numbers.

An order with more than `widest` products is a stocktake or a mistake rather than a basket, and its pairs would outnumber
those of all others: it is left out of every count. Pairs in fewer than `least` orders are not kept: no rule comes of them,
now or after somebody's orders are subtracted.

Orders are counted by classes of their width. Products that have nothing to do with each other still meet in wide orders
more often than their shares of all orders say, so independence is judged within orders of about the same width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Histories, Ints, Longs
from lifeloop.recommend.together.counting import count_pairs
from lifeloop.recommend.together.pairs import Pairs

CLASSES_PER_DOUBLING = 4
"""Classes of width between a width and its double; within one class widths differ by at most 19 %."""


def width_class(widths: npt.ArrayLike) -> Ints:
    """Return the class of orders of so many products, from 0 for one product, shape as given.

    >>> width_class([1, 2, 3, 4, 9, 10]).tolist()
    [0, 4, 6, 8, 12, 13]
    """
    doublings = np.log2(np.maximum(np.asarray(widths, np.float64), 1.0))
    classes: Ints = np.floor(CLASSES_PER_DOUBLING * doublings).astype(np.int32)
    return classes


@dataclass(frozen=True)
class BasketCounts:
    """Orders, by product and by pair of products."""

    orders: Longs
    """Orders of each class of width, shape (classes,)."""
    holding: Ints
    """Orders with a product, by class of width, shape (products, classes)."""
    pairs: Pairs
    """Orders with both products, at least `least` of them."""
    least: int
    widest: int
    wide: int
    """Orders that were left out because they are wider than `widest`."""
    is_owned: bool = False
    """Whether it was told whose orders they are."""

    @property
    def products(self) -> int:
        """How many products there are."""
        return len(self.holding)

    @property
    def total(self) -> int:
        """How many orders were counted."""
        return int(self.orders.sum())

    def less(self, baskets: Histories, *, owners: Ints | None = None) -> BasketCounts:
        """Return the counts without those orders: exactly what counting the others gives. Raises ValueError if not all were in.

        Where owners were given, `baskets` are all orders of theirs; without `owners`, of one person. Pairs of `baskets` that
        are not kept are in fewer than `least` orders, and stay so.
        """
        if owners is None and self.is_owned:
            owners = np.zeros(len(baskets), np.int32)
        gone = count_baskets(baskets, owners=owners, least=1, widest=self.widest)
        left = self.pairs.less(gone.pairs)
        orders, holding, wide = self.orders - gone.orders, self.holding - gone.holding, self.wide - gone.wide
        if min(orders.min(initial=0), holding.min(initial=0), left.orders.min(initial=0), wide) < 0:
            raise ValueError("orders are subtracted that were never counted")
        return replace(self, orders=orders, holding=holding, pairs=left.at_least(self.least), wide=wide)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as arrays, to be kept in a file."""
        bounds = np.array([self.least, self.widest, self.wide, self.is_owned], np.int64)
        return {"orders": self.orders, "holding": self.holding, "bounds": bounds, **self.pairs.arrays()}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> BasketCounts:
        """Return what `arrays` were made of."""
        least, widest, wide, is_owned = (int(bound) for bound in arrays["bounds"])
        orders, holding = arrays["orders"].astype(np.int64, copy=False), arrays["holding"].astype(np.int32, copy=False)
        return cls(orders, holding, Pairs.of_arrays(arrays), least, widest, wide, bool(is_owned))


def count_baskets(
    baskets: Histories, *, owners: Ints | None = None, least: int = 5, widest: int = 100, threads: int | None = None
) -> BasketCounts:
    """Count orders; a product twice in one order counts once.

    Operations: Σ over orders of width² / 2 additions; bytes: 24 a line, 16 a product and thread, 16 a pair that is kept.

    Args:
        baskets: the products of each order, in any sequence
        owners: whose each order is, -1 of nobody known, shape (orders,); None where each is of somebody else
        least: orders a pair must stand in to be kept
        widest: most different products of an order that is counted
        threads: of the compiled loop; None for one per core
    """
    classes = int(width_class(widest)) + 1
    starts, items = distinct(baskets)
    widths = np.diff(starts)
    fits = widths <= widest
    wide = int((~fits).sum())
    if wide or owners is not None:
        places = np.flatnonzero(fits)
        if owners is not None:
            owners = told_apart(owners[places])
            order = np.argsort(owners, kind="stable")
            places, owners = places[order], owners[order]
        starts, items = _chosen(starts, items, places)
        widths = widths[places]
    counted = widths > 0
    of_order = width_class(widths)
    orders = np.bincount(of_order[counted], minlength=classes).astype(np.int64)
    cells = items.astype(np.int64) * classes + np.repeat(of_order, widths)
    holding = np.bincount(cells, minlength=baskets.products * classes).astype(np.int32).reshape(baskets.products, classes)
    pairs = count_pairs(starts, items, holding.sum(axis=1, dtype=np.int64), least=least, owners=owners, threads=threads)
    return BasketCounts(orders, holding, pairs, least, widest, wide, owners is not None)


def distinct(baskets: Histories) -> tuple[Longs, Ints]:
    """Return the starts and the items of the baskets with each item once, in rising order."""
    from scipy.sparse import csr_array

    rows = csr_array(
        (np.ones(len(baskets.items), np.int8), baskets.items.copy(), baskets.starts.copy()),
        shape=(len(baskets), max(baskets.products, 1)),
    )
    rows.sum_duplicates()
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int32)


def told_apart(owners: Ints) -> Ints:
    """Return the same owners with another number for each unknown one.

    >>> told_apart(np.array([4, -1, 0, -1, 4], np.int32)).tolist()
    [4, 5, 0, 6, 4]
    """
    unknown = owners < 0
    numbers: Ints = np.where(unknown, owners.max(initial=-1) + np.cumsum(unknown), owners).astype(np.int32)
    return numbers


def _chosen(starts: Longs, items: Ints, places: npt.NDArray[np.intp]) -> tuple[Longs, Ints]:
    """Return the baskets at `places`, in that order."""
    widths = np.diff(starts)[places]
    fresh = np.zeros(len(places) + 1, np.int64)
    np.cumsum(widths, out=fresh[1:])
    lines = np.arange(fresh[-1]) + np.repeat(starts[places] - fresh[:-1], widths)
    return fresh, items[lines]
