"""Nearest neighbours by cosine: people alike, and products alike.

Source  Herlocker et al. (1999) for people, Sarwar et al. (2001) for products
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lifeloop.recommend.histories import Floats, Histories, Ints
from lifeloop.recommend.peers.peer import incidence, rank_in_chunks

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_ROWS = 1000
"""Rows of likeness that are held at a time."""


class UserKnn:
    """What the people most alike had, weighted by how alike they are.

    Cost    for each request one pass over the histories of everybody who had one of its products
    """

    name = "user_knn"

    def __init__(self, neighbours: int = 200) -> None:
        self.neighbours = neighbours
        self._had: csr_array[Any] | None = None
        self._alike: csr_array[Any] | None = None

    def fit(self, histories: Histories) -> None:
        """Keep everybody's products, and them scaled to length 1."""
        self._had = incidence(histories)
        self._alike = _unit_rows(self._had).T.tocsr()

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank by the summed likeness of the nearest who had it; what none of them had is left out."""
        return rank_in_chunks(histories, k, self._scores, drop_seen=drop_seen)

    def _scores(self, part: Histories) -> Floats:
        assert self._had is not None
        assert self._alike is not None
        given, found = _unit_rows(incidence(part)), np.zeros((len(part), part.products), np.float32)
        for first in range(0, len(part), _ROWS):
            near = strongest((given[first : first + _ROWS] @ self._alike).tocsr(), self.neighbours)
            found[first : first + _ROWS] = (near @ self._had).toarray()
        return np.where(found > 0, found, np.float32(-np.inf))


class ItemKnn:
    """What is most alike what one had: products in the same histories.

    Cost    one pass over the histories of each product's people; the nearest of each are kept
    """

    name = "item_knn"

    def __init__(self, neighbours: int = 200) -> None:
        self.neighbours = neighbours
        self._near: csr_array[Any] | None = None

    def fit(self, histories: Histories) -> None:
        """Keep the nearest of each product."""
        from scipy.sparse import csr_array, vstack

        by_product = _unit_rows(incidence(histories).T.tocsr())
        by_person = by_product.T.tocsr()
        blocks = []
        for first in range(0, histories.products, _ROWS):
            likeness = (by_product[first : first + _ROWS] @ by_person).tocoo()
            others = likeness.row + first != likeness.col
            shape = likeness.shape
            apart = csr_array((likeness.data[others], (likeness.row[others], likeness.col[others])), shape=shape)
            blocks.append(strongest(apart, self.neighbours))
        self._near = csr_array(vstack(blocks))

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank by the summed likeness to what each had; what is like none of it is left out."""
        return rank_in_chunks(histories, k, self._scores, drop_seen=drop_seen)

    def _scores(self, part: Histories) -> Floats:
        assert self._near is not None
        found = (incidence(part) @ self._near).toarray()
        return np.where(found > 0, found, np.float32(-np.inf))


def _unit_rows(matrix: csr_array[Any]) -> csr_array[Any]:
    """Return a matrix of ones and nothing with each row scaled to length 1."""
    scaled = matrix.copy()
    scaled.data = np.repeat(1 / np.sqrt(np.maximum(np.diff(matrix.indptr), 1)), np.diff(matrix.indptr)).astype(np.float32)
    return scaled


def strongest(matrix: csr_array[Any], k: int) -> csr_array[Any]:
    """Return the matrix with only the `k` largest entries of each row."""
    from scipy.sparse import csr_array

    lengths = np.diff(matrix.indptr)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((matrix.indices, -matrix.data, rows))
    kept = order[np.arange(len(order)) - matrix.indptr[rows[order]] < k]
    return csr_array((matrix.data[kept], (rows[kept], matrix.indices[kept])), shape=matrix.shape)
