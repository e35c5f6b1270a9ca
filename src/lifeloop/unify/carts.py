"""Carts: what lies in the cart of a name or device, by the last word on each product.

`Product Added` puts a product in with its quantity, `Product Removed` takes it out, a cart or checkout that lists its products
says what is in it as a whole, and an order empties it. Each line is the last word on its product, so the same events in any
order give the same cart. The price of that: a product added twice counts with the quantity said last.

Limits  the newest 200 products, and those told of within 30 days before the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import msgspec

from lifeloop.base.clock import DAY
from lifeloop.collect.live.heard import Heard
from lifeloop.store.carts import CartRow
from lifeloop.unify.told import inner, json_text, text_of

ADDED = frozenset({"Product Added", "Wishlist Product Added to Cart"})
REMOVED = "Product Removed"
SHOWN = frozenset({"Cart Viewed", "Checkout Started"})
ORDERED = "Order Completed"
WORDS = ADDED | SHOWN | {REMOVED, ORDERED}
"""Names of the events that say something of a cart."""
PRODUCT_PLACES = ("product_id", "item_id", "sku")
KEPT_LINES = 200
KEPT_FOR = 30 * DAY
_KEPT_FOR_US = KEPT_FOR // timedelta(microseconds=1)
_MOST_PIECES = Decimal(1_000_000)
_PRICE = 30


class Line(NamedTuple):
    """The last word on one product: the greatest counts. `price` is a decimal number as text, of one piece."""

    told_at: int
    quantity: int
    price: str
    currency: str


@dataclass(slots=True)
class Cart:
    """What is known of one cart. `lines` holds products that were taken out too, with quantity 0."""

    lines: dict[str, Line] = field(default_factory=dict)
    emptied_at: int | None = None
    updated_at: int = 0

    def hear(self, heard: Heard) -> None:
        """Take in what an event says of the cart."""
        at, properties = heard.occurred_at, inner(heard.said, "properties")
        self.updated_at = max(self.updated_at, at)
        if heard.name == ORDERED:
            self._empty(at)
        elif heard.name in SHOWN:
            self._show(at, properties)
        else:
            self._put(at, properties, None if heard.name in ADDED else 0, properties)

    def join(self, other: Cart) -> None:
        """Take in what another cart knows."""
        self.updated_at = max(self.updated_at, other.updated_at)
        if other.emptied_at is not None:
            self._empty(other.emptied_at)
        for product, line in other.lines.items():
            self._line(product, line)

    def trimmed(self) -> dict[str, Line]:
        """Return the lines that count still, by product: none told of before the cart was emptied, none too old."""
        since = -1 if self.emptied_at is None else self.emptied_at
        newest = max((line.told_at for line in self.lines.values()), default=0)
        since = max(since, newest - _KEPT_FOR_US)
        alive = sorted(((line, product) for product, line in self.lines.items() if line.told_at > since), reverse=True)
        return {product: line for line, product in sorted(alive[:KEPT_LINES], key=lambda one: one[1])}

    def _empty(self, at: int) -> None:
        self.emptied_at = at if self.emptied_at is None else max(self.emptied_at, at)

    def _show(self, at: int, properties: Mapping[str, Any]) -> None:
        listed = properties.get("products") or properties.get("items")
        if not isinstance(listed, list):
            return
        self._empty(at - 1)
        for item in listed[:KEPT_LINES]:
            if isinstance(item, dict):
                self._put(at, item, None, properties)

    def _put(self, at: int, item: Mapping[str, Any], quantity: int | None, around: Mapping[str, Any]) -> None:
        product = product_of(item)
        if product is None:
            return
        pieces = _pieces(item.get("quantity")) if quantity is None else quantity
        currency = text_of(item.get("currency") or around.get("currency"), longest=3) or ""
        self._line(product, Line(at, pieces, _price(item.get("price")), currency.upper()))

    def _line(self, product: str, line: Line) -> None:
        before = self.lines.get(product)
        if before is None or line > before:
            self.lines[product] = line


def product_of(said: Mapping[str, Any]) -> str | None:
    """Return the product that properties name, where they name one."""
    for place in PRODUCT_PLACES:
        if place in said and (found := text_of(said[place])):
            return found
    return None


def cart_of_row(row: CartRow) -> Cart:
    """Return a cart as it was kept."""
    lines = {
        product: Line(at, pieces, price, currency) for product, (pieces, price, at, currency) in _decode(row.lines).items()
    }
    return Cart(lines, row.emptied_at, row.updated_at)


def row_of_cart(owner: str, cart: Cart) -> CartRow:
    """Return a cart as it is kept."""
    lines = cart.trimmed()
    text = json_text({product: [line.quantity, line.price, line.told_at, line.currency] for product, line in lines.items()})
    said = max((line for line in lines.values() if line.currency), default=None)
    state = "open" if any(line.quantity for line in lines.values()) else "empty"
    return CartRow(owner, state, text, said.currency if said else None, cart.emptied_at, cart.updated_at)


def joined(carts: Iterable[Cart]) -> Cart:
    """Return what some carts know together."""
    whole = Cart()
    for cart in carts:
        whole.join(cart)
    return whole


def _decode(text: str) -> dict[str, tuple[int, str, int, str]]:
    return msgspec.json.decode(text, type=dict[str, tuple[int, str, int, str]])


def _pieces(value: Any) -> int:
    number = _number(value)
    return 1 if number is None else int(max(Decimal(0), min(number, _MOST_PIECES)))


def _price(value: Any) -> str:
    number = _number(value)
    return "" if number is None or number < 0 else str(value).strip()[:_PRICE]


def _number(value: Any) -> Decimal | None:
    text = text_of(value, longest=_PRICE)
    try:
        number = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None
