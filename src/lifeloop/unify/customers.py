"""The customer table: when each person was first and last seen, and what is known of them.

Seen means: an order, a refund or an event. Traits a customer file said are kept; the country is that of the last order.
"""

from __future__ import annotations

import pyarrow as pa

from lifeloop.lake import Engine, Lake
from lifeloop.schema import CUSTOMER, EVENT, ORDER, REFUND

SEEN = """
WITH facts AS (
    SELECT customer_id, placed_at AS seen_at FROM orders
    UNION ALL SELECT customer_id, refunded_at AS seen_at FROM refunds
    UNION ALL SELECT customer_id, occurred_at AS seen_at FROM events
), seen AS (
    SELECT customer_id, min(seen_at) AS first_at, max(seen_at) AS last_at FROM facts WHERE customer_id IS NOT NULL
    GROUP BY customer_id
), last_order AS (
    SELECT customer_id, max(placed_at) AS placed_at FROM orders WHERE customer_id IS NOT NULL AND country IS NOT NULL
    GROUP BY customer_id
), home AS (
    SELECT o.customer_id AS customer_id, max(o.country) AS country FROM orders AS o
    JOIN last_order AS l ON o.customer_id = l.customer_id AND o.placed_at = l.placed_at GROUP BY o.customer_id
), everybody AS (
    SELECT customer_id FROM seen UNION SELECT customer_id FROM customers
)
SELECT e.customer_id AS customer_id,
    least(coalesce(s.first_at, c.first_seen_at), coalesce(c.first_seen_at, s.first_at)) AS first_seen_at,
    coalesce(s.last_at, c.last_seen_at) AS last_seen_at,
    c.email AS email, c.phone AS phone, c.name AS name, c.language AS language, coalesce(h.country, c.country) AS country
FROM everybody AS e
LEFT JOIN seen AS s ON e.customer_id = s.customer_id
LEFT JOIN customers AS c ON e.customer_id = c.customer_id
LEFT JOIN home AS h ON e.customer_id = h.customer_id
ORDER BY e.customer_id
"""
"""One row per person named anywhere."""


def unify(lake: Lake, engine: Engine) -> int:
    """Bring the customer table up to date with all facts; returns the customers. Run twice, nothing is written twice."""
    tables = {"orders": ORDER, "refunds": REFUND, "events": EVENT, "customers": CUSTOMER}
    now = engine.query(SEEN, tables).select(list(CUSTOMER.columns)).cast(CUSTOMER.arrow())
    before = engine.query("SELECT * FROM customers ORDER BY customer_id", {"customers": CUSTOMER})
    before = before.select(list(CUSTOMER.columns)).cast(CUSTOMER.arrow())
    if not now.equals(before):
        lake.overwrite(CUSTOMER, pa.table(now))
    return int(now.num_rows)
