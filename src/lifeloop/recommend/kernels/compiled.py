"""The kernels, compiled by Numba for float32 and int32, without the interpreter's lock: chunks of users run in threads.

Every signature is written out, so that importing compiles (or loads from the cache beside this file) and no call does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba as nb
import numpy as np
from numba import types as t

_LOOSE = {"contract", "reassoc", "nsz", "nnan"}
"""Sums may be taken in any order, and nothing is ever not a number; infinities are used, and kept."""

_TINY = np.float32(1.2e-38)
"""The smallest score that counts as one."""

F = TypeVar("F", bound=Callable[..., Any])


def _fixed(kind: Any, dimensions: int) -> Any:
    return t.Array(kind, dimensions, "C", readonly=True)


_STARTS, _ITEMS, _FLOATS, _TABLE = _fixed(t.int64, 1), _fixed(t.int32, 1), _fixed(t.float32, 1), _fixed(t.float32, 2)
_FLAGS = _fixed(t.boolean, 1)
_SCORES, _IDS = t.float32[:, ::1], t.int32[:, ::1]


def compiled(*signature: Any) -> Callable[[F], F]:
    """Compile for this one signature, cached on disk."""
    decorate: Callable[[F], F] = nb.njit(t.void(*signature), nogil=True, cache=True, fastmath=_LOOSE)
    return decorate


def _inner(function: F) -> F:
    compiled_within: F = nb.njit(nogil=True, fastmath=_LOOSE)(function)
    return compiled_within


@compiled(_STARTS, _ITEMS, t.uint16[:, ::1])
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


@compiled(_STARTS, _ITEMS, _STARTS, t.int64, t.int64[:, ::1])
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


@_inner
def _add_one(into: Any, met: Any, touched: Any, count: int, column: int, weight: Any, mark: int) -> int:
    if met[column] != mark:
        met[column] = mark
        into[column] = 0
        touched[count] = column
        count += 1
    into[column] += weight
    return count


@compiled(
    _STARTS, _ITEMS, _ITEMS, _STARTS, _STARTS, t.int64, _ITEMS, _STARTS, t.int64, t.int64[::1], t.int32[::1], t.int64[::1]
)
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


@compiled(_STARTS, _ITEMS, _FLOATS, _STARTS, t.int64, t.int64, t.int32[::1], t.float32[::1])
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


@_inner
def _age_weight(by_age: Any, by_deed: Any, at: int, stop: int) -> Any:
    weight = by_age[stop - 1 - at]
    if len(by_deed) > 0:
        weight *= by_deed[at]
    return weight


@_inner
def _add_eight(into: Any, matrix: Any, items: Any, at: int, stop: int, by_age: Any, by_deed: Any) -> None:
    r0, r1, r2, r3 = matrix[items[at]], matrix[items[at + 1]], matrix[items[at + 2]], matrix[items[at + 3]]
    r4, r5, r6, r7 = matrix[items[at + 4]], matrix[items[at + 5]], matrix[items[at + 6]], matrix[items[at + 7]]
    w0, w1 = _age_weight(by_age, by_deed, at, stop), _age_weight(by_age, by_deed, at + 1, stop)
    w2, w3 = _age_weight(by_age, by_deed, at + 2, stop), _age_weight(by_age, by_deed, at + 3, stop)
    w4, w5 = _age_weight(by_age, by_deed, at + 4, stop), _age_weight(by_age, by_deed, at + 5, stop)
    w6, w7 = _age_weight(by_age, by_deed, at + 6, stop), _age_weight(by_age, by_deed, at + 7, stop)
    for j in range(len(into)):
        first = w0 * r0[j] + w1 * r1[j] + w2 * r2[j] + w3 * r3[j]
        into[j] += first + w4 * r4[j] + w5 * r5[j] + w6 * r6[j] + w7 * r7[j]


@_inner
def _add_four(into: Any, matrix: Any, items: Any, at: int, stop: int, by_age: Any, by_deed: Any) -> None:
    r0, r1, r2, r3 = matrix[items[at]], matrix[items[at + 1]], matrix[items[at + 2]], matrix[items[at + 3]]
    w0, w1 = _age_weight(by_age, by_deed, at, stop), _age_weight(by_age, by_deed, at + 1, stop)
    w2, w3 = _age_weight(by_age, by_deed, at + 2, stop), _age_weight(by_age, by_deed, at + 3, stop)
    for j in range(len(into)):
        into[j] += w0 * r0[j] + w1 * r1[j] + w2 * r2[j] + w3 * r3[j]


@compiled(_SCORES, _STARTS, _ITEMS, _TABLE, _FLOATS, _FLOATS)
def add_rows(scores: Any, starts: Any, items: Any, matrix: Any, by_age: Any, by_deed: Any) -> None:
    """Add to `scores[user]` the rows of `matrix` of that user's last len(by_age) deeds, weighted by age and by deed.

    Shapes: scores (users, width), matrix (rows, width). Cost: width multiply-adds and 4 width bytes read per deed; eight rows
    are added at once, so that the scores are read and written once for eight.
    """
    for user in range(len(starts) - 1):
        stop = starts[user + 1]
        at = max(starts[user], stop - len(by_age))
        into = scores[user]
        while at + 8 <= stop:
            _add_eight(into, matrix, items, at, stop, by_age, by_deed)
            at += 8
        if at + 4 <= stop:
            _add_four(into, matrix, items, at, stop, by_age, by_deed)
            at += 4
        while at < stop:
            row = matrix[items[at]]
            weight = _age_weight(by_age, by_deed, at, stop)
            for j in range(len(into)):
                into[j] += weight * row[j]
            at += 1


@compiled(_SCORES, _STARTS, _ITEMS, _STARTS, _ITEMS, _FLOATS, _FLOATS, _FLOATS)
def add_sparse(
    scores: Any, starts: Any, items: Any, row_starts: Any, columns: Any, values: Any, by_age: Any, by_deed: Any
) -> None:
    """Do what `add_rows` does for rows of which only some columns are kept. Cost: 12 bytes per kept value and deed."""
    for user in range(len(starts) - 1):
        stop = starts[user + 1]
        into = scores[user]
        for at in range(max(starts[user], stop - len(by_age)), stop):
            weight = _age_weight(by_age, by_deed, at, stop)
            for place in range(row_starts[items[at]], row_starts[items[at] + 1]):
                into[columns[place]] += weight * values[place]


@_inner
def _insert(ids: Any, best: Any, item: int, score: Any) -> None:
    """Put `item` at its place among the best, higher scores first, of equals the lower place; the last one drops out."""
    last = len(ids) - 1
    if score < best[last] or (score == best[last] and ids[last] >= 0 and item > ids[last]) or score <= 0:
        return
    at = last
    while at > 0 and (score > best[at - 1] or (score == best[at - 1] and item < ids[at - 1])):
        best[at] = best[at - 1]
        ids[at] = ids[at - 1]
        at -= 1
    best[at] = score
    ids[at] = item


@_inner
def _strip_maxima(row: Any, highest: Any) -> None:
    """Write the maximum of every len(highest)-th score: one pass of vector maxima, in which nothing depends on a score."""
    width = len(highest)
    highest[:] = row[:width]
    at = width
    while at + width <= len(row):
        part = row[at : at + width]
        for j in range(width):
            highest[j] = max(highest[j], part[j])
        at += width
    for j in range(len(row) - at):
        highest[j] = max(highest[j], row[at + j])


@_inner
def _floor(highest: Any, k: int) -> Any:
    """Return a score that at least `k` of the maxima reach and hardly more do, by halving; just above 0 where fewer do."""
    high = np.float32(0)
    for j in range(len(highest)):
        high = max(high, highest[j])
    low = np.float32(0)
    for _ in range(12):
        middle = np.float32(0.5) * (low + high)
        above = np.int32(0)
        for j in range(len(highest)):
            above += np.int32(highest[j] >= middle)
        if above >= k:
            low = middle
        else:
            high = middle
        if k <= above <= k + 2:
            break
    return max(low, _TINY)


@_inner
def _candidates(row: Any, highest: Any, low: Any, strips: Any, places: Any, found: Any) -> int:
    """List what reaches `low`, by strips that do; written always and counted where it is so, as branches would be guesses."""
    strip_count = 0
    for j in range(len(highest)):
        strips[strip_count] = j
        strip_count += int(highest[j] >= low)
    count = 0
    for number in range(strip_count):
        for j in range(strips[number], len(row), len(highest)):
            places[count] = j
            found[count] = row[j]
            count += int(row[j] >= low)
    return count


@_inner
def _order(places: Any, found: Any, count: int, ids: Any, best: Any) -> None:
    """Write the candidates at their ranks: how many are better, each counted without a branch."""
    if count > 4 * len(ids) + 16:
        for one in range(count):
            _insert(ids, best, places[one], found[one])
        return
    for one in range(count):
        rank = 0
        for other in range(count):
            is_before = int(found[other] == found[one]) * int(places[other] < places[one])
            rank += int(found[other] > found[one]) + is_before
        if rank < len(ids) and found[one] > 0:
            ids[rank] = places[one]
            best[rank] = found[one]


@compiled(_SCORES, _STARTS, _ITEMS, t.boolean, _IDS, _SCORES)
def pick(scores: Any, starts: Any, items: Any, drop_seen: Any, ids: Any, best: Any) -> None:
    """Write the best columns of every row of `scores` above 0 into `ids` and `best`, shape (users, k): -1 and 0 where none.

    `scores` is spoilt: with `drop_seen` the user's own products are set to minus infinity. The maxima of strips give a floor
    that at least k scores reach; only strips whose maximum does are looked at again, and those dozen scores are ranked by
    counting. Cost: 4 bytes read and one vector maximum per score, about 25 k k comparisons after.
    """
    width = min(scores.shape[1], max(128, 64 * (scores.shape[1] // 2048), 4 * ids.shape[1]))
    highest, strips = np.empty(width, np.float32), np.empty(width + 1, np.int32)
    places, found = np.empty(scores.shape[1] + 1, np.int32), np.empty(scores.shape[1] + 1, np.float32)
    for user in range(len(starts) - 1):
        row = scores[user]
        if drop_seen:
            for at in range(starts[user], starts[user + 1]):
                row[items[at]] = -np.inf
        ids[user, :] = -1
        best[user, :] = 0
        _strip_maxima(row, highest)
        count = _candidates(row, highest, _floor(highest, ids.shape[1]), strips, places, found)
        _order(places, found, count, ids[user], best[user])


@_inner
def _touch(
    into: Any, met: Any, touched: Any, count: int, rows: Any, columns: Any, values: Any, item: int, weight: Any, mark: int
) -> int:
    for place in range(rows[item], rows[item + 1]):
        column = columns[place]
        if met[column] != mark:
            met[column] = mark
            into[column] = 0
            touched[count] = column
            count += 1
        into[column] += weight * values[place]
    return count


@compiled(_STARTS, _ITEMS, _STARTS, _ITEMS, _FLOATS, _TABLE, _FLOATS, _FLAGS, t.boolean, _IDS, _SCORES)
def top_sparse(
    starts: Any,
    items: Any,
    row_starts: Any,
    columns: Any,
    values: Any,
    by_age: Any,
    by_deed: Any,
    allowed: Any,
    drop_seen: Any,
    ids: Any,
    best: Any,
) -> None:
    """Score and pick at once where rows are sparse: only columns that some row holds are ever looked at.

    Several matrices lie below each other, one per row of `by_age`, shape (matrices, most). Cost: 20 bytes per kept value and
    deed, and one comparison per column touched; 12 bytes per product of scratch.
    """
    width = len(allowed)
    into, met, touched = np.empty(width, np.float32), np.zeros(width, np.int64), np.empty(width, np.int32)
    for user in range(len(starts) - 1):
        start, stop = starts[user], starts[user + 1]
        count = 0
        for part in range(by_age.shape[0]):
            for at in range(max(start, stop - by_age.shape[1]), stop):
                weight = _age_weight(by_age[part], by_deed, at, stop)
                row = part * width + items[at]
                count = _touch(into, met, touched, count, row_starts, columns, values, row, weight, user + 1)
        if drop_seen:
            for at in range(start, stop):
                into[items[at]] = -np.inf
        ids[user, :] = -1
        best[user, :] = 0
        for place in range(count):
            if allowed[touched[place]]:
                _insert(ids[user], best[user], touched[place], into[touched[place]])
