"""Money given back once stands once, whether an export tells it in one sum or the shop tells refund by refund."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from lifeloop.testing.shops import deliver, shopify_order, shopify_refund
from lifeloop.testing.till import Till

HEAD = (
    "Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem sku,Cancelled at,Refunded Amount"
)
FIRST = shopify_refund()
SECOND = shopify_refund(
    id=510,
    created_at="2024-01-20T09:00:00-05:00",
    transactions=[{"kind": "refund", "status": "success", "amount": "6.00", "currency": "EUR"}],
    refund_line_items=[],
)
AT = "2024-01-05 12:00:00 -0500"


@pytest.fixture
def shop(till: Till) -> Till:
    """Return a till of a shop in euros."""
    till.shop = {"currency": "EUR"}
    return till


def export(shop: Till, refunded: str, *, cancelled: str = "") -> Any:
    """Import the export of order #1, of which `refunded` was given back."""
    rows = (
        f"#1,ann@x.org,partially_refunded,{AT},EUR,26,5,2,33,{AT},2,Mug,10,MUG,{cancelled},{refunded}",
        "#1,,,,,,,,,,1,Tea - 100 g,6,,,",
    )
    return shop.takes("\n".join((HEAD, *rows)) + "\n", source="shopify")


def webhook(shop: Till, *refunds: dict[str, Any]) -> Any:
    """Let the shop tell order #1 with these refunds."""
    return deliver(shop, "shopify", ("orders/updated", shopify_order(refunds=list(refunds), updated_at="2024-02-01T00:00:00Z")))


def given_back(shop: Till) -> tuple[int, list[str]]:
    """Return what was given back in all, and the numbers of its refunds."""
    rows = shop.refunds("refund_id", "amount_minor")
    return sum(amount for _, amount in rows), sorted({number for number, _ in rows})


def test_a_sum_told_first_gives_way_to_each_refund_told_after_it(shop: Till) -> None:
    export(shop, "17")
    assert given_back(shop) == (1700, ["#1"])
    webhook(shop, FIRST)
    assert given_back(shop) == (1700, ["#1", "509"])
    webhook(shop, FIRST, SECOND)
    assert given_back(shop) == (1700, ["509", "510"])


def test_a_sum_told_last_adds_only_what_the_refunds_leave_of_it(shop: Till) -> None:
    webhook(shop, FIRST)
    report = export(shop, "17")
    again = export(shop, "17")

    assert given_back(shop) == (1700, ["#1", "509"])
    assert (report.orders_new, again.written) == (0, ())


def test_a_sum_that_says_nothing_more_adds_nothing(shop: Till) -> None:
    webhook(shop, FIRST, SECOND)
    export(shop, "17")

    assert given_back(shop) == (1700, ["509", "510"])
    assert export(shop, "17").written == ()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_it_is_told_the_money_was_given_back_once(shop: Till, order: tuple[int, ...]) -> None:
    told = [
        lambda: export(shop, "17"),
        lambda: webhook(shop, FIRST),
        lambda: webhook(shop, FIRST, SECOND),
    ]
    for number in order:
        told[number]()

    assert given_back(shop) == (1700, ["509", "510"])


def test_a_cancelled_order_given_back_whole_is_the_same_in_export_and_webhook(shop: Till) -> None:
    deliver(shop, "shopify", ("orders/cancelled", shopify_order(cancelled_at="2024-01-06T12:00:00Z")))
    export(shop, "0", cancelled="2024-01-06 07:00:00 -0500")

    assert given_back(shop) == (3300, ["#1"])


def test_a_cancelled_order_whose_refunds_come_later_is_given_back_once(shop: Till) -> None:
    whole = shopify_refund(transactions=[{"kind": "refund", "status": "success", "amount": "33.00", "currency": "EUR"}])
    cancelled = shopify_order(cancelled_at="2024-01-06T12:00:00Z", updated_at="2024-01-06T12:00:00Z")
    deliver(shop, "shopify", ("orders/cancelled", cancelled))
    deliver(shop, "shopify", ("orders/updated", cancelled | {"refunds": [whole], "updated_at": "2024-01-07T00:00:00Z"}))

    assert given_back(shop) == (3300, ["509"])
