"""What was given back of an order, told twice: in one sum by an export, and refund by refund by the shop itself.

An export says of an order only what was given back in all (a refund of the order's own number, without products); webhooks and
API pages tell each refund with its own number, day and goods. Both stand under one source, and the money was given back once:

    the sum told     stands for what the refunds known one by one leave of it
    the refunds told take away as much of a stored sum as they are new

A cancelled order is such a sum too. Of an order told as a whole never more is given back than it came to: what was given back
first counts first.
"""

from __future__ import annotations

from typing import Any

from lifeloop.collect.facts import SALE
from lifeloop.collect.settle.change import Work
from lifeloop.collect.stage import materialise
from lifeloop.schema import ORDER, REFUND

_SUM_OF = "({0}.{1} = {0}.order_id OR {0}.{1} = concat({0}.order_id, '-cancelled'))"
_IS_SUM = f"""s.doc = 'refund' AND {_SUM_OF.format("s", "doc_id")} AND s.product_id IS NULL
    AND (NOT s.is_line OR (coalesce(s.whole, false) AND s.line_no = 1))"""
_KEPT_IS_SUM = f"{_SUM_OF.format('k', 'refund_id')} AND k.product_id IS NULL AND k.line_no = 1"

FRESH = f"""
WITH kept AS (
    SELECT k.refund_id AS refund_id, max(k.refunded_at) AS refunded_at, max(k.order_id) AS order_id
    FROM stored AS k JOIN (SELECT DISTINCT doc_id FROM sale WHERE doc = 'refund' AND coalesce(whole, false)) AS t
        ON k.refund_id = t.doc_id
    WHERE k.source = $source GROUP BY k.refund_id
)
SELECT {", ".join(f"s.{name}" for name in ("part", *SALE.names))}
FROM sale AS s LEFT JOIN kept AS k ON s.doc_id = k.refund_id AND s.doc = 'refund' AND coalesce(s.whole, false)
    AND s.happened_at < k.refunded_at AND (k.order_id IS NOT NULL OR s.order_id IS NULL)
WHERE k.refund_id IS NULL
"""
"""The staged sales without refunds of which a later word is stored."""

MEETING = f"""
WITH told AS (
    SELECT s.order_id AS order_id, s.doc_id AS refund_id, sum(s.amount_minor) AS amount_minor,
        sum(s.goods_minor) AS goods_minor, max(CASE WHEN {_IS_SUM} THEN 1 ELSE 0 END) AS is_sum
    FROM sale AS s WHERE s.doc = 'refund' AND s.order_id IS NOT NULL GROUP BY s.order_id, s.doc_id
), kept AS (
    SELECT k.order_id AS order_id, k.refund_id AS refund_id, sum(k.amount_minor) AS amount_minor,
        sum(k.goods_minor) AS goods_minor, max(CASE WHEN {_KEPT_IS_SUM} THEN 1 ELSE 0 END) AS is_sum
    FROM stored AS k JOIN (SELECT DISTINCT order_id FROM told) AS t ON k.order_id = t.order_id
    WHERE k.source = $source GROUP BY k.order_id, k.refund_id
), single AS (
    SELECT coalesce(t.order_id, k.order_id) AS order_id, coalesce(t.amount_minor, k.amount_minor) AS amount_minor,
        coalesce(t.goods_minor, k.goods_minor) AS goods_minor,
        coalesce(t.amount_minor - coalesce(k.amount_minor, 0), 0) AS new_amount_minor,
        coalesce(t.goods_minor - coalesce(k.goods_minor, 0), 0) AS new_goods_minor
    FROM (SELECT * FROM told WHERE is_sum = 0) AS t
    FULL OUTER JOIN (SELECT * FROM kept WHERE is_sum = 0) AS k ON t.order_id = k.order_id AND t.refund_id = k.refund_id
), singles AS (
    SELECT order_id, sum(amount_minor) AS amount_minor, sum(goods_minor) AS goods_minor,
        sum(new_amount_minor) AS new_amount_minor, sum(new_goods_minor) AS new_goods_minor
    FROM single GROUP BY order_id
), sums AS (
    SELECT coalesce(t.order_id, k.order_id) AS order_id, coalesce(t.refund_id, k.refund_id) AS refund_id,
        t.order_id IS NOT NULL AS is_told, k.order_id IS NOT NULL AS is_kept,
        t.amount_minor AS told_amount, t.goods_minor AS told_goods, k.amount_minor AS kept_amount, k.goods_minor AS kept_goods
    FROM (SELECT * FROM told WHERE is_sum = 1) AS t
    FULL OUTER JOIN (SELECT * FROM kept WHERE is_sum = 1) AS k ON t.order_id = k.order_id AND t.refund_id = k.refund_id
)
SELECT n.order_id AS order_id, x.refund_id AS refund_id, x.is_told AS is_told, x.is_kept AS is_kept,
    CAST(greatest(0, CASE WHEN x.is_told THEN x.told_amount - n.amount_minor
        ELSE x.kept_amount - n.new_amount_minor END) AS BIGINT) AS amount_minor,
    CAST(greatest(0, CASE WHEN x.is_told THEN x.told_goods - n.goods_minor
        ELSE x.kept_goods - n.new_goods_minor END) AS BIGINT) AS goods_minor
FROM singles AS n JOIN sums AS x ON n.order_id = x.order_id
WHERE x.is_told OR n.new_amount_minor <> 0 OR n.new_goods_minor <> 0
"""
"""Orders of which both are known now, and what then is left of the sum."""


def _columns(**instead: str) -> str:
    return ", ".join(f"{instead.get(name, f's.{name}')} AS {name}" for name in ("part", *SALE.names))


_LEFT = {
    "amount_minor": "m.amount_minor",
    "goods_minor": "m.goods_minor",
    "quantity": "CASE WHEN m.amount_minor = 0 THEN -1.0 ELSE 0.0 END",
}
_STORED = dict.fromkeys(("part", *SALE.names), "NULL") | {
    "part": "0", "line": "0", "doc": "'refund'", "doc_id": "k.refund_id", "order_id": "k.order_id", "is_line": "false",
    "customer_id": "k.customer_id", "happened_at": "k.refunded_at", "received_at": "k.received_at",
    "currency": "k.currency", **_LEFT,
}  # fmt: skip
ADJUSTED = f"""
SELECT {_columns()} FROM sale AS s LEFT JOIN met AS m ON s.order_id = m.order_id AND s.doc_id = m.refund_id AND {_IS_SUM}
WHERE m.order_id IS NULL
UNION ALL
SELECT {_columns(**_LEFT)} FROM sale AS s JOIN met AS m ON s.order_id = m.order_id AND s.doc_id = m.refund_id AND {_IS_SUM}
WHERE m.amount_minor > 0 OR m.is_kept
UNION ALL
SELECT {_columns(**_STORED)} FROM stored AS k
JOIN met AS m ON k.order_id = m.order_id AND k.refund_id = m.refund_id AND NOT m.is_told
WHERE k.source = $source AND {_KEPT_IS_SUM}
"""
"""The staged sales, with sums that say what is left; one nothing is left of has -1 pieces: what is stored of it goes."""


WITHIN = f"""
WITH touched AS (
    SELECT DISTINCT order_id FROM sale WHERE order_id IS NOT NULL AND coalesce(whole, false)
), now AS (
    SELECT doc_id AS order_id, order_total_minor AS total_minor, currency FROM sale
    WHERE doc = 'order' AND coalesce(whole, false) AND NOT is_line AND order_total_minor IS NOT NULL
), known AS (
    SELECT t.order_id AS order_id, coalesce(n.total_minor, o.total_minor) AS total_minor,
        coalesce(n.currency, o.currency) AS currency
    FROM touched AS t LEFT JOIN now AS n ON t.order_id = n.order_id
    LEFT JOIN (SELECT * FROM orders WHERE source = $source) AS o ON t.order_id = o.order_id
), kept AS (
    SELECT k.* FROM stored AS k JOIN touched AS t ON k.order_id = t.order_id WHERE k.source = $source
), back AS (
    SELECT s.order_id AS order_id, s.doc_id AS refund_id, s.line_no AS line_no, s.part AS part, s.line AS line,
        s.happened_at AS happened_at, s.amount_minor AS amount_minor, s.goods_minor AS goods_minor, s.currency AS currency,
        CASE WHEN {_IS_SUM} THEN 1 ELSE 0 END AS is_sum
    FROM sale AS s JOIN touched AS t ON s.order_id = t.order_id WHERE s.doc = 'refund' AND s.quantity >= 0
    UNION ALL
    SELECT k.order_id, k.refund_id, k.line_no, -1, 0, k.refunded_at, k.amount_minor, k.goods_minor, k.currency,
        CASE WHEN {_KEPT_IS_SUM} THEN 1 ELSE 0 END
    FROM kept AS k LEFT JOIN (SELECT DISTINCT doc_id FROM sale WHERE doc = 'refund') AS s ON k.refund_id = s.doc_id
    WHERE s.doc_id IS NULL
), added AS (
    SELECT b.*, k.total_minor AS total_minor, sum(b.amount_minor) OVER (PARTITION BY b.order_id
        ORDER BY b.is_sum, b.happened_at, b.refund_id, b.line_no, b.part, b.line ROWS UNBOUNDED PRECEDING) AS so_far
    FROM back AS b JOIN known AS k ON b.order_id = k.order_id AND b.currency = k.currency
), cut AS (
    SELECT a.*, CAST(greatest(0, a.total_minor - (a.so_far - a.amount_minor)) AS BIGINT) AS room FROM added AS a
    WHERE a.so_far > a.total_minor AND a.amount_minor > 0
)
SELECT c.refund_id AS refund_id, c.order_id AS order_id, c.line_no AS line_no, c.part AS part, c.line AS line,
    c.room AS amount_minor, CAST(round(CAST(c.goods_minor AS DOUBLE) * c.room / c.amount_minor) AS BIGINT) AS goods_minor,
    k.refund_id IS NOT NULL AS is_kept
FROM cut AS c LEFT JOIN (SELECT DISTINCT refund_id FROM kept) AS k ON c.refund_id = k.refund_id
"""
"""The lines of refunds that would give back more of an order than it came to, and what is left for each; earlier go first."""


def _cut(alias: str, **otherwise: str) -> dict[str, str]:
    """Return the amounts of a line, cut or not; one nothing is left for has -1 pieces: it is not written, or goes."""
    said = {name: otherwise.get(name, f"{alias}.{name}") for name in ("amount_minor", "goods_minor", "quantity")}
    return {
        "amount_minor": f"coalesce(c.amount_minor, {said['amount_minor']})",
        "goods_minor": f"coalesce(c.goods_minor, {said['goods_minor']})",
        "quantity": f"CASE WHEN c.amount_minor = 0 THEN -1.0 ELSE {said['quantity']} END",
    }


_STORED_LINE = _STORED | _cut("k") | {
    "product_id": "k.product_id", "line_no": "k.line_no", "whole": "true", "told_at": "k.refunded_at", "is_line": "true",
}  # fmt: skip
CUT = f"""
SELECT {_columns(**_cut("s"))} FROM sale AS s LEFT JOIN cut AS c
    ON s.doc = 'refund' AND s.doc_id = c.refund_id AND s.order_id = c.order_id AND s.part = c.part AND s.line = c.line
    AND s.line_no IS NOT DISTINCT FROM c.line_no
WHERE c.refund_id IS NULL OR c.amount_minor > 0 OR c.is_kept
UNION ALL
SELECT {_columns(**_STORED_LINE)} FROM stored AS k
JOIN (SELECT DISTINCT refund_id, order_id FROM cut WHERE part = -1) AS m
    ON k.refund_id = m.refund_id AND k.order_id = m.order_id
LEFT JOIN cut AS c ON k.refund_id = c.refund_id AND k.line_no = c.line_no AND c.part = -1
WHERE k.source = $source
"""
"""The staged sales, in which no order told as a whole is given back more than whole."""


def _within_total(work: Work, sale: Any) -> Any:
    tables = {"sale": sale, "stored": REFUND}
    cut = work.engine.query(WITHIN, {**tables, "orders": ORDER}, source=work.source)
    if not cut.num_rows:
        return sale
    rows = work.engine.stream(CUT, {**tables, "cut": cut}, source=work.source)
    return materialise(rows, work.folder / "within_total.parquet")


def told_once(work: Work, sale: Any) -> Any:
    """Return the staged sales `sale`, a source of queries, with no money given back twice, and none that was never paid."""
    tables = {"sale": sale, "stored": REFUND}
    said = work.engine.query(_SAID, {"sale": sale}).to_pylist()[0]
    if said["whole"]:
        fresh = work.engine.stream(FRESH, tables, source=work.source)
        sale = materialise(fresh, work.folder / "fresh-sales.parquet")
    if said["back"]:
        sale = _apart(work, sale)
    return _within_total(work, sale) if said["whole"] or said["orders"] else sale


_SAID = """
SELECT count(CASE WHEN doc = 'refund' AND order_id IS NOT NULL THEN 1 END) AS back,
    count(CASE WHEN doc = 'refund' AND coalesce(whole, false) THEN 1 END) AS whole,
    count(CASE WHEN doc = 'order' AND coalesce(whole, false) THEN 1 END) AS orders
FROM sale
"""


def _apart(work: Work, sale: Any) -> Any:
    """Return the sales with sums that leave out the refunds known one by one."""
    met = work.engine.query(MEETING, {"sale": sale, "stored": REFUND}, source=work.source)
    if not met.num_rows:
        return sale
    adjusted = work.engine.stream(ADJUSTED, {"sale": sale, "stored": REFUND, "met": met}, source=work.source)
    return materialise(adjusted, work.folder / "given_back.parquet")
