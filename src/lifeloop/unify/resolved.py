"""Facts as whoever predicts reads them: with the linked customer in the place of the id they came with, and without robots.

Facts keep the id they name for good; what it means stands in the table `identity`. An order of a guest whose e-mail turned out
to be an account's is shown as that account's, and what nobody in particular did on a device is shown as done by whose device it
was then. So a link that is undone is undone everywhere at once. A lake without `identity` is read as it is stored.
"""

from __future__ import annotations

from collections.abc import Mapping

from lifeloop.lake import View
from lifeloop.schema import CUSTOMER, EVENT, EXPOSURE, IDENTITY, ORDER, ORDER_LINE, REFUND, Table

NAMES = "SELECT identifier, min(customer_id) AS customer_id FROM identity WHERE kind <> 'device' GROUP BY identifier"
"""Who a customer id in a fact means, where it means another."""
_DEVICES = "SELECT identifier, since, until, customer_id FROM identity WHERE kind = 'device'"
_TRAITS = ("email", "phone", "name", "language", "country")


def _columns(table: Table, customer: str) -> str:
    """Return the columns of a table, with `customer` as the customer."""
    return ", ".join(f"{customer} AS customer_id" if name == "customer_id" else f"f.{name} AS {name}" for name in table.columns)


def _named(table: Table) -> View:
    """Return the view of a table whose facts name a customer."""
    columns = _columns(table, "coalesce(n.customer_id, f.customer_id)")
    sql = f"SELECT {columns} FROM stored AS f LEFT JOIN ({NAMES}) AS n ON f.customer_id = n.identifier"
    return View(sql=sql, tables={"identity": IDENTITY}, needs=IDENTITY)


_EVENTS = f"""
SELECT {_columns(EVENT, "coalesce(n.customer_id, f.customer_id, d.customer_id)")} FROM stored AS f
LEFT JOIN ({NAMES}) AS n ON f.customer_id = n.identifier
LEFT JOIN ({_DEVICES}) AS d ON CASE WHEN f.customer_id IS NULL THEN f.anonymous_id END = d.identifier
    AND f.occurred_at >= d.since AND (d.until IS NULL OR f.occurred_at < d.until)
WHERE NOT coalesce(f.is_bot, false)
"""

_CUSTOMERS = f"""
SELECT customer_id, min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at,
    {", ".join(f"coalesce(max(CASE WHEN is_own THEN {name} END), max({name})) AS {name}" for name in _TRAITS)}
FROM (
    SELECT {_columns(CUSTOMER, "coalesce(n.customer_id, f.customer_id)")}, n.identifier IS NULL AS is_own FROM stored AS f
    LEFT JOIN ({NAMES}) AS n ON f.customer_id = n.identifier
) AS whose GROUP BY customer_id
"""

RESOLVED: Mapping[str, View] = {
    **{table.name: _named(table) for table in (ORDER, ORDER_LINE, REFUND, EXPOSURE)},
    EVENT.name: View(sql=_EVENTS, tables={"identity": IDENTITY}, needs=IDENTITY),
    CUSTOMER.name: View(sql=_CUSTOMERS, tables={"identity": IDENTITY}, needs=IDENTITY),
}
"""How each table of facts is read, by its name; for `DuckEngine(lake, views=RESOLVED)`."""
