"""Order lines, refunds and orders: from staged rows to what must change in the lake.

A document is an order or a refund, known by (source, number). Files of one import are joined first: identical lines of one
document count as often as in the file that has most of them. Then each document meets what the lake holds of it:

    new         not known                                 its lines are written, then the order
    unchanged   its digest is among the stored ones       nothing
    replaced    shares a product with what is stored      its lines and the order take the stored ones' place
    joined      shares no product                         another part of the same order: lines and amounts are added
    itemised    stored from a list of orders, here its lines  the lines are added, what was paid stays as it is
    headed      stored from its lines, here from such a list  what was paid is told anew, the lines stay
    retold      told whole before and now              only the order is written, its lines stand
    resaid      retold with the same content           so too, and it counts as unchanged
    again       the same, said at a later time            only until when the order is known to be so
    dated       said before what is stored was, and placed earlier: only the time of the order changes
    resumed     its lines stand already, the order is old a joining that broke off: only the order is written

Lines are written before orders: after a crash in between, the order is still unknown (or old) and the same import mends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lifeloop.collect.settle import refunds_sql
from lifeloop.collect.settle import sales_sql as sql
from lifeloop.collect.settle.change import Change, Settlement, Work
from lifeloop.collect.settle.tellings import resolved
from lifeloop.collect.stage import Stage, materialise
from lifeloop.schema import ORDER, ORDER_LINE, REFUND

_UPDATED = ("replaced", "retold", "joined", "resumed", "itemised", "headed", "dated")


def joined_parts(work: Work, stage: Stage) -> tuple[Any, Any]:
    """Return the staged sales, what is told again or held by several files counted once, and what is kept of tellings.

    Both are sources of queries.
    """
    sale, told = resolved(work, stage.source("sale"))
    placed = work.engine.query("SELECT count(line_no) AS n FROM sale", {"sale": sale}).to_pylist()[0]["n"]
    if placed:
        sale = materialise(work.engine.stream(sql.TOLD_LAST, {"sale": sale}), work.folder / "told.parquet")
    if work.parts > 1 and stage.files("sale"):
        sale = materialise(work.engine.stream(sql.JOIN_PARTS, {"sale": sale}), work.folder / "joined.parquet")
    return sale, told


@dataclass(frozen=True)
class _Documents:
    """The orders of this import, their fates, and the counts of these."""

    rows: Any
    fates: Any
    counts: dict[str, int]


def settle_sales(work: Work, sale: Any, told: Any) -> Settlement:
    """Compare staged sales, files joined, with the lake; `told` is what is kept of their tellings."""
    documents = _documents(work, sale, told)
    settlement = Settlement(counts=_counted(work, sale, documents))
    settlement.warnings = _warnings(work, documents.rows)
    tables = {"sale": sale, "documents": documents.rows, "fates": documents.fates}
    stamp = {"source": work.source, "received_at": work.values["received_at"]}
    if documents.counts:
        settlement.changes += _line_changes(work, documents, tables, stamp)
    settlement.changes += _refund_changes(work, sale, documents, stamp)
    if documents.counts.keys() - {"new"}:
        known = {**tables, "orders": ORDER}
        settlement.changes.append(work.instead(ORDER, sql.ORDERS_TOLD, sql.ORDERS_KEPT, known, stamp))
    elif documents.counts:
        settlement.changes.append(Change(ORDER, "append", sql.ORDERS, tables, stamp))
    return settlement


def _documents(work: Work, sale: Any, told: Any) -> _Documents:
    """Summarise the orders of this import and find the fate of each that is not unchanged."""
    engine, source = work.engine, work.source
    rows = materialise(
        engine.stream(sql.DOCUMENTS, {"sale": sale, "tellings": told}, base=work.values["base"]),
        work.folder / "documents.parquet",
    )
    tables = {"documents": rows, "sale": sale, "orders": ORDER, "stored_lines": ORDER_LINE}
    fates = materialise(engine.stream(sql.FATES, tables, source=source), work.folder / "fates.parquet")
    counts = engine.query("SELECT fate, count(*) AS n FROM fates GROUP BY fate", {"fates": fates}).to_pylist()
    return _Documents(rows=rows, fates=fates, counts={row["fate"]: row["n"] for row in counts})


def _line_changes(work: Work, documents: _Documents, tables: dict[str, Any], stamp: dict[str, Any]) -> list[Change]:
    """Add lines; where lines must go (replaced orders, or lines an interrupted import left), write the table anew."""
    if not work.engine.query(sql.LINES_ARRIVING, tables).to_pylist()[0]["n"] and "dated" not in documents.counts:
        return []
    leaving = work.engine.query(sql.LINES_LEAVING, {**tables, "stored_lines": ORDER_LINE}, source=work.source)
    if leaving.to_pylist()[0]["n"] or documents.counts.get("joined"):
        known = {**tables, "stored_lines": ORDER_LINE}
        return [work.instead(ORDER_LINE, sql.LINES_TOLD, sql.LINES_KEPT, known, stamp, sql.LINES_GONE)]
    return [Change(ORDER_LINE, "append", sql.LINES, tables, stamp)]


def _refund_changes(work: Work, sale: Any, documents: _Documents, stamp: dict[str, Any]) -> list[Change]:
    tables = {"sale": sale, "stored": REFUND, "documents": documents.rows}
    fates: pa.Table = work.engine.query(refunds_sql.REFUND_FATES, tables, source=work.source)
    if not fates.num_rows:
        return []
    known = {"sale": sale, "fates": fates}
    if set(fates["fate"].to_pylist()) == {"new"}:
        return [Change(REFUND, "append", refunds_sql.REFUNDS, known, stamp)]
    return [
        work.instead(
            REFUND,
            refunds_sql.REFUNDS_TOLD,
            refunds_sql.REFUNDS_KEPT,
            {**known, "stored": REFUND},
            stamp,
            refunds_sql.REFUNDS_GONE,
        )
    ]


def _counted(work: Work, sale: Any, documents: _Documents) -> dict[str, int]:
    lines = work.engine.query("SELECT doc, is_line, count(*) AS n FROM sale GROUP BY doc, is_line", {"sale": sale}).to_pylist()
    total = work.engine.query("SELECT count(*) AS n FROM documents", {"documents": documents.rows}).to_pylist()[0]["n"]
    fates = documents.counts
    return {
        "orders_new": fates.get("new", 0),
        "orders_updated": sum(fates.get(fate, 0) for fate in _UPDATED),
        "orders_unchanged": total - sum(count for fate, count in fates.items() if fate not in ("again", "resaid")),
        "lines": sum(row["n"] for row in lines if row["doc"] == "order" and row["is_line"]),
        "refunds": sum(row["n"] for row in lines if row["doc"] == "refund"),
    }


def _warnings(work: Work, documents: Any) -> list[str]:
    asked = "SELECT count(*) AS n, min(order_id) AS example FROM documents WHERE customers > 1"
    found = work.engine.query(asked, {"documents": documents}).to_pylist()[0]
    if not found["n"]:
        return []
    said = f"{found['n']} orders name more than one customer, such as order {found['example']}; each is kept with one of them."
    return [f"{said} Are these really order numbers?"]
