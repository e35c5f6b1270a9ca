"""Orders and money given back in Segment's wire form: one event tells a whole order, or a whole refund.

    total   `total`, else the goods with shipping and tax
    goods   `subtotal` (after discount), else `total` less shipping and tax, else `revenue`, else `value`
    line    `price` x `quantity` (1 where it is not said)

A refund's products give back `price` x `quantity`, in all never more than its total; what the total is above them is an
amount without goods. A refund that says neither a total nor products stays an event alone. A cancelled order is given back in
one sum, as far as it has not been given back before (`lifeloop.collect.settle.given_back`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.ids import stable_id
from lifeloop.collect import amounts
from lifeloop.collect.dates import INSTANT, DateStyle, parse_instants
from lifeloop.collect.documents import order_ids
from lifeloop.collect.facts import staged
from lifeloop.collect.idents import clean_ids
from lifeloop.collect.numbers import DECIMAL, multiplied, parse_numbers
from lifeloop.collect.rows import Mask, Positions, Rows, Sieve, as_mask
from lifeloop.collect.source import Reading, as_doubles, masked, negative, positive
from lifeloop.collect.wire import Items

ORDERED = ("Order Completed", "Order Updated")
CANCELLED = ("Order Cancelled",)
GIVEN_BACK = ("Order Refunded", *CANCELLED)
_SUMS = ("total", "subtotal", "revenue", "value", "shipping", "tax", "discount")


@dataclass(frozen=True)
class Sales:
    """The sales among some events: every array is as long as the events are."""

    reading: Reading
    rows: Rows
    """The events as columns of text."""
    sieve: Sieve
    is_order: Mask
    is_refund: Mask
    is_cancelled: Mask
    """Refunds that give an order back whole."""
    items: Items
    said: Mapping[str, Any]
    """What is known of the events: customer_id, happened_at, received_at, message_id."""

    def staged(self) -> Any:
        """Return orders, their lines and refunds in staging form; what is wrong with one rejects its event."""
        any_sale = self.is_order | self.is_refund
        sums = {name: self._sum(name, any_sale) for name in _SUMS}
        currency = self._currency(any_sale)
        lines = _Lines.of(self.items, self.sieve)
        goods, total = _goods_and_total(sums)
        empty = as_mask(pc.is_null(total)) & ~lines.has_any(len(self.rows))
        self.sieve.drop(empty & self.is_order, "missing_number", "neither what was paid for the order nor its products")
        number = clean_ids(self.reading.text(self.rows, "order_id"))
        unnumbered = (any_sale & as_mask(pc.is_null(number))).any()
        order = order_ids(number, self.said["customer_id"], self.said["happened_at"]) if unnumbered else number
        stated = clean_ids(self.reading.text(self.rows, "refund_id"))
        is_sum = self.is_cancelled & as_mask(pc.is_valid(number)) & as_mask(pc.is_null(stated))
        derived = self._derived(number, is_sum, lines, amounts.minor(total, currency))
        refund = pc.coalesce(stated, derived, self.said["message_id"], order)
        back = _returned(lines, self.is_refund & self.sieve.good, is_sum, goods, total)
        documents = _Documents(self, currency, {"order": order, "refund": refund}, number)
        return pa.concat_tables(
            [
                documents.orders(sums, goods, total, lines),
                documents.lines(lines, self.is_order, "order"),
                documents.lines(back, self.is_refund, "refund"),
            ]
        )

    def _derived(self, number: Any, is_sum: Mask, lines: _Lines, paid: Any) -> Any:
        """Return a number for refunds without one: of a cancelled order the order's, else of the order and what is given back.

        So two that tell of one refund tell of one; null where no order is named.
        """
        found: list[str | None] = [None] * len(self.rows)
        orders, products = number.to_pylist(), lines.texts["product_id"]
        content: dict[int, list[str]] = {}
        for position, owner in enumerate(lines.owners.tolist()):
            if self.is_refund[owner]:
                said = (products[position].as_py(), lines.quantity[position].as_py(), lines.paid[position].as_py())
                content.setdefault(owner, []).append("~".join(map(_plain, said)))
        for event in np.flatnonzero(self.is_refund & as_mask(pc.is_valid(number))).tolist():
            listed = sorted(content.get(event, []))
            found[event] = f"{orders[event]}-" + (
                "cancelled" if is_sum[event] else stable_id(_plain(paid[event].as_py()), *listed)
            )
        return pa.array(found, pa.string())

    def _sum(self, name: str, where: Mask) -> Any:
        """Return one sum of the sales; null in other events, whose amounts may be anything."""
        texts = pc.if_else(pa.array(where), self.reading.text(self.rows, name), pa.scalar(None, pa.string()))
        values = parse_numbers(texts)
        wrong = pc.and_(pc.is_valid(texts), pc.is_null(values))
        self.sieve.drop(wrong, "bad_number", f"'{{value}}' in {name} is no number", self.reading.columns[name])
        self.sieve.drop(negative(values), "negative_price", f"{name} lies below 0")
        return values

    def _currency(self, where: Mask) -> Any:
        codes = self.reading.columns["currency"]
        only = pc.if_else(pa.array(where), self.rows.columns[codes], pa.scalar(None, pa.string()))
        rows = Rows(lines=self.rows.lines, columns={codes: only}, raw=self.rows.raw)
        return amounts.currency_of(self.reading, rows, self.sieve, None)


def _goods_and_total(sums: Mapping[str, Any]) -> tuple[Any, Any]:
    around = pc.add(amounts.fill_zero(sums["shipping"]), amounts.fill_zero(sums["tax"]))
    behind = amounts.at_least_zero(pc.subtract(sums["total"], around).cast(DECIMAL))
    goods = pc.coalesce(sums["subtotal"], behind, sums["revenue"], sums["value"])
    return goods, pc.coalesce(sums["total"], pc.add(goods, around).cast(DECIMAL))


def _is_stated(sums: Mapping[str, Any]) -> Mask:
    """Return where the goods are what an order says, and not its total less shipping and tax."""
    return as_mask(pc.or_(pc.is_valid(sums["subtotal"]), pc.is_null(sums["total"])))


@dataclass(frozen=True)
class _Lines:
    """Lines of orders or refunds: which event each belongs to, what it names, and what was paid for it."""

    owners: Positions
    places: Positions
    quantity: Any
    paid: Any
    goods: Any
    texts: Mapping[str, Any] = field(default_factory=dict)
    price: Any = None

    @classmethod
    def of(cls, items: Items, sieve: Sieve) -> _Lines:
        """Read the numbers of listed products; one that has no price, or none that can be, rejects its event."""
        price = parse_numbers(items.columns["price"])
        pieces = pc.coalesce(items.columns["quantity"], pa.scalar("1"))
        quantity = parse_numbers(pieces)
        paid = multiplied(quantity, price)
        bad = ~positive(quantity) | as_mask(pc.is_null(paid)) | negative(price)
        wrong = np.zeros(len(sieve.good), bool)
        wrong[items.owners[bad]] = True
        sieve.drop(wrong, "bad_number", "a product in it has no price, or a price or quantity that is none")
        texts = {name: items.columns[name] for name in ("product_id", "title", "category")}
        return cls(items.owners, items.places, quantity, paid, paid, texts, price)

    def has_any(self, events: int) -> Mask:
        """Return which events have lines."""
        return np.bincount(self.owners, minlength=events) > 0

    def pieces(self, events: int) -> Any:
        """Return the pieces over all lines of each event; null where it has none."""
        counts = np.bincount(self.owners, as_doubles(self.quantity).fill_null(0.0).to_numpy(), minlength=events)
        return pa.array(counts, mask=~self.has_any(events))


@dataclass(frozen=True)
class _Documents:
    """Staging rows of orders and refunds, each with what its event says."""

    sales: Sales
    currency: Any
    ids: Mapping[str, Any]
    number: Any

    def orders(self, sums: Mapping[str, Any], goods: Any, total: Any, lines: _Lines) -> Any:
        """Return what each order says as a whole.

        `price_minor` is what was paid for its goods; `order_total_minor` and `order_goods_minor` are null where the order does
        not state them itself.
        """
        reading, rows = self.sales.reading, self.sales.rows
        minors = {name: amounts.minor(sums[name], self.currency) for name in ("discount", "shipping", "tax")}
        paid, of_goods = amounts.minor(total, self.currency), amounts.in_base(goods, self.currency, reading)
        columns = {
            **self._common(np.arange(len(rows)), "order"),
            "is_line": np.zeros(len(rows), bool),
            "line_no": np.zeros(len(rows), np.int32),
            "quantity": lines.pieces(len(rows)),
            "amount_minor": paid,
            "goods_minor": of_goods,
            "price_minor": amounts.minor(goods, self.currency),
            "order_total_minor": amounts.minor(sums["total"], self.currency),
            "order_goods_minor": masked(of_goods, _is_stated(sums)),
            **{f"{name}_minor": values for name, values in minors.items()},
            **{name: reading.text(rows, name) for name in ("channel", "coupon", "country")},
        }
        return staged("sale", self._keep(self.sales.is_order, "order"), columns)

    def lines(self, lines: _Lines, where: Mask, doc: str) -> Any:
        """Return the lines of orders, or of refunds."""
        owners = pa.array(lines.owners)
        currency = self.currency.take(owners)
        paid, goods = (amounts.minor(lines.paid, currency), amounts.in_base(lines.goods, currency, self.sales.reading))
        columns = {
            **self._common(lines.owners, doc),
            "is_line": np.ones(len(owners), bool),
            "line_no": lines.places.astype(np.int32),
            "quantity": as_doubles(lines.quantity),
            "amount_minor": paid,
            "goods_minor": goods,
            "price_minor": None if lines.price is None else amounts.minor(lines.price, currency),
            **lines.texts,
        }
        return staged("sale", self._keep(where, doc)[lines.owners], columns)

    def _keep(self, where: Mask, doc: str) -> Mask:
        known = as_mask(pc.is_valid(self.ids[doc])) & as_mask(pc.is_valid(self.sales.said["happened_at"]))
        return where & known & self.sales.sieve.good

    def _instant(self, name: str) -> Any:
        """Return what a sale says of when it was placed, or of which version of it this is; null where it does not say."""
        found = parse_instants(self.sales.reading.text(self.sales.rows, name), DateStyle(), self.sales.reading.zone)
        return masked(found, as_mask(pc.less_equal(found, pa.scalar(self.sales.reading.latest, INSTANT))))

    def _common(self, owners: Positions, doc: str) -> dict[str, Any]:
        taken = pa.array(owners)
        order = self.ids["order"] if doc == "order" else self.number
        known = {name: self.sales.said[name].take(taken) for name in ("customer_id", "happened_at", "received_at")}
        known["placed_at"] = self._instant("placed_at").take(taken)
        known["told_at"] = pc.coalesce(self._instant("told_at").take(taken), known["happened_at"])
        return {
            "line": self.sales.rows.lines[owners],
            "doc": pa.repeat(pa.scalar(doc), len(owners)),
            "doc_id": self.ids[doc].take(taken),
            "order_id": order.take(taken),
            "currency": self.currency.take(taken),
            "whole": np.ones(len(owners), bool),
            **known,
        }


def _plain(value: Any) -> str:
    """Return a value as text; equal decimals are the same one."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _returned(lines: _Lines, where: Mask, is_sum: Mask, goods: Any, total: Any) -> _Lines:
    """Return the lines of the refunds at `where`: their products within their total, and what the total is above them.

    Those that `is_sum` give back one amount, of which earlier refunds may leave little: their products are none of it.
    """
    rows: list[tuple[int, int, str | None, Decimal, Decimal, Decimal]] = []
    products = lines.texts["product_id"]
    positions = np.flatnonzero(where[lines.owners])
    by_event: dict[int, list[int]] = {}
    for position in positions.tolist():
        by_event.setdefault(int(lines.owners[position]), []).append(position)
    for event in np.flatnonzero(where).tolist():
        whole, part = total[event].as_py(), goods[event].as_py()
        listed = by_event.get(event, [])
        paid = [lines.paid[position].as_py() for position in listed]
        above = sum(paid, Decimal(0))
        if is_sum[event] and (whole is not None or listed):
            whole = above if whole is None else whole
            of_goods = above if part is None else part
            rows.append((event, 1, None, Decimal(0), whole, min(whole, of_goods)))
            continue
        share = whole / above if whole is not None and above > whole else Decimal(1)
        for position, amount in zip(listed, paid, strict=True):
            given = round(amount * share, 18)
            place, count = int(lines.places[position]), lines.quantity[position].as_py()
            rows.append((event, place, products[position].as_py(), count, given, given))
        if whole is not None and (whole > above or not listed):
            rest = whole - above
            rows.append((event, len(listed) + 1, None, Decimal(0), rest, min(rest, max(part - above, Decimal(0)))))
    owners, places, names, quantity, paid_back, goods_back = zip(*rows, strict=True) if rows else ((),) * 6
    pieces, given_back, of_goods = (pa.array(values, DECIMAL) for values in (quantity, paid_back, goods_back))
    texts = {"product_id": pa.array(names, pa.string())}
    return _Lines(np.array(owners, np.int64), np.array(places, np.int64), pieces, given_back, of_goods, texts)
