"""What a history says of all products: decayed rows of one or more matrices, summed; and the best of them, fused.

No array of users x products ever exists: a block of users is scored, picked from and forgotten while it lies in the cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import local

import numpy as np

from lifeloop.recommend.histories import Flags, Floats, Histories, Ints, Longs
from lifeloop.recommend.kernels import NO_WEIGHTS, fixed, kernels, placed
from lifeloop.recommend.matrices.fading import Fading, weights_of
from lifeloop.recommend.matrices.item_matrix import ItemMatrix
from lifeloop.recommend.matrices.sparse import SparseMatrix
from lifeloop.recommend.matrices.threads import in_chunks

BLOCK_BYTES = 1 << 20
"""Scores that are kept at once per thread: about the second cache of a core."""


@dataclass(frozen=True)
class Part:
    """One matrix, how much it counts, and how fast a history fades before it."""

    matrix: ItemMatrix
    weight: float = 1.0
    delta: float = 0.2
    most: int = 50
    """Latest deeds that are looked at."""
    newest: float = 1.0
    """Times which the newest deed counts more."""
    floor: float = 0.0
    floor_delta: float = 0.0

    @cached_property
    def by_age(self) -> Floats:
        """Weights of the newest deed, the one before, ..., shape (most,), `weight` counted in."""
        fading = Fading(self.delta, self.most, self.newest, self.floor, self.floor_delta)
        return fixed(np.float32(self.weight) * fading.by_age())


@dataclass(frozen=True)
class Blend:
    """A sum of parts; all speak of the same products.

    Histories are places of products, oldest first. `kind_weights` has one weight per deed. Products that nothing speaks for
    (score not above 0) are in no list.
    """

    parts: tuple[Part, ...]

    @property
    def products(self) -> int:
        """How many products it speaks of."""
        return self.parts[0].matrix.products

    @property
    def nbytes(self) -> int:
        """Bytes of all matrices."""
        return sum(part.matrix.nbytes for part in self.parts)

    def scores(self, items: Ints, kind_weights: Floats | None = None) -> Floats:
        """Return the score of every product, shape (products,)."""
        total = np.zeros(self.products, np.float32)
        for part in self.parts:
            total += part.matrix.scores(items, _weights(part, len(items), kind_weights))
        return total

    def contributions(self, items: Ints, targets: Ints, kind_weights: Floats | None = None) -> Floats:
        """Return what each deed adds to the score of each target, shape (items, targets): columns sum to the score."""
        total = np.zeros((len(items), len(targets)), np.float32)
        for part in self.parts:
            total += part.matrix.contributions(items, _weights(part, len(items), kind_weights), targets)
        return total

    def top(
        self,
        histories: Histories,
        k: int,
        *,
        allowed: Flags | None = None,
        drop_seen: bool = True,
        by_kind: Floats | None = None,
        threads: int | None = None,
    ) -> tuple[Ints, Floats]:
        """Return the best products for every history, best first, and their scores, both of shape (users, k).

        Where fewer are fit, -1 and 0 stand in the places left. `by_kind` weighs deeds by the kinds of `histories`.
        """
        users = len(histories)
        ids, best = np.empty((users, k), np.int32), np.empty((users, k), np.float32)
        starts, items = fixed(histories.starts), placed(histories.items, self.products)
        by_deed = NO_WEIGHTS
        if by_kind is not None and histories.kinds is not None:
            by_deed = fixed(by_kind.astype(np.float32)[histories.kinds])

        def one_chunk(first: int, last: int) -> None:
            self._top(starts[first : last + 1], items, by_deed, allowed, drop_seen, ids[first:last], best[first:last])

        in_chunks(one_chunk, users, threads)
        return ids, best

    @cached_property
    def _stacked(self) -> tuple[SparseMatrix, Floats] | None:
        """All parts below each other where all are sparse, and their weights by age, shape (parts, most)."""
        sparse = [part.matrix for part in self.parts if isinstance(part.matrix, SparseMatrix)]
        if len(sparse) < len(self.parts):
            return None
        by_age = np.zeros((len(sparse), max(part.most for part in self.parts)), np.float32)
        for number, part in enumerate(self.parts):
            by_age[number, : part.most] = part.by_age
        if len(sparse) == 1:
            return sparse[0], fixed(by_age)
        offsets = np.cumsum([0] + [len(one.columns) for one in sparse])
        starts = [one.starts[:-1] + offset for one, offset in zip(sparse, offsets, strict=False)]
        together = SparseMatrix(
            np.concatenate([*starts, offsets[-1:]]),
            np.concatenate([one.columns for one in sparse]),
            np.concatenate([one.values for one in sparse]),
        )
        return together, fixed(by_age)

    @cached_property
    def _everything(self) -> Flags:
        return fixed(np.ones(self.products, np.bool_))

    @cached_property
    def _scratch(self) -> local:
        return local()

    def _own_scratch(self) -> tuple[Floats, Ints]:
        """Return this thread's scores, all 0, and room for places: what the sparse kernel leaves as it found it."""
        mine = self._scratch
        if not hasattr(mine, "arrays"):
            mine.arrays = np.zeros(self.products, np.float32), np.empty(self.products, np.int32)
        arrays: tuple[Floats, Ints] = mine.arrays
        return arrays

    def _top(
        self,
        starts: Longs,
        items: Ints,
        by_deed: Floats,
        allowed: Flags | None,
        drop_seen: bool,  # noqa: FBT001 - as the kernels take it
        ids: Ints,
        best: Floats,
    ) -> None:
        if ids.size == 0:
            return
        if (stacked := self._stacked) is not None:
            rows, by_age = stacked
            fit = self._everything if allowed is None else fixed(allowed)
            known = (starts, items, rows.starts, rows.columns, rows.values, by_age, by_deed, fit)
            kernels().top_sparse(*known, drop_seen, *self._own_scratch(), ids, best)
            return
        block = min(len(ids), max(1, BLOCK_BYTES // (4 * max(self.products, 1))))
        scores = np.empty((block, self.products), np.float32)
        nothing = np.float32(0) if allowed is None else np.where(allowed, np.float32(0), np.float32(-np.inf))
        for first in range(0, len(ids), block):
            last = min(first + block, len(ids))
            own, part_scores = starts[first : last + 1], scores[: last - first]
            part_scores[:] = nothing
            for part in self.parts:
                part.matrix.add(part_scores, own, items, part.by_age, by_deed)
            kernels().pick(part_scores, own, items, drop_seen, ids[first:last], best[first:last])


def _weights(part: Part, count: int, kind_weights: Floats | None) -> Floats:
    weights = weights_of(part.by_age, count)
    return weights if kind_weights is None else weights * kind_weights
