"""A product of Shopify: each variant is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    for variant in listed(one, "variants"):
        kind = text(variant, "title")
        name = title if kind in (None, _DEFAULT_VARIANT) else f"{title} - {kind}"
        properties = said_of(
            {
                "product_id": text(variant, "sku") or name,
                "name": name,
                "category": text(one, "product_type"),
                "brand": text(one, "vendor"),
                "description": " ".join(described.split()),
                "price": amount(variant, "price"),
                "url": text(one, "handle") and f"/products/{text(one, 'handle')}",
            }
        )
        message = f"shopify-product-{text(variant, 'id') or fingerprint(properties)}-{at:%Y%m%dT%H%M%S}"
        event = said_of(named("track", message, None, at)) | {"event": "Product Updated", "properties": properties}
        yield event
