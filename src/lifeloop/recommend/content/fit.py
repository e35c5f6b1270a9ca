"""Content: what a new product would be recommended for, judged by what is written about it.

Likeness alone is worth c. How much more or less each feature is worth, products of many customers show: their columns of an
item-item matrix B are regressed on features z, and shrunk towards likeness.

    P = (B W Z + penalty c Z) S^-1,   S = Z'WZ + penalty I          B_ij is about P_i . z_j
    Q = S^-1 (Z'W P + penalty c I)                                   P_i is about z_i Q, where i is new itself
    left_i = (1 - new_i) P_i + new_i z_i Q,   right_j = new_j z_j    content gives way to B as customers come
    new_j = new_below / (new_below + n_j),    W = diag(1 - new)

z: features in at most `most_features` directions (truncated SVD); n: how many had to do with the product; c: the slope of
B_ij on z_i . z_j over pairs of known products, at least 0; 1 where no customer is known yet.

Cost    about (3 products + features) features^2 + (cells of B) features multiply-adds; 8 products features bytes are kept
Source  Gantner et al. (2010), Learning attribute-to-feature mappings for cold-start recommendations: the idea, here with an
        item-item matrix in the place of factors
Limits  between two products whose features are the same it sees no difference
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.catalogue import Catalogue, Doubles
from lifeloop.recommend.content.features import features_of
from lifeloop.recommend.histories import Floats, Products
from lifeloop.recommend.matrices import DenseMatrix, ItemMatrix, LowRankMatrix, SparseMatrix

LEAST_FEATURES = 64
"""However many products there are."""
_BLOCK = 512
"""Rows of a matrix of unknown kind that are looked at together."""


@dataclass(frozen=True, kw_only=True)
class ContentConfig:
    """How content is learned."""

    most_features: int = 256
    """Directions that features are kept in; 8 bytes each and product."""
    most_cells: int = 8_000_000
    """Directions times products, whatever `most_features` says, down to `LEAST_FEATURES`: what one request multiplies."""
    penalty: float = 3.0
    """Ridge, in products' worth of doubt that a feature is worth another thing than likeness; 1 to 10 is flat."""
    new_below: int = 20
    """Customers from whom on a product speaks more for itself than its features do."""
    seed: int = 0
    """Of the search for directions."""


def fit_content(
    catalogue: Catalogue,
    products: Products,
    matrix: ItemMatrix,
    people: npt.NDArray[Any],
    config: ContentConfig | None = None,
) -> LowRankMatrix:
    """Return what content says of every product, in the unit of `matrix`; both speak of `products`.

    `people`, shape (products,): how many had to do with each. Where nothing is written about products, it says nothing.
    """
    return fit_from_features(features_of(catalogue, catalogue.aligned(products)), matrix, people, config)


def fit_from_features(
    features: Any, matrix: ItemMatrix, people: npt.NDArray[Any], config: ContentConfig | None = None
) -> LowRankMatrix:
    """Return what features say, a SciPy matrix of shape (products, features), as `fit_content` does."""
    how = config or ContentConfig()
    z = np.asarray(_directions(features, how), np.float64)
    n = np.asarray(people, np.float64)
    new = (how.new_below / (how.new_below + n) if how.new_below else (n <= 0).astype(np.float64))[:, None]
    known = (1.0 - new) * z
    among, met = z.T @ known, _times(matrix, known)
    worth = how.penalty * _slope(z, 1.0 - new, met)
    system = among + how.penalty * np.eye(z.shape[1])
    rows = np.linalg.solve(system, (met + worth * z).T).T
    left = (1.0 - new) * rows + new * (z @ np.linalg.solve(system, known.T @ rows + worth * np.eye(z.shape[1])))
    return LowRankMatrix(left.astype(np.float32), np.ascontiguousarray((new * z).T, np.float32))


def _slope(z: Doubles, weight: Doubles, met: Doubles) -> float:
    """Return the slope of B_ij on z_i . z_j over pairs of different products, weighted, at least 0; 1 where B is empty."""
    if not met.any():
        return 1.0
    known = weight * z
    likeness = float(np.sum((z.T @ known) ** 2) - np.sum((known * z).sum(axis=1) ** 2))
    return max(float(np.sum(known * met)) / likeness, 0.0) if likeness > 0 else 0.0


def _directions(features: Any, how: ContentConfig) -> Floats:
    """Return features as they are where they are few, else in the directions in which they differ most."""
    products, count = features.shape
    most = min(how.most_features, max(LEAST_FEATURES, how.most_cells // max(products, 1)))
    if min(count, products) <= most:
        dense: Floats = features.toarray()
        return dense
    from sklearn.utils.extmath import randomized_svd

    left, strength, _ = randomized_svd(features, most, random_state=how.seed)
    found: Floats = left * strength
    return found


def _times(matrix: ItemMatrix, thin: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return `matrix` times a thin one."""
    if isinstance(matrix, DenseMatrix):
        return np.asarray(matrix.values @ thin.astype(np.float32))
    if isinstance(matrix, SparseMatrix):
        import scipy.sparse as sp

        return np.asarray(sp.csr_matrix((matrix.values, matrix.columns, matrix.starts), (len(thin),) * 2) @ thin)
    every = np.arange(len(thin), dtype=np.int32)
    blocks = (every[first : first + _BLOCK] for first in range(0, len(thin), _BLOCK))
    return np.concatenate([matrix.contributions(rows, np.ones(len(rows), np.float32), every) @ thin for rows in blocks])
