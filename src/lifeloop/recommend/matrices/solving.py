"""The closed form of what follows what."""

from __future__ import annotations

import numpy as np

from lifeloop.recommend.histories import Floats, Longs
from lifeloop.recommend.matrices.counts import UNIT
from lifeloop.recommend.matrices.following_config import SolvedConfig


def solve_following(ahead: Longs, around: Longs, deeds: Longs, config: SolvedConfig) -> Floats:
    """Return B = (S + S' + diag(n + penalty))^-1 (F + back F'), columns scaled, shape (products, products), float32.

    `ahead` is F and `around` S, in units. The system is positive definite: S + S' + diag(n) sums products of histories that
    decay exponentially, but for edge terms that the penalty covers; where rounding says otherwise the penalty is doubled.
    Cost: n^3 / 6 multiply-adds for the factor and n^3 for the solution, 12 n^2 bytes.
    """
    from scipy.linalg import lapack

    count = len(deeds)
    if not count:
        return np.zeros((0, 0), np.float32)
    diagonal = np.arange(count)
    unit = np.float32(1 / UNIT)
    right = np.array(ahead, np.float32, order="F")
    right += np.float32(config.back) * ahead.T
    right *= unit
    penalty = config.penalty
    while True:
        system = np.array(around, np.float32, order="F")
        system += around.T
        system *= unit
        system[diagonal, diagonal] += (deeds + penalty).astype(np.float32)
        factor, failed = lapack.spotrf(system, lower=1, clean=0, overwrite_a=1)
        if not failed:
            break
        penalty *= 2
    solved, _ = lapack.spotrs(factor, right, lower=1, overwrite_b=1)
    solved *= ((deeds + 1.0) ** -config.column_power).astype(np.float32)
    return np.ascontiguousarray(solved)
