"""The loop that counts pairs, compiled by Numba; without the interpreter's lock, so that blocks of rows run in threads."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numba import types as t

_PLACES, _ITEMS = t.Array(t.int64, 1, "C", readonly=True), t.Array(t.int32, 1, "C", readonly=True)


_COUNT_ROWS = t.void(
    _PLACES, _PLACES, _ITEMS, _PLACES, t.int64, t.int64, t.int32[::1], t.int32[::1], t.int32[::1], t.int64[::1]
)


@nb.njit(_COUNT_ROWS, nogil=True, cache=True)  # type: ignore[untyped-decorator]  # Numba has no types
def count_rows(
    turned: Any, where: Any, items: Any, ends: Any, least: int, stop: int, first: Any, second: Any, orders: Any, progress: Any
) -> None:
    """Write the pairs (row, higher product) in at least `least` baskets, rising, until `stop` or until there is no more room.

    Row i goes through the baskets with product i, and through what stands behind i in each; one counter per product.

    Args:
        turned: where the lines of each product begin in `where`, shape (products + 1,)
        where: places of lines in `items`, product by product
        items: of all baskets, distinct and rising within each
        ends: for each of `where`, where that basket ends
        least: baskets a pair must stand in
        stop: the row behind the last
        first: written, with room for one row at least, that is for all products
        second: written, with as much room
        orders: written, with as much room
        progress: the row to begin with and 0; written: the row to go on with and how many pairs were written

    Cost: one addition of 4 bytes for each two products of a basket; 8 bytes of scratch a product.
    """
    products = len(turned) - 1
    counter, met = np.zeros(products, np.int32), np.empty(products, np.int32)
    row, filled = progress[0], progress[1]
    while row < stop and filled + products <= len(first):
        count = 0
        for line in range(turned[row], turned[row + 1]):
            place = where[line]
            for behind in range(place + 1, ends[line]):
                item = items[behind]
                if counter[item] == 0:
                    met[count] = item
                    count += 1
                counter[item] += 1
        begin = filled
        for at in range(count):
            if counter[met[at]] >= least:
                second[filled] = met[at]
                filled += 1
            else:
                counter[met[at]] = 0
        second[begin:filled].sort()
        for at in range(begin, filled):
            first[at] = row
            orders[at] = counter[second[at]]
            counter[second[at]] = 0
        row += 1
    progress[0], progress[1] = row, filled
