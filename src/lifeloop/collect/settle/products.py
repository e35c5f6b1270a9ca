"""Products: what a product list tells of one stands; order lines tell only what no list has told, and events what neither has.

Of two lists, as of two lines, the newer one counts. A list names things once for all, in the shop's own words and currency; a
line names them in the customer's language, at the price of a moment. For every trait `told` keeps who told it and when, so
that products come out the same in whatever order they are told.
"""

from __future__ import annotations

from typing import Any

from lifeloop.collect.settle.change import Change, Settlement, Work
from lifeloop.collect.stage import Stage, materialise
from lifeloop.schema import PRODUCT

_TRAITS = ("title", "category", "brand", "description", "price_minor", "cost_minor", "stock")


_LINE = "'line'"
_LISTED = ("coalesce(l.voice, 'list')", "coalesce(l.happened_at, $received_at)")
"""Who told a product of a list, or showed it, and when."""


def _told_at(by: str, at: str) -> str:
    """Return who told a row and when, as a text; of two such texts the greater is the word that counts."""
    return f"concat({by}, ' ', strftime({at}, '%Y-%m-%d %H:%M:%S.%f'))"


def _kept(name: str) -> str:
    """Return who told a stored trait and when; what was stored before that was kept was told by a line."""
    return f"coalesce(json_extract_string(k.told, '$.{name}'), {_told_at(_LINE, 'k.updated_at')})"


def _repeated(name: str) -> str:
    """Return whether a list says of a trait nothing, or what a list has told already."""
    return f"(l.{name} IS NULL OR (l.{name} = k.{name} AND {_kept(name)} LIKE 'list %'))"


VOICES = f"""
WITH known AS (
    SELECT * FROM products WHERE source = $source
), sold AS (
    SELECT product_id, title, category, currency, price_minor, max(happened_at) AS happened_at
    FROM sale WHERE doc = 'order' AND product_id IS NOT NULL
    GROUP BY product_id, title, category, currency, price_minor
)
SELECT product_id, title, category, CAST(NULL AS VARCHAR) AS brand, CAST(NULL AS VARCHAR) AS description, currency, price_minor,
    CAST(NULL AS BIGINT) AS cost_minor, CAST(NULL AS DOUBLE) AS stock, happened_at, {_told_at(_LINE, "happened_at")} AS told
FROM sold
UNION ALL
SELECT l.product_id, l.title, l.category, l.brand, l.description, l.currency, l.price_minor, l.cost_minor, l.stock,
    coalesce(l.happened_at, $received_at) AS happened_at, {_told_at(*_LISTED)} AS told
FROM listed AS l LEFT JOIN known AS k ON l.product_id = k.product_id
WHERE NOT coalesce(l.happened_at IS NULL AND k.product_id IS NOT NULL AND {" AND ".join(map(_repeated, _TRAITS))}
    AND (coalesce(l.price_minor, CASE WHEN k.price_minor IS NULL THEN l.cost_minor END) IS NULL OR l.currency = k.currency),
    false)
"""
"""What lines and lists of this import tell, and when; without rows of no date that repeat what a list has told before."""


def _last_said(name: str) -> str:
    """Return a query for the word that counts on one trait of each product; an amount comes with its currency."""
    return f"""SELECT product_id, {name}, currency, told FROM (
        SELECT v.*, row_number() OVER (PARTITION BY product_id ORDER BY told DESC, {name}, currency) AS age
        FROM (
            SELECT product_id, {name}, currency, told FROM voices
            UNION ALL
            SELECT k.product_id, k.{name}, k.currency, {_kept(name)} AS told FROM known AS k
        ) AS v WHERE {name} IS NOT NULL
    ) AS aged WHERE age = 1"""


def _noted(name: str) -> str:
    return f"""CASE WHEN {name}_said.told IS NOT NULL THEN concat('"{name}": "', {name}_said.told, '"') END"""


_COLUMNS = ", ".join(PRODUCT.columns)
NEWS = f"""
WITH heard AS (
    SELECT product_id, max(happened_at) AS updated_at FROM voices GROUP BY product_id
), known AS (
    SELECT p.* FROM products AS p JOIN heard AS h ON p.product_id = h.product_id WHERE p.source = $source
), {", ".join(f"{name}_said AS ({_last_said(name)})" for name in _TRAITS)}, whole AS (
    SELECT h.product_id AS product_id, {", ".join(f"{name}_said.{name} AS {name}" for name in _TRAITS)},
        CASE WHEN price_minor_said.price_minor IS NULL THEN cost_minor_said.currency ELSE price_minor_said.currency END
            AS currency,
        CASE WHEN k.updated_at > h.updated_at THEN k.updated_at ELSE h.updated_at END AS updated_at,
        concat('{{', concat_ws(', ', {", ".join(map(_noted, _TRAITS))}), '}}') AS told
    FROM heard AS h LEFT JOIN known AS k ON h.product_id = k.product_id
    {" ".join(f"LEFT JOIN {name}_said ON h.product_id = {name}_said.product_id" for name in _TRAITS)}
)
SELECT $source AS source, w.*, k.product_id IS NOT NULL AS was_known
FROM whole AS w LEFT JOIN known AS k ON w.product_id = k.product_id
WHERE k.product_id IS NULL OR {
    " OR ".join(f"w.{name} IS DISTINCT FROM k.{name}" for name in (*_TRAITS, "currency", "updated_at", "told"))
}
"""
"""One row per product that is new, or of which something newer or weightier was told than is known."""

FOUND = """
SELECT count(*) AS n FROM (
    SELECT product_id FROM sale WHERE doc = 'order' AND product_id IS NOT NULL UNION SELECT product_id FROM listed
) AS found
"""
COUNTED = "SELECT count(*) AS n, count(CASE WHEN was_known THEN 1 END) AS known FROM news"
APPENDED = f"SELECT {_COLUMNS} FROM news"
KEPT = f"""
SELECT {", ".join(f"p.{name}" for name in PRODUCT.columns)} FROM products AS p
LEFT JOIN news AS n ON p.source = n.source AND p.product_id = n.product_id WHERE n.product_id IS NULL
"""


def settle_products(work: Work, stage: Stage, sale: Any) -> Settlement:
    """Compare the products of staged lines and product files with the lake."""
    told: dict[str, Any] = {"sale": sale, "listed": stage.source("product")}
    voices = materialise(
        work.engine.stream(VOICES, {**told, "products": PRODUCT}, source=work.source, received_at=work.values["received_at"]),
        work.folder / "voices.parquet",
    )
    news = materialise(
        work.engine.stream(NEWS, {"voices": voices, "products": PRODUCT}, source=work.source),
        work.folder / "news.parquet",
    )
    count = work.engine.query(COUNTED, {"news": news}).to_pylist()[0]
    settlement = Settlement(counts={"products": work.engine.query(FOUND, told).to_pylist()[0]["n"]})
    if count["known"]:
        settlement.changes = [work.instead(PRODUCT, APPENDED, KEPT, {"news": news, "products": PRODUCT}, {})]
    elif count["n"]:
        settlement.changes = [Change(PRODUCT, "append", APPENDED, {"news": news})]
    return settlement
