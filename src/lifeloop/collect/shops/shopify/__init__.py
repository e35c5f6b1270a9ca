"""Shopify's documents: orders with what was given back of them, customers, products.

    order      Order Completed, once; Order Updated for each later version; Order Refunded for each refund; Order Cancelled
               where all of a paid order is given up; and what is known of its customer
    customer   identify, with the consents as Shopify says them
    product    Product Updated for each variant
    refund     Order Refunded, of an order and a customer it does not name; the order it changes, which Shopify tells beside it
               (topic `orders/updated`), says whose it is

As in the order export (see `lifeloop.collect.sources.shopify`) an order is known by its name, such as `#1001`, and a product by
its SKU, else the line's name, so that webhooks, export and API pages tell of the same ones. What is not paid is no order yet;
test orders are none.

Source  Shopify's Admin REST API (Order, Refund, Customer, Product) and its webhook topics.
"""

from __future__ import annotations

from lifeloop.collect.shops.document import Said, document_in
from lifeloop.collect.shops.shopify.orders import Order
from lifeloop.collect.shops.shopify.people import customer
from lifeloop.collect.shops.shopify.products import products
from lifeloop.collect.shops.shopify.refunds import refund
from lifeloop.collect.spool.record import Stamp

_ALONE = frozenset({"orders/delete", "customers/delete", "products/delete", "customers/redact", "customers/data_request"})
"""Topics whose body is no whole document; nothing follows from them here."""


def said(stamp: Stamp, body: bytes) -> list[Said]:
    """Return what a document says, as events in Segment's form; a function of topic and body alone. Raises BadDocument."""
    topic = stamp.topic or ""
    kind = topic.partition("/")[0]
    document = document_in(body)
    if topic in _ALONE:
        return []
    if kind == "orders":
        return list(Order(document, topic).events())
    if kind == "customers":
        return customer(document)
    if kind == "refunds":
        return refund(document)
    return list(products(document)) if kind == "products" else []
