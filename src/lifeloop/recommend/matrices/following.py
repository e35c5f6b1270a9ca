"""Following: what is wanted next, after these? A closed form while a square fits, decayed counts beyond.

Statistics are sums over all histories of weights of pairs of deeds by the gap g between them, rounded to 1 / 4096: C[w]_ij
adds w(g) for every i that stands g places before j, up to a reach. n_i counts deeds with i.

Solved, up to 5,000 products:
    B = (S + S' + diag(n + penalty))^-1 (F + back F'),  column j divided by (n_j + 1)^column_power
    S = C[e^(-around_fade g)], F = C[e^(-ahead_fade g)]: the regression of what comes on what was had lately, in which S + S'
    stands for the products of decayed histories
    beside it, for the last deeds alone: C[g^-soon_power]_ij / ((n_i + 1) (n_j + 1)^soon_column_power)
Counted, beyond, and within a visit whatever the size:
    (K_ij + K'_ij back) / ((n_i + 1)^row_power (n_j + 1)^column_power),  K = C[g^-power]
    where a square is kept, K is 0.3 C[e^(-ahead_fade g)] + 0.7 C[g^-soon_power], of counts that are there already
    within a visit, what speaks for itself besides: alone n_i / (n_i + 1)^(row_power + column_power) at (i, i)

How settings were chosen, and figures: docs/models/recommend.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Histories, Ints, Longs
from lifeloop.recommend.matrices.counting import count_ahead, count_around
from lifeloop.recommend.matrices.counts import UNIT, DenseCounts, SparseCounts, counts_of_arrays
from lifeloop.recommend.matrices.dense import DenseMatrix
from lifeloop.recommend.matrices.following_config import FollowingConfig
from lifeloop.recommend.matrices.item_matrix import ItemMatrix
from lifeloop.recommend.matrices.memory import FOLLOWING_BYTES, NEIGHBOURS, fits_dense, room_for_pairs
from lifeloop.recommend.matrices.neighbours import highest
from lifeloop.recommend.matrices.solving import solve_following
from lifeloop.recommend.matrices.sparse import SparseMatrix
from lifeloop.recommend.matrices.visits import highest_of_squares

Statistics: TypeAlias = Mapping[str, DenseCounts | SparseCounts]


class Following:
    """Counts of what follows what, by name, and the matrices that follow from them."""

    def __init__(self, counts: Statistics, deeds: Longs, reach: int, config: FollowingConfig) -> None:
        self.counts = counts
        self.deeds = deeds
        """Deeds with each product, shape (products,)."""
        self.reach = reach
        """Deeds away that are looked at in sparse counts."""
        self.config = config
        self._windows = config.solved.windows() if self.is_solved else {"ahead": config.counted.window(reach)}

    @classmethod
    def fit(cls, histories: Histories, config: FollowingConfig | None = None) -> Following:
        """Return what follows what in histories."""
        how = config or FollowingConfig()
        deeds = np.bincount(histories.items, minlength=histories.products).astype(np.int64)
        if fits_dense(histories.products, FOLLOWING_BYTES, how.memory_mb):
            windows = how.solved.windows()
            counts = {name: count_ahead(histories, window, threads=how.threads) for name, window in windows.items()}
            return cls(counts, deeds, how.counted.reach, how)
        room = room_for_pairs(how.memory_mb)
        ahead, reach = count_around(histories, how.counted.window, how.counted.reach, room, threads=how.threads)
        return cls({"ahead": ahead}, deeds, reach, how)

    @property
    def is_solved(self) -> bool:
        """Whether the closed form is used: all pairs are kept."""
        return all(isinstance(counts, DenseCounts) for counts in self.counts.values())

    @cached_property
    def matrix(self) -> ItemMatrix:
        """What a whole history speaks for, as of when it is first asked for."""
        ahead = self.counts["ahead"]
        if isinstance(ahead, SparseCounts):
            how = self.config.counted
            return highest(ahead, self._scale(how.row_power, how.column_power), NEIGHBOURS, threads=self.config.threads)
        around = self.counts["around"]
        assert isinstance(around, DenseCounts)
        return DenseMatrix(solve_following(ahead.values, around.values, self.deeds, self.config.solved))

    @cached_property
    def soon(self) -> ItemMatrix | None:
        """What the last few deeds speak for besides; None where the matrix is sparse."""
        counts = self.counts.get("soon")
        if not isinstance(counts, DenseCounts):
            return None
        values = counts.values.astype(np.float32)
        values /= (UNIT * (self.deeds + 1.0)).astype(np.float32)[:, None]
        values *= ((self.deeds + 1.0) ** -self.config.solved.soon_column_power).astype(np.float32)
        return DenseMatrix(values)

    @cached_property
    def counted(self) -> SparseMatrix:
        """What is counted and not solved for: better within a visit. The same as `matrix` where that is sparse."""
        ahead, soon = self.counts["ahead"], self.counts.get("soon")
        how = self.config.counted
        scale = self._scale(how.row_power, how.column_power)
        if isinstance(ahead, DenseCounts) and isinstance(soon, DenseCounts):
            return highest_of_squares(ahead.values, soon.values, how.back, scale)
        assert isinstance(self.matrix, SparseMatrix)
        return self.matrix

    @cached_property
    def itself(self) -> SparseMatrix:
        """What every product speaks for itself within a visit: one cell a row."""
        how, places = self.config.counted, np.arange(len(self.deeds) + 1, dtype=np.int64)
        values = how.alone * self.deeds * (self.deeds + 1.0) ** -(how.row_power + how.column_power)
        return SparseMatrix(places, places[:-1].astype(np.int32), values)

    def _scale(self, row_power: float, column_power: float) -> _Scaled:
        deeds = np.asarray(self.deeds + 1.0, np.float64)
        return _Scaled(np.asarray(deeds**-row_power / UNIT), np.asarray(deeds**-column_power))

    def forget(self, items: Ints) -> Following:
        """Return what follows what in all histories but one: bit by bit what a fit without it gives, at the same reach.

        Where memory cut the reach, a fit without it, having fewer pairs, may afford a longer one.
        """
        own = np.asarray(items, np.int32)
        left = {name: counts.plus(self._windows[name].pairs(own), -1) for name, counts in self.counts.items()}
        deeds = self.deeds - np.bincount(own, minlength=len(self.deeds))
        return Following(left, deeds, self.reach, self.config)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return its counts, by name."""
        told = {"deeds": self.deeds, "reach": np.array([self.reach])}
        return told | {f"{name}.{part}": array for name, one in self.counts.items() for part, array in one.arrays().items()}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], config: FollowingConfig | None = None) -> Following:
        """Return what follows what by these counts."""
        parts: dict[str, dict[str, np.ndarray]] = {}
        for key, array in arrays.items():
            name, dot, part = key.partition(".")
            if dot:
                parts.setdefault(name, {})[part] = array
        counts = {name: counts_of_arrays(own) for name, own in parts.items()}
        return cls(counts, arrays["deeds"], int(arrays["reach"][0]), config or FollowingConfig())


class _Scaled:
    """A value for each pair: its sum, times one number of its row and one of its column."""

    def __init__(self, by_row: npt.NDArray[np.float64], by_column: npt.NDArray[np.float64]) -> None:
        self.by_row, self.by_column = by_row, by_column

    def __call__(self, rows: Longs, columns: Ints, sums: Longs) -> npt.NDArray[np.float64]:
        """Return the values."""
        values: npt.NDArray[np.float64] = sums * self.by_row[rows] * self.by_column[columns]
        return values
