"""The queries behind a shop's marginals: each counts equal values, so that what comes back is small whatever the shop.

Days and hours of the shop's zone come from `calendar`, a table of the quarter hours in which anything was ordered: every
zone's offset is a multiple of a quarter hour, so a join on whole numbers puts any instant on the shop's wall clock.
"""

from __future__ import annotations

SHOP_SQL = """
SELECT count(*) AS orders, count(DISTINCT customer_id) AS customers, count(customer_id) AS named
FROM orders
"""

CURRENCY_SQL = "SELECT currency, count(*) AS rows FROM orders GROUP BY currency ORDER BY rows DESC, currency LIMIT 1"

QUARTERS_SQL = """
SELECT CAST(floor(epoch(placed_at) / 900) AS BIGINT) AS quarter, count(*) AS orders
FROM orders
GROUP BY CAST(floor(epoch(placed_at) / 900) AS BIGINT)
ORDER BY quarter
"""

_VISITS = """
WITH visits AS (
    SELECT o.customer_id AS customer_id, c.day AS day, count(*) AS orders
    FROM orders AS o
    JOIN calendar AS c ON c.quarter = CAST(floor(epoch(o.placed_at) / 900) AS BIGINT)
    WHERE o.customer_id IS NOT NULL
    GROUP BY o.customer_id, c.day
)"""

LIVES_SQL = f"""{_VISITS},
lives AS (
    SELECT customer_id, CAST(sum(orders) AS BIGINT) AS orders, count(*) AS order_days, min(day) AS first_day,
        max(day) AS last_day
    FROM visits
    GROUP BY customer_id
)
SELECT orders, order_days, first_day, last_day, count(*) AS customers
FROM lives
GROUP BY orders, order_days, first_day, last_day
"""

GAPS_SQL = f"""{_VISITS},
gaps AS (
    SELECT day - lag(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap_days FROM visits
)
SELECT gap_days AS value, count(*) AS rows FROM gaps WHERE gap_days IS NOT NULL GROUP BY gap_days
"""

BASKETS_SQL = """
WITH baskets AS (
    SELECT source, order_id, count(*) AS lines, count(DISTINCT product_id) AS products
    FROM lines
    GROUP BY source, order_id
)
SELECT lines, products, count(*) AS rows FROM baskets GROUP BY lines, products
"""

PIECES_SQL = "SELECT quantity AS value, count(*) AS rows FROM lines GROUP BY quantity"

PRICES_SQL = """
SELECT round(goods_minor / quantity) AS value, count(*) AS rows
FROM lines
WHERE quantity > 0 AND goods_minor / quantity >= 0.5
GROUP BY round(goods_minor / quantity)
"""

VALUES_SQL = "SELECT goods_minor AS value, count(*) AS rows FROM orders GROUP BY goods_minor"

POPULARITY_SQL = """
WITH sold AS (
    SELECT product_id, count(*) AS lines FROM lines WHERE product_id IS NOT NULL GROUP BY product_id
)
SELECT lines, count(*) AS products FROM sold GROUP BY lines ORDER BY lines DESC
"""

GOODS_SQL = "SELECT count(*) AS lines, CAST(coalesce(sum(goods_minor), 0) AS BIGINT) AS goods_minor FROM lines"

RETURNED_SQL = """
SELECT count(*) AS refunds, CAST(coalesce(sum(goods_minor), 0) AS BIGINT) AS goods_minor,
    CAST(coalesce(sum(CASE WHEN product_id IS NOT NULL AND quantity > 0 THEN 1 ELSE 0 END), 0) AS BIGINT) AS lines
FROM refunds
"""

RETURN_DAYS_SQL = """
WITH back AS (
    SELECT r.source AS source, r.refund_id AS refund_id, r.line_no AS line_no, r.customer_id AS customer_id,
        r.product_id AS product_id, r.refunded_at AS refunded_at, o.placed_at AS told_at
    FROM refunds AS r
    LEFT JOIN orders AS o ON o.source = r.source AND o.order_id = r.order_id
    WHERE r.product_id IS NOT NULL AND r.quantity > 0
),
bought AS (
    SELECT source, refund_id, line_no, refunded_at, told_at AS placed_at FROM back WHERE told_at <= refunded_at
    UNION ALL
    SELECT b.source AS source, b.refund_id AS refund_id, b.line_no AS line_no, b.refunded_at AS refunded_at,
        l.placed_at AS placed_at
    FROM back AS b
    JOIN lines AS l ON l.customer_id = b.customer_id AND l.product_id = b.product_id
    WHERE b.told_at IS NULL AND l.placed_at <= b.refunded_at
),
latest AS (
    SELECT source, refund_id, line_no, max(epoch(refunded_at)) - max(epoch(placed_at)) AS seconds
    FROM bought
    GROUP BY source, refund_id, line_no
)
SELECT CAST(floor(seconds / 86400) AS BIGINT) AS value, count(*) AS rows
FROM latest
GROUP BY CAST(floor(seconds / 86400) AS BIGINT)
"""
"""A refund may tell its order, tell none, or tell a number of its own that no order has."""

COUNTRIES_SQL = """
SELECT country AS name, count(*) AS rows FROM customers WHERE country IS NOT NULL GROUP BY country ORDER BY rows DESC, name
"""

LANGUAGES_SQL = """
SELECT language AS name, count(*) AS rows FROM customers WHERE language IS NOT NULL GROUP BY language ORDER BY rows DESC, name
"""

EVENTS_SQL = """
SELECT name, count(*) AS rows FROM events WHERE name IS NOT NULL GROUP BY name ORDER BY rows DESC, name
"""

MARGIN_SQL = """
SELECT count(*) AS products, avg(CASE WHEN price_minor > 0 THEN 1.0 - cost_minor / price_minor END) AS margin_share
FROM products
"""
