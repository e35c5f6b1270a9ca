"""What events in Segment's wire form tell of products: those looked at or put into a cart, and the shop's own product list.

Who looks at a product is shown its name, category, brand and price: an `event`'s word, which counts less than an order line's
and a product list's, and only once a day, so that a page in two languages does not change the product back and forth. A
`Product Updated` comes from the shop system and is a `list`'s word, of the moment it was said; it alone tells of stock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.collect import amounts
from lifeloop.collect.dates import INSTANT
from lifeloop.collect.facts import PRODUCTS, staged
from lifeloop.collect.idents import clean_ids
from lifeloop.collect.numbers import by_distinct, parse_numbers
from lifeloop.collect.rows import Positions, as_mask, trimmed
from lifeloop.collect.source import negative
from lifeloop.collect.stock import pieces
from lifeloop.collect.wire import PRODUCT_FIELDS, Object, columns_at, places_of

LISTED = ("Product Updated",)
SHOWN = ("Product Viewed", "Product Clicked", "Product Added", "Product List Viewed", "Product Added to Wishlist")
_NOTHING: Object = {}
_FIELDS: Mapping[str, Sequence[str]] = {
    **{name: words for name, words in PRODUCT_FIELDS.items() if name != "quantity"},
    "product_id": ("product_id", "item_id", "sku"),
    "brand": ("brand", "item_brand", "vendor"),
    "description": ("description",),
    "currency": ("currency",),
    "stock": ("stock", "inventory", "stock_quantity", "inventory_quantity", "quantity_available", "available_quantity"),
    "availability": ("availability", "stock_status", "in_stock", "is_in_stock", "instock", "available"),
}
_PLACES = places_of(_FIELDS)
_TEXTS = ("title", "category", "brand", "description")
_SAME = [name for name in PRODUCTS.names if name != "line"]


def products_told(objects: Sequence[Object], lines: Positions, name: Any, happened_at: Any, *, base: str, is_good: Any) -> Any:
    """Return the products some events tell of, in staging form; each word of one day once."""
    is_list = as_mask(pc.is_in(name, value_set=pa.array(LISTED)))
    tells = (is_list | as_mask(pc.is_in(name, value_set=pa.array(SHOWN)))) & is_good
    owners, found, around = _products_in(objects, np.flatnonzero(tells))
    said = {ours: trimmed(column) for ours, column in columns_at(found, _PLACES).items()}
    taken = pa.array(owners)
    of_list = pa.array(is_list[owners])
    codes = pc.coalesce(said["currency"], pa.array(around, pa.string()), pa.scalar(base))
    currency = by_distinct(codes, lambda text: amounts.currency_in(text, base), pa.string())
    price = parse_numbers(said["price"])
    minor = amounts.minor(pc.if_else(pa.array(negative(price)), pa.scalar(None, price.type), price), _known(currency, base))
    price_minor = pc.if_else(_is_known(currency), minor, pa.scalar(None, pa.int64()))
    stock, _ = pieces(said["stock"], said["availability"])
    at = happened_at.take(taken)
    columns = {
        "line": lines[owners],
        "product_id": clean_ids(said["product_id"]),
        **{ours: said[ours] for ours in _TEXTS},
        "description": pc.if_else(of_list, said["description"], pa.scalar(None, pa.string())),
        "currency": pc.if_else(pc.is_valid(price_minor), currency, pa.scalar(None, pa.string())),
        "price_minor": price_minor,
        "stock": pc.if_else(of_list, stock, pa.scalar(None, pa.float64())),
        "happened_at": pc.if_else(of_list, at, pc.floor_temporal(at, unit="day").cast(INSTANT)),
        "voice": pc.if_else(of_list, "list", "event"),
    }
    amounts_said = (pc.cast(columns[name], pa.string()) for name in ("price_minor", "stock"))
    says = pc.is_valid(pc.coalesce(*(columns[ours] for ours in _TEXTS), *amounts_said))
    keep = as_mask(pc.is_valid(columns["product_id"])) & as_mask(says)
    return _once(staged("product", keep, columns))


def _is_known(currency: Any) -> Any:
    return pc.fill_null(pc.is_in(currency, value_set=amounts.KNOWN), fill_value=False)


def _known(currency: Any, base: str) -> Any:
    return pc.if_else(_is_known(currency), currency, pa.scalar(base))


def _once(table: Any) -> Any:
    """Return equal rows once: many look at one product."""
    if table.num_rows < 2:
        return table
    once = table.group_by(_SAME, use_threads=False).aggregate([("line", "min")])
    return once.rename_columns([*_SAME, "line"]).select(table.schema.names).cast(table.schema)


def _products_in(objects: Sequence[Object], only: Positions) -> tuple[Positions, list[Object], list[str | None]]:
    """Return the products in the events at `only`: which event each stands in, what is said of it, and in which currency.

    What stands in a list of products is of each of them; what stands beside it, of the event's own product.
    """
    owners: list[int] = []
    found: list[Object] = []
    currencies: list[str | None] = []
    for owner in only.tolist():
        properties = objects[owner].get("properties")
        if not isinstance(properties, dict):
            continue
        listed = properties.get("products") or properties.get("items")
        inside = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else [properties]
        currency = properties.get("currency")
        owners.extend(repeat(owner, len(inside)))
        found.extend(inside)
        currencies.extend(repeat(currency if isinstance(currency, str) else None, len(inside)))
    return np.array(owners, np.int64), found, currencies
