"""Labels: what happened to each customer in [as_of, as_of + horizon). Returns and refunds do not count as orders."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from lifeloop.base.errors import SettingsError
from lifeloop.features.cut import Moment, following
from lifeloop.lake import Engine
from lifeloop.schema import ORDER


def take_labels(engine: Engine, as_of: datetime, horizon_days: int, *, zone: str = "UTC") -> pa.Table:
    """Return what followed, one row for every customer who ordered before `as_of`, in the order of customer_id.

    Columns: customer_id, orders (int32), order_days (int32), revenue_minor (int64, goods in the shop's base currency),
    churned (bool: no order), next_order_days (int32: days from the last known day to the next order, 1 = the first day of
    the horizon; null without one). The horizon is counted in days of the shop's wall clock.
    Raises SettingsError for a horizon below one day.
    """
    if horizon_days < 1:
        raise SettingsError("cannot take labels", f"a horizon of {horizon_days} days", "Ask for at least one day.")
    moment = Moment(as_of, zone)
    sql = f"""WITH before AS (
        SELECT DISTINCT customer_id FROM orders WHERE placed_at < $as_of AND customer_id IS NOT NULL
    ), after AS (
        SELECT customer_id, count(*) AS orders, count(DISTINCT day) AS order_days, sum(goods_minor) AS revenue_minor,
            min(day) - {moment.last_day} AS next_order_days
        FROM ({following(moment)}) AS following_orders GROUP BY customer_id
    )
    SELECT before.customer_id, CAST(coalesce(orders, 0) AS INTEGER) AS orders,
        CAST(coalesce(order_days, 0) AS INTEGER) AS order_days, CAST(coalesce(revenue_minor, 0) AS BIGINT) AS revenue_minor,
        orders IS NULL AS churned, CAST(next_order_days AS INTEGER) AS next_order_days
    FROM before LEFT JOIN after ON after.customer_id = before.customer_id ORDER BY before.customer_id"""
    return engine.query(sql, {"orders": ORDER}, **moment.values(), until=moment.shifted(horizon_days))
