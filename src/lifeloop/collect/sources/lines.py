"""Line-level orders: one row per product in an order, with what was paid or a unit price, under any column names.

A negative quantity, or a number that begins with C among plain numbers, gives goods back: it becomes a refund.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.collect import amounts
from lifeloop.collect.documents import order_ids
from lifeloop.collect.facts import Facts, staged
from lifeloop.collect.idents import clean_ids, customers_of
from lifeloop.collect.numbers import DECIMAL
from lifeloop.collect.rows import Mask, Rows, Sieve, as_mask
from lifeloop.collect.source import Kind, Reader, Reading, as_doubles, either, masked, negative, positive, zero
from lifeloop.collect.status import drop_cancelled, drop_unpaid, is_refunded
from lifeloop.collect.words import WORDS, plain_name

_FIELDS = (
    "order_id", "customer_id", "email", "placed_at", "product_id", "title", "quantity", "price", "amount", "currency",
    "country", "channel", "coupon", "discount", "category", "status",
)  # fmt: skip


class OrderLines:
    """The generic source for files with one row per product in an order."""

    name = "lines"
    kind: Kind = "lines"
    also: Sequence[Kind] = ()
    about = "One row per product in an order, under any column names."
    fields: Mapping[str, Sequence[str]] = {name: WORDS[name] for name in _FIELDS}
    required: Sequence[Sequence[str]] = (
        ("order_id", "customer_id", "email"),
        ("placed_at",),
        ("product_id", "title"),
        ("amount", "price"),
    )

    def recognises(self, _columns: Sequence[str], mapping: Mapping[str, str], /) -> bool:
        """Return whether every group of required columns was found; a mere `name` may be a person's, not a product's."""
        if "product_id" not in mapping and plain_name(mapping.get("title", "")) in ("name", "名称"):
            return False
        return all(any(name in mapping for name in group) for group in self.required)

    def begin(self, reading: Reading) -> Reader:
        """Return the reader of one file's batches."""
        return lambda rows: _read(reading, rows)


def _read(reading: Reading, rows: Rows) -> tuple[Facts, Sieve]:
    sieve = Sieve(rows)
    status = reading.text(rows, "status")
    drop_unpaid(sieve, status, reading.columns.get("status"))
    drop_cancelled(sieve, status, reading.columns.get("status"))
    at = reading.instants(rows, sieve, "placed_at")
    customer = customers_of(reading.text(rows, "customer_id"), reading.text(rows, "email"))
    number = clean_ids(reading.text(rows, "order_id"))
    quantity = _quantity(reading, rows, sieve)
    price = reading.numbers(rows, sieve, "price", required=not reading.has("amount"))
    stated = reading.numbers(rows, sieve, "amount", required=not reading.has("price"))
    currency = amounts.currency_of(reading, rows, sieve, "amount" if reading.has("amount") else "price")
    exact = pc.coalesce(stated.cast(pa.decimal256(75, 36)), pc.multiply(quantity, price)) if reading.has("price") else stated
    _drop_unsold(reading, sieve, quantity, exact, price, customer)

    back = _given_back(reading, number, quantity)
    sieve.drop(pc.and_(pc.is_null(number), pc.is_null(customer)), "no_order", "neither an order number nor a customer")
    order = order_ids(number, customer, at)
    paid = pc.abs(exact)
    paid_minor, goods_minor = amounts.both_minor(paid, currency, reading)
    amounts.refuse_large(sieve, paid, paid_minor, reading.columns.get("amount") or reading.columns.get("price"))
    cancelled = _is_cancellation(number) if reading.plain_numbers else np.zeros(len(rows), bool)
    columns: dict[str, Any] = {
        "line": rows.lines,
        "doc": either(back, pa.scalar("refund"), pa.scalar("order")),
        "doc_id": order,
        "order_id": masked(order, ~cancelled),
        "customer_id": customer,
        "happened_at": at,
        "is_line": np.ones(len(rows), bool),
        "product_id": pc.coalesce(clean_ids(reading.text(rows, "product_id")), reading.text(rows, "title")),
        "title": reading.text(rows, "title"),
        "category": reading.text(rows, "category"),
        "quantity": as_doubles(pc.abs(quantity)),
        "currency": currency,
        "amount_minor": paid_minor,
        "goods_minor": goods_minor,
        "price_minor": amounts.minor(price, currency) if reading.has("price") else None,
        "discount_minor": amounts.minor(pc.abs(reading.numbers(rows, sieve, "discount")), currency),
        **{name: reading.text(rows, name) for name in ("channel", "coupon", "country")},
    }
    sales = staged("sale", sieve.good, columns)
    paid_back = sieve.good & is_refunded(status) & ~back
    if paid_back.any():
        refund = {**columns, "doc": pa.repeat(pa.scalar("refund"), len(rows))}
        sales = pa.concat_tables([sales, staged("sale", paid_back, refund)])
    return Facts({"sale": sales}), sieve


def _quantity(reading: Reading, rows: Rows, sieve: Sieve) -> Any:
    if not reading.has("quantity"):
        return pa.repeat(pa.scalar(1, DECIMAL), len(rows))
    quantity = reading.numbers(rows, sieve, "quantity", required=True)
    sieve.drop(zero(quantity), "zero_quantity", "nothing was bought: the quantity is 0")
    return quantity


def _drop_unsold(reading: Reading, sieve: Sieve, quantity: Any, exact: Any, price: Any, customer: Any) -> None:
    """Reject what moves stock or accounts but is no sale."""
    minus = negative(quantity)
    free = zero(price) if reading.has("price") and not reading.has("amount") else zero(exact)
    nameless = as_mask(pc.is_null(customer))
    sieve.drop(free & (minus | nameless), "stock_adjustment", "a price of 0 and no sale: goods moved, nobody bought them")
    owing = negative(price) | (negative(exact) & ~minus)
    sieve.drop(owing, "negative_price", "the price is below 0: a correction of accounts, no sale")


def _given_back(reading: Reading, number: Any, quantity: Any) -> Mask:
    cancelled = _is_cancellation(number) if reading.plain_numbers else np.zeros(len(number), bool)
    return ~positive(quantity) | cancelled


def _is_cancellation(number: Any) -> Mask:
    return as_mask(pc.match_substring_regex(number, r"^[Cc]\d+$"))
