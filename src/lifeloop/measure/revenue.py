"""Revenue: by month, and in the last days against as many days before. Goods after discount, in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifeloop.features.cut import Moment
from lifeloop.lake import Engine
from lifeloop.measure.months import Month, month_table, months_until
from lifeloop.schema import ORDER, REFUND

FIRST_ORDER_SQL = "SELECT min(placed_at) AS first FROM orders WHERE placed_at < $as_of"

MONTHS_SQL = """
SELECT m.number AS number, count(*) AS orders, count(DISTINCT o.customer_id) AS customers, sum(o.goods_minor) AS goods_minor
FROM orders AS o
JOIN months AS m ON o.placed_at >= m.starts_at AND o.placed_at < m.ends_at
WHERE o.placed_at < $as_of
GROUP BY m.number
ORDER BY m.number
"""

REFUNDED_MONTHS_SQL = """
SELECT m.number AS number, sum(r.goods_minor) AS refunded_minor
FROM refunds AS r
JOIN months AS m ON r.refunded_at >= m.starts_at AND r.refunded_at < m.ends_at
WHERE r.refunded_at < $as_of
GROUP BY m.number
"""

PERIOD_SQL = """
SELECT count(*) AS orders, count(DISTINCT customer_id) AS customers, coalesce(sum(goods_minor), 0) AS goods_minor
FROM orders
WHERE placed_at >= $since AND placed_at < $until
"""


@dataclass(frozen=True)
class MonthRevenue:
    """What one month brought."""

    month: str
    orders: int
    customers: int
    """Named customers who ordered."""
    goods_minor: int
    refunded_minor: int
    complete: bool
    """False for the month `as_of` falls into, and for the first where the facts begin after its first day."""


@dataclass(frozen=True)
class Period:
    """The last `days` days beside the same number of days before."""

    days: int
    orders: int
    orders_before: int
    customers: int
    customers_before: int
    goods_minor: int
    goods_before_minor: int
    known_before: bool
    """False where the facts begin later than the period before does: the two cannot be compared."""


def first_order(engine: Engine, as_of: datetime) -> datetime | None:
    """Return when the first known order was placed; None before there is one."""
    first: datetime | None = engine.query(FIRST_ORDER_SQL, {"orders": ORDER}, as_of=as_of).column("first")[0].as_py()
    return first


def revenue_by_month(engine: Engine, as_of: datetime, *, zone: str = "UTC") -> tuple[MonthRevenue, ...]:
    """Return every month since the first order, also those without any."""
    first = first_order(engine, as_of)
    if first is None:
        return ()
    months = months_until(first, as_of, zone)
    table = month_table(months, zone)
    bought = {
        row["number"]: row for row in engine.query(MONTHS_SQL, {"orders": ORDER, "months": table}, as_of=as_of).to_pylist()
    }
    back = engine.query(REFUNDED_MONTHS_SQL, {"refunds": REFUND, "months": table}, as_of=as_of)
    refunded = dict(zip(back.column("number").to_pylist(), back.column("refunded_minor").to_pylist(), strict=True))
    nothing = {"orders": 0, "customers": 0, "goods_minor": 0}
    rows = []
    for number, month in enumerate(months):
        row = bought.get(number, nothing)
        rows.append(
            MonthRevenue(
                month=str(month),
                orders=row["orders"],
                customers=row["customers"],
                goods_minor=int(row["goods_minor"]),
                refunded_minor=int(refunded.get(number, 0)),
                complete=_complete(month, first, as_of, zone),
            )
        )
    return tuple(rows)


def _complete(month: Month, first: datetime, as_of: datetime, zone: str) -> bool:
    """Return whether the whole month is known; a shop's first day of facts may itself be a part of a day."""
    return month.start(zone) + timedelta(days=1) > first and month.after(1).start(zone) <= as_of


def periods(engine: Engine, as_of: datetime, *, zone: str = "UTC", days: Sequence[int] = (30, 90, 365)) -> tuple[Period, ...]:
    """Return the last days of the shop's calendar, as many before, and whether those are known at all."""
    first = first_order(engine, as_of)
    return tuple(_period(engine, Moment(as_of, zone), first, window) for window in days)


def _period(engine: Engine, moment: Moment, first: datetime | None, days: int) -> Period:
    as_of, middle, start = moment.as_of, moment.shifted(-days), moment.shifted(-2 * days)
    now = engine.query(PERIOD_SQL, {"orders": ORDER}, since=middle, until=as_of).to_pylist()[0]
    before = engine.query(PERIOD_SQL, {"orders": ORDER}, since=start, until=middle).to_pylist()[0]
    return Period(
        days=days,
        orders=now["orders"],
        orders_before=before["orders"],
        customers=now["customers"],
        customers_before=before["customers"],
        goods_minor=int(now["goods_minor"]),
        goods_before_minor=int(before["goods_minor"]),
        known_before=first is not None and first < start + timedelta(days=1),
    )
