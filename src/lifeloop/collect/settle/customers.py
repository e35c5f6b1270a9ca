"""What customer files (and shop exports) say of people, beside what is known of them already.

A trait said later replaces the earlier; nothing said takes nothing away. The country is only filled in where none is known,
because unification sets it from the last order.
"""

from __future__ import annotations

from lifeloop.collect.settle.change import Change, Settlement, Work
from lifeloop.collect.stage import Stage, materialise
from lifeloop.schema import CUSTOMER

_TRAITS = ("email", "phone", "name", "language", "country")

SAID = f"""
WITH numbered AS (
    SELECT c.*, row_number() OVER (PARTITION BY customer_id ORDER BY part DESC, line DESC) AS age FROM customer AS c
), ever AS (
    SELECT customer_id, {", ".join(f"max({name}) AS {name}" for name in _TRAITS)}, min(happened_at) AS first_at,
        max(coalesce(last_seen_at, happened_at)) AS last_at
    FROM customer GROUP BY customer_id
)
SELECT n.customer_id AS customer_id, {", ".join(f"coalesce(n.{name}, e.{name}) AS {name}" for name in _TRAITS)},
    coalesce(e.first_at, $received_at) AS first_at, coalesce(e.last_at, $received_at) AS last_at,
    e.first_at IS NOT NULL AS is_dated
FROM numbered AS n JOIN ever AS e ON n.customer_id = e.customer_id WHERE n.age = 1
"""
"""One row per person of this import."""

_DIFFERS = " OR ".join(f"coalesce(h.{name}, k.{name}, '') <> coalesce(k.{name}, '')" for name in _TRAITS[:-1])
NEWS = f"""
SELECT h.customer_id AS customer_id,
    CASE WHEN k.first_seen_at < h.first_at THEN k.first_seen_at ELSE h.first_at END AS first_seen_at,
    coalesce(k.last_seen_at, h.last_at) AS last_seen_at,
    {", ".join(f"coalesce(h.{name}, k.{name}) AS {name}" for name in _TRAITS[:-1])},
    coalesce(k.country, h.country) AS country, k.customer_id IS NOT NULL AS was_known
FROM said AS h LEFT JOIN customers AS k ON h.customer_id = k.customer_id
WHERE k.customer_id IS NULL OR (h.is_dated AND h.first_at < k.first_seen_at) OR (k.country IS NULL AND h.country IS NOT NULL)
    OR {_DIFFERS}
"""
"""The people who are new, or of whom something else is said than is known."""

_COLUMNS = tuple(CUSTOMER.columns)
APPENDED = f"SELECT {', '.join(_COLUMNS)} FROM news"
REWRITTEN = f"""
{APPENDED}
UNION ALL
SELECT {", ".join(f"c.{name}" for name in _COLUMNS)} FROM customers AS c
LEFT JOIN news AS n ON c.customer_id = n.customer_id WHERE n.customer_id IS NULL
"""


def settle_customers(work: Work, stage: Stage) -> Settlement:
    """Compare the staged people with the lake."""
    engine = work.engine
    stamp = {"received_at": work.values["received_at"]}
    said = materialise(engine.stream(SAID, {"customer": stage.source("customer")}, **stamp), work.folder / "said.parquet")
    news = materialise(engine.stream(NEWS, {"said": said, "customers": CUSTOMER}), work.folder / "people.parquet")
    counted = "SELECT count(*) AS n, count(CASE WHEN was_known THEN 1 END) AS known FROM news"
    count = engine.query(counted, {"news": news}).to_pylist()[0]
    people = engine.query("SELECT count(*) AS n FROM said", {"said": said}).to_pylist()[0]["n"]
    settlement = Settlement(counts={"customers": people})
    if count["known"]:
        settlement.changes = [Change(CUSTOMER, "overwrite", REWRITTEN, {"news": news, "customers": CUSTOMER})]
    elif count["n"]:
        settlement.changes = [Change(CUSTOMER, "append", APPENDED, {"news": news})]
    return settlement
