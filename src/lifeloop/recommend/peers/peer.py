"""What every recommender that is compared can do, and how lists come out of scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from lifeloop.recommend.histories import Floats, Histories, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CHUNK_BYTES = 64_000_000
"""Most memory one block of scores takes."""


class Peer(Protocol):
    """One recommender: it learns from histories and ranks all products for others."""

    name: str

    def fit(self, histories: Histories) -> None:
        """Learn. Raises SettingsError where a library is missing, NotEnoughData where its size forbids it."""

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Return the best `k` products of each, best first, shape (histories, k), filled up with -1."""


def chunks(histories: Histories, rows: int) -> Iterator[Histories]:
    """Yield the histories in runs of at most `rows`."""
    for first in range(0, len(histories), rows):
        starts = histories.starts[first : first + rows + 1]
        part = slice(int(starts[0]), int(starts[-1]))
        at = None if histories.at is None else histories.at[part]
        kinds = None if histories.kinds is None else histories.kinds[part]
        yield replace(histories, starts=starts - starts[0], items=histories.items[part], at=at, kinds=kinds, names=())


def owners(histories: Histories) -> Ints:
    """Return whose each deed is, as a number from 0, shape (deeds,)."""
    return np.repeat(np.arange(len(histories), dtype=np.int32), np.diff(histories.starts))


def incidence(histories: Histories) -> csr_array[Any]:
    """Return who had what at least once, shape (histories, products), 1 or nothing, float32."""
    from scipy.sparse import csr_array

    shape = (len(histories), histories.products)
    matrix = csr_array((np.ones(len(histories.items), np.float32), (owners(histories), histories.items)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def best(scores: Floats, k: int) -> Ints:
    """Return the places of the `k` highest scores of each row, best first; equal scores by place; -inf is left out as -1.

    >>> best(np.array([[0.1, 0.9, 0.9], [-np.inf, 0.0, -np.inf]], np.float32), 2).tolist()
    [[1, 2], [1, -1]]
    """
    rows, products = scores.shape
    found = np.full((rows, k), -1, np.int32)
    wanted = min(k, products)
    if wanted == 0:
        return found
    chosen = np.argpartition(-scores, wanted - 1, axis=1)[:, :wanted] if wanted < products else None
    places = np.sort(chosen, axis=1) if chosen is not None else np.broadcast_to(np.arange(products), scores.shape)
    values = np.take_along_axis(scores, places, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    ranked = np.take_along_axis(places, order, axis=1).astype(np.int32)
    ranked[np.isneginf(np.take_along_axis(values, order, axis=1))] = -1
    found[:, :wanted] = ranked
    return found


def rank_in_chunks(histories: Histories, k: int, score: Callable[[Histories], Floats], *, drop_seen: bool) -> Ints:
    """Return the best `k` of each, scored a block at a time, so that no users x products matrix ever exists."""
    rows = max(1, CHUNK_BYTES // (4 * max(histories.products, 1)))
    found = np.full((len(histories), k), -1, np.int32)
    first = 0
    for part in chunks(histories, rows):
        scores = score(part)
        if drop_seen:
            scores[owners(part), part.items] = -np.inf
        found[first : first + len(part)] = best(scores, k)
        first += len(part)
    return found
