"""A refund of Shopify: what was paid back, and the goods."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lifeloop.collect.shops.document import (
    BadDocument,
    Object,
    Said,
    amount,
    inner,
    instant,
    listed,
    named,
    price_of_piece,
    said_of,
    text,
    total_of,
)


def product_of(line: Object) -> str | None:
    """Return the product of a line: its SKU, else what the line calls it, as the order export has it."""
    return text(line, "sku", "name", "title")


def refund(one: Object) -> list[Said]:
    """Return a refund that comes by itself; its id and a time are needed. Raises BadDocument."""
    number, at = text(one, "id"), instant(one, "processed_at", "created_at")
    if number is None or at is None:
        raise BadDocument("the refund has no id, or no time")
    currency = next((found for each in listed(one, "transactions") if (found := text(each, "currency"))), None)
    back = Back(one, currency, taxes_included=False).said()
    event = said_of(named("track", f"shopify-refund-{number}-alone", None, at))
    return [event | {"event": "Order Refunded", "properties": said_of({"refund_id": number, "currency": currency, **back})}]


@dataclass(frozen=True)
class Back:
    """One refund: what was paid back, and the goods."""

    one: Object
    currency: str | None
    taxes_included: bool

    def said(self) -> dict[str, Any]:
        """Return its sums and products."""
        adjusted = listed(self.one, "order_adjustments")
        shipping = [amount(each, "amount") for each in adjusted if text(each, "kind") == "shipping_refund"]
        lines = listed(self.one, "refund_line_items")
        taxed = [amount(line, "total_tax") for line in lines] + [_negated(amount(each, "tax_amount")) for each in adjusted]
        tax, total = total_of(taxed), self._total(lines, adjusted)
        return {
            "total": total,
            "shipping": min(max(-total_of(shipping), Decimal(0)), total) or None,
            "tax": min(max(tax, Decimal(0)), total) or None,
            "products": [line for line in map(self._line, lines) if line],
        }

    def _total(self, lines: list[Object], adjusted: list[Object]) -> Decimal:
        """Return what was paid back in the shop's currency: by its payments, else by its lines and what was adjusted."""
        paid = [each for each in listed(self.one, "transactions") if _is_paid_back(each)]
        if all(text(each, "currency") in (None, self.currency) for each in paid):
            return max(total_of(amount(each, "amount") for each in paid), Decimal(0))
        of_lines = total_of(amount(line, "subtotal") for line in lines)
        if not self.taxes_included:
            of_lines += total_of(amount(line, "total_tax") for line in lines)
        return max(of_lines - total_of(value for each in adjusted for value in (amount(each, "amount"),)), Decimal(0))

    def _line(self, line: Object) -> dict[str, Any] | None:
        pieces, paid = amount(line, "quantity"), amount(line, "subtotal")
        if pieces is None or pieces <= 0:
            return None
        net = (paid or Decimal(0)) - ((amount(line, "total_tax") or Decimal(0)) if self.taxes_included else Decimal(0))
        sold = inner(line, "line_item")
        return said_of(
            {
                "product_id": product_of(sold),
                "name": text(sold, "name", "title"),
                "price": price_of_piece(max(net, Decimal(0)), pieces),
                "quantity": pieces,
            }
        )


def _is_paid_back(transaction: Object) -> bool:
    return text(transaction, "kind") == "refund" and text(transaction, "status") == "success"


def _negated(number: Decimal | None) -> Decimal | None:
    return None if number is None else -number
