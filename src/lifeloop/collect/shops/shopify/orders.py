"""An order of Shopify as events: what was bought, what was given back, who it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from lifeloop.collect.shops.document import (
    BadDocument,
    Object,
    Said,
    amount,
    anonymous_id,
    fingerprint,
    inner,
    instant,
    listed,
    named,
    price_of_piece,
    said_of,
    text,
    total_of,
    visit,
    written,
)
from lifeloop.collect.shops.shopify.people import customer, traits_of
from lifeloop.collect.shops.shopify.refunds import Back, product_of
from lifeloop.collect.status import UNPAID

SUMS = ("total", "shipping", "tax")
"""What is said of an order that is given up: its money, as the order export says it, and no goods one by one."""

_FIRST_TOLD = frozenset({"orders/create", "orders/paid"})
"""Topics that tell of an order when it begins: a later version comes under others."""


@dataclass(frozen=True)
class Order:
    """One version of an order, and the topic it came under."""

    one: Object
    topic: str

    def events(self) -> Iterator[Said]:
        """Yield what the order says."""
        if self.one.get("test") is True:
            return
        yield from self._person()
        if (text(self.one, "financial_status") or "").lower() in UNPAID:
            return
        sale = self._sale()
        yield self._event("Order Completed", f"shopify-order-{self.id}", sale, first=True)
        if self.topic not in _FIRST_TOLD and self.updated_at > self.placed_at:
            yield self._event(
                "Order Updated", f"shopify-order-{self.id}-{self.updated_at:%Y%m%dT%H%M%S}", sale, at=self.updated_at
            )
        for refund in listed(self.one, "refunds"):
            yield from self._refund(refund)
        yield from self._cancelled()

    @cached_property
    def id(self) -> str:
        """Shopify's own id, which nobody sees. Raises BadDocument."""
        found = text(self.one, "id")
        if found is None:
            raise BadDocument("the order has no id")
        return found

    @cached_property
    def name(self) -> str:
        """The order's number as people know it, such as `#1001`. Raises BadDocument."""
        found = text(self.one, "name", "order_number")
        if found is None:
            raise BadDocument("the order has neither a name nor a number")
        return found

    @cached_property
    def placed_at(self) -> datetime:
        """When it was processed. Raises BadDocument."""
        found = instant(self.one, "processed_at", "created_at")
        if found is None:
            raise BadDocument("the order does not say when it was placed")
        return found

    @cached_property
    def updated_at(self) -> datetime:
        """Which version of the order this is."""
        return instant(self.one, "updated_at") or self.placed_at

    @cached_property
    def account(self) -> str | None:
        """The customer's id."""
        return text(inner(self.one, "customer"), "id")

    @cached_property
    def email(self) -> str | None:
        """The address the order was placed with."""
        return text(self.one, "email", "contact_email") or text(inner(self.one, "customer"), "email")

    def _sale(self) -> dict[str, Any]:
        total, now = amount(self.one, "total_price"), amount(self.one, "current_total_price")
        stated = max((each for each in (total, now) if each is not None), default=None)
        codes = [text(code, "code") for code in listed(self.one, "discount_codes")]
        return said_of(
            {
                "total": stated,
                "shipping": _shipping(self.one),
                "tax": amount(self.one, "total_tax"),
                "discount": amount(self.one, "total_discounts"),
                "coupon": ",".join(code for code in codes if code),
                "channel": text(self.one, "source_name"),
                "country": _country(self.one),
                "products": [line for line in map(line_of, listed(self.one, "line_items")) if line],
            }
        )

    def _refund(self, refund: Object) -> Iterator[Said]:
        number, at = text(refund, "id"), instant(refund, "processed_at", "created_at")
        if number is None or at is None:
            return
        back = Back(refund, text(self.one, "currency"), taxes_included=self.one.get("taxes_included") is True)
        said_back = said_of({"refund_id": number, **back.said()})
        yield self._event("Order Refunded", f"shopify-refund-{number}-{fingerprint(said_back)}", said_back, at=at)

    def _cancelled(self) -> Iterator[Said]:
        at = instant(self.one, "cancelled_at")
        if at is None:
            return
        back: dict[str, Any] = {"reason": text(self.one, "cancel_reason")}
        if not listed(self.one, "refunds"):
            back |= {"refund_id": self.name, **{name: value for name, value in self._sale().items() if name in SUMS}}
        yield self._event("Order Cancelled", f"shopify-order-{self.id}-cancelled", said_of(back), at=at)

    def _person(self) -> Iterator[Said]:
        buyer, billing = inner(self.one, "customer"), inner(self.one, "billing_address")
        if self.account is not None and instant(buyer, "updated_at", "created_at") is not None:
            yield from customer(buyer, beside=billing, locale=text(self.one, "customer_locale"))
        elif self.account is not None or self.email is not None:
            traits = traits_of({**buyer, "email": self.email}, billing, text(self.one, "customer_locale"))
            message = f"shopify-order-{self.id}-contact-{fingerprint(traits)}"
            yield said_of(named("identify", message, self.account, self.placed_at)) | {"traits": traits}

    def _event(self, name: str, message: str, what: Object, *, at: datetime | None = None, first: bool = False) -> Said:
        """Return one event, of a visit where nobody is named; only the first of an order names the device it came from."""
        told = {"placed_at": written(self.placed_at), "updated_at": written(self.updated_at)}
        properties = said_of({"order_id": self.name, "currency": text(self.one, "currency"), **told, **what})
        event = said_of(named("track", message, self.account, at or self.placed_at))
        event |= {"event": name, "properties": properties, "context": said_of({"traits": said_of({"email": self.email})})}
        if self.account is None and self.email is None:
            event["context"] = {"sessionId": f"shopify-{text(self.one, 'checkout_token', 'cart_token') or self.id}"}
        if first:
            came = visit(text(self.one, "landing_site"), text(self.one, "referring_site"))
            event |= said_of({"anonymousId": anonymous_id(listed(self.one, "note_attributes"), "name")})
            event["context"] |= came
        return event


def _shipping(order: Object) -> Decimal | None:
    """Return what was paid for shipping, after discount."""
    paid = [amount(line, "discounted_price", "price") for line in listed(order, "shipping_lines")]
    stated = amount(inner(inner(order, "total_shipping_price_set"), "shop_money"), "amount")
    return total_of(paid) if paid else stated


def _country(order: Object) -> str | None:
    places = (inner(order, "shipping_address"), inner(order, "billing_address"))
    return next((found for place in places if (found := text(place, "country_code", "country"))), None)


def line_of(line: Object) -> dict[str, Any] | None:
    """Return a line as a product; what a piece cost after the line's discounts."""
    pieces, price = amount(line, "quantity"), amount(line, "price")
    if pieces is None or pieces <= 0 or price is None:
        return None
    allocated = [amount(each, "amount") for each in listed(line, "discount_allocations")]
    off = total_of(allocated) if allocated else amount(line, "total_discount") or Decimal(0)
    paid = max(pieces * price - off, Decimal(0))
    return said_of(
        {
            "product_id": product_of(line),
            "name": text(line, "name", "title"),
            "brand": text(line, "vendor"),
            "variant": text(line, "variant_title"),
            "price": price_of_piece(paid, pieces),
            "quantity": pieces,
        }
    )
