"""Cohorts: customers by the month of their first order, and who of them ordered how many months later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lifeloop.lake import Engine
from lifeloop.measure.months import month_table, months_until
from lifeloop.measure.revenue import first_order
from lifeloop.schema import ORDER

COHORTS_SQL = """
WITH dated AS (
    SELECT o.customer_id AS customer_id, m.number AS number, o.goods_minor AS goods_minor
    FROM orders AS o
    JOIN months AS m ON o.placed_at >= m.starts_at AND o.placed_at < m.ends_at
    WHERE o.placed_at < $as_of AND o.customer_id IS NOT NULL
),
joined AS (
    SELECT customer_id, min(number) AS cohort FROM dated GROUP BY customer_id
)
SELECT j.cohort AS cohort, d.number - j.cohort AS age, count(DISTINCT d.customer_id) AS customers,
    sum(d.goods_minor) AS goods_minor
FROM dated AS d
JOIN joined AS j ON d.customer_id = j.customer_id
GROUP BY j.cohort, d.number - j.cohort
ORDER BY cohort, age
"""


@dataclass(frozen=True)
class Cohort:
    """Customers whose first order was in one month; position k of a tuple is k months after it."""

    month: str
    customers: int
    active: tuple[int, ...]
    """Customers of the cohort who ordered in that month; the first entry is all of them."""
    goods_minor: tuple[int, ...]
    revenue_share: tuple[float, ...]
    """Goods of that month over those of the first month."""
    unfinished: bool
    """Whether the last entry is of a month that `as_of` cuts short."""


def cohorts(engine: Engine, zone: str, as_of: datetime) -> tuple[Cohort, ...]:
    """Return all cohorts, the oldest first; months without a first order have no cohort.

    The first cohort of a shop whose older facts were never imported holds its old customers too: they cannot be told
    from new ones.
    """
    first = first_order(engine, as_of)
    if first is None:
        return ()
    months = months_until(first, as_of, zone)
    unfinished = months[-1].after(1).start(zone) > as_of
    rows = engine.query(COHORTS_SQL, {"orders": ORDER, "months": month_table(months, zone)}, as_of=as_of).to_pylist()
    held: dict[int, dict[int, tuple[int, int]]] = {}
    for row in rows:
        held.setdefault(row["cohort"], {})[row["age"]] = (row["customers"], int(row["goods_minor"]))
    return tuple(
        _cohort(str(months[number]), ages, len(months) - number, unfinished=unfinished) for number, ages in held.items()
    )


def _cohort(month: str, ages: dict[int, tuple[int, int]], length: int, *, unfinished: bool) -> Cohort:
    active = tuple(ages.get(age, (0, 0))[0] for age in range(length))
    goods = tuple(ages.get(age, (0, 0))[1] for age in range(length))
    return Cohort(
        month=month,
        customers=active[0],
        active=active,
        goods_minor=goods,
        revenue_share=tuple(one / goods[0] if goods[0] else 0.0 for one in goods),
        unfinished=unfinished,
    )
