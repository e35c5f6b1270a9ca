"""Compiled kernels that score and pick."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types as t

from lifeloop.recommend.kernels.compiling import FLAGS, FLOATS, IDS, INTS, LONGS, SCORES, TABLE, compiled, inner

_TINY = np.float32(1.2e-38)
"""The smallest score that counts as one."""


@inner
def _age_weight(by_age: Any, by_deed: Any, at: int, stop: int) -> Any:
    weight = by_age[stop - 1 - at]
    if len(by_deed) > 0:
        weight *= by_deed[at]
    return weight


@inner
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


@inner
def _add_four(into: Any, matrix: Any, items: Any, at: int, stop: int, by_age: Any, by_deed: Any) -> None:
    r0, r1, r2, r3 = matrix[items[at]], matrix[items[at + 1]], matrix[items[at + 2]], matrix[items[at + 3]]
    w0, w1 = _age_weight(by_age, by_deed, at, stop), _age_weight(by_age, by_deed, at + 1, stop)
    w2, w3 = _age_weight(by_age, by_deed, at + 2, stop), _age_weight(by_age, by_deed, at + 3, stop)
    for j in range(len(into)):
        into[j] += w0 * r0[j] + w1 * r1[j] + w2 * r2[j] + w3 * r3[j]


@compiled(SCORES, LONGS, INTS, TABLE, FLOATS, FLOATS)
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


@compiled(SCORES, LONGS, INTS, LONGS, INTS, FLOATS, FLOATS, FLOATS)
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


@inner
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


@inner
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


@inner
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


@inner
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


@inner
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


@compiled(SCORES, LONGS, INTS, t.boolean, IDS, SCORES)
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


@inner
def _touch(into: Any, touched: Any, count: int, columns: Any, values: Any, first: int, last: int, weight: Any) -> int:
    for place in range(first, last if weight != 0 else first):
        column = columns[place]
        if into[column] == 0 and count < len(touched):
            touched[count] = column
            count += 1
        into[column] += weight * values[place]
    return count


@compiled(LONGS, INTS, LONGS, INTS, FLOATS, TABLE, FLOATS, FLAGS, t.boolean, t.float32[::1], t.int32[::1], IDS, SCORES)
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
    into: Any,
    touched: Any,
    ids: Any,
    best: Any,
) -> None:
    """Score and pick at once where rows are sparse: only columns that some row holds are ever looked at.

    Several matrices lie below each other, one per row of `by_age`, shape (matrices, most). `into` and `touched` are scratch,
    shape (products,); `into` is all 0 and left so. Cost: 16 bytes per kept value and deed, and one comparison per column
    touched; nothing that grows with the products.
    """
    width = len(allowed)
    for user in range(len(starts) - 1):
        start, stop = starts[user], starts[user + 1]
        count = 0
        for part in range(by_age.shape[0]):
            for at in range(max(start, stop - by_age.shape[1]), stop):
                weight = _age_weight(by_age[part], by_deed, at, stop)
                row = part * width + items[at]
                count = _touch(into, touched, count, columns, values, row_starts[row], row_starts[row + 1], weight)
        for at in range(start, stop if drop_seen else start):
            into[items[at]] = -np.inf
        ids[user, :] = -1
        best[user, :] = 0
        for place in range(count):
            column = touched[place]
            if into[column] >= best[user, -1] and allowed[column]:
                _insert(ids[user], best[user], column, into[column])
            into[column] = 0
        for at in range(start, stop if drop_seen else start):
            into[items[at]] = 0
