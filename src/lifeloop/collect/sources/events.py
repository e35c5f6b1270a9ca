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
from lifeloop.collect.facts import Facts, staged
from lifeloop.collect.idents import JUNK, clean_ids, customers_of
from lifeloop.collect.numbers import by_distinct
from lifeloop.collect.rows import Rows, Sieve, as_mask
from lifeloop.collect.source import Kind, Reader, Reading
from lifeloop.collect.words import WORDS

_FIELDS = (
    "message_id", "event", "customer_id", "anonymous_id", "email", "session_id", "product_id", "order_id", "amount", "currency",
)  # fmt: skip

NAMES: Mapping[str, str] = {
    "Product Viewed": "view, view_item, viewed product, product view, product_view, pv, detail, 浏览, 查看",
    "Product Clicked": "click, select_item, product click, 点击",
    "Product List Viewed": "view_item_list, list view, category view",
    "Products Searched": "search, 搜索",
    "Product Added": "addtocart, add_to_cart, add to cart, cart, basket, 加购, 加入购物车",
    "Product Removed": "remove_from_cart, remove from cart, removefromcart, 移出购物车",
    "Product Added to Wishlist": "add_to_wishlist, wishlist, fav, favorite, 收藏",
    "Cart Viewed": "view_cart, cart view",
    "Checkout Started": "begin_checkout, checkout, 结算",
    "Payment Info Entered": "add_payment_info",
    "Order Completed": "purchase, transaction, buy, order, completed order, bought, 购买, 下单, 支付",
    "Order Refunded": "refund, 退款",
    "Signed Up": "sign_up, signup, register, 注册",
    "Signed In": "login, sign_in, 登录",
}
"""Segment's name -> what else it is called; compared without case."""

_SEGMENT = {other.strip(): name for name, others in NAMES.items() for other in others.split(",")}
_PAGES = frozenset({"page", "page_view", "pageview", "$pageview", "page view", "page viewed"})


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


def segment_name(text: str | None) -> str | None:
    """Return Segment's name of an event, or the text itself.

    >>> segment_name("addtocart"), segment_name("Coupon Applied")
    ('Product Added', 'Coupon Applied')
    """
    return None if text is None else _SEGMENT.get(text.lower(), text)


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
    pages = pa.array(sorted(_PAGES))
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
