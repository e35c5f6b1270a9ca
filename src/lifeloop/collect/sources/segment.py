"""Segment's wire form, as an archive of what a shop's event pipeline received: one JSON object per line.

Every object is an event. `Order Completed` is an order with its lines beside it, `Order Refunded` and `Order Cancelled` are
refunds, `identify` tells of a customer. The amount of an event is its `total`, else `revenue`, else `value`, else `price` x
`quantity`. Columns hold the product, the order and the currency; `properties` keeps the rest.

Source  Segment's specification; see `lifeloop.collect.wire` and `lifeloop.collect.wire_sales`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.collect import amounts
from lifeloop.collect.dates import INSTANT, DateStyle, parse_instants
from lifeloop.collect.event_names import TYPES, segment_name
from lifeloop.collect.facts import Facts, staged
from lifeloop.collect.idents import JUNK, clean_ids, customers_of
from lifeloop.collect.numbers import DECIMAL, by_distinct, multiplied, parse_numbers
from lifeloop.collect.rows import Mask, Rows, Sieve, as_mask, trimmed
from lifeloop.collect.source import Kind, Reader, Reading, either, masked
from lifeloop.collect.wire import EVENT_FIELDS, PERSON_FIELDS, SALE_FIELDS, Items, columns_at, objects_in, places_of, rest_of
from lifeloop.collect.wire_products import products_told
from lifeloop.collect.wire_sales import CANCELLED, GIVEN_BACK, ORDERED, Sales

_UTC = ZoneInfo("UTC")
_OWN_PLACES = ("email", "country")
"""Columns that stand in different places in an order, in an `identify`, and in other events."""

_WHO_WHAT_WHEN = frozenset(
    {"type", "event", "message_id", "customer_id", "anonymous_id", "email", "occurred_at", "received_at"}
)
"""What `Rows.given` tells of live events, whose people are known to the store and not staged."""


class Segment:
    """The source of archives in Segment's wire form."""

    name = "segment"
    kind: Kind = "events"
    also: Sequence[Kind] = ()
    about = "Events in Segment's wire form (JSON lines), with the orders, refunds and customers told in them."
    fields: Mapping[str, Sequence[str]] = {
        **PERSON_FIELDS,
        **SALE_FIELDS,
        **EVENT_FIELDS,
        **{name: (*SALE_FIELDS[name], *PERSON_FIELDS[name], *EVENT_FIELDS.get(name, ())) for name in _OWN_PLACES},
    }
    required: Sequence[Sequence[str]] = (("type",), ("message_id",), ("occurred_at",), ("customer_id", "anonymous_id"))

    def recognises(self, columns: Sequence[str], mapping: Mapping[str, str], /) -> bool:
        """Return whether the fields that all of Segment's clients send are there, under their names."""
        return {"type", "messageId"} <= set(columns) and all(any(name in mapping for name in group) for group in self.required)

    def begin(self, reading: Reading) -> Reader:
        """Return the reader of one file's batches."""
        return _Reader(replace(reading, zone=_UTC, comma=False))


class _Reader:
    def __init__(self, reading: Reading) -> None:
        said = {ours: theirs for ours, theirs in reading.columns.items() if _is_said(ours, theirs)}
        self._events, self._sales, self._people = (
            places_of(fields, said) for fields in (EVENT_FIELDS, SALE_FIELDS, PERSON_FIELDS)
        )
        named = {ours: ".".join(keys[0]) for ours, keys in {**self._people, **self._sales, **self._events}.items()}
        self._reading = replace(reading, columns=named)

    def __call__(self, rows: Rows) -> tuple[Facts, Sieve]:
        """Make facts of some objects."""
        objects, reading = objects_in(rows), self._reading
        told = columns_at(objects, {ours: places for ours, places in self._events.items() if not _is_given(rows, ours)})
        kind, name = _kind_and_name(rows, told)
        is_track = as_mask(pc.equal(kind, "track"))
        is_order, is_refund, is_cancelled = (is_track & _among(name, names) for names in (ORDERED, GIVEN_BACK, CANCELLED))
        is_person = as_mask(pc.equal(kind, "identify"))
        sales = np.flatnonzero(is_order | is_refund)
        of_sale = columns_at(objects, self._sales, sales)
        of_person = {} if rows.given else columns_at(objects, self._people, np.flatnonzero(is_person))
        said_in = (of_sale, of_person, told)
        any_of = {ours: pc.coalesce(*(said[ours] for said in said_in if ours in said)) for ours in _OWN_PLACES}
        ours = {**of_person, **of_sale, **told, **any_of}
        columns = {reading.columns[name]: column for name, column in ours.items()}
        wire = replace(rows, columns=columns)
        sieve = Sieve(wire)
        said = _given(reading, wire) if rows.given else _said(reading, wire, sieve, name)
        event = _event(reading, wire, name, said)
        found = Sales(reading, wire, sieve, is_order, is_refund, is_cancelled, Items.of(objects, sales), said).staged()
        facts = {
            "event": staged("event", sieve.good, {**event, "properties": rest_of(objects)}),
            "sale": found,
            "product": products_told(
                objects, rows.lines, name, said["happened_at"], base=reading.base, is_good=sieve.good & is_track
            ),
        }
        if not rows.given:
            has_email = as_mask(pc.is_valid(reading.text(wire, "email")))
            tells = as_mask(pc.is_valid(said["customer_id"])) & (is_person | ((is_order | is_refund) & has_email))
            facts["customer"] = staged("customer", sieve.good & tells, _person(reading, wire, said))
        return Facts(facts), sieve


def _kind_and_name(rows: Rows, told: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the type of each event, and Segment's name of it; a page or screen keeps its own, whatever it is called."""
    if rows.given:
        return rows.given["type"], rows.given["name"]
    own = trimmed(told["event"])
    return told["type"], either(as_mask(pc.equal(told["type"], "track")), by_distinct(own, segment_name, pa.string()), own)


def _is_said(ours: str, theirs: str) -> bool:
    """Return whether a mapping counts; a field beside `properties` may be called like something of an order and be none."""
    return ours not in _OWN_PLACES and (ours in EVENT_FIELDS or "." in theirs)


def _among(name: Any, names: Sequence[str]) -> Mask:
    return as_mask(pc.is_in(name, value_set=pa.array(names)))


def _is_given(rows: Rows, ours: str) -> bool:
    """Return whether a column need not be looked for, because who did what and when has been found out before."""
    return bool(rows.given) and ours in _WHO_WHAT_WHEN


def _given(reading: Reading, rows: Rows) -> dict[str, Any]:
    """Return who did it and when, where that has been found out before."""
    return {**rows.given, "session_id": clean_ids(reading.text(rows, "session_id"))}


def _said(reading: Reading, rows: Rows, sieve: Sieve, name: Any) -> dict[str, Any]:
    """Return who did it and when; events that do not say so, or not what was done, are rejected."""
    at = reading.instants(rows, sieve, "occurred_at")
    type_, theirs = reading.text(rows, "type"), reading.columns
    known = pc.is_in(type_, value_set=pa.array(TYPES))
    sieve.drop(pc.is_null(type_), "no_event", "it has no type", theirs["type"])
    sieve.drop(pc.invert(known), "no_event", f"'{{value}}' is none of {', '.join(TYPES)}", theirs["type"])
    nameless = as_mask(pc.is_null(name)) & as_mask(pc.equal(type_, "track"))
    sieve.drop(nameless, "no_event", "nothing says what was done", theirs["event"])
    said = {
        "type": type_,
        "happened_at": at,
        "received_at": reading.instants(rows, sieve, "received_at", required=False),
        "message_id": reading.text(rows, "message_id"),
        "customer_id": customers_of(reading.text(rows, "customer_id"), reading.text(rows, "email")),
        "anonymous_id": clean_ids(reading.text(rows, "anonymous_id"), junk=JUNK),
        "session_id": clean_ids(reading.text(rows, "session_id")),
    }
    nobody = pc.is_null(pc.coalesce(said["customer_id"], said["anonymous_id"], said["session_id"]))
    sieve.drop(nobody, "no_customer", "neither a customer nor a visitor nor a visit is named")
    return said


def _event(reading: Reading, rows: Rows, name: Any, said: Mapping[str, Any]) -> dict[str, Any]:
    amount, currency = _amount(reading, rows)
    return {
        "line": rows.lines,
        **said,
        "name": name,
        "product_id": clean_ids(reading.text(rows, "product_id")),
        "order_id": clean_ids(reading.text(rows, "order_id")),
        "currency": masked(currency, as_mask(pc.is_valid(amount))),
        "amount_minor": amounts.minor(amount, currency),
    }


def _amount(reading: Reading, rows: Rows) -> tuple[Any, Any]:
    """Return the money each event is about, and its currency; null where that is no number or of no known currency."""
    stated = [parse_numbers(reading.text(rows, name)) for name in ("total", "revenue", "value")]
    price, quantity = (parse_numbers(reading.text(rows, name)) for name in ("price", "quantity"))
    pieces = either(as_mask(pc.is_valid(quantity)), quantity, pa.scalar(1, DECIMAL))
    amount = pc.coalesce(*stated, multiplied(price, pieces))
    said = by_distinct(reading.text(rows, "currency"), lambda text: amounts.currency_in(text, reading.base), pa.string())
    codes = pc.coalesce(said, pa.scalar(reading.base))
    known = as_mask(pc.is_in(codes, value_set=amounts.KNOWN))
    return masked(amount, known), either(known, codes, pa.scalar(reading.base))


def _person(reading: Reading, rows: Rows, said: Mapping[str, Any]) -> dict[str, Any]:
    created = parse_instants(reading.text(rows, "created_at"), DateStyle(), _UTC)
    past = pc.less_equal(created, pa.scalar(reading.latest, INSTANT))
    parts = (reading.text(rows, part) for part in ("first_name", "last_name"))
    full = trimmed(pc.binary_join_element_wise(*parts, " ", null_handling="replace", null_replacement=""))
    language = pc.utf8_lower(pc.replace_substring_regex(reading.text(rows, "language"), r"^([A-Za-z]{2,3})[-_].*$", r"\1"))
    return {
        "line": rows.lines,
        "customer_id": said["customer_id"],
        "email": pc.utf8_lower(reading.text(rows, "email")),
        "name": pc.coalesce(reading.text(rows, "name"), full),
        "language": language,
        **{trait: reading.text(rows, trait) for trait in ("phone", "country")},
        "happened_at": pc.coalesce(masked(created, as_mask(past)), said["happened_at"]),
        "last_seen_at": said["happened_at"],
    }
