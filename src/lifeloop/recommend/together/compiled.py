"""The loop that counts pairs, compiled by Numba; without the interpreter's lock, so that blocks of rows run in threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types as t

from lifeloop.recommend.kernels.compiling import INTS, LONGS, compiled, inner


@inner
def _count(begin: int, stop: int, where: Any, items: Any, ends: Any, baskets: Any, met: Any) -> int:
    """Count what stands behind one product in its baskets; return how many products were met."""
    count = 0
    for line in range(begin, stop):
        for behind in range(where[line] + 1, ends[line]):
            item = items[behind]
            if baskets[item] == 0:
                met[count] = item
                count += 1
            baskets[item] += 1
    return count


@inner
def _count_people(
    begin: int, stop: int, where: Any, items: Any, ends: Any, whose: Any, baskets: Any, met: Any, people: Any, last: Any
) -> int:
    """Do the same, and count whose baskets they are."""
    count = 0
    for line in range(begin, stop):
        owner = whose[line]
        for behind in range(where[line] + 1, ends[line]):
            item = items[behind]
            if baskets[item] == 0:
                met[count] = item
                count += 1
                people[item] = 0
            if people[item] == 0 or last[item] != owner:
                people[item] += 1
                last[item] = owner
            baskets[item] += 1
    return count


@compiled(LONGS, LONGS, INTS, LONGS, INTS, t.int64, t.int64, t.int32[:, ::1], t.int64[::1])
def count_rows(
    starts: Any, where: Any, items: Any, ends: Any, whose: Any, least: int, stop: int, written: Any, progress: Any
) -> None:
    """Write the pairs (row, higher product) in at least `least` baskets, rising, until `stop` or until there is no more room.

    Row i goes through the baskets with product i, and through what stands behind i in each.

    Args:
        starts: where the lines of each product begin in `where`, shape (products + 1,)
        where: places of lines in `items`, product by product
        items: of all baskets, distinct and rising within each
        ends: for each of `where`, where that basket ends
        whose: for each of `where`, whose that basket is, rising for each product; empty where each is of somebody else
        least: baskets a pair must stand in
        stop: the row behind the last
        written: first, second, baskets, people; room for one row at least, that is for all products, shape (4, room)
        progress: the row to begin with and 0; written: the row to go on with and how many pairs were written

    Cost: one addition of 4 bytes, with `whose` two, for each two products of a basket; 16 bytes of scratch a product.
    """
    products = len(starts) - 1
    baskets, met = np.zeros(products, np.int32), np.empty(products, np.int32)
    people, last = np.zeros(products, np.int32), np.empty(products, np.int32)
    row, filled = progress[0], progress[1]
    while row < stop and filled + products <= written.shape[1]:
        begin, end = starts[row], starts[row + 1]
        if len(whose) > 0:
            count = _count_people(begin, end, where, items, ends, whose, baskets, met, people, last)
        else:
            count = _count(begin, end, where, items, ends, baskets, met)
        first = filled
        for at in range(count):
            if baskets[met[at]] >= least:
                written[1, filled] = met[at]
                filled += 1
            else:
                baskets[met[at]] = 0
        written[1, first:filled].sort()
        for at in range(first, filled):
            item = written[1, at]
            written[0, at] = row
            written[2, at] = baskets[item]
            written[3, at] = people[item] if len(whose) > 0 else baskets[item]
            baskets[item] = 0
        row += 1
    progress[0], progress[1] = row, filled
