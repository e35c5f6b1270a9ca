"""Events: the same message id is the same event; without one, the same content at the same place in its file is."""

from __future__ import annotations

from typing import Any

from lifeloop.collect.facts import EVENTS
from lifeloop.collect.settle.change import Change, Settlement, Work
from lifeloop.collect.stage import Stage, materialise
from lifeloop.schema import EVENT

_CONTENT = ("customer_id", "anonymous_id", "session_id", "name", "product_id", "order_id", "properties")
_REST = tuple(name for name in ("part", *EVENTS.names) if name != "message_id")
_TEXT = ", ".join(f"coalesce({name}, '')" for name in _CONTENT)

NAMED = f"""
WITH fingerprinted AS (
    SELECT e.*, md5(concat_ws('|', {_TEXT}, CAST(happened_at AS VARCHAR),
        coalesce(CAST(amount_minor AS VARCHAR), ''))) AS content
    FROM event AS e WHERE message_id IS NULL
), counted AS (
    SELECT f.*, row_number() OVER (PARTITION BY part, content ORDER BY line) AS occurrence FROM fingerprinted AS f
), identified AS (
    SELECT {", ".join(f"e.{name}" for name in _REST)}, message_id FROM event AS e WHERE message_id IS NOT NULL
    UNION ALL
    SELECT {", ".join(f"c.{name}" for name in _REST)}, concat(content, '-', CAST(occurrence AS VARCHAR)) AS message_id
    FROM counted AS c
)
SELECT i.*, row_number() OVER (PARTITION BY message_id ORDER BY part, line) AS copy FROM identified AS i
"""

FRESH = """
SELECT $source AS source, n.message_id AS message_id, n.type AS type, n.name AS name, n.customer_id AS customer_id,
    n.anonymous_id AS anonymous_id, n.session_id AS session_id, n.happened_at AS occurred_at,
    coalesce(n.received_at, $received_at) AS received_at,
    n.product_id AS product_id, n.order_id AS order_id, n.currency AS currency, n.amount_minor AS amount_minor,
    n.properties AS properties, n.original_at AS original_at, n.sent_at AS sent_at, n.clock AS clock, n.is_bot AS is_bot
FROM named AS n LEFT JOIN (
    SELECT DISTINCT e.message_id AS message_id FROM events AS e JOIN named AS m ON e.message_id = m.message_id
    WHERE e.source = $source
) AS k ON n.message_id = k.message_id
WHERE n.copy = 1 AND k.message_id IS NULL
"""
"""The events the lake does not have. The inner join first: what is held in memory grows with the import, not with the lake."""


def settle_events(work: Work, stage: Stage) -> Settlement:
    """Compare the staged events with the lake."""
    engine = work.engine
    named = materialise(engine.stream(NAMED, {"event": stage.source("event")}), work.folder / "named.parquet")
    tables = {"named": named, "events": _known(work, named)}
    stamp = {"source": work.source, "received_at": work.values["received_at"]}
    different = engine.query("SELECT count(*) AS n FROM named WHERE copy = 1", {"named": named}).to_pylist()[0]["n"]
    fresh = materialise(engine.stream(FRESH, tables, **stamp), work.folder / "fresh-events.parquet")
    settlement = Settlement(counts={"events": different})
    if engine.query("SELECT count(*) AS n FROM fresh", {"fresh": fresh}).to_pylist()[0]["n"]:
        settlement.changes = [Change(EVENT, "append", "SELECT * FROM fresh", {"fresh": fresh})]
    return settlement


def _known(work: Work, named: Any) -> Any:
    """Return the stored events that may be among these, as a source of queries."""
    files = None if work.known is None else work.known.files(work.lake, work.engine, named)
    return EVENT if files is None else files or EVENT.empty()
