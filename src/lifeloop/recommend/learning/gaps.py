"""Gaps: after how many days a product is bought again, by the same customer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Floats, Histories, Ints, Longs

LEAST_PAIRS = 5
"""Purchases followed by another of the same customer, below which nothing is said of a product."""
_DAY_US = 86_400_000_000


def median_gaps(orders: Histories, owner: Ints, ordered_at: Longs) -> Floats:
    """Return the median days between two purchases of each product by one customer, shape (products,); nan where too few.

    Purchases less than a day apart are one.

    >>> tea = Histories.of([[0]] * 6, products=2)
    >>> days = np.array([0, 30, 60, 90, 125, 155]) * _DAY_US
    >>> median_gaps(tea, np.zeros(6, np.int32), days).tolist()
    [30.0, nan]
    """
    lengths = np.diff(orders.starts)
    who = np.repeat(owner.astype(np.int64), lengths)
    named = who >= 0
    key = (who * orders.products + orders.items)[named]
    at = np.repeat(ordered_at, lengths)[named]
    order = np.lexsort((at, key))
    key, at = key[order], at[order]
    days = (at[1:] - at[:-1]) / _DAY_US
    again = (key[1:] == key[:-1]) & (days >= 1)
    return _medians(key[1:][again] % max(orders.products, 1), days[again], orders.products)


def _medians(items: Longs, days: npt.NDArray[np.float64], products: int) -> Floats:
    order = np.lexsort((days, items))
    days = days[order]
    pairs = np.bincount(items, minlength=products)
    first = np.cumsum(pairs) - pairs
    medians = np.full(products, np.nan, np.float32)
    told = np.flatnonzero(pairs >= LEAST_PAIRS)
    low, high = first[told] + (pairs[told] - 1) // 2, first[told] + pairs[told] // 2
    medians[told] = (days[low] + days[high]) / 2
    return medians
