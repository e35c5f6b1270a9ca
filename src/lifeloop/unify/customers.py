"""The customer table: when each person was first and last seen, and what is known of them.

Seen means: an order, a refund, or an event that names them. Traits a customer file said are kept, where nothing was told live;
the country is that of the last order. A row stands for each name that facts carry, guests too: which names are one customer is
said by the table `identity`, and whoever reads customers sees them put together (`lifeloop.unify.resolved`).
"""

from __future__ import annotations

import pyarrow as pa

from lifeloop.lake import Engine, Lake
from lifeloop.schema import CUSTOMER, EVENT, IDENTITY, ORDER, REFUND, Table
from lifeloop.unify.resolved import NAMES

SEEN = f"""
WITH facts AS (
    SELECT customer_id, placed_at AS seen_at FROM orders
    UNION ALL SELECT customer_id, refunded_at AS seen_at FROM refunds
    UNION ALL SELECT customer_id, occurred_at AS seen_at FROM events WHERE NOT coalesce(is_bot, false)
    UNION ALL SELECT customer_id, first_seen_at AS seen_at FROM told
    UNION ALL SELECT customer_id, last_seen_at AS seen_at FROM told
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
    {", ".join(f"coalesce(t.{name}, c.{name}) AS {name}" for name in ("email", "phone", "name", "language"))},
    coalesce(h.country, t.country, c.country) AS country
FROM everybody AS e
LEFT JOIN seen AS s ON e.customer_id = s.customer_id
LEFT JOIN customers AS c ON e.customer_id = c.customer_id
LEFT JOIN told AS t ON e.customer_id = t.customer_id
LEFT JOIN home AS h ON e.customer_id = h.customer_id
ORDER BY e.customer_id
"""
"""One row per person named anywhere."""


COUNTED = f"""
SELECT count(DISTINCT coalesce(n.customer_id, c.customer_id)) AS n FROM customers AS c
LEFT JOIN ({NAMES}) AS n ON c.customer_id = n.identifier
"""
"""How many people the names are."""


def unify(lake: Lake, engine: Engine, *, profiles: pa.Table | None = None, links: pa.Table | None = None) -> int:
    """Bring the customers up to date with all facts; returns how many. Run twice, nothing is written twice.

    `profiles` has the columns of `customer`: what was told live of each name. `links` has those of `identity`: all that is
    known now of who is who. Without them the lake's stay as they are.
    """
    stored = engine.as_stored
    if links is not None:
        if not lake.exists(IDENTITY):
            lake.append(IDENTITY, IDENTITY.empty())
        _bring(lake, stored, IDENTITY, links.select(list(IDENTITY.columns)))
    told = CUSTOMER.empty() if profiles is None else profiles
    tables = {"orders": ORDER, "refunds": REFUND, "events": EVENT, "customers": CUSTOMER, "told": told}
    _bring(lake, stored, CUSTOMER, stored.query(SEEN, tables).select(list(CUSTOMER.columns)))
    known = stored.query(COUNTED, {"customers": CUSTOMER, "identity": IDENTITY})
    return int(known["n"][0].as_py())


def _bring(lake: Lake, engine: Engine, table: Table, now: pa.Table) -> None:
    """Write a table anew if it differs from what is stored."""
    order = [(name, "ascending") for name in table.key]
    now = now.cast(table.arrow()).sort_by(order)
    before = engine.query("SELECT * FROM t", {"t": table}).select(list(table.columns)).cast(table.arrow()).sort_by(order)
    if not now.equals(before):
        lake.overwrite(table, now)
