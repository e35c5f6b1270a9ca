"""Shopify's documents: what each version of an order says, and that export, webhook and API page tell of one order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lifeloop.base.ids import customer_of_email
from lifeloop.testing.shops import ANN, MUG, TEA, deliver, hear, properties, shopify_order, shopify_refund, told
from lifeloop.testing.till import Till

SAMPLE = Path(__file__).parent.parent / "samples" / "shopify_orders.csv"
MONEY = ("total_minor", "goods_minor", "shipping_minor", "tax_minor", "discount_minor")


@pytest.fixture
def shop(till: Till) -> Till:
    """Return a till of a shop in euros."""
    till.shop = {"currency": "EUR"}
    return till


def test_a_paid_order_is_one_order_with_its_lines(shop: Till) -> None:
    report = deliver(shop, "shopify", ("orders/create", shopify_order()))

    assert (report.orders_new, report.lines, report.rejected) == (1, 2, {})
    assert shop.orders("order_id", "customer_id", *MONEY) == [("#1", "7001", 3300, 2600, 500, 200, 0)]
    assert shop.orders("channel", "country", "quantity") == [("web", "GB", 3.0)]
    assert shop.lines("line_no", "product_id", "title", "amount_minor") == [
        (1, "MUG", "Mug", 2000),
        (2, "Tea - 100 g", "Tea - 100 g", 600),
    ]


def test_an_order_told_by_webhook_and_by_export_is_one_order_with_the_same_content(shop: Till) -> None:
    as_exported = shopify_order(customer=None, line_items=[MUG, TEA | {"name": "Tea"}])
    columns = ("order_id", "customer_id", "placed_at", *MONEY[:4], "quantity", "products")
    of_lines = ("order_id", "line_no", "product_id", "title", "quantity", "amount_minor", "goods_minor")
    deliver(shop, "shopify", ("orders/create", as_exported))
    told, lines = shop.orders(*columns), shop.lines(*of_lines)
    report = shop.takes(SAMPLE, source="shopify")

    assert (report.orders_new, report.orders_updated) == (1, 1)
    assert (shop.orders(*columns)[:1], shop.lines(*of_lines)[:2]) == (told, lines)


def test_an_exported_order_that_a_webhook_tells_with_its_account_takes_the_account(shop: Till) -> None:
    shop.takes(SAMPLE, source="shopify")
    report = deliver(shop, "shopify", ("orders/updated", shopify_order(line_items=[MUG, TEA | {"name": "Tea"}])))

    assert (report.orders_new, report.orders_updated) == (0, 1)
    assert shop.orders("order_id", "customer_id") == [("#1", "7001"), ("#2", customer_of_email("bob@x.org"))]


@pytest.mark.parametrize("status", ["pending", "authorized", "voided", "expired", "PENDING"])
def test_what_is_not_paid_is_no_order_but_tells_of_its_customer(status: str) -> None:
    assert [name for name, _ in told("shopify", "orders/create", shopify_order(financial_status=status))] == ["identify"]


def test_a_test_order_says_nothing() -> None:
    assert hear("shopify", "orders/create", shopify_order(test=True)) == []


def test_every_delivery_of_one_version_says_the_same_events() -> None:
    created, paid = (told("shopify", topic, shopify_order()) for topic in ("orders/create", "orders/paid"))
    updated = told("shopify", "orders/updated", shopify_order())

    assert (
        created
        == paid
        == [("identify", "shopify-customer-7001-20240105T170002"), ("Order Completed", "shopify-order-450789469")]
    )
    assert updated == [*created, ("Order Updated", "shopify-order-450789469-20240105T170001")]


def test_a_later_version_tells_the_whole_order_anew(shop: Till) -> None:
    deliver(shop, "shopify", ("orders/create", shopify_order()))
    edited = shopify_order(
        line_items=[MUG], total_price="26.50", current_total_price="26.50", total_tax="1.50", updated_at="2024-01-06T08:00:00Z"
    )
    report = deliver(shop, "shopify", ("orders/updated", edited))

    assert (report.orders_new, report.orders_updated) == (0, 1)
    assert shop.orders(*MONEY[:2], "placed_at") == [(2650, 2000, shop.orders("placed_at")[0])]
    assert shop.lines("product_id") == ["MUG"]


def test_a_line_costs_what_was_paid_for_it_after_its_discounts(shop: Till) -> None:
    thirds = MUG | {"quantity": 3, "discount_allocations": [{"amount": "5.00"}, {"amount": "5.00"}]}
    order = shopify_order(line_items=[thirds, TEA | {"total_discount": "1.00"}], total_discounts="11.00")
    deliver(shop, "shopify", ("orders/create", order))

    assert shop.lines("product_id", "quantity", "amount_minor") == [("MUG", 3.0, 2000), ("Tea - 100 g", 1.0, 500)]


def test_yen_have_no_smaller_part(shop: Till) -> None:
    shop.shop = {"currency": "JPY"}
    order = shopify_order(
        currency="JPY", total_price="3300", total_tax="200", line_items=[MUG | {"price": "1000"}, TEA | {"price": "600"}],
        shipping_lines=[{"price": "500"}],
    )  # fmt: skip
    deliver(shop, "shopify", ("orders/create", order))

    assert shop.orders(*MONEY[:4]) == [(3300, 2600, 500, 200)]


def test_a_refund_stands_in_the_order_it_changes(shop: Till) -> None:
    back = shopify_order(financial_status="partially_refunded", refunds=[shopify_refund()], updated_at="2024-01-09T14:00:05Z")
    deliver(shop, "shopify", ("orders/create", shopify_order()))
    report = deliver(shop, "shopify", ("orders/updated", back))

    assert (report.orders_unchanged, report.orders_new, report.orders_updated) == (1, 0, 0)
    assert shop.refunds("refund_id", "order_id", "product_id", "quantity", "amount_minor", "goods_minor") == [
        ("509", "#1", "MUG", 1.0, 1000, 1000),
        ("509", "#1", None, 0.0, 100, 0),
    ]
    assert shop.refunds("customer_id", "refunded_at")[0][1].isoformat() == "2024-01-09T14:00:00+00:00"


def test_tax_within_prices_is_no_part_of_the_goods_given_back(shop: Till) -> None:
    back = shopify_refund(transactions=[{"kind": "refund", "status": "success", "amount": "10.00", "currency": "EUR"}])
    deliver(shop, "shopify", ("orders/updated", shopify_order(taxes_included=True, refunds=[back])))

    assert shop.refunds("product_id", "amount_minor", "goods_minor") == [("MUG", 900, 900), (None, 100, 0)]


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({}, "11.00"),
        ({"transactions": [{"kind": "refund", "status": "pending", "amount": "11.00", "currency": "EUR"}]}, "0"),
        ({"transactions": [{"kind": "refund", "status": "success", "amount": "9.70", "currency": "GBP"}]}, "11.00"),
        ({"transactions": [], "refund_line_items": []}, "0"),
    ],
)
def test_what_was_paid_back_is_what_payments_say_in_the_shop_s_currency(changes: dict[str, Any], total: str) -> None:
    order = shopify_order(refunds=[shopify_refund(**changes)])
    assert properties("shopify", "orders/updated", order, "Order Refunded")["total"] == total


def test_shipping_paid_back_is_no_goods() -> None:
    adjusted = shopify_refund(
        order_adjustments=[{"kind": "shipping_refund", "amount": "-5.00", "tax_amount": "0.00"}],
        transactions=[{"kind": "refund", "status": "success", "amount": "16.00", "currency": "EUR"}],
    )
    said = properties("shopify", "orders/updated", shopify_order(refunds=[adjusted]), "Order Refunded")

    assert (said["total"], said["shipping"], said["tax"]) == ("16.00", "5.00", "1.00")


def test_a_paid_order_that_is_cancelled_is_given_back_whole(shop: Till) -> None:
    deliver(shop, "shopify", ("orders/cancelled", shopify_order(cancelled_at="2024-01-06T12:00:00Z", cancel_reason="customer")))

    assert shop.orders("order_id") == ["#1"]
    assert sum(shop.refunds("amount_minor")) == 3300
    assert sum(shop.refunds("goods_minor")) == 2600


def test_a_cancelled_order_s_refunds_say_what_was_given_back(shop: Till) -> None:
    order = shopify_order(cancelled_at="2024-01-09T14:00:00Z", refunds=[shopify_refund()])
    deliver(shop, "shopify", ("orders/cancelled", order))

    assert sum(shop.refunds("amount_minor")) == 1100


def test_a_refund_alone_says_what_was_given_back_but_not_of_which_order() -> None:
    (one,) = hear("shopify", "refunds/create", shopify_refund())
    said = one.said["properties"]

    assert (one.name, one.named, one.message_id) == ("Order Refunded", None, "shopify-refund-509-alone")
    assert (said["refund_id"], said["total"], "order_id" in said) == ("509", "11.00", False)


@pytest.mark.parametrize(
    "name", ["anonymousId", "_anonymous_id", "ajs_anonymous_id", "rl_anonymous_id", "lifeloop-anonymous-id"]
)
def test_the_visitor_noted_in_the_cart_is_who_placed_the_order(name: str) -> None:
    order = shopify_order(note_attributes=[{"name": "gift", "value": "yes"}, {"name": name, "value": "v1"}])
    named = {one.name: one.anonymous_id for one in hear("shopify", "orders/updated", order)}

    assert (named["Order Completed"], named["Order Updated"]) == ("v1", None)


def test_where_a_buyer_came_from_stands_beside_the_order() -> None:
    (order,) = (one for one in hear("shopify", "orders/create", shopify_order()) if one.name == "Order Completed")

    assert order.said["context"]["campaign"] == {"source": "mail"}
    assert order.said["context"]["page"] == {"path": "/?utm_source=mail", "referrer": "https://search.example/"}


def test_a_customer_is_identified_with_consents_as_shopify_says_them() -> None:
    (one,) = hear("shopify", "customers/update", ANN)
    traits = one.said["traits"]

    assert (one.type, one.account, one.email, one.message_id) == (
        "identify", "7001", "ann@x.org", "shopify-customer-7001-20240105T170002",
    )  # fmt: skip
    assert traits["email_marketing_consent"]["state"] == "subscribed"
    assert (traits["firstName"], traits["phone"], traits["country"]) == ("Ann", "+441632960001", "GB")
    assert "sms_marketing_consent" not in traits


def test_a_sale_nobody_is_named_in_is_an_order_all_the_same(shop: Till) -> None:
    deliver(shop, "shopify", ("orders/create", shopify_order(customer=None, email="", contact_email=None, source_name="pos")))
    assert shop.orders("order_id", "customer_id", "channel") == [("#1", None, "pos")]


@pytest.mark.parametrize(
    "topic", ["orders/delete", "customers/redact", "fulfillments/create", "app/uninstalled", "products/delete"]
)
def test_topics_that_tell_nothing_are_passed_over(topic: str) -> None:
    assert hear("shopify", topic, {"id": 1}) == []
