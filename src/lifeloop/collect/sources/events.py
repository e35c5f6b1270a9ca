"""Behaviour: one row per thing done at one time, by a customer or a visitor.

Common names are told as Segment's e-commerce events (`view` is `Product Viewed`); other names stay as they are. Columns nothing
is read from are kept in `properties`.

Source  Segment's e-commerce specification, version 2, and the names Google Analytics 4 has for the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.collect import amounts
from lifeloop.collect.event_names import PAGES, segment_name
from lifeloop.collect.facts import Facts, staged
from lifeloop.collect.idents import JUNK, clean_ids, customers_of
from lifeloop.collect.numbers import by_distinct
from lifeloop.collect.rows import Rows, Sieve, as_mask
from lifeloop.collect.source import Kind, Reader, Reading
from lifeloop.collect.words import WORDS

_FIELDS = (
    "message_id", "event", "customer_id", "anonymous_id", "email", "session_id", "product_id", "order_id", "amount", "currency",
)  # fmt: skip


class Events:
    """The generic source for files of behaviour."""

    name = "events"
    kind: Kind = "events"
    also: Sequence[Kind] = ()
    about = "One row per thing done at one time, by a customer or a visitor."
    fields: Mapping[str, Sequence[str]] = {
        **{name: WORDS[name] for name in _FIELDS},
        "occurred_at": ("occurred at", "event time", "event timestamp", "event date", *WORDS["placed_at"]),
        "amount": (*WORDS["amount"], *WORDS["price"]),
    }
    required: Sequence[Sequence[str]] = (("event",), ("occurred_at",), ("customer_id", "anonymous_id", "session_id", "email"))

    def recognises(self, _columns: Sequence[str], mapping: Mapping[str, str], /) -> bool:
        """Return whether every group of required columns was found."""
        return all(any(name in mapping for name in group) for group in self.required)

    def begin(self, reading: Reading) -> Reader:
        """Return the reader of one file's batches."""
        return lambda rows: _read(reading, rows)


def _read(reading: Reading, rows: Rows) -> tuple[Facts, Sieve]:
    sieve = Sieve(rows)
    at = reading.instants(rows, sieve, "occurred_at")
    said = reading.text(rows, "event")
    sieve.drop(pc.is_null(said), "no_event", "nothing says what was done", reading.columns.get("event"))
    customer = customers_of(reading.text(rows, "customer_id"), reading.text(rows, "email"))
    anonymous = clean_ids(reading.text(rows, "anonymous_id"), junk=JUNK)
    session = clean_ids(reading.text(rows, "session_id"))
    nobody = pc.is_null(pc.coalesce(customer, anonymous, session))
    sieve.drop(nobody, "no_customer", "neither a customer nor a visitor nor a visit is named")
    amount = reading.numbers(rows, sieve, "amount")
    currency = amounts.currency_of(reading, rows, sieve, "amount")
    pages = pa.array(sorted(PAGES))
    columns = {
        "line": rows.lines,
        "message_id": reading.text(rows, "message_id"),
        "type": pc.if_else(pc.is_in(pc.utf8_lower(said), value_set=pages), "page", "track"),
        "name": by_distinct(said, segment_name, pa.string()),
        "customer_id": customer,
        "anonymous_id": anonymous,
        "session_id": session,
        "happened_at": at,
        "product_id": clean_ids(reading.text(rows, "product_id")),
        "order_id": clean_ids(reading.text(rows, "order_id")),
        "currency": pc.if_else(pc.is_valid(amount), currency, None),
        "amount_minor": amounts.minor(amount, currency),
        "properties": _properties(reading, rows),
    }
    good = sieve.good & as_mask(pc.is_valid(at))
    return Facts({"event": staged("event", good, columns)}), sieve


def _properties(reading: Reading, rows: Rows) -> Any:
    """Return the columns nothing else is read from as JSON objects; null where all of them are blank."""
    used = set(reading.columns.values())
    further = {name: rows.text(name).to_pylist() for name in rows.columns if name not in used}
    if not further:
        return pa.nulls(len(rows), pa.string())
    said = [
        {name: value for name, value in zip(further, values, strict=True) if value is not None}
        for values in zip(*further.values(), strict=True)
    ]
    return pa.array([json.dumps(one, ensure_ascii=False) if one else None for one in said], pa.string())
