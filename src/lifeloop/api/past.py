"""What the lake knows of one customer, under every name and on every device that means them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lifeloop.base.clock import instant_of
from lifeloop.lake import Engine
from lifeloop.measure.customers import FEATURES_SQL, SCORES_SQL, Score, reasons_of
from lifeloop.schema import CUSTOMER, EVENT, ORDER, REFUND, SCORE, SNAPSHOT
from lifeloop.store import Connection
from lifeloop.store.timeline import Entry
from lifeloop.unify import people
from lifeloop.unify.identity import Known

ORDERED = "Order Completed"
ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)
"""A cut behind everything."""
_PAGE = 200

TIMELINE_SQL = """
SELECT happened_at, id, kind, name, reference, amount_minor, products, source, message_id, properties FROM (
    SELECT o.placed_at AS happened_at, o.order_id AS id, 'order' AS kind, CAST(NULL AS VARCHAR) AS name,
        o.order_id AS reference, o.goods_minor AS amount_minor, o.products AS products, o.source AS source,
        CAST(NULL AS VARCHAR) AS message_id, CAST(NULL AS VARCHAR) AS properties
    FROM orders AS o JOIN names AS n ON n.name = o.customer_id
    UNION ALL
    SELECT r.refunded_at AS happened_at, r.refund_id AS id, 'refund' AS kind, CAST(NULL AS VARCHAR) AS name,
        max(r.order_id) AS reference, CAST(sum(r.goods_minor) AS BIGINT) AS amount_minor,
        CAST(count(DISTINCT r.product_id) AS INT) AS products, r.source AS source,
        CAST(NULL AS VARCHAR) AS message_id, CAST(NULL AS VARCHAR) AS properties
    FROM refunds AS r JOIN names AS n ON n.name = r.customer_id
    GROUP BY r.refunded_at, r.refund_id, r.source
    UNION ALL
    SELECT e.occurred_at AS happened_at, e.message_id AS id, e.type AS kind, e.name AS name,
        coalesce(e.order_id, e.product_id) AS reference, e.amount_minor AS amount_minor, CAST(NULL AS INT) AS products,
        e.source AS source, e.message_id AS message_id, e.properties AS properties
    FROM events AS e JOIN names AS n ON n.name = e.customer_id WHERE NOT coalesce(e.is_bot, false)
    UNION ALL
    SELECT e.occurred_at AS happened_at, e.message_id AS id, e.type AS kind, e.name AS name,
        coalesce(e.order_id, e.product_id) AS reference, e.amount_minor AS amount_minor, CAST(NULL AS INT) AS products,
        e.source AS source, e.message_id AS message_id, e.properties AS properties
    FROM events AS e JOIN spans AS s ON s.device = e.anonymous_id
    WHERE e.customer_id IS NULL AND NOT coalesce(e.is_bot, false)
        AND e.occurred_at >= s.since_at AND e.occurred_at < s.until_at
) AS happened
WHERE (happened_at < $at OR (happened_at = $at AND id < $id))
    AND NOT EXISTS (
        SELECT 1 FROM orders AS b JOIN names AS n ON n.name = b.customer_id
        WHERE happened.name = 'Order Completed' AND happened.kind = 'track'
            AND b.source = happened.source AND b.order_id = happened.reference
    )
ORDER BY happened_at DESC, id DESC
LIMIT $limit
"""
"""The event of an order is left out where the order itself stands beside it."""

PLACED_SQL = """
SELECT DISTINCT o.source AS source, o.order_id AS order_id
FROM orders AS o JOIN names AS n ON n.name = o.customer_id
WHERE o.placed_at < $at
"""

PROFILE_SQL = """
SELECT c.* FROM customers AS c JOIN names AS n ON n.name = c.customer_id
WHERE c.first_seen_at < $at
ORDER BY c.first_seen_at, c.customer_id
"""

ORDERS_SQL = "SELECT count(*) AS n FROM orders AS o JOIN names AS n ON n.name = o.customer_id WHERE o.placed_at < $at"

FIND_SQL = """
SELECT customer_id FROM customers
WHERE ($email IS NOT NULL AND lower(email) = $email)
    OR ($phone IS NOT NULL AND regexp_replace(phone, '[^0-9+]', '', 'g') = $phone)
    OR ($name IS NOT NULL AND lower(name) = $name)
    OR ($account IS NOT NULL AND customer_id = $account)
ORDER BY customer_id
LIMIT 20
"""


@dataclass(frozen=True)
class Happened:
    """One thing in a customer's history, in the lake or not yet."""

    at: datetime
    id: str
    """With the instant, its place in a timeline."""
    kind: str
    name: str | None
    reference: str | None
    amount_minor: int | None
    products: int | None
    source: str
    message_id: str | None
    properties: dict[str, Any]

    @property
    def mark(self) -> tuple[str, str, str]:
        """What tells it from everything else."""
        return self.source, self.kind if self.message_id is None else "event", self.id


def of_entry(entry: Entry) -> Happened:
    """Return an event of the store."""
    return Happened(
        at=instant_of(entry.occurred_at),
        id=entry.message_id,
        kind=entry.type,
        name=entry.name,
        reference=entry.order_id or entry.product_id,
        amount_minor=None,
        products=None,
        source=entry.source,
        message_id=entry.message_id,
        properties=_object(entry.properties),
    )


def timeline(engine: Engine, known: Known, before: tuple[datetime, str], limit: int) -> list[Happened]:
    """Return what the lake knows that a customer did before an instant, or at it and under a lesser id; the latest first.

    Facts are read as they are stored: `known` says by which names, so that no link of anybody else is looked up.
    """
    tables = {"orders": ORDER, "refunds": REFUND, "events": EVENT, "names": _names(known), "spans": _spans(known)}
    rows = engine.as_stored.query(TIMELINE_SQL, tables, at=before[0], id=before[1], limit=limit).to_pylist()
    return [Happened(at=row.pop("happened_at"), properties=_object(row.pop("properties")), **row) for row in rows]


def placed(engine: Engine, known: Known, before: datetime = ALWAYS) -> frozenset[tuple[str, str | None]]:
    """Return the orders of a customer that the lake knows of: source and id."""
    tables = {"orders": ORDER, "names": _names(known)}
    rows = engine.as_stored.query(PLACED_SQL, tables, at=before).to_pylist()
    return frozenset((row["source"], row["order_id"]) for row in rows)


def lately(
    connection: Connection,
    engine: Engine,
    known: Known,
    *,
    before: tuple[int, str] | None,
    limit: int,
    orders_before: datetime = ALWAYS,
) -> list[Happened]:
    """Return the last things in the store that belong into a timeline, the latest first.

    What robots did is no part of it, nor the event of an order in the lake, which stands in the timeline itself.
    """
    found: list[Happened] = []
    orders: frozenset[tuple[str, str | None]] | None = None
    page = max(limit, _PAGE)
    while len(found) < limit:
        entries = people.timeline(connection, known, limit=page, before=before)
        shown = [of_entry(one) for one in entries if not one.is_bot]
        if orders is None and any(one.name == ORDERED for one in shown):
            orders = placed(engine, known, orders_before)
        found += [one for one in shown if one.name != ORDERED or (one.source, one.reference) not in (orders or ())]
        if len(entries) < page:
            break
        before = (entries[-1].occurred_at, entries[-1].message_id)
    return found[:limit]


def profile(engine: Engine, known: Known, at: datetime) -> dict[str, Any]:
    """Return what the lake's customer rows say under all names, as of an instant; of two words the later row's counts."""
    rows = engine.query(PROFILE_SQL, {"customers": CUSTOMER, "names": _names(known)}, at=at).to_pylist()
    told: dict[str, Any] = {}
    for row in rows:
        told |= {name: value for name, value in row.items() if value is not None}
    if rows:
        told["first_seen_at"] = min(row["first_seen_at"] for row in rows)
        told["last_seen_at"] = max(row["last_seen_at"] for row in rows)
    return told


def scores(engine: Engine, customer_id: str, as_of: datetime) -> list[Score]:
    """Return every score of a customer as of one moment."""
    rows = engine.query(SCORES_SQL, {"scores": SCORE}, customer=customer_id, as_of=as_of).to_pylist()
    return [Score(**row | {"reasons": reasons_of(row["reasons"])}) for row in rows]


def features(engine: Engine, customer_id: str, as_of: datetime) -> dict[str, float | None]:
    """Return every feature of a customer as of one moment."""
    rows = engine.query(FEATURES_SQL, {"snapshots": SNAPSHOT}, customer=customer_id, as_of=as_of).to_pylist()
    return {name: value for name, value in (rows[0] if rows else {}).items() if name not in SNAPSHOT.columns}


def has_ordered(engine: Engine, known: Known, at: datetime) -> bool:
    """Return whether the lake knows of an order before an instant."""
    return bool(engine.query(ORDERS_SQL, {"orders": ORDER, "names": _names(known)}, at=at).column("n")[0].as_py())


def customers_with(
    engine: Engine,
    *,
    email: str | None = None,
    phone: str | None = None,
    name: str | None = None,
    account: str | None = None,
) -> list[str]:
    """Return the ids of customer rows that say this: e-mail and name in lower case, a phone number as digits."""
    rows = engine.query(FIND_SQL, {"customers": CUSTOMER}, email=email, phone=phone, name=name, account=account)
    found: list[str] = rows.column("customer_id").to_pylist()
    return found


def together(lists: Sequence[Sequence[Happened]], limit: int) -> tuple[list[Happened], bool]:
    """Return the latest of several timelines, each thing once, and whether there is more behind them."""
    found: dict[tuple[str, str, str], Happened] = {}
    for happened in (one for some in lists for one in some):
        found.setdefault(happened.mark, happened)
    orders = {(one.source, one.id) for one in found.values() if one.kind == "order"}
    shown = [one for one in found.values() if one.name != ORDERED or (one.source, one.reference) not in orders]
    latest = sorted(shown, key=lambda one: (one.at, one.id), reverse=True)
    return latest[:limit], len(latest) > limit


def _names(known: Known) -> pa.Table:
    return pa.table({"name": pa.array(known.names, pa.string())})


def _spans(known: Known) -> pa.Table:
    kind = pa.timestamp("us", tz="UTC")
    until = [ALWAYS if span.until_at is None else instant_of(span.until_at) for span in known.devices]
    return pa.table(
        {
            "device": pa.array([span.device for span in known.devices], pa.string()),
            "since_at": pa.array([instant_of(span.since_at) for span in known.devices], kind),
            "until_at": pa.array(until, kind),
        }
    )


def _object(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
