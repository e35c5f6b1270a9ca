"""What was accepted a moment ago is known at once: whose it is, and with which product; within bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifeloop.api.fresh import KEPT_SECONDS, LARGE_BYTES, MOST_BYTES, MOST_DEEDS, Fresh
from lifeloop.base.clock import instant_of, micros
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool.record import Place, Record, Stamp, WireForm
from lifeloop.recommend.asked import Deed
from lifeloop.testing.live import NOON, said

RECEIVED = micros(NOON) + 5_000_000


class Ticks:
    """Seconds as a test tells them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Door:
    """A ring, and what it is told."""

    def __init__(self) -> None:
        self.ticks = Ticks()
        self.fresh = Fresh(self.ticks)

    def takes(self, *events: dict[str, Any], form: WireForm = "segment", **stamp: Any) -> Door:
        """Accept one request."""
        body = json.dumps({"batch": events} if len(events) != 1 else events[0]).encode()
        self.fresh.took(Stamp(form, "live", RECEIVED, **stamp), body)
        return self

    def products(self, **whose: str) -> list[str]:
        """Return the products somebody had to do with."""
        return [deed.product_id for deed in self.fresh.deeds(**whose)]


@pytest.fixture
def door() -> Door:
    return Door()


def viewed(message: str, product: str, *, after: float = 0, name: str = "Product Viewed", **whose: Any) -> dict[str, Any]:
    return said(message, after=after, event=name, properties={"product_id": product}, **whose)


def hog(name: str, product: str, **properties: Any) -> dict[str, Any]:
    at = NOON.isoformat()
    return {"event": name, "timestamp": at, "uuid": f"u-{product}", "properties": {"product_id": product, **properties}}


def test_a_visitors_click_is_known_at_once_by_the_device_and_not_by_another(door: Door) -> None:
    door.takes(viewed("m1", "mug", anonymousId="v1"))

    assert door.fresh.deeds(anonymous_id="v1") == (Deed("mug", "view", micros(NOON)),)
    assert door.products(anonymous_id="v2") == door.products(customer_id="v1") == []


def test_a_customers_click_is_known_by_account_and_by_device_and_once_by_both(door: Door) -> None:
    door.takes(viewed("m1", "mug", anonymousId="v1", userId="ann"))

    assert door.products(customer_id="ann") == door.products(anonymous_id="v1") == ["mug"]
    assert door.products(customer_id="ann", anonymous_id="v1") == ["mug"]


def test_on_a_device_of_two_the_one_does_not_see_what_the_other_did(door: Door) -> None:
    door.takes(viewed("m1", "mug", anonymousId="v1"), viewed("m2", "tea", after=1, anonymousId="v1", userId="ann"))
    assert door.products(anonymous_id="v1") == ["mug", "tea"]
    assert door.products(customer_id="bob", anonymous_id="v1") == ["mug"]

    door.takes(viewed("m3", "pot", after=2, anonymousId="v1", userId="bob"))
    assert door.products(anonymous_id="v1") == ["mug", "pot"]
    assert door.products(customer_id="ann", anonymous_id="v1") == ["mug", "tea"]


def test_each_deed_says_whose_it_was_said_to_be(door: Door) -> None:
    door.takes(viewed("m1", "mug", anonymousId="v1"), viewed("m2", "tea", after=1, anonymousId="v1", userId="ann"))

    assert [deed.customer_id for deed in door.fresh.deeds(anonymous_id="v1")] == [None, "ann"]


def test_deeds_are_told_in_the_order_they_were_done_whatever_was_said_first(door: Door) -> None:
    door.takes(viewed("m2", "tea", after=2, userId="ann"), viewed("m1", "mug", after=1, userId="ann"))
    door.takes(viewed("m3", "pot", after=1.5, userId="ann", name="add_to_cart"))

    assert [(deed.product_id, deed.kind) for deed in door.fresh.deeds(customer_id="ann")] == [
        ("mug", "view"),
        ("pot", "cart"),
        ("tea", "view"),
    ]


def test_an_order_tells_of_each_of_its_products(door: Door) -> None:
    lines = [{"product_id": "mug"}, {"sku": "tea"}, {"name": "no id"}, 7]
    door.takes(said("m1", event="Order Completed", userId="ann", properties={"order_id": "1", "products": lines}))

    assert [(deed.product_id, deed.kind) for deed in door.fresh.deeds(customer_id="ann")] == [
        ("mug", "order"),
        ("tea", "order"),
    ]


@pytest.mark.parametrize(
    "event",
    [
        said("m1", event="Cart Viewed", userId="ann", properties={"product_id": "mug"}),
        said("m1", type="page", name="Product Viewed", userId="ann", properties={"product_id": "mug"}),
        said("m1", event="Product Viewed", userId="ann", properties={"price": 3}),
        said("m1", event="Product Viewed", userId="ann", properties=["mug"]),
        said("m1", event=["Product Viewed"], userId={"a": 1}),
        viewed("m1", "mug", userId="ann", context={"userAgent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}),
        viewed("m1", "mug", userId="ann") | {"timestamp": "yesterday"},
    ],
)
def test_what_is_no_deed_with_a_product_or_a_robots_is_not_told(door: Door, event: dict[str, Any]) -> None:
    door.takes(event)

    assert door.products(customer_id="ann") == []


def test_a_browser_of_posthog_is_known_as_device_and_as_person(door: Door) -> None:
    who = {"distinct_id": "v1", "$device_id": "v1", "$is_identified": False}
    door.takes(hog("Product Viewed", "mug", **who), form="posthog")
    door.takes(hog("product_view", "tea", distinct_id="ann", **{"$device_id": "v1", "$is_identified": True}), form="posthog")
    door.takes(hog("Product Viewed", "pot") | {"distinct_id": "bob"}, form="posthog")

    assert door.products(anonymous_id="v1") == ["mug", "tea"]
    assert door.products(customer_id="ann") == ["tea"]
    assert door.products(customer_id="bob") == ["pot"]


def test_what_header_and_batch_say_of_events_counts_as_it_does_for_the_indexer(door: Door) -> None:
    door.takes(viewed("m1", "mug"), anonymous_id="v1")
    door.takes(viewed("m2", "tea", after=-7200, anonymousId="v1") | {"sentAt": "2026-11-22T10:00:00Z"})

    deeds = door.fresh.deeds(anonymous_id="v1")
    body = json.dumps(viewed("m2", "tea", after=-7200, anonymousId="v1") | {"sentAt": "2026-11-22T10:00:00Z"}).encode()
    as_indexed = heard(Record(Place(1, 0), Place(1, 1), Stamp("segment", "live", RECEIVED), body))[0][0]
    assert [deed.product_id for deed in deeds] == ["mug", "tea"]
    assert instant_of(deeds[1].at) == instant_of(as_indexed.occurred_at) != instant_of(micros(NOON) - 7200 * 10**6)


def test_a_bad_event_hides_none_beside_it_and_no_body_breaks_anything(door: Door) -> None:
    door.takes({"event": 7}, viewed("m1", "mug", userId="ann"))
    for body in (b"", b"[", b"7", b'{"batch": 7}', b'{"batch": [1, "a", null, {"event": "Product Viewed", "userId": 1e999}]}'):
        for form in ("segment", "posthog"):
            door.fresh.took(Stamp(form, "live", RECEIVED), body)  # type: ignore[arg-type]

    assert door.products(customer_id="ann") == ["mug"]


def test_deeds_are_forgotten_after_a_while_and_so_is_all_that_was_held(door: Door) -> None:
    door.takes(viewed("m1", "mug", userId="ann"))
    assert door.products(customer_id="ann") == ["mug"]

    door.ticks.now = KEPT_SECONDS + 1
    door.takes(viewed("m2", "tea", userId="ann"))
    assert door.products(customer_id="ann") == ["tea"]

    door.ticks.now = 3 * KEPT_SECONDS
    assert door.products(customer_id="ann") == []
    assert door.fresh.held_bytes == 0


def test_memory_is_bounded_whether_anybody_asks_or_not(door: Door) -> None:
    stuff = "x" * 30_000
    for number in range(800):
        if number % 50 == 0 and number >= 400:
            door.products(customer_id="ann")
        event = viewed(f"m{number}", f"p{number}", after=number, userId=f"u{number}")
        door.fresh.took(Stamp("segment", "live", RECEIVED), json.dumps(event | {"context": {"stuff": stuff}}).encode())
        assert door.fresh.held_bytes <= MOST_BYTES + (512 << 10)

    assert door.products(customer_id="u799") == ["p799"]
    assert door.products(customer_id="u0") == []


def test_of_one_who_does_very_much_the_latest_is_told(door: Door) -> None:
    for number in range(MOST_DEEDS + 30):
        door.takes(viewed(f"m{number}", f"p{number}", after=number / 100, userId="ann"))

    told = door.products(customer_id="ann")
    assert (len(told), told[-1]) == (MOST_DEEDS, f"p{MOST_DEEDS + 29}")

    door.ticks.now = KEPT_SECONDS + 1
    assert door.products(customer_id="ann") == []
    assert door.fresh.held_bytes == 0


def test_large_bodies_wait_for_the_indexer(door: Door) -> None:
    door.takes(viewed("m1", "mug", userId="ann", context={"stuff": "x" * LARGE_BYTES}))

    assert door.products(customer_id="ann") == []
    assert door.fresh.held_bytes == 0


def test_what_was_taken_just_before_the_first_question_is_known(door: Door) -> None:
    for number in range(2000):
        door.takes(viewed(f"m{number}", f"p{number}", userId=f"u{number % 7}"))

    assert door.products(customer_id=f"u{1999 % 7}")[-1] == "p1999"
