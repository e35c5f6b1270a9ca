"""A shop whose store is PostgreSQL is served like one whose store is a file."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.store.keys import list_keys, revoke
from lifeloop.testing.live import NOON, said, spooled
from lifeloop.testing.postgres import PostgresServer
from lifeloop.testing.served import House, open_house
from lifeloop.unify.indexer import Indexer

ADDRESS = {"channel": "email", "address": "ann@example.com"}
HAT = {"product_id": "hat", "price": "12.50", "quantity": 2, "currency": "EUR"}
TRAITS = {"email": "Ann@Example.com", "phone": "+49 151 234567", "accepts_marketing": True}
EVENTS = [
    said("m1", anonymousId="phone-1", event="Product Added", properties=HAT),
    said("m2", after=60, type="identify", userId="ann", anonymousId="phone-1", traits=TRAITS),
]


@pytest.fixture
def house(tmp_path: Path, postgres: PostgresServer, empty_postgres: str) -> Iterator[House]:
    url = postgres.url(postgres.fresh(empty_postgres))
    (tmp_path / "lifeloop.toml").write_text(f'[store]\nurl = "{url}"\n')
    app = App.open(tmp_path, clock=FixedClock(NOON + timedelta(hours=2)))
    spooled(app.home.spool / "main", [EVENTS])
    Indexer(app.store, app.home.spool / "main", "main", app.clock).step(1 << 20)
    with open_house(Parts(app=app, roles=frozenset({"api"}))) as opened:
        yield opened
    app.store.close()
    assert not (tmp_path / "store.sqlite").exists()


def test_a_customer_is_shown_and_found(house: House) -> None:
    reader = house.with_key("read")
    ann: dict[str, Any] = reader.get("/v1/customers/ann").json()

    assert [one["message_id"] for one in ann["timeline"]] == ["m2", "m1"]
    assert [(one["product_id"], one["price"]) for one in ann["cart"]] == [("hat", "12.50")]
    assert [(one["channel"], one["state"]) for one in ann["consents"]] == [("email", "given")]
    for asked in ({"email": "ann@example.com"}, {"phone": "0049151234567"}, {"anonymous_id": "phone-1"}, {"account": "ann"}):
        found = reader.get("/v1/customers", params=asked).json()["customers"]
        assert [one["customer_id"] for one in found] == ["ann"], asked


def test_a_device_is_parted_and_taken_back(house: House) -> None:
    admin = house.with_key("admin")
    ruling = {"kind": "device", "identifier": "phone-1", "customer_id": "ann", "joined": False}

    parted = admin.post("/v1/merges", json=ruling)
    during = admin.get("/v1/customers/ann/timeline").json()["timeline"]
    undone = admin.post(f"/v1/merges/{parted.json()['change_id']}/undo")
    after = admin.get("/v1/customers/ann/timeline").json()["timeline"]

    assert (parted.status_code, undone.status_code) == (201, 200)
    assert ([one["message_id"] for one in during], [one["message_id"] for one in after]) == (["m2"], ["m2", "m1"])


def test_a_consent_is_noted_and_the_later_word_counts(house: House) -> None:
    admin = house.with_key("admin")
    said_no = {"channel": "email", "state": "withdrawn", "proof": {"call": "17"}, "told_at": "2026-11-22T12:30:00Z"}

    assert admin.post("/v1/customers/ann/consents", json=said_no).status_code == 201
    assert [one["state"] for one in admin.get("/v1/customers/ann/consents").json()["now"]] == ["withdrawn"]


def test_the_same_write_at_once_is_done_once(house: House) -> None:
    secret = house.key("admin")

    def write(_number: int) -> tuple[int, bool]:
        answer = house.client(secret).post("/v1/suppressions", json=ADDRESS, headers={"Idempotency-Key": "k1"})
        return answer.status_code, "Idempotent-Replayed" in answer.headers

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(write, range(8)))

    assert answers.count((201, False)) == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert write(8) == (201, True)


def test_a_revoked_key_lets_nobody_in(house: House) -> None:
    secret = house.key("read")
    assert house.client(secret).get("/v1/customers/ann").status_code == 200

    with house.app.store.writing() as connection:
        for key in list_keys(connection):
            revoke(connection, key.key_id, house.app.clock)
    answer = house.client(secret).get("/v1/customers/ann")
    while answer.status_code == 200:
        answer = house.client(secret).get("/v1/customers/ann")

    assert answer.json()["error"] == "revoked_key"
