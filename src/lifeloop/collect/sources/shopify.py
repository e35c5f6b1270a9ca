"""Shopify's order export: one row per line item, the order's own fields only on its first row.

Orders are grouped by `Name`. There is no product id: the SKU stands for it, else the line's name; customers are known by their
e-mail. Not paid (pending, authorized, voided, expired, unpaid): rejected. Cancelled or refunded after payment: the order, and
a refund of `Refunded Amount`, or of all of it where that is blank; at `Cancelled at`, else when it was paid, because the
export does not say when. Goods = `Total` less `Shipping` and `Taxes`.

Source  the header of the export, as four public repositories have it (Shopify Help, "Exporting orders to a CSV file").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.collect import amounts
from lifeloop.collect.facts import Facts, staged
from lifeloop.collect.idents import customers_of
from lifeloop.collect.numbers import DECIMAL
from lifeloop.collect.rows import Mask, Positions, Rows, Sieve, as_mask
from lifeloop.collect.source import Kind, Reader, Reading, as_doubles, positive, zero
from lifeloop.collect.status import drop_unpaid, is_refunded

_HEAD = (
    "email", "status", "paid_at", "placed_at", "currency", "shipping", "tax", "total", "coupon", "discount", "name", "country",
    "phone", "cancelled_at", "refunded", "channel",
)  # fmt: skip
"""Our columns that stand on an order's first row only."""


class ShopifyOrders:
    """Orders as Shopify's admin exports them."""

    name = "shopify"
    kind: Kind = "lines"
    also: Sequence[Kind] = ("orders",)
    about = "Shopify's order export (CSV): a row per line item, order fields on the first."
    fields: Mapping[str, Sequence[str]] = {
        "order_id": ("Name",),
        "email": ("Email",),
        "status": ("Financial Status",),
        "paid_at": ("Paid at",),
        "placed_at": ("Created at",),
        "currency": ("Currency",),
        "shipping": ("Shipping",),
        "tax": ("Taxes",),
        "total": ("Total",),
        "coupon": ("Discount Code",),
        "discount": ("Discount Amount",),
        "quantity": ("Lineitem quantity",),
        "title": ("Lineitem name",),
        "price": ("Lineitem price",),
        "product_id": ("Lineitem sku",),
        "line_discount": ("Lineitem discount",),
        "name": ("Billing Name", "Shipping Name"),
        "country": ("Shipping Country", "Billing Country"),
        "phone": ("Phone", "Billing Phone", "Shipping Phone"),
        "cancelled_at": ("Cancelled at",),
        "refunded": ("Refunded Amount",),
        "channel": ("Source",),
    }
    required: Sequence[Sequence[str]] = (("order_id",), ("placed_at",), ("title",), ("price",), ("quantity",))

    def recognises(self, columns: Sequence[str], mapping: Mapping[str, str], /) -> bool:
        """Return whether the columns only Shopify has are there."""
        known = {"Name", "Created at", "Lineitem name", "Lineitem price", "Lineitem quantity"} <= set(columns)
        return known and all(any(name in mapping for name in group) for group in self.required)

    def begin(self, reading: Reading) -> Reader:
        """Return the reader of one file's batches; it remembers the order that the last batch ended in."""
        return _Reader(reading)


@dataclass
class _Reader:
    reading: Reading
    head: dict[str, str | None] = field(default_factory=dict)
    """The first row of the order the last batch ended in, by the file's column names."""

    def __call__(self, rows: Rows) -> tuple[Facts, Sieve]:
        """Make facts of some rows."""
        filled, first = self._filled(rows)
        sieve = Sieve(filled)
        order = self._order(filled, sieve)
        heads = first & sieve.good
        tables = [staged("sale", heads, self._head_row(order, rows)), self._refunds(order, heads, rows)]
        lines = self._lines(filled, sieve, order)
        tables.append(staged("sale", sieve.good, lines))
        return Facts({"sale": pa.concat_tables(tables), "customer": self._customers(filled, order, heads)}), sieve

    def _filled(self, rows: Rows) -> tuple[Rows, Mask]:
        """Return the rows with order fields on each of them, and which rows are the first of their order."""
        name = self.reading.columns["order_id"]
        names = np.array([self.head.get(name), *rows.text(name).to_pylist()], dtype=object)
        first = np.array(names[1:] != names[:-1], bool)
        from_row: Positions = np.maximum.accumulate(np.where(first, np.arange(1, len(rows) + 1), 0))
        columns = dict(rows.columns)
        for theirs in {self.reading.columns[ours] for ours in (*_HEAD, "order_id") if self.reading.has(ours)}:
            carried = pa.array([self.head.get(theirs)], pa.string())
            columns[theirs] = pa.concat_arrays([carried, rows.columns[theirs].cast(pa.string())]).take(pa.array(from_row))
        if len(rows):
            self.head = {theirs: column[len(rows) - 1].as_py() for theirs, column in columns.items()}
        return replace(rows, columns=columns), first

    def _order(self, rows: Rows, sieve: Sieve) -> dict[str, Any]:
        """Return what every row's order says of itself."""
        reading = self.reading
        number = reading.text(rows, "order_id")
        sieve.drop(pc.is_null(number), "no_order", "Name is empty: no order to add the line to")
        status = reading.text(rows, "status")
        drop_unpaid(sieve, status, reading.columns.get("status"))
        created = reading.instants(rows, sieve, "placed_at")
        currency = amounts.currency_of(reading, rows, sieve, "total")
        total, shipping, tax, discount, refunded = (
            reading.numbers(rows, sieve, name) for name in ("total", "shipping", "tax", "discount", "refunded")
        )
        around = pc.add(amounts.fill_zero(shipping), amounts.fill_zero(tax))
        emails = reading.text(rows, "email")
        return {
            "number": number,
            "status": status,
            "customer": customers_of(pa.nulls(len(rows), pa.string()), emails),
            "at": pc.coalesce(reading.instants(rows, sieve, "paid_at", required=False), created),
            "cancelled_at": reading.instants(rows, sieve, "cancelled_at", required=False),
            "currency": currency,
            "total": total,
            "goods": amounts.at_least_zero(pc.subtract(total, around)).cast(DECIMAL),
            "shipping": shipping,
            "tax": tax,
            "discount": discount,
            "refunded": refunded,
            **{name: reading.text(rows, name) for name in ("channel", "coupon", "country")},
        }

    def _common(self, order: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
        return {
            "line": rows.lines,
            "doc": pa.repeat(pa.scalar("order"), len(rows)),
            "doc_id": order["number"],
            "order_id": order["number"],
            "customer_id": order["customer"],
            "happened_at": order["at"],
            "currency": order["currency"],
        }

    def _head_row(self, order: Mapping[str, Any], rows: Rows) -> dict[str, Any]:
        """Return what the order as a whole says, as a row without a product."""
        currency = order["currency"]
        return {
            **self._common(order, rows),
            "is_line": np.zeros(len(rows), bool),
            "amount_minor": np.zeros(len(rows), np.int64),
            "goods_minor": np.zeros(len(rows), np.int64),
            "order_total_minor": amounts.minor(order["total"], currency),
            "order_goods_minor": amounts.in_base(order["goods"], currency, self.reading),
            **{f"{name}_minor": amounts.minor(order[name], currency) for name in ("discount", "shipping", "tax")},
            **{name: order[name] for name in ("channel", "coupon", "country")},
        }

    def _lines(self, rows: Rows, sieve: Sieve, order: Mapping[str, Any]) -> dict[str, Any]:
        reading = self.reading
        quantity = reading.numbers(rows, sieve, "quantity", required=True)
        price = reading.numbers(rows, sieve, "price", required=True)
        sieve.drop(zero(quantity), "zero_quantity", "nothing was bought: the quantity is 0")
        sieve.drop(~positive(quantity), "bad_number", "a quantity below 0 in an order")
        discount = amounts.fill_zero(reading.numbers(rows, sieve, "line_discount"))
        full = pc.multiply(quantity, price)
        paid = amounts.at_least_zero(pc.subtract(full.cast(pa.decimal256(74, 36)), discount))
        title = reading.text(rows, "title")
        return {
            **self._common(order, rows),
            "is_line": np.ones(len(rows), bool),
            "product_id": pc.coalesce(reading.text(rows, "product_id"), title),
            "title": title,
            "quantity": as_doubles(quantity),
            "amount_minor": amounts.minor(paid, order["currency"]),
            "goods_minor": amounts.in_base(paid, order["currency"], reading),
            "price_minor": amounts.minor(price, order["currency"]),
        }

    def _refunds(self, order: Mapping[str, Any], heads: Mask, rows: Rows) -> Any:
        """Return a refund for each order that was paid back or cancelled after payment."""
        cancelled = as_mask(pc.is_valid(order["cancelled_at"]))
        back = heads & (positive(order["refunded"]) | cancelled | is_refunded(order["status"]))
        stated = pc.if_else(pa.array(positive(order["refunded"])), order["refunded"], order["total"])
        amount = amounts.fill_zero(stated)
        goods = _share(amount, order["total"], order["goods"], back)
        columns = {
            **self._common(order, rows),
            "doc": pa.repeat(pa.scalar("refund"), len(rows)),
            "happened_at": pc.coalesce(order["cancelled_at"], order["at"]),
            "is_line": np.zeros(len(rows), bool),
            "quantity": np.zeros(len(rows)),
            "amount_minor": amounts.minor(amount, order["currency"]),
            "goods_minor": amounts.in_base(goods, order["currency"], self.reading),
        }
        return staged("sale", back, columns)

    def _customers(self, rows: Rows, order: Mapping[str, Any], heads: Mask) -> Any:
        named = heads & as_mask(pc.is_valid(order["customer"]))
        columns = {
            "line": rows.lines,
            "customer_id": order["customer"],
            "email": pc.utf8_lower(self.reading.text(rows, "email")),
            **{name: self.reading.text(rows, name) for name in ("phone", "name", "country")},
            "happened_at": order["at"],
        }
        return staged("customer", named, columns)


def _share(amount: Any, total: Any, goods: Any, where: Mask) -> Any:
    """Return the part of refunds that is goods: as much of the goods as of the total, never more than all of it."""
    result: list[Decimal | None] = [None] * len(where)
    for place in np.flatnonzero(where).tolist():
        paid, whole, part = amount[place].as_py(), total[place].as_py(), goods[place].as_py()
        full = whole is None or part is None or not whole
        share = paid if full else min(part, paid * part / whole)
        result[place] = round(share, 18)
    return pa.array(result, DECIMAL)
