"""What every other recommender has to beat, and the linear model in its plain form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import NotEnoughData
from lifeloop.recommend.histories import Floats, Histories, Ints
from lifeloop.recommend.peers.peer import incidence, rank_in_chunks

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DENSE_PRODUCTS = 10_000
"""Most products a products x products matrix of double numbers is made for: .8 GB, and minutes to invert it."""


class Popularity:
    """What is in most histories."""

    name = "popularity"

    def __init__(self) -> None:
        self._counts: Floats = np.zeros(0, np.float32)

    def fit(self, histories: Histories) -> None:
        """Count in how many histories each product is."""
        self._counts = np.asarray(incidence(histories).sum(axis=0), np.float32).ravel()

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank by those counts."""
        return rank_in_chunks(histories, k, lambda part: np.tile(self._counts, (len(part), 1)), drop_seen=drop_seen)


class Markov:
    """What followed the latest product most often: a chain of first order."""

    name = "markov"

    def __init__(self) -> None:
        self._follows: csr_array[Any] | None = None

    def fit(self, histories: Histories) -> None:
        """Count which product follows which directly."""
        from scipy.sparse import csr_array

        inner = np.ones(max(len(histories.items) - 1, 0), np.bool_)
        ends = histories.starts[1:-1] - 1
        inner[ends[(ends >= 0) & (ends < len(inner))]] = False
        before, after = histories.items[:-1][inner], histories.items[1:][inner]
        shape = (histories.products, histories.products)
        self._follows = csr_array((np.ones(len(before), np.float32), (before, after)), shape=shape)

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank by how often each product followed the latest one; what never did is left out."""
        return rank_in_chunks(histories, k, self._scores, drop_seen=drop_seen)

    def _scores(self, part: Histories) -> Floats:
        assert self._follows is not None
        found = np.full((len(part), part.products), -np.inf, np.float32)
        some = np.flatnonzero(np.diff(part.starts) > 0)
        rows = self._follows[part.items[part.starts[1:][some] - 1]].toarray()
        found[some] = np.where(rows > 0, rows, -np.inf)
        return found


class PlainEase:
    """EASE in plain NumPy: the item-item matrix of ridge regression with nothing on its diagonal, in closed form.

    Source  Steck (2019): P = (XᵀX + λI)⁻¹, B_ij = -P_ij / P_jj
    Cost    products³ operations, 16 bytes for each pair of products
    """

    name = "ease"

    def __init__(self, ridge: float = 300.0) -> None:
        self.ridge = ridge
        self._matrix: Floats = np.zeros((0, 0), np.float32)

    def fit(self, histories: Histories) -> None:
        """Invert the matrix. Raises NotEnoughData where there are too many products for it."""
        refuse_too_many(self.name, histories.products)
        had = incidence(histories)
        gram: npt.NDArray[np.float64] = (had.T @ had).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.ridge
        inverse = np.linalg.inv(gram)
        matrix = -inverse / np.diag(inverse)
        np.fill_diagonal(matrix, 0.0)
        self._matrix = matrix.astype(np.float32)

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank by the sum of the rows of what each had."""
        return rank_in_chunks(
            histories, k, lambda part: np.asarray(incidence(part) @ self._matrix, np.float32), drop_seen=drop_seen
        )


def refuse_too_many(name: str, products: int) -> None:
    """Refuse a matrix of all pairs of products that would not fit. Raises NotEnoughData."""
    if products > DENSE_PRODUCTS:
        raise NotEnoughData(
            f"cannot fit '{name}'",
            f"{products:,} products need a matrix of {products * products * 8 / 1e9:,.0f} GB",
            f"It is compared up to {DENSE_PRODUCTS:,} products.",
        )
