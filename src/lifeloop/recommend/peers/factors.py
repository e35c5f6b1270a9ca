"""A few hidden numbers for each product: by singular value decomposition, and by alternating least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifeloop.base.errors import SettingsError
from lifeloop.recommend.histories import Floats, Histories, Ints
from lifeloop.recommend.peers.peer import incidence, rank_in_chunks


class TruncatedSvd:
    """Histories pressed through the strongest singular vectors of who had what: score = h V Vᵀ.

    Source  Cremonesi, Koren & Turrin (2010), PureSVD
    """

    name = "svd"

    def __init__(self, factors: int = 64, seed: int = 0) -> None:
        self.factors = factors
        self.seed = seed
        self._vectors: Floats = np.zeros((0, 0), np.float32)

    def fit(self, histories: Histories) -> None:
        """Find the strongest right singular vectors."""
        from scipy.sparse.linalg import svds

        had = incidence(histories)
        most = min(self.factors, min(had.shape) - 1)
        if most < 1:
            self._vectors = np.ones((histories.products, 1), np.float32)
            return
        self._vectors = np.ascontiguousarray(svds(had, k=most, rng=np.random.default_rng(self.seed))[2].T, np.float32)

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank by the histories pressed through the vectors."""
        return rank_in_chunks(
            histories, k, lambda part: (incidence(part) @ self._vectors) @ self._vectors.T, drop_seen=drop_seen
        )


class ImplicitAls:
    """Alternating least squares of weighted implicit feedback, by the library implicit.

    Source  Hu, Koren & Volinsky (2008)
    Needs   implicit, the extra `peers`
    """

    name = "ials"

    def __init__(self, factors: int = 64, iterations: int = 15, weight: float = 1.0, seed: int = 0, threads: int = 1) -> None:
        self.factors = factors
        self.iterations = iterations
        self.weight = weight
        self.seed = seed
        self.threads = threads
        self._model: Any = None

    def fit(self, histories: Histories) -> None:
        """Alternate. Raises SettingsError where the library is not installed."""
        from threadpoolctl import threadpool_limits

        try:
            from implicit.als import AlternatingLeastSquares
        except ModuleNotFoundError as error:
            raise SettingsError(
                "cannot fit 'ials'", "the library implicit is not installed", "Install it with: pip install 'lifeloop[peers]'"
            ) from error
        with threadpool_limits(1, "blas"):  # its own threads call BLAS: those of BLAS on top would stand in their way
            self._model = AlternatingLeastSquares(
                factors=self.factors,
                iterations=self.iterations,
                alpha=self.weight,
                random_state=self.seed,
                num_threads=self.threads,
            )
            self._model.fit(_old_matrix(histories), show_progress=False)

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank by the product of each one's factors, solved for anew from what was given, and the products'."""
        return rank_in_chunks(histories, k, self._scores, drop_seen=drop_seen)

    def _scores(self, part: Histories) -> Floats:
        factors = self._model.recalculate_user(np.arange(len(part)), _old_matrix(part))
        return np.asarray(factors @ self._model.item_factors.T, np.float32)


def _old_matrix(histories: Histories) -> Any:
    """Return who had what in the form the library takes."""
    from scipy.sparse import csr_matrix

    return csr_matrix(incidence(histories))
