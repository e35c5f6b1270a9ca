"""What the shop is told of people as they come: their consent, and the campaign that brought them."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.simulate import Seen, Shop, WorldConfig
from lifeloop.simulate.actions import Actions, messages
from lifeloop.simulate.contact import PERSONALIZATION
from lifeloop.simulate.truth import Truth, open_shop

WORLD = (
    WorldConfig()
    .but(
        shop={"customers": 700, "products": 60, "seed": 8},
        customers={"existing": 0.3},
        dirt={"duplicates": 0, "late": 0, "malformed": 0, "bots": 0, "shared_email": 0},
    )
    .lasting(50)
)


@pytest.fixture(scope="module")
def lived() -> tuple[Truth, list[Seen]]:
    shop, truth = open_shop(WORLD)
    return truth, list(shop.history())


def properties(days: list[Seen], name: str) -> list[tuple[str, dict[str, Any]]]:
    event = pa.concat_tables([day.event for day in days])
    event = event.filter(pc.equal(event["name"], name))
    return [(row["customer_id"], json.loads(row["properties"])) for row in event.to_pylist()]


def agreed(truth: Truth) -> dict[str, list[str]]:
    """What each customer id agreed to, of the truth."""
    names, consent = list(WORLD.messages.channels), truth._world.people.consent
    ids = truth.identity()
    return {
        one: [name for name, yes in zip(names, consent[person], strict=True) if yes]
        for one, person in zip(ids["customer_id"].to_pylist(), ids["person"].to_pylist(), strict=True)
    }


def test_everybody_the_shop_knows_has_said_what_they_agree_to(lived: tuple[Truth, list[Seen]]) -> None:
    truth, days = lived
    known = {one for day in days for one in day.customer["customer_id"].to_pylist()}
    told = {
        customer: said["consent"]
        for name in ("Consent Given", "Signed Up", "Order Completed")
        for customer, said in properties(days, name)
        if customer is not None
    }

    assert set(told) == known
    true = agreed(truth)
    channels = {customer: [name for name in said if name != PERSONALIZATION] for customer, said in told.items()}
    assert channels == {one: true[one] for one in told}
    assert {tuple(one) for one in channels.values()} > {(), ("email",), ("email", "sms")}


def test_a_share_agrees_to_personalisation_and_says_so_every_time(lived: tuple[Truth, list[Seen]]) -> None:
    said: dict[str, set[bool]] = {}
    for name in ("Consent Given", "Signed Up", "Order Completed"):
        for customer, told in properties(lived[1], name):
            said.setdefault(customer, set()).add(PERSONALIZATION in told["consent"])

    assert all(len(one) == 1 for one in said.values())
    assert abs(sum(True in one for one in said.values()) / len(said) - 0.8) < 4 * (0.16 / len(said)) ** 0.5


def test_consent_to_personalisation_changes_nothing_else() -> None:
    def days(share: float) -> list[Seen]:
        return list(Shop(WORLD.but(customers={"personalization": share})).history(5))

    for none, every in zip(days(0.0), days(1.0), strict=True):
        assert none.order == every.order
        assert none.customer == every.customer
        assert none.event.drop_columns(["properties"]) == every.event.drop_columns(["properties"])
        told = [json.loads(one) for one in every.consent.to_pylist()]
        assert [[*json.loads(one), PERSONALIZATION] for one in none.consent.to_pylist()] == told


def test_a_policy_that_asks_for_consent_is_refused_by_nobody(lived: tuple[Truth, list[Seen]]) -> None:
    shop = Shop(WORLD)
    first = shop.step()
    willing = [
        customer
        for customer, consent in zip(first.customer["customer_id"].to_pylist(), first.consent.to_pylist(), strict=True)
        if "sms" in json.loads(consent)
    ]
    every = first.customer["customer_id"].to_pylist()

    assert len(willing) > 30
    assert not shop.step(actions=Actions(messages=messages(willing, channel="sms", offer="content"))).refused
    refused = shop.step(actions=Actions(messages=messages(every, channel="sms", offer="content"))).refused
    assert {customer for customer, reason in refused if reason == "no consent"} == {*every} - {*willing}


def test_who_unsubscribed_does_not_agree_at_the_next_order() -> None:
    channels = {"sms": {"cost": 0.1, "consent": 1.0, "opened": 0.5, "unsubscribe": 1.0}}
    shop = Shop(WORLD.but(messages={"channels": channels}, customers={"existing": 1.0, "rate_scale": 0.5}))
    known = shop.step().customer["customer_id"].to_pylist()
    shop.step(actions=Actions(messages=messages(known, channel="sms", offer="content")))
    later = properties(list(shop.history(10)), "Order Completed")

    assert later
    assert all("sms" not in said["consent"] for customer, said in later if customer in known)


def test_the_first_page_of_a_person_names_the_campaign_and_no_later_one(lived: tuple[Truth, list[Seen]]) -> None:
    truth, days = lived
    people, visit = truth._world.people, truth.pages()["visit"]
    person = dict(zip(visit["session_id"].to_pylist(), visit["person"].to_pylist(), strict=True))
    sources = list(WORLD.acquisition)
    event = pa.concat_tables([day.event for day in days])
    named: dict[int, str] = {}
    met: set[int] = set()
    for row in event.filter(pc.equal(event["name"], "Home")).sort_by("occurred_at").to_pylist():
        said, who = json.loads(row["properties"]), person[row["session_id"]]
        if "utm_source" in said:
            assert who not in met
            named[who] = said["utm_source"]
            assert "utm_campaign" not in said
            assert said["utm_medium"]
        met.add(who)

    assert len(named) > 300
    assert {sources[people.source[who]] for who in named} == {*sources} - {"store"}
    assert all(sources[people.source[who]] == source and people.arrival[who] >= 0 for who, source in named.items())


@pytest.mark.parametrize("hour", [10, 23])
def test_who_clicks_in_a_message_comes_at_once_and_names_it(hour: int) -> None:
    channels = {"email": {"cost": 0.0, "consent": 1.0, "opened": 0.9}}
    world = WORLD.but(messages={"channels": channels}, customers={"existing": 1.0}, dirt={"skewed": 0, "out_of_order": 0})
    shop, _ = open_shop(world)
    known = shop.step().customer["customer_id"].to_pylist()
    day = shop.step(actions=Actions(messages=messages(known, channel="email", offer="coupon_10", hour=hour)))
    rows = day.event.sort_by("occurred_at").to_pylist()
    clicked = [row["occurred_at"] for row in rows if row["name"] == "Email Link Clicked"]
    landed = [row["occurred_at"] for row in rows if row["name"] == "Home" and "utm_campaign" in row["properties"]]

    assert len(clicked) > 50
    assert 0.9 * len(clicked) < len(landed) <= len(clicked)
    assert all(any(0 <= (at - click).total_seconds() <= 10 for click in clicked) for at in landed)
    said = [json.loads(row["properties"]) for row in rows if row["name"] == "Home" and "utm_campaign" in row["properties"]]
    assert {(one["utm_source"], one["utm_medium"], one["utm_campaign"]) for one in said} == {("email", "email", "coupon_10")}
    assert max(row["occurred_at"] for row in rows).date() == day.day
