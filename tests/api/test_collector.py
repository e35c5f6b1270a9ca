"""The collector over HTTP: what it takes, on which paths, in which wrappings; what it refuses and how it says so."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.api.collector import BEACON_PATH, POSTHOG_PATHS, TYPE_OF_PATH
from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock, micros
from lifeloop.collect.live.bodies import BODY_BYTES
from lifeloop.collect.spool import SpoolBusy, SpoolFailed, SpoolFull
from lifeloop.collect.spool.record import Stamp
from lifeloop.testing.served import Basket, House, open_house

NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def basket() -> Basket:
    return Basket()


@pytest.fixture(scope="module")
def house(basket: Basket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("home")
    app = App.open(home, clock=FixedClock(NOW))
    with open_house(Parts(app=app, spool=basket, roles=frozenset({"collect"}))) as house:
        yield house
    app.store.close()


@pytest.fixture(scope="module")
def key(house: House) -> str:
    return house.key("ingest", source="live")


@pytest.fixture
def door(house: House, basket: Basket) -> httpx.Client:
    basket.records.clear()
    basket.failure = None
    return house.client()


def event(**said: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Tea Drunk", "messageId": "m1", "userId": "ann"} | said


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@pytest.mark.parametrize(("word", "kind"), TYPE_OF_PATH.items())
def test_every_segment_path_takes_events_and_names_their_type(
    door: httpx.Client, basket: Basket, key: str, word: str, kind: str | None
) -> None:
    body = event(type=None) if kind else {"batch": [event(type="page")]}
    answer = door.post(f"/v1/{word}", json=body, headers=basic(key))

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert [one.type for one in basket.heard()] == [kind or "page"]


@pytest.mark.parametrize("path", [*POSTHOG_PATHS, *(f"{path}/" for path in POSTHOG_PATHS)])
def test_every_posthog_path_takes_events(door: httpx.Client, basket: Basket, key: str, path: str) -> None:
    said = {"event": "Tea Drunk", "uuid": "m1", "distinct_id": "ann", "properties": {}}
    answer = door.post(path, json={"api_key": key, "batch": [said]})

    assert (answer.status_code, answer.json()) == (200, {"status": 1})
    assert [(one.name, one.account) for one in basket.heard()] == [("Tea Drunk", "ann")]


def test_the_key_is_found_wherever_a_client_puts_it(door: httpx.Client, basket: Basket, key: str) -> None:
    with_token = {"event": "x", "uuid": "1", "properties": {"token": key, "distinct_id": "ann"}}
    answers = [
        door.post("/v1/t", json=event(), headers=basic(key)),
        door.post("/v1/t", json=event(), headers={"Authorization": f"Bearer {key}"}),
        door.post("/v1/t", json=event(writeKey=key)),
        door.post("/v1/b", json={"writeKey": key, "batch": [event()]}),
        door.post("/v1/b", json={"batch": [event(writeKey=key)]}),
        door.post("/batch/", json={"api_key": key, "batch": [with_token | {"properties": {}, "distinct_id": "ann"}]}),
        door.post("/e/", json=with_token),
        door.post("/e/", json=[with_token]),
        door.post(BEACON_PATH, params={"writeKey": key}, json={"batch": [event()]}),
    ]

    assert [answer.status_code for answer in answers] == [200] * 9
    assert len(basket.heard()) == 9


def test_a_request_that_is_cut_short_is_not_taken(house: House, door: httpx.Client, basket: Basket, key: str) -> None:
    head = f"POST /v1/t HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: 500\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", httpx.URL(house.url).port or 0)) as line:
        line.sendall(head + json.dumps(event()).encode())
    door.get("/healthz")

    assert basket.records == []


def test_a_body_is_taken_in_every_wrapping_clients_use(door: httpx.Client, basket: Basket, key: str) -> None:
    plain = json.dumps({"batch": [event(event="喝茶 🍵")]}, ensure_ascii=False).encode()
    packed = gzip.compress(plain)
    kinds: list[tuple[bytes, dict[str, str]]] = [
        (plain, {"Content-Type": "text/plain"}),
        (plain, {"Content-Type": "application/x-www-form-urlencoded"}),
        (b"\xef\xbb\xbf" + plain + b"\n", {}),
        (packed, {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
        (packed, {"Content-Type": "text/plain"}),
        (gzip.compress(plain[:40]) + gzip.compress(plain[40:]), {}),
        (zlib.compress(plain), {"Content-Encoding": "deflate"}),
        (b"data=" + quote(base64.b64encode(plain)).encode(), {"Content-Type": "application/x-www-form-urlencoded"}),
        (b"data=" + quote(plain).encode(), {"Content-Type": "application/x-www-form-urlencoded"}),
    ]
    answers = [door.post("/v1/b", content=body, headers=headers | basic(key)) for body, headers in kinds]

    assert [answer.status_code for answer in answers] == [200] * len(kinds)
    assert [one.name for one in basket.heard()] == ["喝茶 🍵"] * len(kinds)


def test_what_the_door_knows_goes_into_the_stamp(door: httpx.Client, basket: Basket, house: House) -> None:
    key = house.key("ingest", source="app")
    headers = {"AnonymousId": base64.b64encode(b"v7").decode(), "User-Agent": "Tea/1"}
    door.post("/v1/track", json=event(), headers=basic(key) | headers)

    assert [record.stamp for record in basket.records] == [
        Stamp("segment", "app", micros(NOW), "track", anonymous_id="v7", user_agent="Tea/1")
    ]


def test_half_an_emoji_costs_only_itself(door: httpx.Client, basket: Basket, key: str) -> None:
    said = rb'{"type":"track","event":"cut \ud83c","messageId":"1","userId":"a","properties":{"a":"\\ud83c \ud83c\udf75"}}'
    body = b'{"batch": [%s]}' % said

    assert door.post("/v1/b", content=body, headers=basic(key)).status_code == 200
    assert [(one.name, one.said["properties"]) for one in basket.heard()] == [("cut \ufffd", {"a": "\\ud83c 🍵"})]


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"tea", b"5", b'"text"', b"null", b"{", b'{"batch": [{]}', b'{"batch": 5}', b'{"a": NaN}',
        b'{"batch": [{}]} x', b'{"batch": ["\xff"]}', b"\x1f\x8b", gzip.compress(b'{"batch": []}', mtime=0)[:-4],
        b"\x1f\x8bno gzip", b"data=%%%",
        b"[" * 100_000, b'{"q":' * 50_000,
    ],
)  # fmt: skip
def test_what_is_no_json_of_events_is_refused(door: httpx.Client, basket: Basket, key: str, body: bytes) -> None:
    answer = door.post("/v1/b", content=body, headers=basic(key))

    assert (answer.status_code, answer.json()["error"], basket.records) == (400, "bad_body", [])


def test_a_body_above_the_limit_is_refused_packed_or_not(door: httpx.Client, basket: Basket, key: str) -> None:
    large = json.dumps({"batch": [event(properties={"a": "x" * BODY_BYTES})]}).encode()
    bomb = gzip.compress(b"[" + b" " * (64 << 20) + b"]")
    pieces = (large[at : at + 65_536] for at in range(0, len(large), 65_536))
    answers = [door.post("/v1/b", content=body, headers=basic(key)) for body in (large, gzip.compress(large), bomb, pieces)]

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(413, "too_large")] * 4
    assert basket.records == []


def test_a_body_at_the_limit_is_taken(door: httpx.Client, basket: Basket, key: str) -> None:
    body = json.dumps(event()).encode()

    assert door.post("/v1/t", content=body + b" " * (BODY_BYTES - len(body)), headers=basic(key)).status_code == 200


def test_a_request_without_a_good_key_is_refused(door: httpx.Client, basket: Basket, house: House) -> None:
    expired = house.key("ingest", expires_at=micros(NOW - timedelta(seconds=1)))
    answers = [door.post("/v1/t", json=event(), headers=basic(key) if key else {}) for key in ("", "nonsense", expired)]
    scopes = [door.post("/v1/t", json=event(), headers=basic(house.key(scope))) for scope in ("read", "admin")]

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (401, "no_key"),
        (401, "unknown_key"),
        (401, "expired_key"),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in scopes] == [(403, "wrong_scope")] * 2
    assert basket.records == []


def test_a_key_for_some_origins_refuses_the_pages_of_others(door: httpx.Client, house: House) -> None:
    headers = basic(house.key("ingest", origins=["https://shop.example"]))
    answers = [
        door.post("/v1/t", json=event(), headers=headers | origin)
        for origin in ({"Origin": "https://shop.example"}, {"Origin": "https://other.example"}, {})
    ]

    assert [answer.status_code for answer in answers] == [200, 403, 200]


@pytest.mark.parametrize(
    ("failure", "status"),
    [(SpoolBusy("a", "b", "c"), 429), (SpoolFull("a", "b", "c"), 503), (SpoolFailed("a", "b", "c"), 503)],
)
def test_a_spool_that_takes_nothing_sends_clients_away_to_come_back(
    door: httpx.Client, basket: Basket, key: str, failure: Exception, status: int
) -> None:
    basket.failure = failure
    answer = door.post("/v1/t", json=event(), headers=basic(key) | {"Origin": "https://shop.example"})

    assert (answer.status_code, answer.headers["retry-after"].isdigit()) == (status, True)
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_key_that_sends_too_fast_is_told_when_to_come_back(tmp_path: Path) -> None:
    (tmp_path / "lifeloop.toml").write_text("[serve]\ncollect_per_second = 1\n")
    app = App.open(tmp_path, clock=FixedClock(NOW))
    with open_house(Parts(app=app, spool=Basket(), roles=frozenset({"collect"}))) as house:
        headers, client = basic(house.key("ingest")), house.client()
        answers = [client.post("/v1/t", json=event(), headers=headers) for _ in range(20)]
    app.store.close()

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)


@pytest.mark.parametrize("path", ["/v1/t", "/v1/batch", "/e/", "/e", "/flags/", "/v1/m", "/sourceConfig/", "/array/k/config"])
def test_a_web_page_may_send(door: httpx.Client, path: str) -> None:
    wish = "authorization,content-type,anonymousid,sentat,x-new"
    headers = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": wish,
    }
    answer = door.options(path, headers=headers)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == wish
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_browser_clients_are_started_without_their_vendors(door: httpx.Client) -> None:
    host = door.base_url.netloc.decode()
    segment = door.get("/v1/projects/ll_ingest_x/settings").json()["integrations"]["Segment.io"]
    rudder = door.get("/sourceConfig/", params={"writeKey": "ll_ingest_x"}).json()["source"]
    posthog = door.get("/array/ll_ingest_x/config").json()
    script = door.get("/array/ll_ingest_x'</script>/config.js")

    assert segment == {"apiKey": "ll_ingest_x", "apiHost": f"{host}/v1", "protocol": "http"}
    assert (rudder["writeKey"], rudder["enabled"], rudder["destinations"]) == ("ll_ingest_x", True, [])
    assert (posthog["token"], posthog["sessionRecording"]) == ("ll_ingest_x", False)
    assert door.post("/flags/?v=2", json={}).json()["flags"] == {}
    assert script.status_code == 404 or "'" not in script.text


def test_what_a_client_tells_of_itself_is_not_kept(door: httpx.Client, basket: Basket) -> None:
    assert door.post("/v1/m", content=b'{"series": []}').status_code == 200
    assert basket.records == []


PATHS = [
    *(f"/v1/{word}" for word in (*TYPE_OF_PATH, "m", "nothing", "projects/k/settings")),
    *(f"{path}/" for path in POSTHOG_PATHS), "/flags/", "/decide/", "/array/k/config", "/sourceConfig/", "/api/surveys/",
]  # fmt: skip
HEADERS = (
    "authorization content-type content-encoding anonymousid sentat origin user-agent access-control-request-headers".split()
)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40).map(
    lambda text: text.strip().encode("latin-1")
)
values = texts | texts.map(lambda text: b"Basic:" + text) | texts.map(lambda text: b"Basic " + base64.b64encode(text + b":"))


@pytest.fixture(scope="module")
def anybody(house: House) -> httpx.Client:
    return house.client()


@given(
    st.sampled_from(["POST", "GET", "OPTIONS", "PUT"]),
    st.sampled_from(PATHS),
    st.binary(max_size=100) | st.sampled_from([b"", b"{}", b"[]", b'{"batch": [{}, 1, null]}', b"data=e30", b"\x1f\x8b"]),
    st.dictionaries(st.sampled_from(HEADERS), values, max_size=4),
    st.booleans(),
)
def test_whatever_is_sent_breaks_nothing(
    anybody: httpx.Client, key: str, method: str, path: str, body: bytes, headers: dict[str, bytes], known: Any
) -> None:
    told: dict[Any, Any] = {**headers, **(basic(key) if known else {})}
    answer = anybody.request(method, path, content=body, headers=told)

    assert answer.status_code in (200, 400, 401, 403, 404, 405, 429)
    if answer.status_code not in (200, 404, 405):
        assert set(answer.json()) == {"error", "asked", "found", "fix"}
