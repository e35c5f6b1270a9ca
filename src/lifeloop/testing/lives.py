"""Customers who live by the book: BG/NBD counts, Gamma-Gamma amounts, and what they do in the days after."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.predict.examples import Example

AS_OF = datetime(2024, 1, 1, tzinfo=UTC)


def one_life(rng: np.random.Generator, first: int, until: int) -> list[tuple[int, int]]:
    """Return the order days of one customer and what they paid, from day `first` to before day `until`."""
    rate, drop = rng.gamma(0.5, 1 / 25.0), rng.beta(0.8, 2.5)
    mean = 6.0 / rng.gamma(4.0, 1 / 1500.0)
    day, days = float(first), [first]
    while True:
        day += rng.exponential(1.0 / max(rate, 1e-9))
        if day >= until:
            break
        days.append(int(day))
        if rng.random() < drop:
            break
    return [(day, int(mean * rng.gamma(6.0) / 6.0)) for day in sorted(set(days))]


def example_of(lives: list[list[tuple[int, int]]], at: int, horizon_days: int, as_of: datetime = AS_OF) -> Example:
    """Return what is known of each life before day `at`, and what follows within the horizon."""
    known = [(number, [o for o in life if o[0] < at], [o for o in life if at <= o[0] < at + horizon_days])
             for number, life in enumerate(lives)]  # fmt: skip
    known = [row for row in known if row[1]]
    names = [f"c{number:05d}" for number, _, _ in known]
    before, after = [row[1] for row in known], [row[2] for row in known]
    first, last = [life[0] for life in before], [life[-1] for life in before]
    snapshot = pa.table(
        {
            "as_of": pa.array([as_of] * len(names), pa.timestamp("us", tz="UTC")),
            "customer_id": names,
            "recency_days": [at - 1 - day for day, _ in last],
            "tenure_days": [at - 1 - day for day, _ in first],
            "life_days": [b[0] - a[0] for a, b in zip(first, last, strict=True)],
            "orders": [len(life) for life in before],
            "order_days": [len(life) for life in before],
            "goods_minor": [sum(v for _, v in life) for life in before],
            "repeat_day_value_mean_minor": [float(np.mean([v for _, v in life[1:]] or [0])) for life in before],
            "first_day_value_minor": [value for _, value in first],
            "last_day_value_minor": [value for _, value in last],
            "gap_mean_days": pa.array([_mean(np.diff([d for d, _ in life])) for life in before], pa.float64()),
            "gap_sd_days": pa.array([_spread(np.diff([d for d, _ in life])) for life in before], pa.float64()),
        }
    )
    labels = pa.table(
        {
            "customer_id": names,
            "orders": pa.array([len(life) for life in after], pa.int32()),
            "order_days": pa.array([len(life) for life in after], pa.int32()),
            "revenue_minor": pa.array([sum(v for _, v in life) for life in after], pa.int64()),
            "churned": [not life for life in after],
            "next_order_days": pa.array([life[0][0] - at + 1 if life else None for life in after], pa.int32()),
        }
    )
    return Example(snapshot, labels, horizon_days)


def lives(customers: int, seed: int, *, starts: int = 180, until: int = 900) -> list[list[tuple[int, int]]]:
    """Return the lives of customers whose first order falls on one of the first `starts` days."""
    rng = np.random.default_rng(seed)
    return [one_life(rng, int(rng.integers(starts)), until) for _ in range(customers)]


def with_visitor(snapshot: pa.Table) -> pa.Table:
    """Return the snapshot with one more customer, who never ordered: what counts is 0, all else is not known."""
    counts = {"orders", "order_days", "goods_minor", "repeat_day_value_mean_minor"}
    row: dict[str, list[Any]] = {name: [0 if name in counts else None] for name in snapshot.column_names}
    row |= {"as_of": [snapshot.column("as_of")[0].as_py()], "customer_id": ["visitor"]}
    return pa.concat_tables([snapshot, pa.table(row).cast(snapshot.schema)])


def _mean(gaps: npt.NDArray[np.int64]) -> float | None:
    return float(gaps.mean()) if gaps.size else None


def _spread(gaps: npt.NDArray[np.int64]) -> float | None:
    return float(gaps.std(ddof=1)) if gaps.size > 1 else None
