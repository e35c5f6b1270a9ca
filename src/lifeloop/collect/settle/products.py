"""Products: as last heard of, from lines and from product files; an older word never replaces a newer one."""

from __future__ import annotations

from typing import Any

from lifeloop.collect.settle.change import Change, Settlement, Work
from lifeloop.collect.stage import Stage, materialise
from lifeloop.schema import PRODUCT

HEARD = """
WITH said AS (
    SELECT product_id, title, category, CAST(NULL AS VARCHAR) AS brand, currency, price_minor,
        CAST(NULL AS BIGINT) AS cost_minor, happened_at
    FROM sale WHERE doc = 'order' AND product_id IS NOT NULL
    UNION ALL
    SELECT product_id, title, category, brand, currency, price_minor, cost_minor,
        coalesce(happened_at, $received_at) AS happened_at
    FROM listed
), latest AS (
    SELECT product_id, max(happened_at) AS updated_at FROM said GROUP BY product_id
), now AS (
    SELECT s.product_id, l.updated_at, min(s.title) AS title, min(s.category) AS category, min(s.brand) AS brand,
        min(s.currency) AS currency, min(s.price_minor) AS price_minor, min(s.cost_minor) AS cost_minor
    FROM said AS s JOIN latest AS l ON s.product_id = l.product_id AND s.happened_at = l.updated_at
    GROUP BY s.product_id, l.updated_at
), ever AS (
    SELECT product_id, min(title) AS title, min(category) AS category FROM said GROUP BY product_id
)
SELECT n.product_id, coalesce(n.title, e.title) AS title, coalesce(n.category, e.category) AS category, n.brand,
    n.currency, n.price_minor, n.cost_minor, n.updated_at
FROM now AS n JOIN ever AS e ON n.product_id = e.product_id
"""
"""One row per product of this import, as of the last time it speaks of it."""

NEWS = """
SELECT $source AS source, h.product_id AS product_id, coalesce(h.title, k.title) AS title,
    coalesce(h.category, k.category) AS category, coalesce(h.brand, k.brand) AS brand,
    CASE WHEN h.price_minor IS NULL THEN k.currency ELSE h.currency END AS currency,
    coalesce(h.price_minor, k.price_minor) AS price_minor, coalesce(h.cost_minor, k.cost_minor) AS cost_minor,
    h.updated_at AS updated_at, k.product_id IS NOT NULL AS was_known
FROM heard AS h LEFT JOIN (SELECT * FROM products WHERE source = $source) AS k ON h.product_id = k.product_id
WHERE k.product_id IS NULL OR (h.updated_at > k.updated_at AND (
    NOT $listed
    OR coalesce(h.title, k.title, '') <> coalesce(k.title, '')
    OR coalesce(h.category, k.category, '') <> coalesce(k.category, '')
    OR coalesce(h.brand, k.brand, '') <> coalesce(k.brand, '')
    OR coalesce(h.price_minor, k.price_minor, -1) <> coalesce(k.price_minor, -1)
    OR coalesce(h.cost_minor, k.cost_minor, -1) <> coalesce(k.cost_minor, -1)))
"""
"""The heard products that are new, or say something newer than what is known."""

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
