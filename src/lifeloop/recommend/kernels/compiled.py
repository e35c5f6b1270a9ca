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


@compiled(_STARTS, _ITEMS, t.int32[:, ::1])
def count_together(starts: Any, items: Any, counts: Any) -> None:
    """Count pairs of different products per history into `counts`, shape (products, products), at (first met, later met).

    A product counts once per history, however often it stands there; the diagonal counts histories. Cost: one addition of
    4 bytes per pair, n (n + 1) / 2 of them for a history of n products.
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
                row[own[second]] += 1


@compiled(_STARTS, _ITEMS, _STARTS, t.int64[:, ::1])
def count_after(starts: Any, items: Any, weights: Any, counts: Any) -> None:
    """Add `weights[gap - 1]` to `counts[before, after]` for every two deeds of a history `gap` <= len(weights) apart.

    Cost: one addition of 8 bytes per pair, at most len(weights) per deed.
    """
    for user in range(len(starts) - 1):
        stop = starts[user + 1]
        for at in range(starts[user], stop):
            row = counts[items[at]]
            for gap in range(min(len(weights), stop - at - 1)):
                row[items[at + 1 + gap]] += weights[gap]


@_inner
def _add_after(into: Any, met: Any, touched: Any, count: int, items: Any, weights: Any, at: int, stop: int, mark: int) -> int:
    for gap in range(min(len(weights), stop - at - 1)):
        column = items[at + 1 + gap]
        if met[column] != mark:
            met[column] = mark
            into[column] = 0
            touched[count] = column
            count += 1
        into[column] += weights[gap]
    return count


@compiled(_STARTS, _ITEMS, _STARTS, _STARTS, _STARTS, t.int64, t.int64[::1], t.int32[::1], t.int64[::1])
def rows_after(
    stops: Any, items: Any, weights: Any, where: Any, first_at: Any, first: Any, widths: Any, columns: Any, values: Any
) -> None:
    """Count what `count_after` does, row by row, without a square: rows `first` to `first + len(widths)`.

    `where[first_at[row] : first_at[row + 1]]` are the deeds with product `row`, `stops` is where each deed's history ends.
    Writes how many columns each row has into `widths`, and where `columns` is not empty also the columns, ascending, and
    their sums, row after row. Cost: 24 bytes per pair, twice, and a sort of each row; 20 bytes per product of scratch.
    """
    width = len(first_at) - 1
    into, met, touched = np.empty(width, np.int64), np.full(width, -1, np.int64), np.empty(width, np.int32)
    put = 0
    for own in range(len(widths)):
        row = first + own
        count = 0
        for place in range(first_at[row], first_at[row + 1]):
            at = where[place]
            count = _add_after(into, met, touched, count, items, weights, at, stops[at], row)
        widths[own] = count
        if len(columns) > 0:
            columns[put : put + count] = np.sort(touched[:count])
            for place in range(put, put + count):
                values[place] = into[columns[place]]
            put += count


@_inner
def _age_weight(by_age: Any, by_deed: Any, at: int, stop: int) -> Any:
    weight = by_age[stop - 1 - at]
    if len(by_deed) > 0:
        weight *= by_deed[at]
    return weight


@_inner
def _add_four(into: Any, matrix: Any, items: Any, at: int, stop: int, by_age: Any, by_deed: Any) -> None:
    first, second, third, fourth = matrix[items[at]], matrix[items[at + 1]], matrix[items[at + 2]], matrix[items[at + 3]]
    a = _age_weight(by_age, by_deed, at, stop)
    b = _age_weight(by_age, by_deed, at + 1, stop)
    c = _age_weight(by_age, by_deed, at + 2, stop)
    d = _age_weight(by_age, by_deed, at + 3, stop)
    for j in range(len(into)):
        into[j] += a * first[j] + b * second[j] + c * third[j] + d * fourth[j]


@compiled(_SCORES, _STARTS, _ITEMS, _TABLE, _FLOATS, _FLOATS)
def add_rows(scores: Any, starts: Any, items: Any, matrix: Any, by_age: Any, by_deed: Any) -> None:
    """Add to `scores[user]` the rows of `matrix` of that user's last len(by_age) deeds, weighted by age and by deed.

    Shapes: scores (users, width), matrix (rows, width). Cost: width multiply-adds and 4 width bytes read per deed; four rows
    are added at once, so that the scores are read and written once for four.
    """
    for user in range(len(starts) - 1):
        stop = starts[user + 1]
        at = max(starts[user], stop - len(by_age))
        into = scores[user]
        while at + 4 <= stop:
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
def _scan(row: Any, ids: Any, best: Any) -> None:
    last = len(ids) - 1
    whole = len(row) - len(row) % 16
    for block in range(0, whole, 16):
        highest = row[block]
        for j in range(block + 1, block + 16):
            highest = max(highest, row[j])
        if highest > best[last]:
            for j in range(block, block + 16):
                if row[j] > best[last]:
                    _insert(ids, best, j, row[j])
    for j in range(whole, len(row)):
        if row[j] > best[last]:
            _insert(ids, best, j, row[j])


@compiled(_SCORES, _STARTS, _ITEMS, t.boolean, _IDS, _SCORES)
def pick(scores: Any, starts: Any, items: Any, drop_seen: Any, ids: Any, best: Any) -> None:
    """Write the best columns of every row of `scores` above 0 into `ids` and `best`, shape (users, k): -1 and 0 where none.

    `scores` is spoilt: with `drop_seen` the user's own products are set to minus infinity. Cost: 4 bytes read and one
    comparison per score, in blocks of 16 of which only the maximum is compared with the worst of the best.
    """
    for user in range(len(starts) - 1):
        row = scores[user]
        if drop_seen:
            for at in range(starts[user], starts[user + 1]):
                row[items[at]] = -np.inf
        ids[user, :] = -1
        best[user, :] = 0
        _scan(row, ids[user], best[user])


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
