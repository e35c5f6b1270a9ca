"""What somebody had most often, the latest counting most: where people buy the same again, hard to beat.

Source  Hu et al. (2020) and Li et al. (2023): most methods for the next basket do worse than this
"""

from __future__ import annotations

import numpy as np

from lifeloop.recommend.histories import Floats, Histories, Ints
from lifeloop.recommend.peers.peer import incidence, owners, rank_in_chunks


class Again:
    """One's own products by decayed count, then what is popular."""

    name = "again"

    def __init__(self, decay: float = 0.01) -> None:
        self.decay = decay
        """By how much less each deed counts than the next one."""
        self._popularity: Floats = np.zeros(0, np.float32)

    def fit(self, histories: Histories) -> None:
        """Count in how many histories each product is."""
        counts = np.asarray(incidence(histories).sum(axis=0), np.float32).ravel()
        self._popularity = counts / np.float32(1 + counts.max(initial=0))

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank what one had first; all else stands behind by popularity."""
        return rank_in_chunks(histories, k, self._scores, drop_seen=drop_seen)

    def _scores(self, part: Histories) -> Floats:
        mine = owners(part)
        age = part.starts[1:][mine] - 1 - np.arange(len(part.items))
        own = np.zeros((len(part), part.products), np.float64)
        np.add.at(own, (mine, part.items), np.exp(-self.decay * age))
        own[own > 0] += 1  # above all popularity, which is below 1
        return (own + self._popularity).astype(np.float32)
