"""Following: what is wanted next, after these? A closed form over decayed neighbourhoods, or decayed counts.

F_ij = sum of ahead(g) over deeds with i g places before j        S_ij = the same with around(g), both ways
B    = (S + S' + N + penalty N'^share)^-1 (F + back F')           while the square fits (N: deeds per product)
B    = (F + back F') / (n_i + 1)^row_power                        beyond
both then divided by (n_j + 1)^column_power
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lifeloop.recommend.histories import Floats, Histories, Ints, Longs
from lifeloop.recommend.matrices.counts import (
    UNIT,
    DenseCounts,
    Pairs,
    SparseCounts,
    count_after,
    counts_of_arrays,
    pairs_after,
    units,
)
from lifeloop.recommend.matrices.dense import DenseMatrix
from lifeloop.recommend.matrices.item_matrix import ItemMatrix
from lifeloop.recommend.matrices.memory import FOLLOWING_BYTES, NEIGHBOURS, fits_dense, reach_within
from lifeloop.recommend.matrices.sparse import SparseMatrix


@dataclass(frozen=True, kw_only=True)
class FollowingConfig:
    """How what follows is counted."""

    reach: int = 20
    """Deeds ahead that are looked at."""
    fade: float = 0.1
    """A deed g ahead counts e^(-fade g) / g^power."""
    power: float = 0.0
    back: float = 0.05
    """Share by which what came before counts as following too."""
    around_reach: int = 30
    around_fade: float = 0.3
    """Deeds g apart count e^(-around_fade g) as had together, in what is held against."""
    penalty: float = 6.0
    share: float = 0.5
    row_power: float = 0.5
    column_power: float = 0.1
    memory_mb: int = 2000
    threads: int | None = None

    def ahead(self, reach: int | None = None) -> Longs:
        """Return the weights of deeds 1, 2, ... ahead, in units."""
        gap = np.arange(1, (reach or self.reach) + 1)
        return units(np.exp(-self.fade * gap) * gap**-self.power)

    def around(self) -> Longs:
        """Return the weights of deeds 1, 2, ... apart, in units."""
        return units(np.exp(-self.around_fade * np.arange(1, self.around_reach + 1)))


class Following:
    """Counts of what follows what; `learn` changes them in place, `forget` returns others."""

    def __init__(
        self,
        ahead: DenseCounts | SparseCounts,
        around: DenseCounts | None,
        deeds: Longs,
        weights: Longs,
        config: FollowingConfig,
    ) -> None:
        self.ahead = ahead
        self.around = around
        self.deeds = deeds
        self.weights = weights
        self.config = config

    @classmethod
    def fit(cls, histories: Histories, config: FollowingConfig | None = None) -> Following:
        """Return what follows what in histories."""
        how = config or FollowingConfig()
        deeds = np.bincount(histories.items, minlength=histories.products).astype(np.int64)
        dense = fits_dense(histories.products, FOLLOWING_BYTES, how.memory_mb)
        weights = how.ahead() if dense else how.ahead(reach_within(histories, how.reach, how.memory_mb))
        ahead = count_after(histories, weights, dense=dense, threads=how.threads)
        around = count_after(histories, how.around(), dense=True, threads=how.threads) if dense else None
        return cls(ahead, around if isinstance(around, DenseCounts) else None, deeds, weights, how)

    @cached_property
    def matrix(self) -> ItemMatrix:
        """B, as of when it is first asked for."""
        scale = (self.deeds + 1.0) ** -self.config.column_power
        if self.around is not None and isinstance(self.ahead, DenseCounts):
            solved = solve_following(self.ahead.values, self.around.values, self.deeds, self.config)
            return DenseMatrix(solved * scale.astype(np.float32))
        return SparseMatrix.of(_row_scaled(self.ahead.csr(), self.deeds, scale, self.config), most=NEIGHBOURS)

    def forget(self, items: Ints) -> Following:
        """Return what follows what in all histories but one: bit by bit what a fit without it gives."""
        own = np.asarray(items, np.int32)
        around = None if self.around is None else self.around.plus(pairs_after(own, self.config.around()), -1)
        deeds = self.deeds - np.bincount(own, minlength=len(self.deeds))
        return Following(self.ahead.plus(pairs_after(own, self.weights), -1), around, deeds, self.weights, self.config)

    def learn(self, before: Ints, item: int) -> None:
        """Count one more deed in, `before` being the history it ends; the matrix stays until the next fit."""
        own = np.asarray(before, np.int32)
        self.ahead.learn(_pairs_of_next(own, item, self.weights))
        if self.around is not None:
            self.around.learn(_pairs_of_next(own, item, self.config.around()))
        self.deeds = self.deeds.copy()
        self.deeds[item] += 1

    def arrays(self) -> dict[str, np.ndarray]:
        """Return its counts, by name."""
        around = {} if self.around is None else {"around": self.around.values}
        return (
            {f"ahead.{name}": array for name, array in self.ahead.arrays().items()}
            | around
            | {
                "deeds": self.deeds,
                "weights": self.weights,
            }
        )

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], config: FollowingConfig | None = None) -> Following:
        """Return what follows what by these counts."""
        ahead = {name.removeprefix("ahead."): array for name, array in arrays.items() if name.startswith("ahead.")}
        around = DenseCounts(arrays["around"]) if "around" in arrays else None
        return cls(counts_of_arrays(ahead), around, arrays["deeds"], arrays["weights"], config or FollowingConfig())


def _pairs_of_next(before: Ints, item: int, weights: Longs) -> Pairs:
    near = before[::-1][: len(weights)]
    return Pairs(near.copy(), np.full(len(near), item, np.int32), weights[: len(near)])


def _row_scaled(counts: Any, deeds: Longs, scale: np.ndarray, config: FollowingConfig) -> Any:
    import scipy.sparse as sp

    both = (counts + config.back * counts.T) / UNIT
    rows = (deeds + 1.0) ** -config.row_power
    return sp.diags_array(rows) @ both @ sp.diags_array(scale)


def solve_following(ahead: Longs, around: Longs, deeds: Longs, config: FollowingConfig) -> Floats:
    """Return B of the closed form, shape (products, products). Cost: n^3 / 3 + 2 n^3 multiply-adds, 12 n^2 bytes."""
    from scipy.linalg import lapack

    if not len(deeds):
        return np.zeros((0, 0), np.float32)
    system = np.asfortranarray((around + around.T) / UNIT, np.float32)
    system[np.diag_indices(len(deeds))] += deeds + config.penalty * (deeds + 1.0) ** config.share
    right = np.asfortranarray((ahead + config.back * ahead.T) / UNIT, np.float32)
    _, solved, _ = lapack.sposv(system, right, lower=1, overwrite_a=1, overwrite_b=1)
    return np.ascontiguousarray(solved, np.float32)
