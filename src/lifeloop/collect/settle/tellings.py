"""What several tellings of one order come to: the same, in whatever order they come, together or apart.

A shop's server, its page and its webhooks each tell an order as a whole, and not each tells all of it. Of every single thing
the last telling that says it counts, whether it came in this import or is stored:

    lines     of the last telling with products
    total     of the last one that states a total; else goods, with shipping and tax if it can be; else of its lines
    goods     as that telling states them, else its total less shipping and tax
    the rest  shipping, tax, discount, customer, channel, coupon, country: of the last one that says each

`order.told` keeps for each of these who said it (the time, and a fingerprint of the telling), and the sums as they were said:
as much as is needed to compare whatever is told later with it. Of two tellings of one instant the greater fingerprint counts,
or in files what stands last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from lifeloop.collect.facts import SALE
from lifeloop.collect.settle.change import Work
from lifeloop.collect.stage import materialise
from lifeloop.schema import ORDER, ORDER_LINE

TOLD = pa.schema([("doc_id", pa.string()), ("told", pa.string())])
"""What is kept of the tellings of each order."""

_SUMS = ("shipping", "tax", "discount")
_TEXTS = ("customer_id", "channel", "coupon", "country")
_IS_TELLING = "s.doc = 'order' AND coalesce(s.whole, false)"
_CONTENT = (
    "line_no", "product_id", "title", "quantity", "currency", "amount_minor", "order_total_minor", "price_minor",
    *(f"{name}_minor" for name in _SUMS), *_TEXTS,
)  # fmt: skip
_OF_LINES = _CONTENT[:6]


def _printed(names: Sequence[str], which: str) -> str:
    """Return the fingerprint of what those columns say, in whatever order the rows stand."""
    texts = ", ".join(f"coalesce(CAST(s.{name} AS VARCHAR), '')" for name in names)
    return f"substr(md5(array_to_string(list_sort(list(concat_ws('~', {texts})) FILTER (WHERE {which})), ';')), 1, 12)"


MET = f"""
SELECT o.* FROM orders AS o JOIN (SELECT DISTINCT s.doc_id AS doc_id FROM sale AS s WHERE {_IS_TELLING}) AS t
    ON o.order_id = t.doc_id WHERE o.source = $source AND o.told IS NOT NULL
"""
"""The stored orders that are told again, with what is kept of their tellings."""


def _said(*parts: str, rank: str = "0", tie: str = "h.tie") -> str:
    """Return what a telling says of one thing as text: its time, its fingerprint, its rank, and amounts with a currency."""
    shown = ", ".join(f"coalesce(CAST({part} AS VARCHAR), '-')" for part in parts)
    return f"concat_ws(' ', CAST(h.told_us AS VARCHAR), {tie}, CAST({rank} AS VARCHAR), {shown})"


_RANK = """CASE WHEN h.order_total_minor IS NOT NULL THEN 2 WHEN h.shipping_minor IS NOT NULL OR h.tax_minor IS NOT NULL
    THEN 1 ELSE 0 END"""
_CLAIMS = {
    "paid": (
        "h.order_total_minor IS NOT NULL OR h.price_minor IS NOT NULL",
        _said("h.currency", "h.order_total_minor", "h.price_minor", "h.goods_minor", "h.order_goods_minor", rank=_RANK),
    ),
    "lines": ("h.has_lines = 1", _said("h.currency", *["NULL"] * 4, "h.quantity", tie="h.lines_tie")),
    **{name: (f"h.{name}_minor IS NOT NULL", _said("h.currency", f"h.{name}_minor")) for name in _SUMS},
    **{name: (f"h.{name} IS NOT NULL", _said("NULL")) for name in _TEXTS},
}
"""Each thing a telling may say: when it does, and what."""


def _claimed(what: str) -> str:
    """Return the query for what is said of one thing, by tellings of this import and by those that are stored."""
    says, said = _CLAIMS[what]
    text = what if what in _TEXTS else None
    kept = f"json_extract_string(k.told, '$.{what}')"
    return f"""
    SELECT h.doc_id AS doc_id, '{what}' AS what, {said} AS said, {f"h.{text}" if text else "NULL"} AS text,
        h.part AS part, h.line AS line, h.received_at AS received_at FROM heads AS h WHERE {says}
    UNION ALL
    SELECT k.order_id, '{what}', {kept}, {f"k.{text}" if text else "NULL"}, -1, 0, k.received_at
    FROM met AS k WHERE {kept} IS NOT NULL"""


def _part(number: int, kind: str = "BIGINT") -> str:
    return f"CAST(nullif(nullif(split_part(c.said, ' ', {number}), '-'), '') AS {kind})"


def _one(what: str, value: str) -> str:
    return f"max(CASE WHEN a.what = '{what}' THEN {value} END)"


def winners(*, live: bool) -> str:
    """Return the query for the word that counts on each thing of each order."""
    ties = "tie DESC, part DESC, line DESC" if live else "part DESC, line DESC, tie DESC"
    return f"""
WITH printed AS (
    SELECT s.doc_id AS doc_id, s.part AS part, s.line AS line, max(CASE WHEN s.is_line THEN 1 ELSE 0 END) AS has_lines,
        {_printed(_CONTENT, "true")} AS tie, {_printed(_OF_LINES, "s.is_line")} AS lines_tie
    FROM sale AS s WHERE {_IS_TELLING} GROUP BY s.doc_id, s.part, s.line
), heads AS (
    SELECT s.*, p.has_lines AS has_lines, p.tie AS tie, p.lines_tie AS lines_tie, epoch_us(s.told_at) AS told_us
    FROM sale AS s JOIN printed AS p ON s.doc_id = p.doc_id AND s.part = p.part AND s.line = p.line
    WHERE {_IS_TELLING} AND NOT s.is_line
), claims AS ({" UNION ALL ".join(map(_claimed, _CLAIMS))}
), parsed AS (
    SELECT c.*, {_part(1)} AS told_us, split_part(c.said, ' ', 2) AS tie, {_part(3)} AS rank FROM claims AS c
), aged AS (
    SELECT p.*, row_number() OVER (PARTITION BY doc_id, what ORDER BY rank DESC, told_us DESC, {ties}) AS age,
        min(received_at) OVER (PARTITION BY doc_id, what, told_us, tie) AS first_received_at
    FROM parsed AS p
)
SELECT c.doc_id, c.what, c.said, c.text, c.part, c.line, c.first_received_at AS received_at,
    {_part(4, "VARCHAR")} AS currency, {_part(5)} AS amount, {_part(6)} AS own, {_part(7)} AS base, {_part(8)} AS stated,
    {_part(9, "DOUBLE")} AS pieces
FROM aged AS c WHERE c.age = 1
"""


_OF_PAID = {"currency": "a.currency", "total": "a.amount", "own": "a.own", "base": "a.base", "stated": "a.stated"}
RESOLVED = f"""
WITH dates AS (
    SELECT s.doc_id AS doc_id, s.placed_at AS said_at, s.happened_at AS heard_at, s.told_at AS told_at
    FROM sale AS s WHERE {_IS_TELLING} AND NOT s.is_line
    UNION ALL
    SELECT k.order_id, CASE WHEN json_extract_string(k.told, '$.placed') = 'said' THEN k.placed_at END,
        CASE WHEN json_extract_string(k.told, '$.placed') = 'heard' THEN k.placed_at END, k.told_at FROM met AS k
), dated AS (
    SELECT doc_id, min(said_at) AS said_at, min(heard_at) AS heard_at, max(told_at) AS told_at FROM dates GROUP BY doc_id
), told AS (
    SELECT a.doc_id AS doc_id, max(a.part) AS part, max(a.line) AS line,
        coalesce({_one("paid", "a.currency")}, {_one("lines", "a.currency")}) AS currency,
        {", ".join(f"{_one('paid', value)} AS {name}" for name, value in _OF_PAID.items() if name != "currency")},
        {", ".join(f"{_one(name, 'a.amount')} AS {name}, {_one(name, 'a.currency')} AS {name}_in" for name in _SUMS)},
        {", ".join(f"{_one(name, 'a.text')} AS {name}" for name in _TEXTS)},
        {_one("lines", "a.pieces")} AS pieces,
        coalesce({_one("paid", "a.received_at")}, min(a.received_at)) AS received_at,
        array_to_string(list_sort(list(concat('"', a.what, '": "', a.said, '"'))), ', ') AS said
    FROM winners AS a GROUP BY a.doc_id
), filled AS (
    SELECT t.*, d.told_at AS told_at, coalesce(d.said_at, d.heard_at) AS placed_at,
        {", ".join(f"CASE WHEN t.{name}_in = t.currency THEN t.{name} END AS {name}_minor" for name in _SUMS)},
        concat('{{', t.said, ', "placed": "', CASE WHEN d.said_at IS NULL THEN 'heard' ELSE 'said' END, '"}}') AS told
    FROM told AS t JOIN dated AS d ON t.doc_id = d.doc_id
), parted AS (
    SELECT f.*, coalesce(f.shipping_minor, 0) + coalesce(f.tax_minor, 0) AS around FROM filled AS f
), summed AS (
    SELECT p.*, coalesce(p.total, p.own + p.around) AS total_minor,
        CASE WHEN p.stated IS NOT NULL OR p.total IS NULL THEN p.own ELSE greatest(0, p.total - p.around) END AS own_minor
    FROM parted AS p
)
SELECT s.*, CASE WHEN s.own_minor = s.own THEN s.base WHEN s.currency = $base THEN s.own_minor
    WHEN s.own > 0 THEN CAST(round(CAST(s.base AS DOUBLE) * s.own_minor / s.own) AS BIGINT) ELSE s.base END AS goods_minor
FROM summed AS s
"""
"""One row per order that is told as a whole."""


def _columns(alias: str, **instead: str) -> str:
    return ", ".join(f"{instead.get(name, f'{alias}.{name}')} AS {name}" for name in ("part", *SALE.names))


_NOTHING = dict.fromkeys(("part", *SALE.names), "NULL") | {"part": "r.part", "line": "r.line", "doc": "'order'"}
_OF_ORDER = {
    "doc_id": "r.doc_id", "order_id": "r.doc_id", "customer_id": "r.customer_id", "placed_at": "r.placed_at", "whole": "true",
    "told_at": "r.told_at",
}  # fmt: skip
_HEAD = _NOTHING | _OF_ORDER | {
    "happened_at": "r.placed_at", "is_line": "false", "line_no": "0", "currency": "r.currency", "quantity": "r.pieces",
    "received_at": "r.received_at",
    "amount_minor": "r.total_minor", "order_total_minor": "r.total_minor", "goods_minor": "r.goods_minor",
    "order_goods_minor": "r.goods_minor", **{f"{name}_minor": f"r.{name}_minor" for name in _SUMS},
    **{name: f"r.{name}" for name in _TEXTS},
}  # fmt: skip
_KEPT_LINE = _NOTHING | _OF_ORDER | {
    "happened_at": "r.placed_at", "is_line": "true", **{name: f"l.{name}" for name in (
        "line_no", "product_id", "title", "quantity", "currency", "amount_minor", "goods_minor", "received_at")},
}  # fmt: skip
SALES = f"""
SELECT {_columns("s")} FROM sale AS s WHERE NOT ({_IS_TELLING})
UNION ALL
SELECT {_columns("r", **_HEAD)} FROM resolved AS r
UNION ALL
SELECT {_columns("s", **_OF_ORDER, received_at="w.received_at")}
FROM sale AS s JOIN winners AS w ON s.doc_id = w.doc_id AND s.part = w.part AND s.line = w.line AND w.what = 'lines'
JOIN resolved AS r ON s.doc_id = r.doc_id WHERE {_IS_TELLING} AND s.is_line
UNION ALL
SELECT {_columns("l", **_KEPT_LINE)}
FROM stored_lines AS l JOIN met AS k ON l.order_id = k.order_id JOIN resolved AS r ON l.order_id = r.doc_id
LEFT JOIN winners AS w ON l.order_id = w.doc_id AND w.what = 'lines'
WHERE l.source = $source AND coalesce(w.part, -1) = -1
"""
"""The staged sales, each order told as a whole once: with the lines of the telling that counts, or those that are stored."""


def resolved(work: Work, sale: Any) -> tuple[Any, Any]:
    """Return the staged sales with each order told once, and what is kept of its tellings (TOLD), as sources of queries."""
    engine, source = work.engine, work.source
    asked = f"SELECT count(*) AS n FROM sale AS s WHERE {_IS_TELLING}"
    if not engine.query(asked, {"sale": sale}).to_pylist()[0]["n"]:
        return sale, TOLD.empty_table()
    stored = {"sale": sale, "orders": ORDER}
    met = materialise(engine.stream(MET, stored, source=source), work.folder / "met.parquet")
    tables = {"sale": sale, "met": met}
    tables["winners"] = materialise(engine.stream(winners(live=work.live), tables), work.folder / "winners.parquet")
    one = materialise(engine.stream(RESOLVED, tables, base=work.values["base"]), work.folder / "resolved.parquet")
    tables |= {"resolved": one, "stored_lines": ORDER_LINE}
    return materialise(engine.stream(SALES, tables, source=source), work.folder / "sales.parquet"), one
