"""The queries behind orders and their lines: over staged `sale` rows, and over what the lake holds."""

from __future__ import annotations

from lifeloop.collect.facts import SALE
from lifeloop.schema import ORDER, ORDER_LINE

_CONTENT = "doc, doc_id, product_id, quantity, amount_minor, currency, is_line, returned_at"


def _columns(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in ("part", *SALE.names))


_FILLED = ("customer_id", "channel", "coupon", "country")
_WHOLE_ORDER = "(s.doc = 'order' AND coalesce(s.whole, false))"
_LAST_SAID = "told_at DESC NULLS LAST, part DESC, line DESC"


def _told() -> str:
    """Return the columns of a row that was told last, with what earlier versions said and it does not."""
    instead = {"received_at": "r.first_received_at", "placed_at": "r.first_placed_at"}
    instead |= {name: f"r.last_{name}" for name in _FILLED}
    return ", ".join(f"{instead[name]} AS {name}" if name in instead else f"r.{name}" for name in ("part", *SALE.names))


def _last(name: str) -> str:
    """Return the last word on one thing about a whole document; its lines, and parts of one, say it of themselves."""
    said = f"first_value({name} IGNORE NULLS) OVER (PARTITION BY doc, doc_id ORDER BY {_LAST_SAID}"
    return f"""CASE WHEN whole AND NOT is_line THEN {said}
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ELSE {name} END AS last_{name}"""


TOLD_LAST = f"""
WITH ranked AS (
    SELECT s.*, rank() OVER (PARTITION BY doc, doc_id, CASE WHEN whole THEN 0 ELSE line_no END ORDER BY {_LAST_SAID}) AS age,
        CASE WHEN whole THEN coalesce(min(placed_at) OVER (PARTITION BY doc, doc_id), min(happened_at) OVER (PARTITION BY doc,
            doc_id)) END AS first_placed_at,
        {", ".join(map(_last, _FILLED))},
        min(received_at) OVER (PARTITION BY doc, doc_id, line_no, product_id, quantity, amount_minor, happened_at)
            AS first_received_at
    FROM sale AS s WHERE line_no IS NOT NULL AND NOT {_WHOLE_ORDER}
)
SELECT {_told()} FROM ranked AS r WHERE age = 1
UNION ALL
SELECT {_columns("s")} FROM sale AS s WHERE line_no IS NULL OR {_WHOLE_ORDER}
"""
"""Rows that say which line of which document they are: of each only the last that was told, received when it first was.

What was said last counts; where nothing says when, what stands last. Orders told whole have been made one before.
"""

JOIN_PARTS = f"""
WITH shared AS (
    SELECT doc, doc_id FROM sale GROUP BY doc, doc_id HAVING min(part) <> max(part)
), dated AS (
    SELECT s.*, CASE WHEN s.doc = 'refund' THEN s.happened_at END AS returned_at
    FROM sale AS s JOIN shared AS h ON s.doc = h.doc AND s.doc_id = h.doc_id
), counted AS (
    SELECT d.*, row_number() OVER (PARTITION BY part, doc, doc_id, product_id, quantity, amount_minor, currency, is_line,
        returned_at ORDER BY line) AS occurrence
    FROM dated AS d
), ranked AS (
    SELECT c.*, row_number() OVER (PARTITION BY {_CONTENT}, occurrence ORDER BY part) AS copy FROM counted AS c
)
SELECT {_columns("r")} FROM ranked AS r WHERE copy = 1
UNION ALL
SELECT {_columns("s")} FROM sale AS s LEFT JOIN shared AS h ON s.doc = h.doc AND s.doc_id = h.doc_id WHERE h.doc_id IS NULL
"""
"""Each line of a document as often as in the file that holds it most often; goods given back again later are another line."""

_LINES_CONTENT = """array_to_string(list_sort(list(concat_ws('~', coalesce(product_id, ''), CAST(quantity AS VARCHAR),
            CAST(amount_minor AS VARCHAR), currency)) FILTER (WHERE {half})), ';')"""


def _digest(half: str) -> str:
    """Return the fingerprint of one half of an order, its lines or what it says as a whole; null where there is none."""
    return f"""CASE WHEN sum(CASE WHEN {half} THEN 1 ELSE 0 END) > 0 THEN md5(concat_ws('|', coalesce(max(customer_id), ''),
        CAST(min(CASE WHEN {half} THEN coalesce(placed_at, happened_at) END) AS VARCHAR),
        CAST(sum(CASE WHEN {half} THEN order_total_minor END) AS VARCHAR),
        {_LINES_CONTENT.format(half=half)})) END"""


def _whole(name: str, half: str) -> str:
    """Return a sum over one half where it says anything, else over all rows."""
    return f"coalesce(sum(CASE WHEN {half} THEN {name} END), sum({name})) AS {name}"


DOCUMENTS = f"""
SELECT summed.*, concat_ws('+', head_digest, line_digest) AS digest, t.told AS told FROM (
    SELECT
        doc_id AS order_id,
        max(customer_id) AS customer_id,
        CASE WHEN min(customer_id) <> max(customer_id) THEN 2 ELSE 1 END AS customers,
        min(coalesce(placed_at, happened_at)) AS placed_at,
        max(told_at) AS told_at,
        min(CASE WHEN whole THEN 1 ELSE 0 END) AS is_whole,
        CASE WHEN min(currency) = max(currency) THEN max(currency) ELSE $base END AS currency,
        CASE WHEN min(currency) = max(currency) THEN coalesce(sum(order_total_minor), sum(amount_minor))
            ELSE coalesce(sum(order_goods_minor), sum(goods_minor)) END AS total_minor,
        {_whole("discount_minor", "NOT is_line")},
        {_whole("shipping_minor", "NOT is_line")},
        {_whole("tax_minor", "NOT is_line")},
        coalesce(sum(order_goods_minor), sum(goods_minor)) AS goods_minor,
        {_whole("quantity", "is_line")},
        count(DISTINCT product_id) AS products,
        sum(CASE WHEN is_line THEN 1 ELSE 0 END) AS lines,
        max(channel) AS channel,
        max(coupon) AS coupon,
        max(country) AS country,
        max(received_at) AS received_at,
        {_digest("NOT is_line")} AS head_digest,
        {_digest("is_line")} AS line_digest
    FROM sale WHERE doc = 'order' GROUP BY doc_id
) AS summed LEFT JOIN tellings AS t ON summed.order_id = t.doc_id
"""
"""One row per order of this import."""

_SAME = """((d.head_digest IS NULL OR list_contains(string_split(k.digest, '+'), d.head_digest))
        AND (d.line_digest IS NULL OR list_contains(string_split(k.digest, '+'), d.line_digest)))"""


def _of_lines(alias: str) -> str:
    """Return the fingerprint of an order's lines in what is kept of its tellings; null where none told any."""
    return f"split_part(json_extract_string({alias}.told, '$.lines'), ' ', 2)"


FATES = (
    """
WITH known AS (
    SELECT o.order_id, o.customer_id, o.digest, o.quantity, o.products, o.placed_at, o.told_at, o.told
    FROM orders AS o JOIN documents AS d ON o.order_id = d.order_id WHERE o.source = $source
), changed AS (
    SELECT d.order_id, d.lines AS lines, k.quantity AS stored_quantity, coalesce(k.products, 0) AS stored_products,
        k.order_id IS NULL AS is_new, d.head_digest IS NULL AS is_headless,
        d.is_whole = 1 AND d.lines > 0 AND d.head_digest IS NOT NULL AS is_whole,
        coalesce(d.told_at < k.told_at, false) AS is_late,
        {same} AS is_same, d.told IS NOT NULL AND k.told IS NOT NULL AS is_met,
        coalesce({of_lines("d")} IS NOT DISTINCT FROM {of_lines("k")}
            AND d.customer_id IS NOT DISTINCT FROM k.customer_id AND d.placed_at = k.placed_at, false) AS is_lined,
        CASE WHEN d.told IS NOT NULL AND k.told IS NOT NULL THEN d.placed_at
            WHEN d.is_whole = 1 AND k.placed_at < d.placed_at THEN k.placed_at ELSE d.placed_at END AS placed_at,
        CASE WHEN d.told IS NOT NULL AND k.told IS NOT NULL THEN d.customer_id
            WHEN d.told_at < k.told_at THEN coalesce(k.customer_id, d.customer_id)
            ELSE coalesce(d.customer_id, CASE WHEN d.is_whole = 1 THEN k.customer_id END) END AS customer_id,
        CASE WHEN k.told_at > d.told_at THEN k.told_at ELSE coalesce(d.told_at, k.told_at) END AS told_at
    FROM documents AS d LEFT JOIN known AS k ON d.order_id = k.order_id
    WHERE k.order_id IS NULL OR CASE WHEN d.told IS NOT NULL AND k.told IS NOT NULL
            THEN d.told <> k.told OR d.placed_at <> k.placed_at OR d.told_at <> k.told_at
        WHEN {same} THEN coalesce(d.told_at > k.told_at, false)
        ELSE NOT coalesce(d.told_at < k.told_at AND (d.is_whole = 0 OR d.placed_at >= k.placed_at), false) END
), met AS (
    SELECT order_id, stored_quantity FROM changed WHERE NOT is_new
), ours AS (
    SELECT s.doc_id AS order_id, s.product_id AS product_id, s.quantity AS quantity,
        s.amount_minor AS amount_minor, count(*) AS n,
        min(CASE WHEN s.line_no IS NOT NULL AND NOT s.whole THEN 1 ELSE 0 END) AS numbered
    FROM sale AS s JOIN met AS m ON s.doc_id = m.order_id WHERE s.doc = 'order' AND s.is_line
    GROUP BY s.doc_id, s.product_id, s.quantity, s.amount_minor
), theirs AS (
    SELECT l.order_id AS order_id, l.product_id AS product_id, l.quantity AS quantity,
        l.amount_minor AS amount_minor, count(*) AS n
    FROM stored_lines AS l JOIN met AS m ON l.order_id = m.order_id WHERE l.source = $source
    GROUP BY l.order_id, l.product_id, l.quantity, l.amount_minor
), sharing AS (
    SELECT DISTINCT o.order_id FROM ours AS o JOIN theirs AS t ON o.order_id = t.order_id
        AND coalesce(o.product_id, '') = coalesce(t.product_id, '')
), contained AS (
    SELECT o.order_id AS order_id, min(o.numbered) AS numbered, sum(o.n) AS ours_n,
        sum(CASE WHEN t.n < o.n THEN t.n ELSE coalesce(t.n, 0) END) AS found_n
    FROM ours AS o LEFT JOIN theirs AS t ON o.order_id = t.order_id AND coalesce(o.product_id, '') = coalesce(t.product_id, '')
        AND o.quantity = t.quantity AND o.amount_minor = t.amount_minor
    GROUP BY o.order_id
), held AS (
    SELECT order_id, sum(n) AS n, sum(n * quantity) AS quantity FROM theirs GROUP BY order_id
)
SELECT c.order_id AS order_id, c.placed_at AS placed_at, c.customer_id AS customer_id, c.told_at AS told_at,
    CASE
        WHEN c.is_new THEN 'new'
        WHEN c.is_met AND c.is_lined THEN CASE WHEN c.is_same THEN 'resaid' ELSE 'retold' END
        WHEN c.is_met THEN 'replaced'
        WHEN c.is_same THEN 'again'
        WHEN c.is_late THEN 'dated'
        WHEN c.is_whole THEN 'replaced'
        WHEN c.lines > 0 AND c.stored_products = 0 THEN 'itemised'
        WHEN c.lines = 0 AND c.stored_products > 0 THEN 'headed'
        WHEN h.order_id IS NULL OR i.order_id IS NULL THEN 'replaced'
        WHEN i.ours_n = i.found_n AND abs(h.quantity - c.stored_quantity) > 0.000001 AND h.n > i.ours_n THEN 'resumed'
        WHEN s.order_id IS NOT NULL THEN 'replaced'
        ELSE 'joined'
    END AS fate
FROM changed AS c
LEFT JOIN held AS h ON c.order_id = h.order_id
LEFT JOIN contained AS i ON c.order_id = i.order_id
LEFT JOIN sharing AS s ON c.order_id = s.order_id
WHERE NOT coalesce(c.is_headless AND i.numbered = 1 AND i.ours_n = i.found_n
    AND abs(h.quantity - c.stored_quantity) < 0.000001, false)
""".replace("{same}", _SAME)
    .replace('{of_lines("d")}', _of_lines("d"))
    .replace('{of_lines("k")}', _of_lines("k"))
)
"""What becomes of each order that is not stored exactly so already; numbered lines that all are stored say nothing new.

What was said before the last word on an order changes nothing but when it was placed. An order told whole takes the place of
what is stored; one told again as it was takes the time of that word.
"""

_LINE = """
    $source AS source, s.doc_id AS order_id, f.customer_id AS customer_id, f.placed_at AS placed_at,
    coalesce(s.received_at, $received_at) AS received_at, s.product_id AS product_id, s.title AS title,
    s.quantity AS quantity, s.currency AS currency, s.amount_minor AS amount_minor, s.goods_minor AS goods_minor,
    {offset} row_number() OVER (PARTITION BY s.doc_id ORDER BY s.line_no, s.part, s.line) AS line_no
"""
_WRITTEN = "s.doc = 'order' AND s.is_line AND f.fate NOT IN ('resumed', 'dated', 'again', 'retold', 'resaid')"
LINES_ARRIVING = f"""
SELECT count(*) AS n FROM sale AS s JOIN fates AS f ON s.doc_id = f.order_id WHERE {_WRITTEN}
"""
_LINE_COLUMNS = (
    "source", "order_id", "customer_id", "placed_at", "received_at", "product_id", "title", "quantity", "currency",
    "amount_minor", "goods_minor", "line_no",
)  # fmt: skip

LINES = f"""
SELECT {_LINE.format(offset="")}
FROM sale AS s JOIN fates AS f ON s.doc_id = f.order_id
WHERE {_WRITTEN}
"""
"""The lines of new orders."""

LINES_LEAVING = """
SELECT count(*) AS n FROM stored_lines AS l JOIN fates AS f ON l.order_id = f.order_id
WHERE l.source = $source AND f.fate IN ('new', 'replaced', 'itemised', 'dated')
"""

_LINE_ORDER = (*(name for name in _LINE_COLUMNS if name != "line_no"), "line_no")
LINES_TOLD = f"""
SELECT {_LINE.format(offset="coalesce(n.n, 0) +")}
FROM sale AS s JOIN fates AS f ON s.doc_id = f.order_id
LEFT JOIN (
    SELECT l.order_id AS order_id, max(l.line_no) AS n FROM stored_lines AS l JOIN fates AS f ON l.order_id = f.order_id
    WHERE l.source = $source AND f.fate = 'joined' GROUP BY l.order_id
) AS n ON s.doc_id = n.order_id
WHERE {_WRITTEN}
UNION ALL
SELECT {", ".join("f.placed_at" if name == "placed_at" else f"l.{name}" for name in _LINE_ORDER)}
FROM stored_lines AS l JOIN fates AS f ON l.order_id = f.order_id WHERE l.source = $source AND f.fate = 'dated'
"""
"""The lines of this import, those of another part of a stored order behind its lines, and stored ones that are dated anew."""

_ARRIVING = """
    SELECT DISTINCT s.doc_id AS order_id FROM sale AS s JOIN fates AS f ON s.doc_id = f.order_id
    WHERE s.doc = 'order' AND ((s.is_line AND f.fate IN ('new', 'replaced', 'itemised')) OR f.fate = 'dated')
"""
LINES_KEPT = f"""
SELECT {", ".join(f"l.{name}" for name in _LINE_COLUMNS)}
FROM stored_lines AS l LEFT JOIN ({_ARRIVING}) AS a ON l.order_id = a.order_id AND l.source = $source
WHERE a.order_id IS NULL
"""
"""The stored lines that stay."""

LINES_GONE = f"""
SELECT l.source AS source, l.order_id AS order_id, l.line_no AS line_no
FROM stored_lines AS l JOIN ({_ARRIVING}) AS a ON l.order_id = a.order_id AND l.source = $source
"""
"""The keys of the stored lines that are replaced."""

_ORDER_COLUMNS = (
    "source", "order_id", "customer_id", "placed_at", "received_at", "currency", "total_minor", "discount_minor",
    "shipping_minor", "tax_minor", "goods_minor", "quantity", "products", "channel", "coupon", "country", "digest", "told_at",
    "told",
)  # fmt: skip
ORDERS = """
SELECT $source AS source, d.order_id AS order_id, d.customer_id AS customer_id, d.placed_at AS placed_at,
    coalesce(d.received_at, $received_at) AS received_at, d.currency AS currency, d.total_minor AS total_minor,
    d.discount_minor AS discount_minor, d.shipping_minor AS shipping_minor, d.tax_minor AS tax_minor,
    d.goods_minor AS goods_minor, d.quantity AS quantity, d.products AS products, d.channel AS channel, d.coupon AS coupon,
    d.country AS country, d.digest AS digest, d.told_at AS told_at, d.told AS told
FROM documents AS d JOIN fates AS f ON d.order_id = f.order_id
"""
"""The orders that are new."""

_PARTS_JOINED = "f.fate IN ('joined', 'resumed')"
_STANDS = "f.fate IN ('dated', 'again')"


def _added(name: str, *, kept: str) -> str:
    """Return an amount: added up over joined parts; that of the stored order where it met only its other half, `kept`."""
    both = f"CASE WHEN d.{name} IS NULL AND o.{name} IS NULL THEN NULL ELSE coalesce(d.{name}, 0) + coalesce(o.{name}, 0) END"
    stands = f"{_STANDS} OR f.fate = '{kept}'"
    return f"CASE WHEN {_PARTS_JOINED} THEN {both} WHEN {stands} THEN o.{name} ELSE d.{name} END AS {name}"


def _paid(name: str) -> str:
    return _added(name, kept="itemised")


def _counted(name: str) -> str:
    return _added(name, kept="headed")


def _filled(name: str) -> str:
    return f"CASE WHEN {_STANDS} THEN coalesce(o.{name}, d.{name}) ELSE coalesce(d.{name}, o.{name}) END AS {name}"


ORDERS_TOLD = f"""
SELECT $source AS source, d.order_id AS order_id, coalesce(f.customer_id, o.customer_id) AS customer_id,
    CASE WHEN {_PARTS_JOINED} AND o.placed_at < d.placed_at THEN o.placed_at WHEN f.fate = 'itemised' THEN o.placed_at
        ELSE f.placed_at END AS placed_at,
    CASE WHEN {_STANDS} THEN o.received_at ELSE coalesce(d.received_at, $received_at) END AS received_at,
    CASE WHEN f.fate IN ('dated', 'again', 'itemised') THEN o.currency ELSE d.currency END AS currency,
    {_paid("total_minor")}, {_paid("discount_minor")}, {_paid("shipping_minor")}, {_paid("tax_minor")},
    {_paid("goods_minor")}, {_counted("quantity")}, {_counted("products")},
    {", ".join(map(_filled, ("channel", "coupon", "country")))},
    CASE WHEN {_STANDS} THEN o.digest
        WHEN f.fate IN ('joined', 'resumed', 'itemised', 'headed') THEN concat(o.digest, '+', d.digest) ELSE d.digest END
        AS digest, f.told_at AS told_at,
    CASE WHEN f.fate IN ('dated', 'itemised') THEN o.told WHEN {_PARTS_JOINED} THEN NULL ELSE d.told END AS told
FROM documents AS d JOIN fates AS f ON d.order_id = f.order_id
LEFT JOIN (
    SELECT k.* FROM orders AS k JOIN fates AS f ON k.order_id = f.order_id WHERE k.source = $source
) AS o ON d.order_id = o.order_id
"""
"""The orders of this import: new, in the place of the stored one, or joined with it."""

ORDERS_KEPT = f"""
SELECT {", ".join(f"o.{name}" for name in _ORDER_COLUMNS)}
FROM orders AS o LEFT JOIN fates AS f ON o.order_id = f.order_id AND o.source = $source
WHERE f.order_id IS NULL
"""
"""The stored orders this import says nothing new of."""

assert tuple(ORDER.columns) == _ORDER_COLUMNS
assert set(_LINE_COLUMNS) == set(ORDER_LINE.columns)
