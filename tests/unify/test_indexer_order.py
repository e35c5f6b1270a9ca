"""The same events in any order, in any batches, twice, across restarts and crashes, give the same store."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from lifeloop.base.clock import FixedClock
from lifeloop.store import Store
from lifeloop.store.tables import METADATA
from lifeloop.testing.live import NOON, said, spooled
from lifeloop.unify.indexer import Indexer

Event = dict[str, Any]
CLOCK = FixedClock(NOON + timedelta(days=9))
KEPT = {
    "recent_event": "source message_id named anonymous_id type name occurred_at product_id order_id properties is_bot",
    "profile": "named first_seen_at last_seen_at email phone name_key traits first_touch last_touch",
    "cart": "owner state lines currency emptied_at updated_at",
    "consent": "consent_id named channel purpose state basis proof source told_at",
    "suppression": "channel address_hash",
    "sighting": "device bucket named first_at last_at evidence",
    "email_use": "guest account first_at evidence",
    "link": "kind identifier since_at until_at customer_id rule evidence",
    "blocked_value": "kind identifier reason",
}
"""Columns that say what is known; the others say when and from where it came in."""

PRODUCTS = st.fixed_dictionaries(
    {"product_id": st.sampled_from(["P1", "P2"]), "quantity": st.integers(0, 3), "price": st.sampled_from([1, "2.50"])}
)
TRAITS = st.dictionaries(
    st.sampled_from(["city", "plan", "phone"]), st.sampled_from(["a", "b", None, 3, 1.5, ["x"]]), max_size=2
)
AGREED = st.dictionaries(st.just("consent"), st.sampled_from([["email"], [], {"sms": True}]), max_size=1)
CAMPAIGNS = st.sampled_from([{}, {"campaign": {"source": "mail"}}, {"campaign": {"name": "may"}}])
BANNERS = st.sampled_from(
    [{}, {"consent": {"categoryPreferences": {"Ads": True}}}, {"consent": {"categoryPreferences": {"Ads": False}}}]
)
NAMES = (
    "Product Viewed", "Product Added", "Product Removed", "Cart Viewed", "Order Completed", "Subscribed", "Unsubscribed",
    "Email Bounced", "SMS Unsubscribed",
)  # fmt: skip
CART = ("Product Added", "Product Removed", "Cart Viewed", "Order Completed")


@st.composite
def event(draw: st.DrawFn, number: int) -> Event:
    who: Event = {"userId": draw(st.sampled_from([None, "ann", "bob", "cem"]))}
    who["anonymousId"] = draw(st.sampled_from(["d1", "d2"] if who["userId"] is None else [None, "d1", "d2"]))
    kind = draw(st.sampled_from(["track", "track", "track", "page", "identify", "alias"]))
    after = draw(st.integers(0, 5)) * draw(st.sampled_from([1, 600, 86_400]))
    email = draw(st.sampled_from([{}, {}, {"email": "a@x.example"}, {"email": "b@x.example"}]))
    context = draw(CAMPAIGNS) | draw(BANNERS) | ({"traits": email} if email else {})
    fields: Event = {"context": context, **who}
    if kind == "identify":
        fields["traits"] = draw(TRAITS) | draw(AGREED) | email
    elif kind == "alias":
        fields["previousId"] = draw(st.sampled_from(["d3", "bob"]))
    elif kind == "track":
        fields["event"] = draw(st.sampled_from([*NAMES, *CART, *CART]))
        products = draw(st.lists(PRODUCTS, max_size=2))
        fields["properties"] = draw(PRODUCTS) | email | draw(AGREED) | {"currency": "EUR", "products": products, "total": 5}
    return said(f"m{number:02}", after=after, type=kind, **fields)


EVENTS = st.integers(1, 16).flatmap(lambda count: st.tuples(*(event(number) for number in range(count)))).map(list)


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Event], list[list[Event]], list[bool], list[int]]:
    """Return events; the same in another order with doubles, in batches; where the indexer starts anew; which steps crash."""
    events = draw(EVENTS)
    doubles = draw(st.lists(st.sampled_from(events), max_size=5))
    order = draw(st.permutations(events + doubles))
    cuts = sorted({0, len(order), *draw(st.lists(st.integers(0, len(order)), max_size=5))})
    batches = [order[begin:end] for begin, end in pairwise(cuts)]
    restarts = draw(st.lists(st.booleans(), min_size=len(batches), max_size=len(batches)))
    crashes = draw(st.lists(st.integers(0, 3), min_size=len(batches), max_size=len(batches)))
    return events, batches, restarts, crashes


class PowerGone(Exception):
    """The process ended here."""


class ClockThatCrashes(FixedClock):
    """A clock at whose last reading the process ends; the indexer reads it within its transaction."""

    def __init__(self, instant: datetime, readings: int) -> None:
        super().__init__(instant)
        self.left = readings

    def now(self) -> datetime:
        self.left -= 1
        if self.left == 0:
            raise PowerGone
        return super().now()


def emptied(store: Store) -> Store:
    with store.writing() as connection:
        for name in (*KEPT, "spool_position", "identity_change", "identity_turn", "identity_ruling"):
            connection.execute(delete(METADATA.tables[name]))
    return store


def kept(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with store.reading() as connection:
        for name, columns in KEPT.items():
            table = METADATA.tables[name]
            rows = connection.execute(select(*(table.c[column] for column in columns.split())))
            found[name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def at_once(store: Store, events: Sequence[Event]) -> dict[str, list[tuple[Any, ...]]]:
    with tempfile.TemporaryDirectory() as folder:
        spooled(Path(folder), [events])
        Indexer(emptied(store), Path(folder), "door", CLOCK).step()
    return kept(store)


def bit_by_bit(
    store: Store, batches: Sequence[Sequence[Event]], restarts: Sequence[bool], crashes: Sequence[int]
) -> dict[str, list[tuple[Any, ...]]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spooled(folder, batches)
        indexer = Indexer(emptied(store), folder, "door", CLOCK)
        for restart, crash in zip(restarts, crashes, strict=True):
            if crash:
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(indexer, "_clock", ClockThatCrashes(CLOCK.now(), crash))
                    _step_or_crash(indexer)
            if restart:
                indexer = Indexer(store, folder, "door", CLOCK)
            indexer.step(1)
        while indexer.step(1).records:
            pass
    return kept(store)


def _step_or_crash(indexer: Indexer) -> None:
    with suppress(PowerGone):
        indexer.step(1)


def check(store: Store, arrived: tuple[list[Event], list[list[Event]], list[bool], list[int]]) -> None:
    events, *ways = arrived
    assert bit_by_bit(store, *ways) == at_once(store, events)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrived=arrivals())
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_same_events_in_any_order_and_twice_give_the_same_store(store: Store, arrived: Any) -> None:
    check(store, arrived)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrived=arrivals())
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_the_same_events_in_any_order_give_the_same_store_on_postgresql(store: Store, arrived: Any) -> None:
    check(store, arrived)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
LOOKED_AT = (
    "email", "phone", "name", "consent", "consents", "marketing_consent", "email_marketing_consent", "accepts_marketing",
    "campaign", "page", "traits", "products", "items", "product_id", "sku", "order_id", "quantity", "price", "currency",
    "channel", "purpose", "bounce_type", "utm_source", "referrer", "url", "search", "state", "categoryPreferences", "wording",
)  # fmt: skip
ODD = st.dictionaries(
    st.sampled_from(LOOKED_AT), JSON | st.dictionaries(st.sampled_from(LOOKED_AT), JSON, max_size=3), max_size=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["track", "page", "identify", "alias", "group"]),
    name=st.sampled_from([*NAMES, "Checkout Started", "Consent Given", "Email Unsubscribed"]),
    properties=ODD,
    traits=ODD,
    context=ODD,
)
@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
def test_whatever_stands_in_an_event_it_is_kept(
    store: Store, kind: str, name: str, properties: Event, traits: Event, context: Event
) -> None:
    inner = {"properties": properties, "traits": traits, "context": context}
    odd = said("odd", type=kind, event=name, userId="ann", anonymousId="d1", previousId="d2", **inner)

    found = at_once(store, [said("m1", userId="bob", event="Product Viewed"), odd])

    assert [row[1] for row in found["recent_event"]] == ["m1", "odd"]
