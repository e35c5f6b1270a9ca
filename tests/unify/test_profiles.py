"""What is known of one customer: traits, touches, carts and consent, told under all their names."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lifeloop.base.clock import FixedClock, micros
from lifeloop.store import Store
from lifeloop.store.consents import ConsentRow
from lifeloop.store.suppressions import find_suppression
from lifeloop.testing.live import NOON, said, spooled
from lifeloop.unify.identity import resolve
from lifeloop.unify.indexer import Indexer
from lifeloop.unify.people import Profile, cart_of, consents_of, find, profile_of, tell_consent
from lifeloop.unify.told import json_text, plain

CLOCK = FixedClock(NOON + timedelta(days=2))
Event = dict[str, Any]


def heard(store: Store, folder: Path, *events: Event) -> None:
    spooled(folder, [[event] for event in events])
    indexer = Indexer(store, folder, "door", CLOCK)
    while indexer.step(1).records:
        pass


def profile(store: Store, customer: str) -> Profile:
    with store.reading() as connection:
        found = profile_of(connection, resolve(connection, customer))
    assert found is not None
    return found


def cart(store: Store, customer: str) -> dict[str, tuple[int, str]]:
    with store.reading() as connection:
        return {one.product_id: (one.quantity, one.price) for one in cart_of(connection, resolve(connection, customer))}


def agreed(store: Store, customer: str) -> dict[tuple[str, str], str]:
    with store.reading() as connection:
        return {(one.channel, one.purpose): one.state for one in consents_of(connection, resolve(connection, customer))}


def identify(message_id: str, *, after: float = 0, user: str = "ann", **traits: Any) -> Event:
    return said(message_id, after=after, type="identify", userId=user, traits=traits)


def put(
    message_id: str, product: str, *, after: float, event: str = "Product Added", who: Event | None = None, **more: Any
) -> Event:
    properties = {"product_id": product, "currency": "EUR", **more}
    return said(message_id, after=after, event=event, properties=properties, **(who or {"userId": "ann"}))


# Traits


def test_the_last_word_on_a_trait_counts_even_if_it_comes_in_first(store: Store, tmp_path: Path) -> None:
    heard(store, tmp_path, identify("m2", after=60, city="Bonn", plan="gold"), identify("m1", city="Köln", size=42))

    assert profile(store, "ann").traits == {"city": "Bonn", "plan": "gold", "size": 42}


def test_null_takes_a_trait_back_and_a_blank_says_nothing(store: Store, tmp_path: Path) -> None:
    heard(store, tmp_path, identify("m1", city="Bonn", plan="gold"), identify("m2", after=1, city=None, plan=""))

    assert profile(store, "ann").traits == {"plan": "gold"}


def test_traits_are_heard_from_the_context_of_other_events_too(store: Store, tmp_path: Path) -> None:
    context = {"traits": {"email": " Ann@Shop.Example ", "phone": "+49 151 234567", "firstName": "Ann", "lastName": "Lee"}}
    heard(store, tmp_path, said("m1", userId="ann", event="Cart Viewed", context=context))

    found = profile(store, "ann")

    assert (found.email, found.phone, found.name) == ("ann@shop.example", "+49 151 234567", "Ann Lee")


def test_a_junk_email_is_no_trait(store: Store, tmp_path: Path) -> None:
    heard(store, tmp_path, identify("m1", email="noreply@shop.example"), identify("m2", email="test@test.com"))

    assert profile(store, "ann").email is None


def test_what_a_group_is_called_is_no_trait_of_a_person(store: Store, tmp_path: Path) -> None:
    heard(store, tmp_path, said("m1", type="group", userId="ann", groupId="g", traits={"name": "Acme"}))

    assert profile(store, "ann").traits == {}


def test_a_trait_too_long_to_show_is_left_to_the_lake(store: Store, tmp_path: Path) -> None:
    heard(store, tmp_path, identify("m1", essay="x" * 5000, city="Bonn"))

    assert profile(store, "ann").traits == {"city": "Bonn"}


def test_of_very_many_traits_the_newest_are_kept(store: Store, tmp_path: Path) -> None:
    heard(store, tmp_path, identify("m1", **{f"a{number}": number for number in range(90)}))
    heard(store, tmp_path, identify("m2", after=9, **{f"b{number}": number for number in range(90)}))

    traits = profile(store, "ann").traits

    assert len(traits) == 100
    assert all(f"b{number}" in traits for number in range(90))


def test_first_and_last_seen_are_those_of_the_events_themselves(store: Store, tmp_path: Path) -> None:
    heard(store, tmp_path, identify("m2", after=50), identify("m1", after=10), identify("m3", after=30))

    found = profile(store, "ann")

    assert (found.first_seen_at, found.last_seen_at) == tuple(micros(NOON + timedelta(seconds=at)) for at in (10, 50))


def test_a_guests_traits_are_the_customers_once_they_are_known_to_be_one(store: Store, tmp_path: Path) -> None:
    guest = said("m1", type="identify", anonymousId="d1", traits={"email": "ann@shop.example", "city": "Bonn"})
    heard(store, tmp_path, guest, identify("m2", after=60, email="ann@shop.example", plan="gold"))

    found = profile(store, "ann")

    assert found.traits == {"city": "Bonn", "email": "ann@shop.example", "plan": "gold"}
    assert len(found.names) == 2


def test_nobody_is_known_by_a_name_nobody_used(store: Store) -> None:
    with store.reading() as connection:
        assert profile_of(connection, resolve(connection, "nobody")) is None


# Touches


def visit(message_id: str, *, after: float, source: str | None = None, **fields: Any) -> Event:
    context = {"campaign": {"source": source, "name": "spring"}} if source else {}
    return said(message_id, after=after, type="page", context=context, **fields)


def test_the_first_touch_may_be_that_of_the_visitor_before_signing_in(store: Store, tmp_path: Path) -> None:
    before = visit("m1", after=0, source="search", anonymousId="d1")
    signs_in = said("m2", after=60, type="identify", anonymousId="d1", userId="ann")
    heard(
        store,
        tmp_path,
        visit("m3", after=999, source="mail", userId="ann"),
        signs_in,
        before,
        visit("m4", after=2000, userId="ann"),
    )

    found = profile(store, "ann")

    assert found.first_touch == {"at": micros(NOON), "source": "search", "campaign": "spring"}
    assert found.last_touch is not None
    assert (found.last_touch["source"], found.last_touch["at"]) == ("mail", micros(NOON + timedelta(seconds=999)))


def test_a_visit_from_another_site_is_a_touch_and_one_from_the_shop_itself_is_none(store: Store, tmp_path: Path) -> None:
    def page(referrer: str) -> Event:
        return {"page": {"url": "https://www.shop.example/a?x=1", "referrer": referrer, "path": "/a"}}

    heard(
        store,
        tmp_path,
        said("m1", type="page", userId="ann", context=page("https://shop.example/b")),
        said("m2", after=5, type="page", userId="ann", context=page("https://news.example/story")),
    )

    assert profile(store, "ann").first_touch == {
        "at": micros(NOON + timedelta(seconds=5)),
        "page": "/a",
        "referrer": "news.example",
    }


def test_campaigns_are_found_in_properties_and_in_the_address(store: Store, tmp_path: Path) -> None:
    search = {
        "page": {"url": "https://shop.example/?utm_source=ads&utm_medium=cpc", "search": "?utm_source=ads&utm_medium=cpc"}
    }
    heard(
        store,
        tmp_path,
        said("m1", type="page", userId="ann", properties={"utm_source": "mail", "utm_campaign": "may"}),
        said("m2", after=5, type="page", userId="ann", context=search),
    )

    found = profile(store, "ann")

    assert found.first_touch == {"at": micros(NOON), "source": "mail", "campaign": "may"}
    assert found.last_touch == {"at": micros(NOON + timedelta(seconds=5)), "source": "ads", "medium": "cpc", "page": "/"}


# Carts


def test_a_cart_holds_what_was_added_and_not_removed(store: Store, tmp_path: Path) -> None:
    heard(
        store,
        tmp_path,
        put("m3", "P1", after=30, event="Product Removed"),
        put("m1", "P1", after=10, price=12.50, quantity=2),
        put("m2", "P2", after=20, price="7.00"),
    )

    assert cart(store, "ann") == {"P2": (1, "7.00")}


def test_an_order_empties_the_cart_of_the_customer_and_of_the_device(store: Store, tmp_path: Path) -> None:
    visitor, both = {"anonymousId": "d1"}, {"anonymousId": "d1", "userId": "ann"}
    order = said("m3", after=60, event="Order Completed", properties={"order_id": "1", "total": 5}, **both)
    heard(store, tmp_path, order, put("m1", "P1", after=10, who=visitor), put("m2", "P2", after=20, who=both))
    assert cart(store, "ann") == {}

    heard(store, tmp_path, put("m4", "P3", after=90, who=both, price=1))

    assert cart(store, "ann") == {"P3": (1, "1")}


def test_a_visitors_cart_is_the_customers_after_signing_in(store: Store, tmp_path: Path) -> None:
    signs_in = said("m2", after=60, type="identify", anonymousId="d1", userId="ann")
    heard(store, tmp_path, put("m1", "P1", after=10, who={"anonymousId": "d1"}, price=3, quantity=2), signs_in)

    assert cart(store, "ann") == {"P1": (2, "3")}


def test_a_cart_that_was_shown_holds_what_it_listed_and_what_came_after(store: Store, tmp_path: Path) -> None:
    shown = {"products": [{"product_id": "P2", "quantity": 3, "price": 4}], "currency": "eur"}
    heard(
        store,
        tmp_path,
        put("m1", "P1", after=10),
        said("m2", after=20, userId="ann", event="Cart Viewed", properties=shown),
        put("m3", "P4", after=30, price=1),
        said("m4", after=40, userId="ann", event="Checkout Started", properties={}),
    )

    assert cart(store, "ann") == {"P2": (3, "4"), "P4": (1, "1")}


def test_quantities_and_prices_nobody_can_mean_do_no_harm(store: Store, tmp_path: Path) -> None:
    odd = ({"quantity": "1E+999999"}, {"quantity": -3}, {"quantity": "many", "price": "a lot"}, {"quantity": True, "price": -5})
    heard(store, tmp_path, *(put(f"m{number}", f"P{number}", after=number, **one) for number, one in enumerate(odd)))

    assert cart(store, "ann") == {"P0": (1_000_000, ""), "P2": (1, ""), "P3": (1, "")}


# Consent


def test_consent_is_heard_in_the_ways_shops_say_it(store: Store, tmp_path: Path) -> None:
    shopify = {"state": "subscribed", "opt_in_level": "confirmed_opt_in", "consent_updated_at": "2026-11-01T00:00:00Z"}
    heard(
        store,
        tmp_path,
        identify("m1", user="ann", email_marketing_consent=shopify, sms_marketing_consent={"state": "not_subscribed"}),
        identify("m2", user="bob", accepts_marketing=True),
        identify("m3", user="cem", consent=["email"]),
        identify("m4", user="dan", consent={"email": {"marketing": True, "news": False}, "push": "opted in"}),
        said("m5", userId="eva", event="Unsubscribed", properties={"channel": "sms"}),
        said("m6", userId="fay", event="Email Subscribed", properties={"purpose": "News"}),
        said("m7", userId="gus", event="Consent Given", properties={"consent": ["email", "sms"]}),
        said("m8", userId="hal", type="page", context={"consent": {"categoryPreferences": {"Advertising": False}}}),
    )

    assert agreed(store, "ann") == {("email", "marketing"): "given", ("sms", "marketing"): "withdrawn"}
    assert agreed(store, "bob") == {("email", "marketing"): "given"}
    assert agreed(store, "cem")["email", "marketing"] == "given"
    assert {agreed(store, "cem")[one, "marketing"] for one in ("sms", "push")} == {"withdrawn"}
    assert agreed(store, "dan") == {
        ("email", "marketing"): "given",
        ("email", "news"): "withdrawn",
        ("push", "marketing"): "given",
    }
    assert agreed(store, "eva") == {("sms", "marketing"): "withdrawn"}
    assert agreed(store, "fay") == {("email", "news"): "given"}
    assert agreed(store, "gus")["sms", "marketing"] == "given"
    assert agreed(store, "hal") == {("web", "advertising"): "withdrawn"}


def test_consent_comes_with_its_proof_and_its_own_time(store: Store, tmp_path: Path) -> None:
    state = {"state": "subscribed", "opt_in_level": "confirmed_opt_in", "consent_updated_at": "2026-11-01T00:00:00Z"}
    heard(store, tmp_path, identify("m1", email_marketing_consent=state), identify("m2", after=9, accepts_marketing=True))

    with store.reading() as connection:
        (found,) = consents_of(connection, resolve(connection, "ann"))

    assert (found.state, found.basis, found.proof) == ("given", "consent", {"event": "identify", "message_id": "m2"})
    older = found.told[1]
    assert (older.basis, older.told_at) == ("confirmed_opt_in", micros(NOON - timedelta(days=21, hours=12)))


def test_what_was_said_in_a_list_is_known_as_such(store: Store, tmp_path: Path) -> None:
    listed = identify("m1", consent=["email"])
    by_name = said("m2", after=9, userId="bob", event="Unsubscribed", properties={"consent": ["email", "sms"]})
    heard(store, tmp_path, listed, by_name)

    with store.reading() as connection:
        ann, bob = ({one.basis for one in consents_of(connection, resolve(connection, name))} for name in ("ann", "bob"))

    assert (ann, bob) == ({"list"}, {"consent"})


def test_the_last_word_on_consent_counts_whatever_comes_in_last(store: Store, tmp_path: Path) -> None:
    gone = said("m2", after=60, userId="ann", event="Unsubscribed")
    heard(store, tmp_path, gone, said("m1", userId="ann", event="Subscribed"))
    assert agreed(store, "ann") == {("email", "marketing"): "withdrawn"}

    heard(store, tmp_path, said("m3", after=90, userId="ann", event="Subscribed"))

    assert agreed(store, "ann") == {("email", "marketing"): "given"}


def test_a_banner_that_repeats_itself_with_every_event_is_kept_once_a_day_and_state(store: Store, tmp_path: Path) -> None:
    def page(number: int, *, on: bool) -> Event:
        preferences = {"consent": {"categoryPreferences": {"Ads": on}}}
        return said(f"m{number:02}", after=number, type="page", userId="ann", context=preferences)

    heard(store, tmp_path, *(page(number, on=not 3 <= number < 6) for number in range(10)))

    with store.reading() as connection:
        (found,) = consents_of(connection, resolve(connection, "ann"))
    assert (found.state, found.proof["message_id"], len(found.told)) == ("given", "m09", 2)


def test_consent_of_a_visitor_is_the_customers_after_signing_in(store: Store, tmp_path: Path) -> None:
    signs_in = said("m2", after=60, type="identify", anonymousId="d1", userId="ann")
    heard(store, tmp_path, said("m1", anonymousId="d1", event="Newsletter Subscribed"), signs_in)

    assert agreed(store, "ann") == {("email", "marketing"): "given"}


def test_whoever_unsubscribes_complains_or_bounces_is_written_to_no_more(store: Store, tmp_path: Path) -> None:
    def mail(name: str, address: str, **properties: Any) -> Event:
        context = {"traits": {"email": address}}
        return said(name + address, userId=address, event=name, context=context, properties=properties)

    heard(
        store,
        tmp_path,
        mail("Unsubscribed", "a@x.example"),
        mail("Email Marked as Spam", "b@x.example"),
        mail("Email Bounced", "c@x.example"),
        mail("Email Bounced", "d@x.example", bounce_type="soft"),
        mail("Email Opened", "e@x.example"),
        said("sms", userId="ann", event="SMS Unsubscribed", properties={"phone": "+49 151 1"}),
    )

    with store.reading() as connection:
        found = {one: find_suppression(connection, "email", f"{one}@x.example") for one in "abcde"}
        assert find_suppression(connection, "sms", "0049 151 1") is not None
    reasons = {one: row.reason for one, row in found.items() if row}
    assert reasons == {"a": "unsubscribed", "b": "complained", "c": "bounced"}
    assert agreed(store, "b@x.example") == {("email", "marketing"): "withdrawn"}
    assert agreed(store, "c@x.example") == {}


def test_consent_told_at_the_desk_counts_like_any_other(store: Store, tmp_path: Path) -> None:
    heard(store, tmp_path, said("m1", userId="ann", event="Subscribed"))
    at = micros(NOON + timedelta(days=1))
    row = ConsentRow("desk:1", "ann", "email", "marketing", "withdrawn", "consent", '{"by":"phone"}', "desk", at, at)

    for _ in range(2):
        with store.writing() as connection:
            tell_consent(connection, row)

    assert agreed(store, "ann") == {("email", "marketing"): "withdrawn"}


# Search


def test_a_customer_is_found_by_each_of_their_identifiers(store: Store, tmp_path: Path) -> None:
    guest = said("m1", type="identify", anonymousId="d1", traits={"email": "ann@shop.example"})
    heard(store, tmp_path, guest, identify("m2", after=60, email="Ann@shop.example", phone="0049 151-234567", name="Ann  Lee"))

    with store.reading() as connection:
        asked = [
            ("email", "ANN@shop.example "),
            ("phone", "+49151234567"),
            ("name", "ann lee"),
            ("anonymous_id", "d1"),
            ("account", "ann"),
        ]
        assert [find(connection, kind, value) for kind, value in asked] == [["ann"]] * 5  # type: ignore[arg-type]
        missed = [("email", "x@y.example"), ("phone", "7"), ("name", ""), ("anonymous_id", "d9"), ("account", "bob")]
        assert [find(connection, kind, value) for kind, value in missed] == [[]] * 5  # type: ignore[arg-type]


# What was written by a careless hand


@pytest.mark.parametrize(
    ("proof", "read"),
    [
        ('{"a": Infinity, "b": [NaN, -1e999]}', {"a": "Infinity", "b": ["NaN", "-1e999"]}),
        ('{"a": "\\ud800 half", "\\udc00": "\\u0000"}', {"a": "? half", "?": "\0"}),
        ('["by telephone"]', {"said": ["by telephone"]}),
        ("by telephone", {"said": "by telephone"}),
        ("{" * 100_000, {"said": "{" * 100_000}),
    ],
)
def test_a_proof_is_read_whoever_wrote_it(store: Store, proof: str, read: dict[str, Any]) -> None:
    at = micros(NOON)
    with store.writing() as connection:
        tell_consent(connection, ConsentRow("c1", "ann", "email", "marketing", "given", "consent", proof, "api", at, at))

    with store.reading() as connection:
        (one,) = consents_of(connection, resolve(connection, "ann"))

    assert one.proof == read
    assert json.loads(json.dumps(one.proof, allow_nan=False).encode()) == read


@pytest.mark.parametrize(
    "value", [float("inf"), Decimal("-Infinity"), Decimal("NaN"), {"\ud800": ["\udfff", 10**400, float("nan")]}]
)
def test_whatever_is_written_is_read_back_by_everybody(value: Any) -> None:
    text = json_text({"a": value, "b": "Infinity"})

    assert text.encode()
    assert plain(text)["b"] == msgspec.json.decode(text)["b"] == "Infinity"
