"""The queries behind refunds: staged `sale` rows of refunds beside those the lake holds."""

from __future__ import annotations

from lifeloop.schema import REFUND

REFUND_FATES = """
WITH ours AS (
    SELECT doc_id AS refund_id, product_id, quantity, amount_minor, happened_at AS returned_at, max(order_id) AS order_id,
        min(CASE WHEN whole THEN 1 ELSE 0 END) AS is_whole, count(*) AS n
    FROM sale WHERE doc = 'refund' GROUP BY doc_id, product_id, quantity, amount_minor, happened_at
), theirs AS (
    SELECT refund_id, product_id, quantity, amount_minor, refunded_at AS returned_at, max(order_id) AS order_id, count(*) AS n
    FROM (
        SELECT r.* FROM stored AS r JOIN (SELECT DISTINCT refund_id FROM ours) AS o ON r.refund_id = o.refund_id
        WHERE r.source = $source
    ) AS met GROUP BY refund_id, product_id, quantity, amount_minor, refunded_at
), known AS (
    SELECT refund_id, max(order_id) AS order_id FROM theirs GROUP BY refund_id
), missing AS (
    SELECT DISTINCT o.refund_id AS refund_id FROM ours AS o LEFT JOIN theirs AS t ON o.refund_id = t.refund_id
        AND coalesce(o.product_id, '') = coalesce(t.product_id, '') AND o.quantity = t.quantity
        AND o.amount_minor = t.amount_minor AND o.returned_at = t.returned_at
    LEFT JOIN known AS k ON o.refund_id = k.refund_id
    WHERE CASE WHEN o.order_id IS NULL AND k.order_id IS NOT NULL THEN false
        WHEN o.order_id IS NOT NULL AND k.refund_id IS NOT NULL AND k.order_id IS NULL THEN true
        ELSE coalesce(t.n, 0) < o.n END
), sharing AS (
    SELECT DISTINCT o.refund_id AS refund_id FROM ours AS o JOIN theirs AS t ON o.refund_id = t.refund_id
        AND (o.is_whole = 1 OR coalesce(o.product_id, '') = coalesce(t.product_id, ''))
    LEFT JOIN documents AS d ON o.order_id = d.order_id
    WHERE o.is_whole = 1 OR o.returned_at = t.returned_at OR o.order_id IS NULL OR d.order_id IS NOT NULL
)
SELECT m.refund_id AS refund_id,
    CASE WHEN k.refund_id IS NULL THEN 'new' WHEN s.refund_id IS NOT NULL THEN 'replaced' ELSE 'joined' END AS fate
FROM missing AS m LEFT JOIN known AS k ON m.refund_id = k.refund_id LEFT JOIN sharing AS s ON m.refund_id = s.refund_id
"""
"""What becomes of each refund whose lines are not all stored; refunds have no digest, their lines are compared.

The same goods given back at another time are a further return of that order (joined), unless the refund has a number of its
own or its order is told anew in this import: then the time was mended (replaced). A refund that names no order says nothing
of one whose order is known.
"""

_REFUND = """
    $source AS source, s.doc_id AS refund_id, s.order_id AS order_id, s.customer_id AS customer_id,
    s.happened_at AS refunded_at,
    coalesce(s.received_at, $received_at) AS received_at, s.product_id AS product_id, s.quantity AS quantity,
    s.currency AS currency,
    s.amount_minor AS amount_minor, s.goods_minor AS goods_minor,
    {offset} row_number() OVER (PARTITION BY s.doc_id ORDER BY s.line_no, s.part, s.line) AS line_no
"""
REFUNDS = f"""
SELECT {_REFUND.format(offset="")}
FROM sale AS s JOIN fates AS f ON s.doc_id = f.refund_id WHERE s.doc = 'refund' AND s.quantity >= 0
"""
_REFUND_COLUMNS = (
    "source", "refund_id", "order_id", "customer_id", "refunded_at", "received_at", "product_id", "quantity", "currency",
    "amount_minor", "goods_minor", "line_no",
)  # fmt: skip
REFUNDS_TOLD = f"""
SELECT {_REFUND.format(offset="coalesce(n.n, 0) +")}
FROM sale AS s JOIN fates AS f ON s.doc_id = f.refund_id
LEFT JOIN (
    SELECT r.refund_id AS refund_id, max(r.line_no) AS n FROM stored AS r JOIN fates AS f ON r.refund_id = f.refund_id
    WHERE r.source = $source AND f.fate = 'joined' GROUP BY r.refund_id
) AS n ON s.doc_id = n.refund_id
WHERE s.doc = 'refund' AND s.quantity >= 0
"""
"""The refunds of this import, a further return of stored ones behind their lines."""

REFUNDS_KEPT = f"""
SELECT {", ".join(f"r.{name}" for name in _REFUND_COLUMNS)}
FROM stored AS r LEFT JOIN fates AS f ON r.refund_id = f.refund_id AND r.source = $source AND f.fate = 'replaced'
WHERE f.refund_id IS NULL
"""
"""The stored refunds that stay."""

REFUNDS_GONE = """
SELECT r.source AS source, r.refund_id AS refund_id, r.line_no AS line_no
FROM stored AS r JOIN fates AS f ON r.refund_id = f.refund_id AND r.source = $source AND f.fate = 'replaced'
"""
"""The keys of the stored refunds that are replaced."""

assert set(_REFUND_COLUMNS) == set(REFUND.columns)
