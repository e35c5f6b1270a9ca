"""How good lists are: accuracy per case, and what the lists are made of.

Shapes  lists (cases, k) places of products, best first, filled up with -1; targets a history for each case
Source  Järvelin & Kekäläinen (2002) for NDCG with a discount of log2(rank + 1) and the best list that could be had as 1;
        Zhou et al. (2010) for novelty; Ziegler et al. (2005) for diversity; Abdollahpouri et al. (2020) for popularity
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Flags, Histories, Ints, Longs
from lifeloop.recommend.peers.peer import incidence, owners

if TYPE_CHECKING:
    from scipy.sparse import csc_array

Doubles: TypeAlias = npt.NDArray[np.float64]

LONGEST = 100
"""Places that are judged."""
LIST = 10
"""Places of which coverage, novelty, diversity and popularity speak."""
MEASURES = (
    "ndcg_at_10",
    "ndcg_at_100",
    "recall_at_10",
    "recall_at_20",
    "precision_at_20",
    "hit_rate_at_20",
    "mrr_at_20",
)
"""What is measured for each case; every mean over cases has an interval."""
_PAIRS_AT_ONCE = 20_000


def hits(lists: Ints, targets: Histories) -> Flags:
    """Return which places hold a target of their case, shape of `lists`.

    >>> hits(np.array([[2, 0], [1, -1]], np.int32), Histories.of([[0], [2]], products=3)).tolist()
    [[False, True], [False, False]]
    """
    cases = np.arange(len(lists), dtype=np.int64)[:, None] * targets.products
    wanted = np.unique(owners(targets).astype(np.int64) * targets.products + targets.items)
    if wanted.size == 0:
        return np.zeros(lists.shape, np.bool_)
    asked = cases + lists
    at = np.minimum(np.searchsorted(wanted, asked), wanted.size - 1)
    found: Flags = (wanted[at] == asked) & (lists >= 0)
    return found


def counts(targets: Histories) -> Longs:
    """Return how many different targets each case has, shape (cases,)."""
    found: Longs = np.diff(incidence(targets).indptr).astype(np.int64)
    return found


def accuracy(hit: Flags, wanted: Longs) -> dict[str, Doubles]:
    """Return every measure in `MEASURES` for each case, shape (cases,); `wanted` is how many targets it has, at least 1.

    NDCG at k: the discounted hits over those of a list that begins with all targets. Recall at k: hits over what k places
    could hold, min(k, targets). Precision at k: hits over k. Hit rate at k: 1 where there is a hit. MRR at k: 1 over the
    place of the first hit, 0 without one.

    >>> one = accuracy(np.array([[False, True, False]]), np.array([1]))
    >>> round(float(one["ndcg_at_10"][0]), 4), float(one["mrr_at_20"][0]), float(one["precision_at_20"][0])
    (0.6309, 0.5, 0.05)
    """
    return {
        "ndcg_at_10": _ndcg(hit, wanted, 10),
        "ndcg_at_100": _ndcg(hit, wanted, 100),
        "recall_at_10": hit[:, :10].sum(1) / np.minimum(10, wanted),
        "recall_at_20": hit[:, :20].sum(1) / np.minimum(20, wanted),
        "precision_at_20": hit[:, :20].sum(1) / 20,
        "hit_rate_at_20": hit[:, :20].any(1).astype(np.float64),
        "mrr_at_20": _first(hit[:, :20]),
    }


def _ndcg(hit: Flags, wanted: Longs, k: int) -> Doubles:
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(wanted, k)]
    found: Doubles = hit[:, :k] @ discount[: hit.shape[1]] / best
    return found


def _first(hit: Flags) -> Doubles:
    found: Doubles = np.where(hit.any(1), 1 / (hit.argmax(1) + 1.0), 0.0)
    return found


def buyers(train: Histories) -> Longs:
    """Return in how many histories each product is, shape (products,)."""
    found: Longs = np.bincount(incidence(train).indices, minlength=train.products).astype(np.int64)
    return found


def coverage(lists: Ints, products: int) -> float:
    """Return the share of all products that stand in anybody's list."""
    return float(np.unique(lists[lists >= 0]).size / products) if products else 0.0


def novelty(lists: Ints, had: Longs, histories: int) -> Doubles:
    """Return the mean of -log2(share of histories that hold the product) over each list, shape (cases,), in bits.

    A product nobody had counts as if one had it; an empty list has none, nan.

    >>> novelty(np.array([[0, 1]], np.int32), np.array([4, 1]), 4).tolist()
    [1.0]
    """
    bits = np.log2(max(histories, 1)) - np.log2(np.maximum(had, 1))
    return _mean(np.where(lists >= 0, bits[lists], 0.0), lists >= 0)


def popularity(lists: Ints, had: Longs, histories: int) -> Doubles:
    """Return the mean share of histories that hold the listed products, shape (cases,); of an empty list nan."""
    return _mean(np.where(lists >= 0, had[lists] / max(histories, 1), 0.0), lists >= 0)


def diversity(lists: Ints, train: Histories) -> Doubles:
    """Return the mean of 1 - cosine over all pairs of each list, shape (cases,); with fewer than two products nan.

    The cosine of two products is that of the histories they are in: those with both over the root of the product of counts.
    Cost    one pass over the histories of the rarer product for each different pair
    """
    first, second = np.triu_indices(lists.shape[1], 1)
    left, right = np.minimum(lists[:, first], lists[:, second]), np.maximum(lists[:, first], lists[:, second])
    there = left >= 0
    keys, back = np.unique(left[there].astype(np.int64) * train.products + right[there], return_inverse=True)
    apart = np.zeros(left.shape)
    apart[there] = (1 - _cosines(keys // train.products, keys % train.products, train))[back]
    return _mean(apart, there)


def _cosines(left: Longs, right: Longs, train: Histories) -> Doubles:
    by_product: csc_array[Any] = incidence(train).tocsc()
    sizes = np.diff(by_product.indptr)
    both = np.zeros(left.size)
    for first in range(0, left.size, _PAIRS_AT_ONCE):
        part = slice(first, first + _PAIRS_AT_ONCE)
        both[part] = np.asarray(by_product[:, left[part]].multiply(by_product[:, right[part]]).sum(axis=0)).ravel()
    found: Doubles = both / np.sqrt(np.maximum(sizes[left] * sizes[right].astype(np.float64), 1.0))
    return found


def _mean(values: Doubles, there: Flags) -> Doubles:
    number = there.sum(1)
    found: Doubles = np.divide(values.sum(1), number, out=np.full(len(values), np.nan), where=number > 0)
    return found
