"""A product of Shopify: each variant is one, and those of one SKU are one, with the stock of all.

A variant that nobody counts, or that is sold on when none are left, is in stock; one of a product that is a draft or archived
is sold out, whatever lies on the shelf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import unescape

from lifeloop.collect.shops.document import (
    BadDocument,
    Object,
    Said,
    amount,
    fingerprint,
    instant,
    listed,
    named,
    said_of,
    text,
)

_TAGS = re.compile(r"<[^>]*>")
_DEFAULT_VARIANT = "Default Title"


def products(one: Object) -> Iterator[Said]:
    """Yield each variant as a product; its id and a time are needed. Raises BadDocument."""
    number, at, title = text(one, "id"), instant(one, "updated_at", "created_at"), text(one, "title")
    if number is None or at is None or title is None:
        raise BadDocument("the product has no id, no title, or no time of its last change")
    described = unescape(_TAGS.sub(" ", text(one, "body_html") or ""))
    same: dict[str, list[Object]] = {}
    for variant in listed(one, "variants"):
        same.setdefault(text(variant, "sku") or _name(title, variant), []).append(variant)
    for product, variant in ((product, variant) for product, variants in same.items() for variant in variants):
        name = _name(title, variant)
        properties = said_of(
            {
                "product_id": product,
                "name": name,
                "category": text(one, "product_type"),
                "brand": text(one, "vendor"),
                "description": " ".join(described.split()),
                "price": amount(variant, "price"),
                **_stock(one, same[product]),
                "url": text(one, "handle") and f"/products/{text(one, 'handle')}",
            }
        )
        message = f"shopify-product-{text(variant, 'id') or fingerprint(properties)}-{at:%Y%m%dT%H%M%S}"
        event = said_of(named("track", message, None, at)) | {"event": "Product Updated", "properties": properties}
        yield event


def _name(title: str, variant: Object) -> str:
    kind = text(variant, "title")
    return title if kind in (None, _DEFAULT_VARIANT) else f"{title} - {kind}"


def _stock(one: Object, variants: Sequence[Object]) -> Said:
    """Return what is told of the stock of variants that are one product; nothing where none of them tells of it."""
    if (text(one, "status") or "active") != "active":
        return {"stock": 0}
    if any(_is_sold_on(variant) for variant in variants):
        return {"availability": "in stock"}
    counted = [amount(variant, "inventory_quantity") for variant in variants]
    pieces = [max(each, Decimal(0)) for each in counted if each is not None]
    return {"stock": sum(pieces, Decimal(0))} if pieces else {}


def _is_sold_on(variant: Object) -> bool:
    """Return whether a variant is sold without a piece on the shelf: nobody counts it, or it may be ordered ahead."""
    counts = "inventory_management" not in variant or text(variant, "inventory_management") is not None
    return not counts or text(variant, "inventory_policy") == "continue"
