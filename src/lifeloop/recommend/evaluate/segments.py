"""For whom and for what lists are good: by how much is known of somebody, and by how wanted what is to be found is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lifeloop.recommend.evaluate.intervals import Mean, mean_of
from lifeloop.recommend.evaluate.metrics import accuracy, buyers, counts, hits
from lifeloop.recommend.evaluate.parting import kept
from lifeloop.recommend.evaluate.splits import Split
from lifeloop.recommend.histories import Flags, Histories, Ints

LENGTHS: tuple[tuple[str, int, int], ...] = (
    ("1", 1, 1),
    ("2-4", 2, 4),
    ("5-19", 5, 19),
    ("20-99", 20, 99),
    ("100 and more", 100, 1 << 31),
)
"""Deeds that are given: name, from, to."""
POPULARITY = ("head", "middle", "tail")
"""The most wanted products that make up a third of all deeds together, those of the second third, and all others."""
MEASURED = ("ndcg_at_10", "recall_at_20")


@dataclass(frozen=True)
class Segment:
    """How good the lists of one model are for some cases, or for some targets of them."""

    kind: str
    """history_length or target_popularity."""
    name: str
    cases: int
    means: dict[str, Mean]


def segments(lists: Ints, split: Split) -> Iterator[Segment]:
    """Yield the segments that hold any case; `lists` has shape (cases, k)."""
    lengths = np.diff(split.given.starts)
    hit, wanted = hits(lists, split.targets), counts(split.targets)
    for name, low, high in LENGTHS:
        some = (lengths >= low) & (lengths <= high)
        if some.any():
            yield Segment("history_length", name, int(some.sum()), _means(hit[some], wanted[some], split.clusters, some))
    thirds = popularity_thirds(split.train)
    for number, name in enumerate(POPULARITY):
        part = kept(split.targets, thirds[split.targets.items] == number)
        some = np.diff(part.starts) > 0
        if some.any():
            found = _means(hits(lists, part)[some], counts(part)[some], split.clusters, some)
            yield Segment("target_popularity", name, int(some.sum()), found)


def popularity_thirds(train: Histories) -> Ints:
    """Return for each product which third of what is in histories it belongs to, the most wanted first; shape (products,).

    >>> popularity_thirds(Histories.of([[0], [0], [0, 1], [2, 1, 3]], products=4)).tolist()
    [0, 1, 2, 2]
    """
    had = buyers(train)
    order = np.lexsort((np.arange(had.size), -had))
    before = np.cumsum(had[order]) - had[order]
    third = np.empty(had.size, np.int32)
    third[order] = np.minimum(3 * before // max(int(had.sum()), 1), 2)
    return third


def _means(
    hit: Flags, wanted: np.ndarray[tuple[int], np.dtype[np.int64]], clusters: Ints | None, some: Flags
) -> dict[str, Mean]:
    whose = None if clusters is None else clusters[some]
    found = accuracy(hit, wanted)
    return {name: mean_of(found[name], whose) for name in MEASURED}
