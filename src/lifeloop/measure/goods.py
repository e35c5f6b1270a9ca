"""What the report shows of products: what is bought together, and what messages would recommend to how many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lifeloop.lake import Engine
from lifeloop.recommend.together.told import ToldRule, rules_as_of
from lifeloop.schema import PRODUCT, RECOMMENDATION

RULES_SHOWN = 10
PRODUCTS_SHOWN = 10

RECOMMENDED_SQL = """
WITH titles AS (SELECT product_id, max(title) AS title FROM products GROUP BY product_id)
SELECT r.product_id AS product_id, max(t.title) AS title, count(DISTINCT r.customer_id) AS customers,
    count(DISTINCT CASE WHEN r.rank = 1 THEN r.customer_id END) AS first
FROM recommendations AS r LEFT JOIN titles AS t ON r.product_id = t.product_id
WHERE r.as_of = $as_of GROUP BY r.product_id ORDER BY customers DESC, first DESC, product_id
"""
REACHED_SQL = "SELECT count(DISTINCT customer_id) AS customers FROM recommendations WHERE as_of = $as_of"


@dataclass(frozen=True)
class Wanted:
    """One product, and in how many customers' lists it stands."""

    product_id: str
    title: str | None
    customers: int
    first: int
    """Customers it is the first product of."""


@dataclass(frozen=True)
class Goods:
    """What goes with what, and what goes to whom."""

    rules: tuple[ToldRule, ...]
    """The surest ones."""
    wanted: tuple[Wanted, ...]
    """Those recommended to most customers."""
    products: int
    """Different products recommended to anybody."""
    customers: int
    """Customers something is recommended to."""


def goods(engine: Engine, as_of: datetime) -> Goods:
    """Return what the run of one moment says of products; empty where it says nothing."""
    tables = {"recommendations": RECOMMENDATION, "products": PRODUCT}
    rows = engine.query(RECOMMENDED_SQL, tables, as_of=as_of).to_pylist()
    reached = engine.query(REACHED_SQL, {"recommendations": RECOMMENDATION}, as_of=as_of).to_pylist()
    return Goods(
        rules=rules_as_of(engine, as_of, top=RULES_SHOWN),
        wanted=tuple(Wanted(**row) for row in rows[:PRODUCTS_SHOWN]),
        products=len(rows),
        customers=reached[0]["customers"],
    )
