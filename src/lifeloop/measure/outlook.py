"""What is expected: of all customers together, in tenths by value, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt

import numpy as np
import pyarrow as pa

from lifeloop.base.text import Text
from lifeloop.lake import Engine
from lifeloop.predict.columns import numbers
from lifeloop.schema import SCORE

Z80 = 1.2815515655446004
"""Half the width of an 80 % interval of a normal figure, in standard deviations."""


@dataclass(frozen=True)
class Outlook:
    """What is expected of all customers within the horizons of the models; None where a model has not spoken."""

    customers: int
    """Customers who ordered."""
    prospects: int
    """Known, but never ordered."""
    churn_days: int | None
    churn_expected: float | None
    """Customers who will place no order within `churn_days`: the sum of their chances."""
    churn_low: float | None
    churn_high: float | None
    """Ends of the 80 % interval, customers taken as independent."""
    value_days: int | None
    revenue_minor: float | None
    revenue_low_minor: float | None
    revenue_high_minor: float | None
    """Ends of the 80 % interval, customers taken as independent; as far out as totals were off in the past, where known."""
    orders: float | None


def outlook(standing: pa.Table, total_ratios: Sequence[float] = ()) -> Outlook:
    """Add up what is expected of every customer.

    A sum's variance is the sum of variances: p (1 - p) for churn, and ((high - low) / (2 z))^2 with z = 1.28 for revenue,
    whose 80 % interval each customer has. A season or a trend moves all customers at once, which no such sum can know:
    `total_ratios`, predicted over actual totals at moments of the past, stretch the ends to where the truth was then.
    """
    ordered = np.nan_to_num(numbers(standing, "orders")) > 0
    churn = numbers(standing, "p_churn")
    churn = churn[np.isfinite(churn)]
    revenue = numbers(standing, "revenue_minor")
    low, high = numbers(standing, "revenue_low_minor"), numbers(standing, "revenue_high_minor")
    valued = np.isfinite(revenue)
    total = float(revenue[valued].sum()) if valued.any() else None
    wide = np.isfinite(low) & np.isfinite(high) & valued
    spread = sqrt(float((((high[wide] - low[wide]) / (2 * Z80)) ** 2).sum())) * Z80 if wide.any() else None
    lost = float(churn.sum()) if churn.size else None
    lost_spread = sqrt(float((churn * (1 - churn)).sum())) * Z80
    orders = numbers(standing, "orders_expected")
    ends = _ends(total, spread, total_ratios)
    return Outlook(
        customers=int(ordered.sum()),
        prospects=int((~ordered).sum()),
        churn_days=_horizon(standing, "churn_days"),
        churn_expected=lost,
        churn_low=None if lost is None else max(lost - lost_spread, 0.0),
        churn_high=None if lost is None else min(lost + lost_spread, float(churn.size)),
        value_days=_horizon(standing, "value_days"),
        revenue_minor=total,
        revenue_low_minor=ends[0],
        revenue_high_minor=ends[1],
        orders=float(np.nansum(orders)) if np.isfinite(orders).any() else None,
    )


def _ends(total: float | None, spread: float | None, ratios: Sequence[float]) -> tuple[float | None, float | None]:
    if total is None or spread is None:
        return None, None
    past = [total / ratio for ratio in ratios if ratio > 0]
    return min([max(total - spread, 0.0), *past]), max([total + spread, *past])


def _horizon(standing: pa.Table, name: str) -> int | None:
    known = [days for days in standing.column(name).to_pylist() if days is not None]
    return int(known[0]) if known else None


@dataclass(frozen=True)
class Decile:
    """A tenth of the customers, by predicted value; 1 is the most valuable."""

    number: int
    customers: float
    predicted_mean_minor: float
    actual_mean_minor: float | None
    """What they then spent; None for a prediction whose time has not come."""
    share: float
    """Of all predicted value."""


def value_deciles(standing: pa.Table) -> tuple[Decile, ...]:
    """Return predicted value by tenths of the customers; () where nobody has a value score."""
    revenue = numbers(standing, "revenue_minor")
    revenue = np.sort(revenue[np.isfinite(revenue)])[::-1]
    total = float(revenue.sum())
    if not revenue.size or total <= 0:
        return ()
    parts = [part for part in np.array_split(revenue, 10) if part.size]
    return tuple(
        Decile(number, float(part.size), float(part.mean()), None, float(part.sum()) / total)
        for number, part in enumerate(parts, start=1)
    )


@dataclass(frozen=True)
class ReasonCount:
    """One thing that moves churn, over many customers."""

    feature: str
    raises: bool
    """Whether it makes churn more likely, for those it is counted for."""
    customers: int
    """Customers among whose three strongest reasons it is."""
    share: float
    """Of customers with reasons."""
    label: Text = field(compare=False)
    """What the feature is called."""


STRONGEST = 3


REASONS_SQL = "SELECT reasons FROM scores WHERE as_of = $as_of AND target = 'p_churn'"


def top_reasons(engine: Engine, as_of: datetime, labels: Mapping[str, Text], *, most: int = 10) -> tuple[ReasonCount, ...]:
    """Count which reasons stand among the three strongest of each customer's churn score, the commonest first."""
    counts: dict[tuple[str, bool], int] = {}
    reasoned = 0
    for batch in engine.stream(REASONS_SQL, {"scores": SCORE}, as_of=as_of):
        for told in batch.column("reasons").to_pylist():
            reasons = json.loads(told)[:STRONGEST] if told else []
            reasoned += bool(reasons)
            for reason in reasons:
                key = (str(reason["feature"]), float(reason.get("effect") or 0.0) > 0)
                counts[key] = counts.get(key, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    return tuple(
        ReasonCount(feature, raises, customers, customers / reasoned, labels.get(feature, Text(feature, feature)))
        for (feature, raises), customers in ranked
    )
