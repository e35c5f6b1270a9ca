"""An order of WooCommerce as events: what was bought, what was given back, who it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
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
    visit,
    written,
)
from lifeloop.collect.shops.woocommerce.people import account_of, contact
from lifeloop.collect.status import CANCELLED, UNPAID

_NEVER_PAID = frozenset({*UNPAID, *CANCELLED, "auto-draft"})
_GIVEN_UP = frozenset({"cancelled", "failed", "trash"})


@dataclass(frozen=True)
class Order:
    """One version of an order; `action` is what its topic says was done with it."""

    one: Object
    action: str

    def events(self) -> Iterator[Said]:
        """Yield what the order says. Raises BadDocument."""
        yield from self._person()
        if not self._is_paid:
            return
        sale = self._sale()
        yield self._event("Order Completed", f"woocommerce-order-{self.id}", sale, first=True)
        if self.action != "created" and self.updated_at > self.placed_at:
            yield self._event(
                "Order Updated", f"woocommerce-order-{self.id}-{self.updated_at:%Y%m%dT%H%M%S}", sale, at=self.updated_at
            )
        refunds = listed(self.one, "refunds")
        for refund in refunds:
            yield from self._refund(refund)
        if self._status in _GIVEN_UP:
            sums = {name: value for name, value in sale.items() if name in ("total", "shipping", "tax")}
            back = {} if refunds else {"refund_id": self.number, **sums}
            yield self._event("Order Cancelled", f"woocommerce-order-{self.id}-cancelled", back, at=self.updated_at)

    @cached_property
    def id(self) -> str:
        """WooCommerce's own id. Raises BadDocument."""
        found = text(self.one, "id")
        if found is None:
            raise BadDocument("the order has no id")
        return found

    @cached_property
    def number(self) -> str:
        """The order's number as people know it."""
        return text(self.one, "number") or self.id

    @cached_property
    def placed_at(self) -> datetime:
        """When it was paid, else when it was made. Raises BadDocument."""
        found = instant(self.one, "date_paid_gmt", "date_created_gmt", utc=True) or instant(
            self.one, "date_paid", "date_created"
        )
        if found is None:
            raise BadDocument("the order does not say when it was placed")
        return found

    @cached_property
    def updated_at(self) -> datetime:
        """Which version of the order this is."""
        return instant(self.one, "date_modified_gmt", utc=True) or self.placed_at

    @property
    def _status(self) -> str:
        return (text(self.one, "status") or "").lower().removeprefix("wc-")

    @property
    def _is_paid(self) -> bool:
        return instant(self.one, "date_paid_gmt", "date_paid", utc=True) is not None or self._status not in _NEVER_PAID

    @cached_property
    def _email(self) -> str | None:
        return text(inner(self.one, "billing"), "email")

    def _sale(self) -> dict[str, Any]:
        codes = [text(line, "code") for line in listed(self.one, "coupon_lines")]
        places = (inner(self.one, "shipping"), inner(self.one, "billing"))
        return said_of(
            {
                "total": amount(self.one, "total"),
                "shipping": amount(self.one, "shipping_total"),
                "tax": amount(self.one, "total_tax"),
                "discount": amount(self.one, "discount_total"),
                "coupon": ",".join(code for code in codes if code),
                "channel": text(self.one, "created_via"),
                "country": next((found for place in places if (found := text(place, "country"))), None),
                "products": [line for line in map(_line, listed(self.one, "line_items")) if line],
            }
        )

    def _refund(self, refund: Object) -> Iterator[Said]:
        """Yield a refund; within an order it says its sum alone, and is dated by the version that tells of it first."""
        number, total = text(refund, "id"), amount(refund, "amount", "total")
        if number is None or total is None:
            return
        at = instant(refund, "date_created_gmt", utc=True) or self.updated_at
        lines = [line for line in map(_line, listed(refund, "line_items")) if line]
        back = {"refund_id": number, "total": abs(total), "reason": text(refund, "reason"), "products": lines}
        yield self._event("Order Refunded", f"woocommerce-refund-{number}", back, at=at)

    def _person(self) -> Iterator[Said]:
        account = account_of(self.one, "customer_id")
        if account is None and self._email is None:
            return
        traits = contact(inner(self.one, "billing"))
        message = f"woocommerce-order-{self.id}-contact-{fingerprint(traits)}"
        yield said_of(named("identify", message, account, self.placed_at)) | {"traits": traits}

    def _event(self, name: str, message: str, what: Object, *, at: datetime | None = None, first: bool = False) -> Said:
        """Return one event, of a visit where nobody is named; only the first of an order names the device it came from."""
        told = {"placed_at": written(self.placed_at), "updated_at": written(self.updated_at)}
        properties = said_of({"order_id": self.number, "currency": text(self.one, "currency"), **told, **what})
        account = account_of(self.one, "customer_id")
        event = said_of(named("track", message, account, at or self.placed_at))
        event |= {"event": name, "properties": properties, "context": said_of({"traits": said_of({"email": self._email})})}
        if account is None and self._email is None:
            event["context"] = {"sessionId": f"woocommerce-{text(self.one, 'cart_hash') or self.id}"}
        if first:
            noted = listed(self.one, "meta_data")
            event |= said_of({"anonymousId": anonymous_id(noted, "key")})
            event["context"] |= visit(*_came_by(noted))
        return event


def _came_by(noted: list[Object]) -> tuple[str | None, str | None]:
    """Return the page a buyer landed on and where from, which WooCommerce keeps with the order."""
    said = {text(each, "key"): text(each, "value") for each in noted}
    return said.get("_wc_order_attribution_session_entry"), said.get("_wc_order_attribution_referrer")


def _line(line: Object) -> dict[str, Any] | None:
    """Return a line as a product: what a piece cost after discount, without tax; pieces given back are counted positive."""
    pieces, paid = amount(line, "quantity"), amount(line, "total")
    if not pieces or paid is None:
        return None
    return said_of(
        {
            "product_id": account_of(line, "product_id") or text(line, "sku", "name"),
            "name": text(line, "name"),
            "price": price_of_piece(abs(paid), abs(pieces)),
            "quantity": abs(pieces),
        }
    )
