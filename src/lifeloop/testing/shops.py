"""Documents as two shop systems write them, and what a lake makes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from lifeloop.base.clock import micros
from lifeloop.collect.live.heard import Heard
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool.record import Place, Record, Stamp, WireForm
from lifeloop.testing.till import NOW, Till

Document = dict[str, Any]

MUG = {
    "id": 11, "product_id": 901, "variant_id": 9011, "sku": "MUG", "title": "Mug", "name": "Mug", "vendor": "Clay & Co",
    "price": "10.00", "quantity": 2, "total_discount": "0.00", "gift_card": False,
}  # fmt: skip
TEA = MUG | {"id": 12, "product_id": 902, "sku": None, "title": "Tea", "name": "Tea - 100 g", "price": "6.00", "quantity": 1}
ANN = {
    "id": 7001, "email": "Ann@x.org", "first_name": "Ann", "last_name": "Lee", "phone": None,
    "created_at": "2023-02-01T08:00:00-05:00", "updated_at": "2024-01-05T12:00:02-05:00",
    "email_marketing_consent": {
        "state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": "2023-02-01T08:00:00-05:00",
    },
    "sms_marketing_consent": None,
    "default_address": {"country_code": "GB", "phone": "+441632960001"},
}  # fmt: skip
PLACED = "2024-01-05T12:00:00-05:00"


def shopify_order(**changes: Any) -> Document:
    """Return an order of ann's for 33: goods 26 (two mugs, tea), shipping 5, tax 2."""
    order: Document = {
        "id": 450789469, "name": "#1", "order_number": 1, "test": False, "currency": "EUR", "financial_status": "paid",
        "email": "ann@x.org", "contact_email": "ann@x.org", "customer": ANN, "created_at": PLACED, "processed_at": PLACED,
        "updated_at": "2024-01-05T12:00:01-05:00", "cancelled_at": None, "taxes_included": False, "source_name": "web",
        "subtotal_price": "26.00", "total_discounts": "0.00", "total_tax": "2.00", "total_price": "33.00",
        "current_total_price": "33.00", "total_shipping_price_set": {"shop_money": {"amount": "5.00", "currency_code": "EUR"}},
        "shipping_lines": [{"price": "5.00", "discounted_price": "5.00"}], "discount_codes": [], "note_attributes": [],
        "line_items": [MUG, TEA], "refunds": [], "billing_address": {"country_code": "GB"},
        "shipping_address": {"country_code": "GB"}, "customer_locale": "en-GB", "landing_site": "/?utm_source=mail",
        "referring_site": "https://search.example/",
    }  # fmt: skip
    return deepcopy(order | changes)


def shopify_refund(**changes: Any) -> Document:
    """Return a refund of one mug with its tax: 11 of order #1."""
    refund: Document = {
        "id": 509, "order_id": 450789469, "created_at": "2024-01-09T09:00:00-05:00", "note": "broken",
        "refund_line_items": [
            {"id": 1, "line_item_id": 11, "quantity": 1, "subtotal": "10.00", "total_tax": "1.00", "line_item": MUG},
        ],
        "transactions": [{"id": 2, "kind": "refund", "status": "success", "amount": "11.00", "currency": "EUR"}],
        "order_adjustments": [],
    }  # fmt: skip
    return deepcopy(refund | changes)


def woo_order(**changes: Any) -> Document:
    """Return an order of bob's, a guest, for 33.00: goods 26 (two mugs, tea), shipping 5, tax 2."""
    order: Document = {
        "id": 727, "number": "1001", "status": "processing", "currency": "EUR", "customer_id": 0, "created_via": "checkout",
        "date_created_gmt": "2024-01-05T16:59:00", "date_modified_gmt": "2024-01-05T17:00:05",
        "date_paid_gmt": "2024-01-05T17:00:00", "total": "33.00", "total_tax": "2.00", "shipping_total": "5.00",
        "discount_total": "0.00", "billing": {
            "first_name": "Bob", "last_name": "Ray", "email": "bob@x.org", "phone": "+441632960002", "country": "GB"},
        "shipping": {"country": "IE"}, "coupon_lines": [], "meta_data": [], "refunds": [],
        "line_items": [
            {"id": 1, "product_id": 31, "variation_id": 0, "sku": "MUG", "name": "Mug", "quantity": 2, "total": "20.00"},
            {"id": 2, "product_id": 32, "variation_id": 321, "sku": "", "name": "Tea", "quantity": 1, "total": "6.00"},
        ],
    }  # fmt: skip
    return deepcopy(order | changes)


def record(form: WireForm, topic: str, document: Any, number: int = 1) -> Record:
    """Return one delivery as it stands in the spool."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    stamp = Stamp(form=form, source=form, received_at=micros(NOW), topic=topic, delivery_id=f"d{number}")
    return Record(Place(1, number), Place(1, number + 1), stamp, body)


def hear(form: WireForm, topic: str, document: Any) -> list[Heard]:
    """Return the events of one delivery, none of which is refused."""
    good, refused = heard(record(form, topic, document))
    assert refused == []
    return good


def told(form: WireForm, topic: str, document: Any) -> list[tuple[str, str]]:
    """Return name (or type) and message id of each event of one delivery."""
    return [(one.name or one.type, one.message_id) for one in hear(form, topic, document)]


def properties(form: WireForm, topic: str, document: Any, name: str) -> Mapping[str, Any]:
    """Return the properties of the one event of this name."""
    (found,) = (one.said for one in hear(form, topic, document) if one.name == name)
    said: Mapping[str, Any] = found["properties"]
    return said


def deliver(till: Till, form: WireForm, *deliveries: tuple[str, Document]) -> Any:
    """Bring deliveries into the lake as the archive of a shop's events, in one go."""
    lines = [json.dumps(one.said, default=str) + "\n" for topic, document in deliveries for one in hear(form, topic, document)]
    return till.takes("".join(lines), name="delivered.jsonl", source=form)
