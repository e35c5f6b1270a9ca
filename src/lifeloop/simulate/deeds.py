"""What was done in the shop on a day, as numbers; and the rows of the declared tables made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.simulate.draws import Ints, Keys, hexadecimal

NAMES: tuple[tuple[str, str], ...] = (
    ("page", "Home"), ("screen", "Home"), ("track", "Products Searched"), ("track", "Product List Viewed"),
    ("track", "Product Viewed"), ("track", "Product Added"), ("track", "Product Removed"), ("track", "Cart Viewed"),
    ("track", "Checkout Started"), ("track", "Signed In"), ("track", "Signed Up"), ("track", "Checkout Step Viewed"),
    ("track", "Checkout Step Completed"), ("track", "Payment Info Entered"), ("track", "Order Completed"),
    ("track", "Order Refunded"), ("track", "Product Reviewed"), ("track", "Comment Posted"), ("track", "Survey Answered"),
    ("track", "Live Chat Conversation Started"), ("track", "Live Chat Message Received"), ("track", "Live Chat Message Sent"),
    ("track", "Live Chat Conversation Ended"), ("track", "Email Delivered"), ("track", "Email Opened"),
    ("track", "Email Link Clicked"), ("track", "Unsubscribed"), ("track", "SMS Delivered"), ("track", "SMS Opened"),
    ("track", "SMS Link Clicked"), ("track", "Push Delivered"), ("track", "Push Opened"), ("track", "Push Link Clicked"),
    ("track", "Product Clicked"), ("track", "Consent Given"),
)  # fmt: skip
"""Types and names of events, by number. Segment's e-commerce, live-chat and e-mail names where it has one."""
NUMBER = {name: number for number, (kind, name) in enumerate(NAMES) if (kind, name) != ("screen", "Home")}
"""Event name -> number; `Home` is the page, SCREEN the app's."""
SCREEN = 1
DAY = 86_400
"""Seconds of a day."""
US = 1_000_000
"""Microseconds of a second."""


@dataclass(frozen=True)
class Deeds:
    """Events of one day as columns of equal length."""

    name: Ints
    """Place in NAMES."""
    person: Ints
    """-1: a bot."""
    second: Ints
    """UTC, seconds since 1970."""
    message: Keys
    visitor: Keys
    """The device's visitor id; 0: none is sent."""
    session: Keys
    """0: none."""
    customer: Ints
    """Who the sender says it is: 0 nobody, 1 the person's customer id, 2 the person's id as a guest."""
    product: Ints
    """-1: none."""
    order: Ints
    """Order key (`order_key`); -1: none."""
    amount: Ints
    """Minor units; -1: none."""
    extra: Any
    """Further properties: JSON without its braces, Arrow strings; may be null."""

    def __len__(self) -> int:
        return self.name.size

    def take(self, rows: Any) -> Deeds:
        """Return some rows, by position or mask."""
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == np.bool_ else np.asarray(rows)
        taken = {one.name: getattr(self, one.name) for one in fields(self)}
        extra = taken.pop("extra").take(pa.array(rows))
        return Deeds(**{name: values[rows] for name, values in taken.items()}, extra=extra)


def together(parts: Sequence[Deeds]) -> Deeds:
    """Return the deeds of several parts, in the order of their time.

    What one person does within a second stays in its order; of several persons who is first follows from message ids.
    """
    parts = [part for part in parts if len(part)]
    if not parts:
        return NOTHING
    columns = {one.name: [getattr(part, one.name) for part in parts] for one in fields(Deeds)}
    extra = pa.concat_arrays(columns.pop("extra"))
    whole = Deeds(**{name: np.concatenate(values) for name, values in columns.items()}, extra=extra)
    whole = whole.take(np.argsort(whole.second, kind="stable"))
    begins = np.flatnonzero(np.diff(whole.second, prepend=-1) | np.diff(whole.person, prepend=-2))
    first = np.repeat(whole.message[begins], np.diff(begins, append=len(whole)))
    return whole.take(np.lexsort((first, whole.second)))


def deeds(name: str | Ints, person: Ints, second: Ints, message: Keys, **columns: Any) -> Deeds:
    """Return deeds with what is not given left out: nobody signed in, no product, order, amount or further properties."""
    n = person.size
    blank = {
        "visitor": np.zeros(n, np.uint64),
        "session": np.zeros(n, np.uint64),
        "customer": np.zeros(n, np.int64),
        "product": np.full(n, -1),
        "order": np.full(n, -1),
        "amount": np.full(n, -1),
        "extra": pa.nulls(n, pa.string()),
    }
    number = np.full(n, NUMBER[name]) if isinstance(name, str) else name
    return Deeds(name=number, person=person, second=second, message=message, **{**blank, **columns})


NOTHING = deeds(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint64))
"""No deeds."""


def order_key(day: Any, person: Any) -> Ints:
    """Return the key of the order a person placed on a day (one a day at most)."""
    keys: Ints = np.asarray(day, np.int64) << 32 | np.asarray(person, np.int64)
    return keys


def instants(seconds: Ints) -> Any:
    """Return seconds since 1970 as UTC timestamps in Arrow."""
    return pa.array(seconds * US, pa.timestamp("us", tz="UTC"))


def texts(values: Any) -> Any:
    """Return a NumPy array of ASCII bytes of one width (`S16`) as Arrow strings, without a copy per value."""
    data = np.ascontiguousarray(values)
    offsets = np.arange(data.size + 1, dtype=np.int32) * data.dtype.itemsize
    return pa.StringArray.from_buffers(data.size, pa.py_buffer(offsets), pa.py_buffer(data))


def hex_or_null(keys: Keys) -> Any:
    """Return keys as 16 hex digits; null for 0. Arrow strings."""
    values = texts(hexadecimal(keys))
    return pc.if_else(pa.array(keys != 0), values, None)


def optional(values: Ints) -> Any:
    """Return numbers, null where they are below 0."""
    return pa.array(values, mask=values < 0)


def braces(extra: Any) -> Any:
    """Return fragments of JSON objects as objects; null stays null."""
    return pc.binary_join_element_wise("{", extra, "}", "")
