"""The kernels in NumPy and SciPy: what the compiled ones are tested against, and used where Numba is not to be had."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from lifeloop.recommend.histories import Flags, Floats, Ints, Longs
from lifeloop.recommend.kernels import Shorts


def _users(starts: Longs) -> Longs:
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))


def count_together(starts: Longs, items: Ints, counts: Shorts) -> None:
    """See the compiled one; here all pairs are counted at (lower place, higher place)."""
    own = items[starts[0] : starts[-1]]
    had = sp.csr_matrix((np.ones(len(own), np.int32), (_users(starts), own)), (len(starts) - 1, len(counts)))
    had.data[:] = 1
    counts += sp.triu(had.T @ had).toarray().astype(np.uint16)


def count_after(starts: Longs, items: Ints, weights: Longs, first: int, counts: Longs) -> None:
    """See the compiled one."""
    user = _users(starts)
    own = items[starts[0] : starts[-1]]
    for gap, weight in enumerate(weights, start=1):
        before, after = own[:-gap] - first, own[gap:]
        fit = (user[gap:] == user[:-gap]) & (before >= 0) & (before < len(counts))
        np.add.at(counts, (before[fit], after[fit]), weight)


def rows_around(
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
    """See the compiled one."""
    own_step = np.zeros(int(alone != 0), np.int64)
    steps = np.concatenate([np.arange(1, len(ahead) + 1), -np.arange(1, len(behind) + 1), own_step])
    weights = np.concatenate([ahead, behind, own_step + alone])
    put = 0
    for own in range(len(widths)):
        deeds = where[first_at[first + own] : first_at[first + own + 1], None]
        at = deeds + steps
        near = (at >= starts[users[deeds]]) & (at < starts[users[deeds] + 1])
        found, place = np.unique(items[at[near]], return_inverse=True)
        widths[own] = len(found)
        if len(columns):
            sums = np.zeros(len(found), np.int64)
            np.add.at(sums, place, np.broadcast_to(weights, at.shape)[near])
            columns[put : put + len(found)] = found
            values[put : put + len(found)] = sums
            put += len(found)


def keep_highest(
    starts: Longs,
    columns: Ints,
    values: Floats,
    kept_starts: Longs,
    first: int,
    last: int,
    kept_columns: Ints,
    kept_values: Floats,
) -> None:
    """See the compiled one."""
    for row in range(first, last):
        put = slice(kept_starts[row], kept_starts[row + 1])
        own = slice(starts[row], starts[row + 1])
        best = np.sort(np.argsort(-values[own], kind="stable")[: put.stop - put.start])
        kept_columns[put], kept_values[put] = columns[own][best], values[own][best]


def _weights(starts: Longs, items: Ints, rows: int, by_age: Floats, by_deed: Floats) -> sp.csr_matrix:
    """Return users x rows: what each row counts for each user."""
    at = np.arange(starts[0], starts[-1])
    age = np.repeat(starts[1:], np.diff(starts)) - 1 - at
    near = age < len(by_age)
    weight = by_age[age[near]]
    if len(by_deed):
        weight = weight * by_deed[at[near]]
    own = items[starts[0] : starts[-1]]
    return sp.csr_matrix((weight, (_users(starts)[near], own[near])), (len(starts) - 1, rows), dtype=np.float32)


def add_rows(scores: Floats, starts: Longs, items: Ints, matrix: Floats, by_age: Floats, by_deed: Floats) -> None:
    """See the compiled one."""
    scores += _weights(starts, items, len(matrix), by_age, by_deed) @ matrix


def add_sparse(
    scores: Floats,
    starts: Longs,
    items: Ints,
    row_starts: Longs,
    columns: Ints,
    values: Floats,
    by_age: Floats,
    by_deed: Floats,
) -> None:
    """See the compiled one."""
    rows = sp.csr_matrix((values, columns, row_starts), (len(row_starts) - 1, scores.shape[1]))
    scores += (_weights(starts, items, rows.shape[0], by_age, by_deed) @ rows).toarray()


def pick(scores: Floats, starts: Longs, items: Ints, drop_seen: bool, ids: Ints, best: Floats) -> None:  # noqa: FBT001
    """See the compiled one."""
    if drop_seen:
        scores[_users(starts), items[starts[0] : starts[-1]]] = -np.inf
    k = min(ids.shape[1], scores.shape[1])
    ids[:], best[:] = -1, 0
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int32)
    found: npt.NDArray[np.float32] = np.take_along_axis(scores, order, axis=1)
    good = found > 0
    ids[:, :k] = np.where(good, order, -1)
    best[:, :k] = np.where(good, found, 0)


def top_sparse(
    starts: Longs,
    items: Ints,
    row_starts: Longs,
    columns: Ints,
    values: Floats,
    by_age: Floats,
    by_deed: Floats,
    allowed: Flags,
    drop_seen: bool,  # noqa: FBT001
    into: Floats,  # noqa: ARG001 - scratch of the compiled one
    touched: Ints,  # noqa: ARG001
    ids: Ints,
    best: Floats,
) -> None:
    """See the compiled one."""
    width = len(allowed)
    for user in range(len(starts) - 1):
        own = starts[user : user + 2]
        scores = np.zeros((1, width), np.float32)
        for part, ages in enumerate(by_age):
            rows = row_starts[part * width : (part + 1) * width + 1]
            add_sparse(
                scores, own, items, rows - rows[0], columns[rows[0] : rows[-1]], values[rows[0] : rows[-1]], ages, by_deed
            )
        scores[:, ~allowed] = -np.inf
        pick(scores, own, items, drop_seen, ids[user : user + 1], best[user : user + 1])
