"""Compiled kernels that count."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types as t

from lifeloop.recommend.kernels.compiling import FLOATS, INTS, LONGS, compiled, inner


@compiled(LONGS, INTS, t.uint16[:, ::1])
def count_together(starts: Any, items: Any, counts: Any) -> None:
    """Count pairs of different products per history into `counts`, shape (products, products), at (first met, later met).

    A product counts once per history, however often it stands there; the diagonal counts histories: at most 65,535 of them
    may be counted at once, so that a cell takes 2 bytes and a thousand products' cells stay near the core. Cost: one addition
    of 2 bytes per pair, n (n + 1) / 2 of them for a history of n products.
    """
    met = np.zeros(counts.shape[0], np.int64)
    own = np.empty(counts.shape[0], np.int32)
    for user in range(len(starts) - 1):
        count = 0
        for at in range(starts[user], starts[user + 1]):
            item = items[at]
            if met[item] != user + 1:
                met[item] = user + 1
                own[count] = item
                count += 1
        for first in range(count):
            row = counts[own[first]]
            for second in range(first, count):
                row[own[second]] += np.uint16(1)


@compiled(LONGS, INTS, LONGS, t.int64, t.int64[:, ::1])
def count_after(starts: Any, items: Any, weights: Any, first: Any, counts: Any) -> None:
    """Add `weights[gap - 1]` for every two deeds of a history `gap` <= len(weights) apart, at (before, after).

    `counts`, shape (rows, products), are the rows from `first` on; deeds with other products are passed over. Cost: one
    addition of 8 bytes per pair, at most len(weights) per deed, and 4 bytes read per deed.
    """
    for user in range(len(starts) - 1):
        stop = starts[user + 1]
        for at in range(starts[user], stop):
            own = items[at] - first
            if 0 <= own < counts.shape[0]:
                row = counts[own]
                for gap in range(min(len(weights), stop - at - 1)):
                    row[items[at + 1 + gap]] += weights[gap]


@inner
def _add_one(into: Any, met: Any, touched: Any, count: int, column: int, weight: Any, mark: int) -> int:
    if met[column] != mark:
        met[column] = mark
        into[column] = 0
        touched[count] = column
        count += 1
    into[column] += weight
    return count


@compiled(LONGS, INTS, INTS, LONGS, LONGS, t.int64, INTS, LONGS, t.int64, t.int64[::1], t.int32[::1], t.int64[::1])
def rows_around(
    starts: Any,
    users: Any,
    items: Any,
    ahead: Any,
    behind: Any,
    alone: Any,
    where: Any,
    first_at: Any,
    first: Any,
    widths: Any,
    columns: Any,
    values: Any,
) -> None:
    """Add `ahead[gap - 1]` at (one, a later one), `behind[gap - 1]` at (one, an earlier one), `alone` at (one, itself).

    No square is needed. Rows `first` to `first + len(widths)` are counted: `where[first_at[row] : first_at[row + 1]]` are
    the deeds with product `row`, `users` says whose each deed is. Writes how many columns each row has into `widths`, and
    where `columns` is not empty the columns, ascending, and their sums, row after row. Cost: 28 bytes per pair and a sort of
    each row, all twice, once for the widths; 20 bytes per product of scratch.
    """
    width = len(first_at) - 1
    into, met, touched = np.empty(width, np.int64), np.full(width, -1, np.int64), np.empty(width, np.int32)
    put = 0
    for own in range(len(widths)):
        row = first + own
        count = 0
        for place in range(first_at[row], first_at[row + 1]):
            at = where[place]
            if alone != 0:
                count = _add_one(into, met, touched, count, row, alone, row)
            for gap in range(min(len(ahead), starts[users[at] + 1] - at - 1)):
                count = _add_one(into, met, touched, count, items[at + 1 + gap], ahead[gap], row)
            for gap in range(min(len(behind), at - starts[users[at]])):
                count = _add_one(into, met, touched, count, items[at - 1 - gap], behind[gap], row)
        widths[own] = count
        if len(columns) > 0:
            columns[put : put + count] = np.sort(touched[:count])
            for place in range(put, put + count):
                values[place] = into[columns[place]]
            put += count


@compiled(LONGS, INTS, FLOATS, LONGS, t.int64, t.int64, t.int32[::1], t.float32[::1])
def keep_highest(
    starts: Any, columns: Any, values: Any, kept_starts: Any, first: Any, last: Any, kept_columns: Any, kept_values: Any
) -> None:
    """Copy of rows `first` to `last` the highest values, as many as `kept_starts` has room for, of equals the lower columns.

    Columns stay in their order. Cost: a partition of each row, 16 bytes per value.
    """
    for row in range(first, last):
        put, room = kept_starts[row], kept_starts[row + 1] - kept_starts[row]
        own = values[starts[row] : starts[row + 1]]
        least, equals = np.float32(-np.inf), 0
        if 0 < room < len(own):
            least = np.partition(own, len(own) - room)[len(own) - room]
            equals = room - np.sum(own > least)
        for place in range(len(own) if room > 0 else 0):
            if own[place] == least:
                equals -= 1
            if own[place] > least or (own[place] == least and equals >= 0):
                kept_columns[put] = columns[starts[row] + place]
                kept_values[put] = own[place]
                put += 1
