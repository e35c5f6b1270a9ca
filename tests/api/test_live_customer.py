"""A customer of whom the shop knows only what came in live: nothing has run, nothing is in the lake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lifeloop.api.paging import cursor_of
from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.testing.live import NOON, said, spooled
from lifeloop.testing.served import House, open_house
from lifeloop.unify.indexer import Indexer

HAT = {"product_id": "hat", "price": "12.50", "quantity": 2, "currency": "EUR"}
EVENTS = [
    said(
        "m1",
        anonymousId="phone-1",
        event="Product Viewed",
        properties=HAT,
        context={"campaign": {"source": "newsletter", "medium": "email"}},
    ),
    said("m2", after=60, anonymousId="phone-1", event="Product Added", properties=HAT),
    said(
        "m3",
        after=120,
        type="identify",
        userId="ann",
        anonymousId="phone-1",
        traits={"email": "Ann@Example.com", "phone": "+49 151 234567", "name": "Ann Lee", "accepts_marketing": True},
        context={"campaign": {"source": "newsletter"}},
    ),
    said(
        "m4",
        after=180,
        userId="bob",
        event="Order Completed",
        properties={"order_id": "1001", "total": "30", "currency": "EUR"},
    ),
]

GID = "gid://shopify/Customer/7"
EVENTS.append(said("m5", after=200, userId=GID, event="Product Viewed", properties=HAT))

BOT = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
EVENTS += [
    said(f"c{number}", after=300 + number, userId="cat", event="Hello", context=BOT if 0 < number < 11 else {})
    for number in range(12)
]
EVENTS += [
    said(f"d{number}", after=400 + number, userId="dan", event="Hello", context=BOT if number > 19 else {})
    for number in range(300)
]


@pytest.fixture(scope="module")
def house(new_home: Path) -> Iterator[House]:
    app = App.open(new_home, clock=FixedClock(NOON + timedelta(hours=2)))
    spooled(app.home.spool / "main", [EVENTS])
    Indexer(app.store, app.home.spool / "main", "main", app.clock).step(1 << 20)
    with open_house(Parts(app=app, roles=frozenset({"api"}))) as house:
        yield house
    app.store.close()


@pytest.fixture(scope="module")
def ann(house: House) -> dict[str, Any]:
    told: dict[str, Any] = house.with_key("read").get("/v1/customers/ann").json()
    return told


def test_what_was_done_before_signing_in_is_theirs(ann: dict[str, Any]) -> None:
    assert [one["message_id"] for one in ann["timeline"]] == ["m3", "m2", "m1"]
    assert [one["anonymous_id"] for one in ann["identifiers"]["devices"]] == ["phone-1"]
    assert ann["timeline"][2]["name"] == "Product Viewed"
    assert ann["timeline"][2]["reference"] == "hat"


def test_the_profile_says_what_they_told(ann: dict[str, Any]) -> None:
    profile = ann["profile"]

    assert (profile["email"], profile["name"]) == ("ann@example.com", "Ann Lee")
    assert profile["first_touch"]["at"].startswith("2026-11-22T12:00:00")
    assert [(one["product_id"], one["quantity"], one["price"]) for one in ann["cart"]] == [("hat", 2, "12.50")]
    assert [(one["channel"], one["purpose"], one["state"]) for one in ann["consents"]] == [("email", "marketing", "given")]


def test_a_stage_before_the_first_run_is_provisional_and_says_so(house: House, ann: dict[str, Any]) -> None:
    bob = house.with_key("read").get("/v1/customers/bob").json()

    assert (ann["as_of"], ann["scores"], ann["segments"]) == (None, [], [])
    assert (ann["stage"]["name"], ann["stage"]["provisional"]) == ("prospect", True)
    assert (bob["stage"]["name"], bob["stage"]["provisional"]) == ("new", True)
    assert ann["stage"]["reasons"][0]["zh"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "ann@example.com"),
        ("phone", "0049151234567"),
        ("anonymous_id", "phone-1"),
        ("account", "ann"),
        ("name", "ann  LEE"),
    ],
)
def test_they_are_found_by_every_identifier(house: House, kind: str, value: str) -> None:
    found = house.with_key("read").get("/v1/customers", params={kind: value}).json()["customers"]

    assert [one["customer_id"] for one in found] == ["ann"]
    assert found[0]["email"] == "ann@example.com"


def test_an_operator_parts_a_device_and_takes_it_back(house: House) -> None:
    admin = house.with_key("admin")

    def timeline() -> list[str]:
        return [one["message_id"] for one in admin.get("/v1/customers/ann/timeline").json()["timeline"]]

    before = timeline()
    parted = admin.post("/v1/merges", json={"kind": "device", "identifier": "phone-1", "customer_id": "ann", "joined": False})
    during = timeline()
    undone = admin.post(f"/v1/merges/{parted.json()['change_id']}/undo")
    log = admin.get("/v1/customers/ann/merges").json()

    assert (parted.status_code, undone.status_code) == (201, 200)
    assert during == ["m3"]
    assert timeline() == before == ["m3", "m2", "m1"]
    assert {"link", "part", "undo"} <= {one["action"] for one in log["merges"]}
    assert all(one["actor"].startswith("key:") for one in log["merges"] if one["action"] == "part")
    again = admin.post(f"/v1/merges/{parted.json()['change_id']}/undo")
    assert (again.status_code, again.json()["error"]) == (409, "contradiction")
    assert admin.post("/v1/merges/99999/undo").status_code == 404


def test_consent_is_noted_with_its_proof_and_the_later_word_counts(house: House) -> None:
    admin = house.with_key("admin")
    said_no = {"channel": "email", "state": "withdrawn", "proof": {"call": "17"}, "told_at": "2026-11-22T12:30:00Z"}
    said_yes = {"channel": "email", "state": "given", "told_at": "2026-11-22T12:20:00Z"}

    assert admin.post("/v1/customers/ann/consents", json=said_no).status_code == 201
    assert admin.post("/v1/customers/ann/consents", json=said_yes).status_code == 201
    told = admin.get("/v1/customers/ann/consents").json()

    assert [(one["state"], one["proof"]["call"]) for one in told["now"]] == [("withdrawn", "17")]
    assert [one["state"] for one in told["log"]] == ["given", "given", "withdrawn"]
    early = admin.post("/v1/customers/ann/consents", json=said_yes | {"told_at": "2027-01-01T00:00:00Z"})
    assert (early.status_code, early.json()["error"]) == (400, "in_the_future")
    naive = admin.post("/v1/customers/ann/consents", json=said_yes | {"told_at": "2026-11-22T12:20:00"})
    assert naive.status_code == 422


def test_an_address_is_suppressed_by_its_hash_alone(house: House) -> None:
    admin = house.with_key("admin")
    asked = {"channel": "email", "address": "Carl@Example.com", "reason": "asked by telephone"}

    assert admin.post("/v1/suppressions", json=asked).json() == {"changed": True}
    assert admin.post("/v1/suppressions", json=asked).json() == {"changed": False}
    one = admin.get("/v1/suppressions/email", params={"address": "carl@example.com"})
    page = admin.get("/v1/suppressions", params={"limit": 1})
    assert one.json()["reason"] == "asked by telephone"
    assert one.json() in page.json()["suppressions"]
    assert "carl" not in page.text.lower()

    assert admin.delete("/v1/suppressions/email", params={"address": "CARL@example.com"}).json() == {"changed": True}
    assert admin.get("/v1/suppressions/email", params={"address": "carl@example.com"}).status_code == 404


@pytest.mark.parametrize(
    "proof",
    [
        '{"b": 1e999}',
        '{"b": [NaN]}',
        '{"b": {"c": -1e999}}',
        r'{"b": "\ud800"}',
        r'{"\ud800": 1}',
        r'{"b": "\u0000"}',
        '{"b": 1' + "0" * 30 + "}",
        '{"b": "' + "x" * 20_000 + '"}',
        '{"b": ' + "[" * 40 + "]" * 40 + "}",
    ],
)
def test_a_proof_that_cannot_be_shown_again_is_refused(house: House, proof: str) -> None:
    admin = house.with_key("admin")
    body = '{"channel": "email", "state": "given", "proof": ' + proof + "}"

    answer = admin.post("/v1/customers/eve/consents", content=body, headers={"Content-Type": "application/json"})
    told = admin.get("/v1/customers/eve/consents")

    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
    assert "body.proof" in answer.json()["found"]
    assert len(answer.text) < 500
    assert (told.status_code, told.json()["log"]) == (200, [])


def test_a_proof_is_shown_as_it_was_told(house: House) -> None:
    admin = house.with_key("admin")
    proof = {"form": "注册 🍵", "version": 1 << 62, "score": 0.5, "asked": [{"a": None, "b": True}]}

    answer = admin.post("/v1/customers/fay/consents", json={"channel": "sms", "state": "given", "proof": proof})
    (told,) = admin.get("/v1/customers/fay/consents").json()["now"]

    assert answer.status_code == 201
    assert proof.items() <= told["proof"].items()


def test_a_list_of_suppressions_is_read_page_by_page(house: House) -> None:
    admin = house.with_key("admin")
    for number in range(5):
        admin.post("/v1/suppressions", json={"channel": "sms", "address": f"+49 151 00000{number}"})

    seen: list[str] = []
    cursor = None
    while True:
        page = admin.get("/v1/suppressions", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [one["address_hash"] for one in page["suppressions"] if one["channel"] == "sms"]
        cursor = page["next"]
        if cursor is None:
            break

    assert len(seen) == len(set(seen)) == 5
    assert admin.get("/v1/suppressions", params={"cursor": "rubbish"}).json()["error"] == "bad_cursor"


def test_an_id_may_hold_slashes(house: House) -> None:
    admin = house.with_key("admin")

    for shown in (GID, "gid:%2F%2Fshopify%2FCustomer%2F7"):
        assert admin.get(f"/v1/customers/{shown}").json()["customer_id"] == GID
        page = admin.get(f"/v1/customers/{shown}/timeline").json()
        assert [one["message_id"] for one in page["timeline"]] == ["m5"]
        assert admin.get(f"/v1/customers/{shown}/merges").json()["customer_id"] == GID
    said_yes = admin.post(f"/v1/customers/{GID}/consents", json={"channel": "sms", "state": "given"})
    assert said_yes.status_code == 201
    assert len(admin.get(f"/v1/customers/{GID}/consents").json()["now"]) == 1


def test_what_bots_do_is_no_part_of_a_timeline_and_hides_nothing_behind_it(house: House) -> None:
    admin = house.with_key("admin")

    pages, cursor = [], None
    while True:
        page = admin.get("/v1/customers/cat/timeline", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        pages += [one["message_id"] for one in page["timeline"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert pages == ["c11", "c0"]


def test_behind_many_robots_the_last_things_are_still_shown(house: House) -> None:
    told = house.with_key("read").get("/v1/customers/dan").json()

    assert [one["message_id"] for one in told["timeline"]] == [f"d{number}" for number in range(19, -1, -1)]


@pytest.mark.parametrize("place", [(1 << 62, "m1"), (-(1 << 62), "m1"), (1, "\0"), (1, "\ud800"), (True, "m1"), ("m1", 1), ()])
def test_a_forged_cursor_is_refused(house: House, place: tuple[Any, ...]) -> None:
    answer = house.with_key("read").get("/v1/customers/ann/timeline", params={"cursor": cursor_of(*place)})

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_cursor")
