"""Past customers as the trees of value see them: the level then, the relative features, and what followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import NotEnoughData
from lifeloop.predict.btyd.level import Level
from lifeloop.predict.btyd.predictive import revenue_spread
from lifeloop.predict.columns import Floats
from lifeloop.predict.examples import Example
from lifeloop.predict.value.relative import relative_features


@dataclass(frozen=True)
class PastRows:
    """n past customers; money in usual orders of the shop then. Shapes (n,), `seen` (n, k)."""

    seen: Floats
    chance: Floats
    orders_if_any: Floats
    order_value: Floats
    spread: Floats
    bought: npt.NDArray[np.bool_]
    revenue: Floats

    @classmethod
    def of(cls, example: Example) -> PastRows | None:
        """Return the rows of one example; None where no level can be fitted."""
        try:
            level = Level.of(example.snapshot)
        except NotEnoughData:
            return None
        outlook, unit = level.outlook(example.snapshot, example.horizon_days), level.usual_order_value
        return cls(
            seen=relative_features(example.snapshot, outlook, unit),
            chance=outlook.chance,
            orders_if_any=outlook.orders_if_any,
            order_value=outlook.order_value / unit,
            spread=revenue_spread(level, outlook),
            bought=example.label("orders") > 0,
            revenue=np.maximum(example.label("revenue_minor"), 0.0) / unit,
        )

    @classmethod
    def joined(cls, parts: Sequence[PastRows]) -> PastRows | None:
        """Return the rows of all examples."""
        return cls(*(np.concatenate(columns) for columns in zip(*map(_columns, parts), strict=True))) if parts else None

    def take(self, rows: npt.NDArray[np.intp]) -> PastRows:
        """Return some of the rows."""
        return PastRows(*(column[rows] for column in _columns(self)))


def _columns(rows: PastRows) -> tuple[npt.NDArray[Any], ...]:
    return tuple(getattr(rows, name) for name in rows.__dataclass_fields__)
