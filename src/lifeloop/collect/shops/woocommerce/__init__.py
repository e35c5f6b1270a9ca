"""WooCommerce's documents: orders with what was given back of them, customers, products.

    order      Order Completed, once; Order Updated for each later version; Order Refunded for each refund; Order Cancelled
               where a paid order is given up; and what its billing address tells of the customer
    customer   identify
    product    Product Updated

An order is known by its number, a product by its own id (of a variation: its parent's), else by its SKU. `customer_id` 0 is a
guest, known by the e-mail of the billing address. Paid is what has a date of payment, or a status that comes after payment.

Source  WooCommerce's REST API version 3 (Orders, Customers, Products) and its webhook topics. Times are those of the `_gmt`
        fields, which carry no zone and are UTC.
"""

from __future__ import annotations

from lifeloop.collect.shops.document import Said, document_in
from lifeloop.collect.shops.woocommerce.orders import Order
from lifeloop.collect.shops.woocommerce.people import customer
from lifeloop.collect.shops.woocommerce.products import product
from lifeloop.collect.spool.record import Stamp


def said(stamp: Stamp, body: bytes) -> list[Said]:
    """Return what a document says, as events in Segment's form; a function of topic and body alone. Raises BadDocument."""
    kind, _, action = (stamp.topic or "").partition(".")
    document = document_in(body)
    if action == "deleted":
        return []
    if kind == "order":
        return list(Order(document, action).events())
    if kind == "customer":
        return customer(document)
    return product(document) if kind == "product" else []
