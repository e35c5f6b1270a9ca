"""What was given back of an order, told twice: in one sum by an export, and refund by refund by the shop itself.

An export says of an order only what was given back in all (a refund of the order's own number, without products); webhooks and
API pages tell each refund with its own number, day and goods. Both stand under one source, and the money was given back once:

    the sum told     stands for what the refunds known one by one leave of it
    the refunds told take away as much of a stored sum as they are new
"""

from __future__ import annotations

from typing import Any

from lifeloop.collect.facts import SALE
from lifeloop.collect.settle.change import Work
from lifeloop.collect.stage import materialise
from lifeloop.schema import REFUND

_IS_SUM = "s.doc = 'refund' AND s.doc_id = s.order_id AND s.product_id IS NULL AND NOT s.is_line"
_KEPT_IS_SUM = "k.refund_id = k.order_id AND k.product_id IS NULL"

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
)
SELECT n.order_id AS order_id, t.order_id IS NOT NULL AS is_told, k.order_id IS NOT NULL AS is_kept,
    CAST(greatest(0, CASE WHEN t.order_id IS NOT NULL THEN t.amount_minor - n.amount_minor
        ELSE k.amount_minor - n.new_amount_minor END) AS BIGINT) AS amount_minor,
    CAST(greatest(0, CASE WHEN t.order_id IS NOT NULL THEN t.goods_minor - n.goods_minor
        ELSE k.goods_minor - n.new_goods_minor END) AS BIGINT) AS goods_minor
FROM singles AS n
LEFT JOIN (SELECT * FROM told WHERE is_sum = 1) AS t ON n.order_id = t.order_id
LEFT JOIN (SELECT * FROM kept WHERE is_sum = 1) AS k ON n.order_id = k.order_id
WHERE t.order_id IS NOT NULL OR (k.order_id IS NOT NULL AND (n.new_amount_minor <> 0 OR n.new_goods_minor <> 0))
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
SELECT {_columns()} FROM sale AS s LEFT JOIN met AS m ON s.order_id = m.order_id AND {_IS_SUM} WHERE m.order_id IS NULL
UNION ALL
SELECT {_columns(**_LEFT)} FROM sale AS s JOIN met AS m ON s.order_id = m.order_id AND {_IS_SUM}
WHERE m.amount_minor > 0 OR m.is_kept
UNION ALL
SELECT {_columns(**_STORED)} FROM stored AS k JOIN met AS m ON k.order_id = m.order_id AND NOT m.is_told
WHERE k.source = $source AND {_KEPT_IS_SUM}
"""
"""The staged sales, with sums that say what is left; one nothing is left of has -1 pieces: what is stored of it goes."""


def told_once(work: Work, sale: Any) -> Any:
    """Return the staged sales `sale`, a source of queries, with no refund in them twice."""
    back = "SELECT count(*) AS n FROM sale WHERE doc = 'refund' AND order_id IS NOT NULL"
    if not work.engine.query(back, {"sale": sale}).to_pylist()[0]["n"]:
        return sale
    met = work.engine.query(MEETING, {"sale": sale, "stored": REFUND}, source=work.source)
    if not met.num_rows:
        return sale
    adjusted = work.engine.stream(ADJUSTED, {"sale": sale, "stored": REFUND, "met": met}, source=work.source)
    return materialise(adjusted, work.folder / "given_back.parquet")
