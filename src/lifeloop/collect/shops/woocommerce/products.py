"""A product of WooCommerce. One that is not published is sold out, whatever lies on the shelf."""

from __future__ import annotations

import re
from html import unescape

from lifeloop.collect.shops.document import BadDocument, Object, Said, amount, instant, listed, named, said_of, text

_TAGS = re.compile(r"<[^>]*>")


def product(one: Object) -> list[Said]:
    """Return a product as a list tells of it, a variation as nothing: its parent is the product.

    Its id, name and a time are needed. Raises BadDocument.
    """
    if text(one, "type") == "variation":
        return []
    number, name = text(one, "id"), text(one, "name")
    at = instant(one, "date_modified_gmt", "date_created_gmt", utc=True)
    if number is None or name is None or at is None:
        raise BadDocument("the product has no id, no name, or no time of its last change")
    described = unescape(_TAGS.sub(" ", text(one, "description", "short_description") or ""))
    properties = said_of(
        {
            "product_id": number,
            "name": name,
            "category": next((text(each, "name") for each in listed(one, "categories")), None),
            "brand": next((text(each, "name") for each in listed(one, "brands")), None),
            "description": " ".join(described.split()),
            "price": amount(one, "regular_price", "price"),
            **_stock(one),
            "url": text(one, "permalink"),
        }
    )
    message = f"woocommerce-product-{number}-{at:%Y%m%dT%H%M%S}"
    event = said_of(named("track", message, None, at)) | {"event": "Product Updated", "properties": properties}
    return [event]


def _stock(one: Object) -> Said:
    """Return what is told of a product's stock: a figure where the shop counts, and its word for having some or none."""
    if (text(one, "status") or "publish") != "publish":
        return {"stock": 0}
    counts = one.get("manage_stock") is not False
    return {"stock": amount(one, "stock_quantity") if counts else None, "availability": text(one, "stock_status")}
