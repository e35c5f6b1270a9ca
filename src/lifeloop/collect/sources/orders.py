"""Order-level files: one row per order with what was paid for it, under any column names.

A file without order numbers has one order per customer and instant. A negative amount is a refund; so is, beside the order
itself, an order whose status says it was paid back.
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
from lifeloop.collect.rows import Rows, Sieve
from lifeloop.collect.source import Kind, Reader, Reading, as_doubles, either, negative
from lifeloop.collect.status import drop_cancelled, drop_unpaid, is_refunded
from lifeloop.collect.words import WORDS

_FIELDS = (
    "order_id", "customer_id", "email", "placed_at", "amount", "quantity", "currency", "country", "channel", "coupon",
    "discount", "shipping", "tax", "status",
)  # fmt: skip


class WholeOrders:
    """The generic source for files with one row per order."""

    name = "orders"
    kind: Kind = "orders"
    also: Sequence[Kind] = ()
    about = "One row per order, under any column names."
    fields: Mapping[str, Sequence[str]] = {name: WORDS[name] for name in _FIELDS}
    required: Sequence[Sequence[str]] = (("order_id", "customer_id", "email"), ("placed_at",), ("amount",))

    def recognises(self, _columns: Sequence[str], mapping: Mapping[str, str], /) -> bool:
        """Return whether every group of required columns was found."""
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
    sieve.drop(pc.and_(pc.is_null(number), pc.is_null(customer)), "no_order", "neither an order number nor a customer")
    order = order_ids(number, customer, at)
    amount = reading.numbers(rows, sieve, "amount", required=True)
    quantity = reading.numbers(rows, sieve, "quantity")
    currency = amounts.currency_of(reading, rows, sieve, "amount")
    extra = {name: reading.numbers(rows, sieve, name) for name in ("discount", "shipping", "tax")}
    paid = pc.abs(amount)
    paid_minor = amounts.minor(paid, currency)
    amounts.refuse_large(sieve, paid, paid_minor, reading.columns.get("amount"))
    around = pc.add(pc.abs(amounts.fill_zero(extra["shipping"])), pc.abs(amounts.fill_zero(extra["tax"])))
    goods = amounts.at_least_zero(pc.subtract(paid, around))
    back = negative(amount) | negative(quantity)
    pieces = as_doubles(pc.abs(quantity))
    columns: dict[str, Any] = {
        "line": rows.lines,
        "doc": either(back, pa.scalar("refund"), pa.scalar("order")),
        "doc_id": order,
        "order_id": order,
        "customer_id": customer,
        "happened_at": at,
        "is_line": np.zeros(len(rows), bool),
        "quantity": either(back, pieces.fill_null(0.0), pieces),
        "currency": currency,
        "amount_minor": paid_minor,
        "goods_minor": amounts.in_base(goods, currency, reading),
        "order_total_minor": paid_minor,
        "order_goods_minor": amounts.in_base(goods, currency, reading),
        **{f"{name}_minor": amounts.minor(pc.abs(values), currency) for name, values in extra.items()},
        **{name: reading.text(rows, name) for name in ("channel", "coupon", "country")},
    }
    sales = staged("sale", sieve.good, columns)
    paid_back = sieve.good & is_refunded(status) & ~back
    if paid_back.any():
        refund = {**columns, "doc": pa.repeat(pa.scalar("refund"), len(rows)), "quantity": pieces.fill_null(0.0)}
        sales = pa.concat_tables([sales, staged("sale", paid_back, refund)])
    return Facts({"sale": sales}), sieve
