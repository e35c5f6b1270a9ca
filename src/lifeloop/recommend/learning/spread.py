"""For many people at once: lists that do not say the same thing ten times, and what each product is recommended because of.

What `diversity` and `reasons` do for one request, as a few passes over arrays of people x pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Floats, Histories, Ints, Longs
from lifeloop.recommend.matrices import Blend, DenseMatrix, ItemMatrix, LowRankMatrix, SparseMatrix

PLACES = 10
_NEVER = np.float32(-np.inf)


@dataclass(frozen=True)
class Group:
    """Products that are alike, such as those of one brand."""

    codes: Ints
    """Group of each product, -1 of none, shape (products,)."""
    likeness: float
    """How much it makes two products alike."""
    cap: int | None
    """Most of one group in a list."""


def spread_all(pool: Ints, scores: Floats, diversity: float, groups: Sequence[Group], places: int = PLACES) -> Ints:
    """Return which of each pool are picked, best first, shape (people, places), -1 where no other may be.

    Args:
        pool: products, shape (people, pool)
        scores: of each; those that may not be picked: -inf
        diversity: weight of being unlike what stands above, against score
        groups: what makes products alike, and of what there may not be too many
        places: how many to pick
    """
    relevance, every = _relevance(scores), np.arange(len(pool))
    left = np.where(np.isfinite(scores), (1 - diversity) * relevance, _NEVER).astype(np.float32)
    codes = [group.codes[pool] for group in groups]
    had = [np.zeros(pool.shape, np.int16) for _ in groups]
    alike = np.zeros(pool.shape, np.float32)
    picked = np.full((len(pool), places), -1, np.int32)
    for place in range(min(places, pool.shape[1])):
        now = (left - np.float32(diversity) * alike).argmax(axis=1)
        picked[:, place] = np.where(np.isfinite(left[every, now]), now, -1)
        likeness = np.zeros(pool.shape, np.float32)
        for group, code, count in zip(groups, codes, had, strict=True):
            same = (code == code[every, now][:, None]) & (code >= 0)
            likeness += np.float32(group.likeness) * same
            count += same
            if group.cap is not None:
                left[count >= group.cap] = _NEVER
        np.maximum(alike, likeness, out=alike)
        left[every, now] = _NEVER
    return picked


def _relevance(scores: Floats) -> Floats:
    """Return scores as from 0, the worst of each pool, to 1, the best."""
    able = np.isfinite(scores)
    low = np.where(able, scores, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    high = np.where(able, scores, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    with np.errstate(invalid="ignore"):
        span = np.where(high > low, high - low, 1)
        relevance: Floats = np.where(able, (scores - low) / span, 0).astype(np.float32)
    return relevance


def strongest_causes(blend: Blend, histories: Histories, places: Ints, by_kind: Floats) -> tuple[Longs, Floats]:
    """Return for every product the deed that adds most to its score, -1 where none does, and its share of what speaks for it.

    Deeds are places in `histories.items`. Shapes (people, products). Cost: a read of each matrix for every deed and product.
    """
    lengths = np.diff(histories.starts)
    best, speaks_for = np.zeros(places.shape, np.float32), np.zeros(places.shape, np.float32)
    because = np.full(places.shape, -1, np.int64)
    weights = np.ones(len(histories.items), np.float32) if histories.kinds is None else by_kind[histories.kinds]
    for age in range(max((part.most for part in blend.parts), default=0)):
        who = np.flatnonzero(lengths > age)
        if not len(who):
            break
        deed = histories.starts[who + 1] - 1 - age
        items = np.broadcast_to(histories.items[deed][:, None], (len(who), places.shape[1]))
        added = np.zeros(items.shape, np.float32)
        for part in blend.parts:
            if age < part.most:
                added += part.by_age[age] * cells(part.matrix, items, places[who])
        added *= weights[deed][:, None]
        speaks_for[who] += np.maximum(added, 0)
        more = added > best[who]
        best[who] = np.where(more, added, best[who])
        because[who] = np.where(more, deed[:, None], because[who])
    share: Floats = np.divide(best, speaks_for, out=np.zeros_like(best), where=speaks_for > 0)
    return because, share


def cells(matrix: ItemMatrix, rows: npt.NDArray[np.int32], columns: npt.NDArray[np.int32]) -> Floats:
    """Return `matrix[rows, columns]` of arrays of one shape. Cost: a random read each, of a sparse matrix one per halving.

    >>> cells(DenseMatrix(np.array([[0, 0.5], [1, 0]], np.float32)), np.array([0, 1]), np.array([1, 0])).tolist()
    [0.5, 1.0]
    """
    if isinstance(matrix, DenseMatrix):
        dense: Floats = matrix.values[rows, columns]
        return dense
    if isinstance(matrix, SparseMatrix):
        return _sparse(matrix, rows, columns)
    if isinstance(matrix, LowRankMatrix):
        thin = np.einsum("nf,nf->n", matrix.left[rows.ravel()], matrix.right[:, columns.ravel()].T)
        return np.asarray(thin, np.float32).reshape(rows.shape)
    one = np.ones(1, np.float32)
    pairs = zip(rows.ravel(), columns.ravel(), strict=True)
    found = [matrix.contributions(np.array([row]), one, np.array([column]))[0, 0] for row, column in pairs]
    return np.array(found, np.float32).reshape(rows.shape)


def _sparse(matrix: SparseMatrix, rows: Ints, columns: Ints) -> Floats:
    """Halve every row at once: as many steps as the longest row has halves."""
    if not len(matrix.columns):
        return np.zeros(rows.shape, np.float32)
    low, end = matrix.starts[rows], matrix.starts[rows + 1]
    high, last = end, len(matrix.columns) - 1
    for _ in range(int((end - low).max(initial=0)).bit_length()):
        middle = (low + high) >> 1
        is_before = (matrix.columns[np.minimum(middle, last)] < columns) & (low < high)
        low, high = np.where(is_before, middle + 1, low), np.where(is_before, high, middle)
    here = np.minimum(low, last)
    return np.where((low < end) & (matrix.columns[here] == columns), matrix.values[here], np.float32(0))
