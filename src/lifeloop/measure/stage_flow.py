"""How many customers stand in each stage, and how they came there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lifeloop.predict.columns import numbers
from lifeloop.predict.stage.rules import STAGES, transition_table


@dataclass(frozen=True)
class StageCount:
    """How many customers stand in one stage."""

    stage: str
    customers: int
    before: int | None
    """At the moment before; None where there is none."""
    revenue_minor: float | None
    """Revenue expected of them within the horizon; None where there is no value score."""
    goods_minor: int
    """What they bought so far."""


@dataclass(frozen=True)
class Move:
    """How many customers went from one stage to another; `none`: not a customer (yet)."""

    before: str
    after: str
    customers: int
    share: float
    """Of those who stood at `before`."""


def stage_counts(standing: pa.Table, before: pa.Table | None = None) -> tuple[StageCount, ...]:
    """Return every stage with its customers, in the order of a customer's life; () where nobody has a stage.

    `before` holds the stage rows of an earlier moment.
    """
    stages = np.array(standing.column("stage").to_pylist(), dtype=object)
    if not any(stages):
        return ()
    revenue, goods = numbers(standing, "revenue_minor"), np.nan_to_num(numbers(standing, "goods_minor"))
    valued = bool(np.isfinite(revenue).any())
    was = before.column("label").to_pylist() if before is not None else None
    return tuple(
        StageCount(
            stage=name,
            customers=int((stages == name).sum()),
            before=None if was is None else was.count(name),
            revenue_minor=float(np.nansum(revenue[stages == name])) if valued else None,
            goods_minor=int(goods[stages == name].sum()),
        )
        for name in STAGES
    )


def stage_flow(before: pa.Table, after: pa.Table) -> tuple[Move, ...]:
    """Return every move between the stage rows of two moments."""
    return tuple(Move(**row) for row in transition_table(before, after).to_pylist())


def improved(moves: Sequence[Move]) -> int:
    """Return how many came closer: those who were at risk or lapsed and no longer are."""
    away, near = ("at_risk", "lapsed"), ("active", "loyal", "won_back", "new")
    return sum(move.customers for move in moves if move.before in away and move.after in near)


def worsened(moves: Sequence[Move]) -> int:
    """Return how many moved away: those who were neither at risk nor lapsed and now are, or lapsed from being at risk."""
    order = {name: place for place, name in enumerate(("near", "at_risk", "lapsed"))}

    def place(stage: str) -> int:
        return order.get(stage, 0)

    return sum(
        move.customers for move in moves if move.before not in ("none", "prospect") and place(move.after) > place(move.before)
    )
