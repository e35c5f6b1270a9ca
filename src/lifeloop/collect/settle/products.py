"""Products: as last heard of, from lines and from product files; an older word never replaces a newer one."""

from __future__ import annotations

from typing import Any

from lifeloop.collect.settle.change import Change, Settlement, Work
from lifeloop.collect.stage import Stage, materialise
from lifeloop.schema import PRODUCT

_TRAITS = ("title", "category", "brand", "price_minor", "cost_minor")


def _last_said(name: str) -> str:
    """Return a query for what was last said of one trait of each product; an amount comes with its currency."""
    return f"""SELECT product_id, {name}, currency FROM (
        SELECT s.product_id, s.{name}, s.currency,
            row_number() OVER (PARTITION BY product_id ORDER BY happened_at DESC, {name}) AS age
        FROM said AS s WHERE {name} IS NOT NULL
    ) AS aged WHERE age = 1"""


HEARD = f"""
WITH sold AS (
    SELECT product_id, title, category, CAST(NULL AS VARCHAR) AS brand, currency, price_minor,
        CAST(NULL AS BIGINT) AS cost_minor, max(happened_at) AS happened_at
    FROM sale WHERE doc = 'order' AND product_id IS NOT NULL
    GROUP BY product_id, title, category, currency, price_minor
), said AS (
    SELECT product_id, title, category, brand, currency, price_minor, cost_minor, happened_at FROM sold
    UNION ALL
    SELECT product_id, title, category, brand, currency, price_minor, cost_minor,
        coalesce(happened_at, $received_at) AS happened_at
    FROM listed
), latest AS (
    SELECT product_id, max(happened_at) AS updated_at FROM said GROUP BY product_id
), {", ".join(f"{name}_said AS ({_last_said(name)})" for name in _TRAITS)}
SELECT l.product_id AS product_id, {", ".join(f"{name}_said.{name} AS {name}" for name in _TRAITS)},
    coalesce(price_minor_said.currency, cost_minor_said.currency) AS currency, l.updated_at AS updated_at
FROM latest AS l
{" ".join(f"LEFT JOIN {name}_said ON l.product_id = {name}_said.product_id" for name in _TRAITS)}
"""
"""One row per product of this import: each trait as it was last said, dated by the last time anything was."""


def _newest(name: str) -> str:
    """Return a trait: the newer word wins, the older one fills in what nobody has said since."""
    return f"CASE WHEN is_newer THEN coalesce(h.{name}, k.{name}) ELSE coalesce(k.{name}, h.{name}) END"


_PRICED = "CASE WHEN is_newer THEN h.price_minor IS NOT NULL OR k.price_minor IS NULL ELSE k.price_minor IS NULL END"
_DIFFERS = " OR ".join(
    f"(h.{name} IS NOT NULL AND (k.{name} IS NULL OR (is_newer AND h.{name} <> k.{name})))" for name in _TRAITS
)
NEWS = f"""
SELECT $source AS source, h.product_id AS product_id, {", ".join(f"{_newest(name)} AS {name}" for name in _TRAITS)},
    CASE WHEN {_PRICED} THEN h.currency ELSE k.currency END AS currency,
    CASE WHEN is_newer THEN h.updated_at ELSE k.updated_at END AS updated_at, k.product_id IS NOT NULL AS was_known
FROM (
    SELECT a.*, b.updated_at IS NULL OR a.updated_at > b.updated_at AS is_newer FROM heard AS a
    LEFT JOIN (SELECT product_id, updated_at FROM products WHERE source = $source) AS b ON a.product_id = b.product_id
) AS h LEFT JOIN (SELECT * FROM products WHERE source = $source) AS k ON h.product_id = k.product_id
WHERE k.product_id IS NULL OR (is_newer AND NOT $listed) OR {_DIFFERS}
"""
"""The heard products that are new, say something newer than what is known, or something nobody has said yet."""

_COLUMNS = ", ".join(PRODUCT.columns)
APPENDED = f"SELECT {_COLUMNS} FROM news"
REWRITTEN = f"""
SELECT {_COLUMNS} FROM news
UNION ALL
SELECT {", ".join(f"p.{name}" for name in PRODUCT.columns)} FROM products AS p
LEFT JOIN news AS n ON p.source = n.source AND p.product_id = n.product_id WHERE n.product_id IS NULL
"""


def settle_products(work: Work, stage: Stage, sale: Any) -> Settlement:
    """Compare the products of staged lines and product files with the lake."""
    received_at = work.values["received_at"]
    listed = stage.source("product")
    heard = materialise(
        work.engine.stream(HEARD, {"sale": sale, "listed": listed}, received_at=received_at), work.folder / "heard.parquet"
    )
    news = materialise(
        work.engine.stream(
            NEWS, {"heard": heard, "products": PRODUCT}, source=work.source, listed=stage.files("product") is not None
        ),
        work.folder / "news.parquet",
    )
    counted = work.engine.query(
        "SELECT count(*) AS n, count(CASE WHEN was_known THEN 1 END) AS known FROM news", {"news": news}
    )
    count = counted.to_pylist()[0]
    found = work.engine.query("SELECT count(*) AS n FROM heard", {"heard": heard}).to_pylist()[0]["n"]
    settlement = Settlement(counts={"products": found})
    if count["known"]:
        settlement.changes = [Change(PRODUCT, "overwrite", REWRITTEN, {"news": news, "products": PRODUCT})]
    elif count["n"]:
        settlement.changes = [Change(PRODUCT, "append", APPENDED, {"news": news})]
    return settlement
