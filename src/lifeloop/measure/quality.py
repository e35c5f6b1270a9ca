"""What the facts are: how many, since when, what could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lifeloop.lake import Engine
from lifeloop.schema import CUSTOMER, EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND, REJECTED

COUNTED = {table.name: table for table in (ORDER, ORDER_LINE, REFUND, PRODUCT, CUSTOMER, EVENT)}

SPAN_SQL = """
SELECT min(placed_at) AS first, max(placed_at) AS last, count(*) AS orders, count(customer_id) AS named,
    coalesce(sum(goods_minor), 0) AS goods_minor,
    coalesce(sum(CASE WHEN customer_id IS NULL THEN goods_minor END), 0) AS unnamed_goods_minor
FROM orders WHERE placed_at < $as_of
"""

REJECTED_SQL = """
SELECT reason, count(*) AS rows, count(DISTINCT file) AS files, min(detail) AS example
FROM rejected GROUP BY reason ORDER BY rows DESC, reason
"""

SOURCES_SQL = "SELECT source, count(*) AS orders, max(received_at) AS last FROM orders GROUP BY source ORDER BY source"


@dataclass(frozen=True)
class RejectedCount:
    """Rows refused for one reason."""

    reason: str
    rows: int
    files: int
    example: str


@dataclass(frozen=True)
class SourceCount:
    """What one source brought."""

    source: str
    orders: int
    last: datetime


@dataclass(frozen=True)
class Quality:
    """What the facts are that everything else was computed from."""

    rows: dict[str, int]
    """Rows by table."""
    first: datetime | None
    last: datetime | None
    """First and last known order before `as_of`."""
    unnamed_orders: int
    """Orders nobody is named in: they count as revenue, and nothing can be predicted from them."""
    unnamed_share: float
    """Their share of all goods bought."""
    sources: tuple[SourceCount, ...]
    rejected: tuple[RejectedCount, ...]

    @property
    def rejected_rows(self) -> int:
        """All refused rows."""
        return sum(one.rows for one in self.rejected)


def quality(engine: Engine, as_of: datetime) -> Quality:
    """Count the facts."""
    rows = {
        name: int(engine.query("SELECT count(*) AS rows FROM facts", {"facts": table}).column("rows")[0].as_py())
        for name, table in COUNTED.items()
    }
    span = engine.query(SPAN_SQL, {"orders": ORDER}, as_of=as_of).to_pylist()[0]
    refused = engine.query(REJECTED_SQL, {"rejected": REJECTED}).to_pylist()
    sources = engine.query(SOURCES_SQL, {"orders": ORDER}).to_pylist()
    goods = int(span["goods_minor"])
    return Quality(
        rows=rows,
        first=span["first"],
        last=span["last"],
        unnamed_orders=span["orders"] - span["named"],
        unnamed_share=int(span["unnamed_goods_minor"]) / goods if goods else 0.0,
        sources=tuple(SourceCount(**row) for row in sources),
        rejected=tuple(RejectedCount(**row) for row in refused),
    )
