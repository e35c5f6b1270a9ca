"""Who may do what: every route of the application against every kind of key, so that no route is open by mistake."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from lifeloop.api.app import make_app
from lifeloop.api.guard import GuardedRoute
from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock, micros
from lifeloop.collect.spool.record import Place, Stamp
from lifeloop.store import keys
from lifeloop.testing.live import NOON
from lifeloop.testing.served import House, open_house

OPEN = {
    "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json",
    "/v1/projects/{key}/settings", "/v1/m", "/sourceConfig", "/sourceConfig/", "/array/{key}/config",
    "/array/{key}/config.js", "/flags", "/flags/", "/decide", "/decide/", "/api/surveys/",
}  # fmt: skip
"""What answers anybody: health, documents, what browser clients ask before they send. None of it is about a customer."""

SIGNED = re.compile(r"/v1/webhooks/")
"""What a shop system signs instead of showing a key; tests of webhooks look at those."""

COLLECTS = re.compile(
    r"/v1/(track|page|screen|identify|group|alias|batch|import|t|p|s|i|g|a|b)"
    r"|/beacon/v1/batch|(/batch|/e|/i/v0/e|/capture)/?"
)

ASKS_WITH_A_BODY = {"/v1/recommendations/search"}
"""What only shows, and takes a POST since what is asked may be too long for a path."""

HOLDERS = ("nobody", "a guesser", "another shop", "revoked", "expired", "ingest", "read", "admin")
"""Whose key a request shows."""

MAY: dict[str, set[str]] = {"read": {"read", "admin"}, "admin": {"admin"}, "ingest": {"ingest"}}
"""The scope a route declares -> the scopes of keys that open it."""

UNKNOWN = {
    "nobody": "no_key",
    "a guesser": "unknown_key",
    "another shop": "unknown_key",
    "revoked": "revoked_key",
    "expired": "expired_key",
}


class Entry(NamedTuple):
    """One way in."""

    method: str
    path: str
    scope: str | None
    """None: anybody."""


class Basket:
    """A spool that takes everything."""

    def __init__(self) -> None:
        self.stamps: list[Stamp] = []

    async def put(self, stamp: Stamp, body: bytes) -> Place:
        self.stamps.append(stamp)
        return Place(1, len(self.stamps))

    def backlog_bytes(self) -> int:
        return 0


@pytest.fixture(scope="module")
def basket() -> Basket:
    return Basket()


@pytest.fixture(scope="module")
def house(basket: Basket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    app = App.open(tmp_path_factory.mktemp("home"), clock=FixedClock(NOON))
    app.home.spool.mkdir()
    with open_house(Parts(app=app, spool=basket)) as house:
        yield house
    app.store.close()


@pytest.fixture(scope="module")
def shown(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """The key that each holder shows."""
    elsewhere = App.open(tmp_path_factory.mktemp("elsewhere"), clock=FixedClock(NOON))
    with elsewhere.store.writing() as connection:
        foreign, _ = keys.create(connection, elsewhere.clock, scope="admin", name="theirs")
    elsewhere.store.close()
    with house.app.store.writing() as connection:
        revoked, known = keys.create(connection, house.app.clock, scope="admin", name="lost")
        keys.revoke(connection, known.key_id, house.app.clock)
    return {
        "nobody": None,
        "a guesser": "ll_admin_" + "A" * 32,
        "another shop": foreign,
        "revoked": revoked,
        "expired": house.key("admin", expires_at=micros(NOON - timedelta(days=1))),
        **{scope: house.key(scope) for scope in ("ingest", "read", "admin")},
    }


def scope_of(route: Any) -> str | None:
    """Return what a route declares. Fails where it declares nothing."""
    if isinstance(route, GuardedRoute):
        return route.scope
    if route.path in OPEN:
        return None
    assert COLLECTS.fullmatch(route.path), f"{route.path} says nowhere who may call it"
    return "ingest"


def entries(app: FastAPI) -> list[Entry]:
    """Return every way in, but for webhooks and the preflights of browsers."""
    return [
        Entry(method, route.path, scope_of(route))
        for route in app.routes
        if not SIGNED.match(route.path)
        for method in sorted(route.methods - {"OPTIONS", "HEAD"})
    ]


@pytest.fixture(scope="module")
def every_entry(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    app = App.open(tmp_path_factory.mktemp("declared"), clock=FixedClock(NOON))
    return entries(make_app(Parts(app=app)))


def asked(client: httpx.Client, entry: Entry) -> httpx.Response:
    path = re.sub(r"\{[^}]+\}", "1", entry.path)
    body = b'{"batch": []}' if entry.scope == "ingest" else b"{}"
    return client.request(entry.method, path, content=body if entry.method == "POST" else None)


def test_every_route_says_who_may_call_it(every_entry: list[Entry]) -> None:
    declared = {entry.scope for entry in every_entry}

    assert declared == {None, "ingest", "read", "admin"}
    assert len(every_entry) > 50
    assert {entry.path for entry in every_entry if entry.scope is None} == OPEN


def test_what_only_shows_takes_a_read_key_and_what_writes_an_admin_key(every_entry: list[Entry]) -> None:
    for entry in every_entry:
        if entry.scope == "read":
            assert entry.method == ("POST" if entry.path in ASKS_WITH_A_BODY else "GET"), entry
        if entry.scope == "admin" and entry.method == "GET":
            assert entry.path == "/v1/keys"


@pytest.mark.parametrize("holder", HOLDERS)
def test_every_route_opens_to_those_it_is_for_and_to_nobody_else(
    holder: str, house: House, shown: dict[str, str | None], every_entry: list[Entry]
) -> None:
    client = house.client(shown[holder])
    for entry in every_entry:
        answer = asked(client, entry)
        assert answer.status_code < 500, (entry, answer.text)
        if entry.scope is None or holder in MAY[entry.scope]:
            assert answer.status_code not in (401, 403, 405), (entry, answer.text)
        elif holder in UNKNOWN:
            assert (answer.status_code, answer.json()["error"]) == (401, UNKNOWN[holder]), entry
            assert answer.headers["WWW-Authenticate"].startswith("Bearer"), entry
        else:
            assert (answer.status_code, answer.json()["error"]) == (403, "wrong_scope"), entry


def test_a_refusal_says_what_was_asked_and_never_shows_the_key(house: House, shown: dict[str, str | None]) -> None:
    secret = shown["a guesser"]
    assert secret
    answer = house.client(secret).get("/v1/customers/ann")

    assert set(answer.json()) == {"error", "asked", "found", "fix"}
    assert answer.json()["asked"] == "cannot answer GET /v1/customers/{customer_id}"
    assert secret not in answer.text


def test_events_are_kept_under_the_source_of_their_key_and_no_other(house: House, basket: Basket) -> None:
    secret = house.key("ingest", source="app")

    house.client(secret).post("/v1/track", json={"event": "Hello", "userId": "ann", "source": "another"})

    assert basket.stamps[-1].source == "app"


def test_a_key_made_a_moment_ago_opens_and_one_revoked_does_not_for_long(house: House) -> None:
    secret = house.key("read", source="for a while")
    client = house.client(secret)
    assert client.get("/v1/imports").status_code == 200

    with house.app.store.writing() as connection:
        known = keys.find(connection, secret, house.app.clock)
        assert known
        keys.revoke(connection, known.key_id, house.app.clock)
    while (answer := client.get("/v1/imports")).status_code == 200:
        time.sleep(0.05)

    assert answer.json()["error"] == "revoked_key"


def test_a_key_may_be_shown_as_the_user_of_basic_authentication(house: House, shown: dict[str, str | None]) -> None:
    secret = str(shown["read"])
    url = f"{house.url}/v1/imports"

    assert httpx.get(url, auth=(secret, "")).status_code == 200
    assert httpx.get(url, auth=("", secret)).status_code == 200
    assert httpx.get(url, headers={"Authorization": "Basic rubbish!"}).json()["error"] == "no_key"
    assert httpx.get(url, params={"writeKey": secret}).json()["error"] == "no_key"


def test_keys_are_listed_without_their_secrets(house: House, shown: dict[str, str | None]) -> None:
    answer = house.client(shown["admin"]).get("/v1/keys")

    told = {(key["name"], key["source"]): key for key in answer.json()["keys"]}
    assert told["lost", "live"]["valid"] is False
    assert told["the read key", "live"]["valid"] is True
    for secret in shown.values():
        assert secret is None or secret not in answer.text


def test_a_path_there_is_not_is_told_from_one_that_is_closed(house: House) -> None:
    client = house.client()

    assert client.get("/v1/nothing").json()["error"] == "no_such_path"
    assert client.put("/v1/segments").json()["error"] == "wrong_method"
    assert client.get("/v1/segments").json()["error"] == "no_key"


def test_a_process_that_only_collects_answers_nothing_about_customers(tmp_path: Path) -> None:
    app = App.open(tmp_path, clock=FixedClock(NOON))
    paths = {entry.path for entry in entries(make_app(Parts(app=app, spool=Basket(), roles=frozenset({"collect"}))))}

    assert not any(path.startswith("/v1/customers") for path in paths)
    assert {"/v1/track", "/healthz", "/readyz", "/metrics"} <= paths
