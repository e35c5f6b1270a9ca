"""WooCommerce's documents: what each version of an order says, who it was, what was given back."""

from __future__ import annotations

from typing import Any

import pytest

from lifeloop.base.ids import customer_of_email
from lifeloop.testing.shops import deliver, hear, properties, told, woo_order
from lifeloop.testing.till import Till

BOB = customer_of_email("bob@x.org")
BACK = {"id": 733, "reason": "broken", "total": "-10.00"}


@pytest.fixture
def shop(till: Till) -> Till:
    """Return a till of a shop in euros."""
    till.shop = {"currency": "EUR"}
    return till


def test_a_guest_s_paid_order_is_one_order_with_its_lines(shop: Till) -> None:
    report = deliver(shop, "woocommerce", ("order.created", woo_order()))

    assert (report.orders_new, report.lines, report.rejected) == (1, 2, {})
    money = ("total_minor", "goods_minor", "shipping_minor", "tax_minor", "country")
    assert shop.orders("order_id", "customer_id", *money) == [("1001", BOB, 3300, 2600, 500, 200, "IE")]
    assert shop.lines("product_id", "quantity", "amount_minor") == [("31", 2.0, 2000), ("32", 1.0, 600)]
    assert shop.customers("customer_id", "email", "name") == [(BOB, "bob@x.org", "Bob Ray")]


def test_a_time_without_a_zone_is_utc(shop: Till) -> None:
    shop.shop |= {"timezone": "Asia/Shanghai"}
    deliver(shop, "woocommerce", ("order.created", woo_order()))

    assert shop.orders("placed_at")[0].isoformat() == "2024-01-05T17:00:00+00:00"


@pytest.mark.parametrize(
    ("status", "paid_at", "is_order"),
    [
        ("pending", None, False),
        ("on-hold", None, False),
        ("failed", None, False),
        ("cancelled", None, False),
        ("trash", None, False),
        ("checkout-draft", None, False),
        ("processing", None, True),
        ("completed", None, True),
        ("wc-completed", None, True),
        ("on-hold", "2024-01-05T17:00:00", True),
    ],
)
def test_paid_is_what_was_paid_or_comes_after_payment(status: str, paid_at: str | None, *, is_order: bool) -> None:
    names = [name for name, _ in told("woocommerce", "order.created", woo_order(status=status, date_paid_gmt=paid_at))]
    assert names == (["identify", "Order Completed"] if is_order else ["identify"])


def test_every_version_says_the_order_once_and_itself_once() -> None:
    created, updated = (told("woocommerce", topic, woo_order()) for topic in ("order.created", "order.updated"))

    assert created[1:] == [("Order Completed", "woocommerce-order-727")]
    assert updated == [*created, ("Order Updated", "woocommerce-order-727-20240105T170005")]


def test_an_account_is_the_shop_s_own_customer() -> None:
    named = {one.name or one.type: one.named for one in hear("woocommerce", "order.created", woo_order(customer_id=26))}
    assert named == {"identify": "26", "Order Completed": "26"}


def test_a_refund_within_an_order_says_its_sum(shop: Till) -> None:
    back = woo_order(refunds=[BACK], date_modified_gmt="2024-01-09T10:00:00")
    deliver(shop, "woocommerce", ("order.updated", back))

    assert shop.refunds("refund_id", "order_id", "product_id", "amount_minor") == [("733", "1001", None, 1000)]
    assert shop.refunds("refunded_at")[0].isoformat() == "2024-01-09T10:00:00+00:00"


def test_a_refund_told_whole_says_its_goods_and_its_day() -> None:
    whole = BACK | {
        "amount": "10.00", "date_created_gmt": "2024-01-08T09:00:00",
        "line_items": [{"product_id": 31, "name": "Mug", "quantity": -1, "total": "-10.00"}],
    }  # fmt: skip
    (refund,) = (
        one for one in hear("woocommerce", "order.updated", woo_order(refunds=[whole])) if one.name == "Order Refunded"
    )

    assert (refund.said["properties"]["total"], refund.said["timestamp"]) == ("10.00", "2024-01-08T09:00:00Z")
    assert refund.said["properties"]["products"] == [{"product_id": "31", "name": "Mug", "price": "10", "quantity": "1"}]


def test_a_paid_order_that_is_cancelled_is_given_back_whole(shop: Till) -> None:
    deliver(shop, "woocommerce", ("order.updated", woo_order(status="cancelled")))
    assert (shop.orders("order_id"), sum(shop.refunds("amount_minor"))) == (["1001"], 3300)


def test_a_line_of_no_tidy_price_costs_what_was_paid(shop: Till) -> None:
    line = {"product_id": 31, "name": "Mug", "quantity": 3, "total": "10.00"}
    deliver(shop, "woocommerce", ("order.created", woo_order(line_items=[line])))
    assert shop.lines("quantity", "amount_minor") == [(3.0, 1000)]


@pytest.mark.parametrize("key", ["_anonymous_id", "ajs_anonymous_id"])
def test_the_visitor_noted_with_the_order_is_who_placed_it(key: str) -> None:
    order = woo_order(meta_data=[{"id": 1, "key": key, "value": "v1"}, {"id": 2, "key": "other", "value": {"a": 1}}])
    assert [one.anonymous_id for one in hear("woocommerce", "order.created", order)] == [None, "v1"]


def test_where_a_buyer_came_from_stands_beside_the_order() -> None:
    kept = {"session_entry": "https://shop.example/?utm_source=mail&utm_campaign=may", "referrer": "https://search.example/"}
    noted = [{"key": f"_wc_order_attribution_{name}", "value": value} for name, value in kept.items()]
    (_, order) = hear("woocommerce", "order.created", woo_order(meta_data=noted))

    assert order.said["context"]["campaign"] == {"source": "mail", "name": "may"}


def test_a_customer_is_identified_by_their_own_document() -> None:
    document: dict[str, Any] = {
        "id": 26, "email": "Cy@x.org", "first_name": "Cy", "last_name": "", "date_created_gmt": "2023-01-01T00:00:00",
        "date_modified_gmt": "2024-01-01T00:00:00",
        "billing": {"phone": "+441632960003", "country": "GB", "email": "bill@x.org"},
    }  # fmt: skip
    (one,) = hear("woocommerce", "customer.updated", document)

    assert (one.type, one.account, one.email) == ("identify", "26", "cy@x.org")
    assert one.said["traits"] | {} == {
        "email": "Cy@x.org", "firstName": "Cy", "phone": "+441632960003", "country": "GB", "createdAt": "2023-01-01T00:00:00Z",
    }  # fmt: skip


def test_free_orders_and_coupons_are_told_as_they_are() -> None:
    free = woo_order(total="0.00", coupon_lines=[{"code": "free"}, {"code": "more"}], discount_total="33.00")
    said = properties("woocommerce", "order.created", free, "Order Completed")

    assert (said["total"], said["coupon"], said["discount"]) == ("0.00", "free,more", "33.00")


def test_a_variation_is_no_product_of_its_own() -> None:
    variation = {
        "id": 321,
        "parent_id": 32,
        "type": "variation",
        "name": "Tea - 100 g",
        "date_modified_gmt": "2024-01-01T00:00:00",
    }
    assert hear("woocommerce", "product.updated", variation) == []


@pytest.mark.parametrize("topic", ["order.deleted", "coupon.created", "action.wc_custom", "product.deleted"])
def test_topics_that_tell_nothing_are_passed_over(topic: str) -> None:
    assert hear("woocommerce", topic, {"id": 1}) == []
