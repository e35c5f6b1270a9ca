"""Where every customer stands as of one moment: all scores beside what they did so far, one row per customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pyarrow as pa

from lifeloop.lake import Engine
from lifeloop.schema import SCORE, SNAPSHOT

STANDING_SQL = """
SELECT s.customer_id AS customer_id,
    max(CASE WHEN s.target = 'stage' THEN s.label END) AS stage,
    max(CASE WHEN s.target = 'rfm' THEN s.label END) AS rfm,
    max(CASE WHEN s.target = 'cluster' THEN s.label END) AS cluster,
    max(CASE WHEN s.target = 'p_churn' THEN s.value END) AS p_churn,
    max(CASE WHEN s.target = 'p_churn' THEN s.horizon_days END) AS churn_days,
    max(CASE WHEN s.target = 'revenue_minor' THEN s.value END) AS revenue_minor,
    max(CASE WHEN s.target = 'revenue_minor' THEN s.low END) AS revenue_low_minor,
    max(CASE WHEN s.target = 'revenue_minor' THEN s.high END) AS revenue_high_minor,
    max(CASE WHEN s.target = 'revenue_minor' THEN s.horizon_days END) AS value_days,
    max(CASE WHEN s.target = 'orders' THEN s.value END) AS orders_expected,
    max(CASE WHEN s.target = 'days' THEN s.value END) AS next_days,
    max(CASE WHEN s.target = 'days' THEN s.low END) AS next_low_days,
    max(CASE WHEN s.target = 'days' THEN s.high END) AS next_high_days,
    max(n.orders) AS orders, max(n.goods_minor) AS goods_minor, max(n.recency_days) AS recency_days
FROM scores AS s
LEFT JOIN snapshots AS n ON n.as_of = s.as_of AND n.customer_id = s.customer_id
WHERE s.as_of = $as_of
GROUP BY s.customer_id
ORDER BY s.customer_id
"""

EMPTY_SNAPSHOT = pa.schema(
    [
        ("as_of", pa.timestamp("us", tz="UTC")),
        ("customer_id", pa.string()),
        ("orders", pa.int32()),
        ("goods_minor", pa.int64()),
        ("recency_days", pa.int32()),
    ]
).empty_table()

KNOWN_SQL = "SELECT count(*) AS rows FROM snapshots"

MOMENTS_SQL = """
SELECT DISTINCT as_of FROM scores WHERE target = 'stage' AND as_of < $as_of ORDER BY as_of
"""

STAGES_SQL = "SELECT customer_id, target, label FROM scores WHERE as_of = $as_of AND target = 'stage'"

FLOW_DAYS = 30
"""A report compares stages with those of about this many days before."""


def standing(engine: Engine, as_of: datetime) -> pa.Table:
    """Return one row per customer who has any score as of `as_of`; what is not known of them is null."""
    known = engine.query(KNOWN_SQL, {"snapshots": SNAPSHOT}).column("rows")[0].as_py()
    return engine.query(STANDING_SQL, {"scores": SCORE, "snapshots": SNAPSHOT if known else EMPTY_SNAPSHOT}, as_of=as_of)


def stages_at(engine: Engine, as_of: datetime) -> pa.Table:
    """Return customer_id, target and label of the stage rows as of one moment."""
    return engine.query(STAGES_SQL, {"scores": SCORE}, as_of=as_of)


def moment_before(engine: Engine, as_of: datetime, *, days: int = FLOW_DAYS) -> datetime | None:
    """Return the earlier moment with stages that is nearest to `days` before `as_of`; None where there is none."""
    moments: Sequence[datetime] = engine.query(MOMENTS_SQL, {"scores": SCORE}, as_of=as_of).column("as_of").to_pylist()
    wanted = as_of - timedelta(days=days)
    return min(moments, key=lambda moment: abs(moment - wanted), default=None)
