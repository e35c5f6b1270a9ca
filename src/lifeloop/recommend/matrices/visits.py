"""What is counted within a visit, of the squares that the closed form is solved from: nothing is counted twice.

The gap's weight g^-0.75 of decayed counts lies near 0.3 e^(-0.1 g) + 0.7 g^-1.5, which the squares hold.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Ints, Longs
from lifeloop.recommend.matrices.counts import SparseCounts
from lifeloop.recommend.matrices.memory import NEIGHBOURS
from lifeloop.recommend.matrices.neighbours import Scale, highest
from lifeloop.recommend.matrices.sparse import SparseMatrix

AHEAD, SOON = 3, 7
"""Tenths of each square."""
ROWS = 256
"""At a time: 40 bytes for each of their pairs."""


def highest_of_squares(ahead: Longs, soon: Longs, back: float, scale: Scale) -> SparseMatrix:
    """Return the best of each row of (K + back K'), K = 0.3 ahead + 0.7 soon, both of shape (products, products), in units."""
    import scipy.sparse as sp

    products, share = len(ahead), round(100 * back)
    starts, columns, values = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
    for first in range(0, products, ROWS):
        some = slice(first, min(first + ROWS, products))
        sums = 100 * (AHEAD * ahead[some] + SOON * soon[some]) + share * (AHEAD * ahead[:, some] + SOON * soon[:, some]).T

        def in_units(rows: Longs, others: Ints, met: Longs, first: int = first) -> npt.NDArray[np.float64]:
            return np.asarray(scale(rows + first, others, met) / 1000)

        kept = highest(SparseCounts.of_csr(sp.csr_matrix(sums)), in_units, NEIGHBOURS, threads=1)
        starts.append(kept.starts[1:] + starts[-1][-1])
        columns.append(kept.columns)
        values.append(kept.values)
    return SparseMatrix(np.concatenate(starts), np.concatenate(columns), np.concatenate(values))
