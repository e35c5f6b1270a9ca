"""The settings of what follows what: chosen once, on validation items of several public sets, and the same for every shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lifeloop.recommend.matrices.counts import Window, units


@dataclass(frozen=True, kw_only=True)
class SolvedConfig:
    """Of the closed form; formulas are in `following`."""

    around_reach: int = 30
    around_fade: float = 0.35
    ahead_reach: int = 20
    ahead_fade: float = 0.1
    back: float = 0.1
    """Share by which what came before counts as coming after too."""
    penalty: float = 60.0
    """In deeds: 40 to 80 is best or equal on ML-1M, a tenth of its people, and ML-100k."""
    column_power: float = 0.15
    soon_reach: int = 5
    soon_power: float = 1.5
    soon_column_power: float = 0.1

    def windows(self) -> Mapping[str, Window]:
        """Return what a deed adds to each of the counts."""
        return {
            "around": Window(units(np.exp(-self.around_fade * _gaps(self.around_reach)))),
            "ahead": Window(units(np.exp(-self.ahead_fade * _gaps(self.ahead_reach)))),
            "soon": Window(units(_gaps(self.soon_reach) ** -self.soon_power)),
        }


@dataclass(frozen=True, kw_only=True)
class CountedConfig:
    """Of decayed counts; formulas are in `following`."""

    reach: int = 20
    power: float = 0.75
    back: float = 0.2
    alone: float = 0.4
    """What a deed speaks for its own product within a visit, where what was seen may be shown again."""
    row_power: float = 0.5
    column_power: float = 0.1

    def window(self, reach: int) -> Window:
        """Return what a deed adds to the counts, looking `reach` deeds away."""
        ahead = _gaps(reach) ** -self.power
        return Window(units(ahead), units(self.back * ahead))


@dataclass(frozen=True, kw_only=True)
class FollowingConfig:
    """How what follows is counted, and what it may cost."""

    solved: SolvedConfig = SolvedConfig()
    counted: CountedConfig = CountedConfig()
    memory_mb: int = 2000
    threads: int | None = None


def _gaps(reach: int) -> np.ndarray:
    return np.arange(1.0, reach + 1)
