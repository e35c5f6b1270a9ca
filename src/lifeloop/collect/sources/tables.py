"""lifeloop's own tables, written down: a file with the columns of one declared table is read as it stands.

Whole numbers are minor units, times without a zone are UTC, `goods_minor` is taken as given. An order and its lines are two
halves of one order, from two files. The key of the table says which rows are the same: the last of them counts. `source`,
`digest`, `products`, `told` and `told_at` are passed over, because lifeloop says itself what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.money import EXPONENT
from lifeloop.collect.amounts import at_least_zero
from lifeloop.collect.event_names import TYPES
from lifeloop.collect.facts import Facts, staged
from lifeloop.collect.idents import JUNK, clean_ids
from lifeloop.collect.rows import Rows, Sieve, as_mask
from lifeloop.collect.source import Kind, Reader, Reading, as_doubles, negative, zero
from lifeloop.schema import CUSTOMER, EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND, Table

_OURS = ("source", "digest", "products", "told", "told_at")
_WHOLE = r"^-?\d{1,18}(\.0+)?$"
_NAMES_OF_PEOPLE = ("customer_id", "anonymous_id", "session_id")
_NOTHING_SAID = {"type": "no_event", "currency": "unknown_currency", "customer_id": "no_customer"}
"""Column -> why a row without it is rejected, where that has a name of its own."""

Columns = dict[str, Any]


Finish = Callable[[Columns, Rows, Sieve], Columns]
"""What is particular to a table: checks, and the columns of its staging form that are called otherwise."""


class DeclaredTable:
    """The source of files that hold one declared table; its rows are staged as `form`.

    `telling`: columns that may be blank in a row but must be there, for the table to be known by them.
    """

    also: Sequence[Kind] = ()

    def __init__(self, table: Table, kind: Kind, form: str, finish: Finish, telling: Sequence[str] = ()) -> None:
        self.name = table.name
        self.kind = kind
        self.about = f"The declared table `{table.name}`: {table.about}"
        self._columns = {name: column for name, column in table.columns.items() if name not in _OURS}
        self.fields: Mapping[str, Sequence[str]] = {name: (name,) for name in self._columns}
        self.required: Sequence[Sequence[str]] = [(name,) for name in self._columns if self._needs(name) or name in telling]
        self._time, self._form, self._finish = table.time, form, finish

    def _needs(self, name: str) -> bool:
        """Return whether a row cannot be without a column; when it was received is now, where the file does not say."""
        return self._columns[name].required and name != "received_at"

    def recognises(self, _columns: Sequence[str], mapping: Mapping[str, str], /) -> bool:
        """Return whether the file has every column that a row of the table cannot be without."""
        return all(name in mapping for (name,) in self.required)

    def begin(self, reading: Reading) -> Reader:
        """Return the reader of one file's batches."""
        exact = replace(reading, zone=ZoneInfo("UTC"), comma=False)
        return lambda rows: self._read(exact, rows)

    def _read(self, reading: Reading, rows: Rows) -> tuple[Facts, Sieve]:
        sieve = Sieve(rows)
        said = {name: self._cells(reading, rows, sieve, name) for name in self._columns}
        columns = self._finish({"line": rows.lines, **said, "happened_at": said[self._time]}, rows, sieve)
        return Facts({self._form: staged(self._form, sieve.good, columns)}, _sources(rows)), sieve

    def _cells(self, reading: Reading, rows: Rows, sieve: Sieve, name: str) -> Any:
        """Return one column in its declared type; rows that cannot have it, or lack what they need, are rejected."""
        dtype, needed = self._columns[name].dtype, self._needs(name)
        if dtype == "timestamp":
            return reading.instants(rows, sieve, name, required=needed)
        if dtype == "bool":
            return (
                pa.nulls(len(rows), pa.bool_())
                if not reading.has(name)
                else pc.is_in(pc.utf8_lower(reading.text(rows, name)), value_set=pa.array(("true", "1")))
            )
        if dtype == "float64":
            return reading.numbers(rows, sieve, name, required=needed)
        return (_text if dtype == "string" else _whole)(reading, rows, sieve, name, needed=needed)


def _sources(rows: Rows) -> frozenset[str]:
    if "source" not in rows.columns:
        return frozenset()
    named = pc.unique(rows.columns["source"]).to_pylist()
    return frozenset(name.strip() for name in named if name and name.strip())


def _text(reading: Reading, rows: Rows, sieve: Sieve, name: str, *, needed: bool) -> Any:
    values = reading.text(rows, name)
    if name in _NAMES_OF_PEOPLE or name.endswith("_id"):
        values = clean_ids(values, junk=JUNK if name in _NAMES_OF_PEOPLE[:2] else ())
    if needed:
        sieve.drop(pc.is_null(values), _NOTHING_SAID.get(name, "missing_value"), f"{name} is empty")
    if name == "currency":
        known = pc.is_in(values, value_set=pa.array(sorted(EXPONENT)))
        unknown = pc.and_(pc.is_valid(values), pc.invert(known))
        sieve.drop(unknown, "unknown_currency", "'{value}' names no currency lifeloop knows", reading.columns.get(name))
    return values


def _whole(reading: Reading, rows: Rows, sieve: Sieve, name: str, *, needed: bool) -> Any:
    """Return whole numbers, exactly as they stand."""
    texts, theirs = reading.text(rows, name), reading.columns.get(name)
    whole = pc.match_substring_regex(texts, _WHOLE)
    sieve.drop(pc.invert(whole), "bad_number", f"'{{value}}' in {theirs} is no whole number", theirs)
    if needed:
        sieve.drop(pc.is_null(texts), "missing_number", f"{theirs} is empty", theirs)
    digits = pc.if_else(whole, texts, pa.scalar(None, pa.string()))
    if pc.any(pc.match_substring(digits, ".")).as_py():
        digits = pc.replace_substring_regex(digits, r"\.0+$", "")
    return digits.cast(pa.int64())


def _not_below_zero(said: Columns, sieve: Sieve, *names: str) -> None:
    for name in names:
        sieve.drop(negative(said[name]), "negative_price", f"{name} lies below 0")


def _counts_from_one(said: Columns, sieve: Sieve) -> None:
    sieve.drop(pc.less(said["line_no"], 1), "bad_number", "line_no counts from 1")
    sieve.drop(pc.greater(said["line_no"], np.iinfo(np.int32).max), "bad_number", "line_no is too large")


def _event(said: Columns, _rows: Rows, sieve: Sieve) -> Columns:
    known = pc.is_in(said["type"], value_set=pa.array(TYPES))
    sieve.drop(pc.invert(known), "no_event", f"the type is none of {', '.join(TYPES)}")
    nameless = as_mask(pc.is_null(said["name"])) & as_mask(pc.equal(said["type"], "track"))
    sieve.drop(nameless, "no_event", "nothing says what was done")
    nobody = pc.is_null(pc.coalesce(*(said[name] for name in _NAMES_OF_PEOPLE)))
    sieve.drop(nobody, "no_customer", "neither a customer nor a visitor nor a visit is named")
    return said


def _order(said: Columns, rows: Rows, sieve: Sieve) -> Columns:
    _not_below_zero(said, sieve, "total_minor", "goods_minor", "discount_minor", "shipping_minor", "tax_minor")
    sieve.drop(negative(said["quantity"]), "bad_number", "the quantity lies below 0")
    return {
        **_sale(said, rows, "order", "order_id", is_line=False),
        "line_no": np.zeros(len(rows), np.int32),
        "amount_minor": said["total_minor"],
        "order_total_minor": said["total_minor"],
        "order_goods_minor": said["goods_minor"],
    }


def _order_line(said: Columns, rows: Rows, sieve: Sieve) -> Columns:
    _counts_from_one(said, sieve)
    _not_below_zero(said, sieve, "amount_minor", "goods_minor")
    sieve.drop(zero(said["quantity"]), "zero_quantity", "nothing was bought: the quantity is 0")
    sieve.drop(negative(said["quantity"]), "bad_number", "the quantity lies below 0")
    return _sale(said, rows, "order", "order_id", is_line=True)


def _refund(said: Columns, rows: Rows, sieve: Sieve) -> Columns:
    _counts_from_one(said, sieve)
    _not_below_zero(said, sieve, "amount_minor", "goods_minor")
    sieve.drop(negative(said["quantity"]), "bad_number", "the quantity lies below 0")
    return _sale(said, rows, "refund", "refund_id", is_line=True)


def _sale(said: Columns, rows: Rows, doc: str, number: str, *, is_line: bool) -> Columns:
    return {
        **said,
        "doc": pa.repeat(pa.scalar(doc), len(rows)),
        "doc_id": said[number],
        "is_line": np.full(len(rows), is_line),
        "whole": np.zeros(len(rows), bool),
        "quantity": as_doubles(said["quantity"]),
    }


def _product(said: Columns, _rows: Rows, sieve: Sieve) -> Columns:
    _not_below_zero(said, sieve, "price_minor", "cost_minor")
    return {**said, "stock": at_least_zero(said["stock"])}


def _customer(said: Columns, _rows: Rows, _sieve: Sieve) -> Columns:
    return {**said, "email": pc.utf8_lower(said["email"])}


DECLARED = (
    DeclaredTable(EVENT, "events", "event", _event, telling=("name",)),
    DeclaredTable(ORDER, "orders", "sale", _order),
    DeclaredTable(ORDER_LINE, "lines", "sale", _order_line),
    DeclaredTable(REFUND, "refunds", "sale", _refund),
    DeclaredTable(PRODUCT, "products", "product", _product, telling=("currency", "price_minor")),
    DeclaredTable(CUSTOMER, "customers", "customer", _customer),
)
"""One source for each table that holds facts."""
