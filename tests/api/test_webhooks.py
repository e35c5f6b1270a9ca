"""Webhooks over HTTP: signed ones are kept as they came, once; others are refused, and say why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

import httpx
import pytest

from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock, micros
from lifeloop.collect.live.bodies import BODY_BYTES
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.shops.signatures import signature
from lifeloop.collect.spool import SpoolBusy, SpoolFull
from lifeloop.collect.spool.record import Stamp
from lifeloop.store.signs import read_signs
from lifeloop.store.webhooks import KEPT_DAYS, is_known, last_received, note, received
from lifeloop.testing.served import Basket, House, open_house
from lifeloop.testing.shops import shopify_order, woo_order

NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)
SETTINGS = """
[webhooks.main]
system = "shopify"
secrets = ["old hush", "hush"]

[webhooks.side]
system = "woocommerce"
secrets = ["geheim"]
source = "live"

[webhooks.mute]
system = "shopify"
"""
ORDER = json.dumps(shopify_order(), indent=2).encode()
WOO = json.dumps(woo_order()).encode()


@pytest.fixture(scope="module")
def basket() -> Basket:
    return Basket()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "lifeloop.toml").write_text(SETTINGS, "utf-8")
    return folder


def _served(home: Path, basket: Basket) -> Iterator[House]:
    app = App.open(home, clock=FixedClock(NOW))
    with open_house(Parts(app=app, spool=basket, roles=frozenset({"collect"}))) as house:
        yield house
    app.store.close()


@pytest.fixture(scope="module")
def house(home: Path, basket: Basket) -> Iterator[House]:
    yield from _served(home, basket)


@pytest.fixture
def door(house: House, basket: Basket) -> httpx.Client:
    basket.records.clear()
    basket.failure = None
    return house.client()


def shopify(
    door: httpx.Client, delivery: str | None, *, secret: str = "hush", name: str = "main", **more: str
) -> httpx.Response:
    """Deliver an order as Shopify does."""
    headers = {"X-Shopify-Hmac-SHA256": signature(ORDER, secret), "X-Shopify-Topic": "orders/create"}
    headers |= {"X-Shopify-Webhook-Id": delivery} if delivery else {}
    return door.post(f"/v1/webhooks/shopify/{name}", content=ORDER, headers=headers | more)


def woo(door: httpx.Client, delivery: str, body: bytes = WOO, *, secret: str = "geheim") -> httpx.Response:
    """Deliver an order as WooCommerce does."""
    headers = {
        "X-WC-Webhook-Signature": signature(body, secret),
        "X-WC-Webhook-Topic": "order.created",
        "X-WC-Webhook-Delivery-ID": delivery,
    }
    return door.post("/v1/webhooks/woocommerce/side", content=body, headers=headers)


def noted(house: House, name: str, delivery: str) -> None:
    """Wait until a delivery is noted in the store, which happens behind the answer."""
    for _ in range(3000):
        with house.app.store.reading() as connection:
            if is_known(connection, name, delivery):
                return
        sleep(0.01)
    raise AssertionError(f"{delivery} was never noted")


def test_a_signed_webhook_is_kept_as_it_came(door: httpx.Client, basket: Basket) -> None:
    answer = shopify(door, "d1")
    (record,) = basket.records

    assert (answer.status_code, answer.json()) == (200, {"status": "kept"})
    assert (record.body, record.stamp) == (
        ORDER,
        Stamp("shopify", "shopify", micros(NOW), topic="orders/create", delivery_id="d1"),
    )
    assert [one.name or one.type for one in heard(record)[0]] == ["identify", "Order Completed"]


def test_facts_are_kept_under_the_source_the_settings_name(door: httpx.Client, basket: Basket) -> None:
    woo(door, "w1")
    assert [(one.stamp.form, one.stamp.source) for one in basket.records] == [("woocommerce", "live")]


def test_either_secret_holds_while_one_is_exchanged(door: httpx.Client) -> None:
    assert [shopify(door, f"x{secret}", secret=secret).status_code for secret in ("old hush", "hush")] == [200, 200]


def test_a_delivery_that_comes_again_is_answered_and_kept_once(door: httpx.Client, basket: Basket) -> None:
    answers = [shopify(door, "again").json()["status"] for _ in range(3)]

    assert answers == ["kept", "repeated", "repeated"]
    assert len(basket.records) == 1


def test_a_delivery_is_known_after_a_restart(home: Path, house: House, door: httpx.Client) -> None:
    shopify(door, "before")
    noted(house, "main", "before")
    basket = Basket()
    for served in _served(home, basket):
        assert shopify(served.client(), "before").json() == {"status": "repeated"}
        assert shopify(served.client(), "after").json() == {"status": "kept"}
    assert [one.stamp.delivery_id for one in basket.records] == ["after"]


def test_many_deliveries_at_once_are_all_kept_and_noted(house: House, door: httpx.Client, basket: Basket) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: shopify(door, f"many{number // 2}").json()["status"], range(100)))

    assert len(basket.records) == answers.count("kept") >= 50
    assert {one.stamp.delivery_id for one in basket.records} == {f"many{number}" for number in range(50)}
    for number in range(50):
        noted(house, "main", f"many{number}")


def test_the_same_delivery_at_two_shops_is_two(door: httpx.Client, basket: Basket) -> None:
    shopify(door, "both")
    woo(door, "both")
    assert len(basket.records) == 2


def test_a_delivery_without_an_id_is_kept_each_time(door: httpx.Client, basket: Basket) -> None:
    assert [shopify(door, None).status_code for _ in range(2)] == [200, 200]
    assert len(basket.records) == 2


@pytest.mark.parametrize(
    ("secret", "name", "status", "error"),
    [
        ("wrong", "main", 401, "bad_signature"),
        ("hush", "mute", 401, "no_secret"),
        ("hush", "nobody", 404, "unknown_webhook"),
        ("geheim", "side", 404, "unknown_webhook"),
    ],
)
def test_what_is_not_signed_by_the_shop_is_refused_and_says_why(
    door: httpx.Client, basket: Basket, secret: str, name: str, status: int, error: str
) -> None:
    answer = shopify(door, "bad", secret=secret, name=name)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["fix"]
    assert basket.records == []


def test_a_body_that_was_changed_on_the_way_is_refused(door: httpx.Client) -> None:
    headers = {"X-Shopify-Hmac-SHA256": signature(ORDER, "hush"), "X-Shopify-Topic": "orders/create"}
    assert door.post("/v1/webhooks/shopify/main", json=shopify_order(), headers=headers).status_code == 401
    assert door.post("/v1/webhooks/shopify/main", content=ORDER).status_code == 401


def test_an_api_key_opens_no_webhook(house: House, basket: Basket) -> None:
    basket.records.clear()
    for scope in ("ingest", "read", "admin"):
        answer = house.with_key(scope).post("/v1/webhooks/shopify/main", content=ORDER)
        assert (answer.status_code, answer.json()["error"]) == (401, "bad_signature")
    assert basket.records == []


def test_the_ping_of_a_new_woocommerce_webhook_is_answered_and_nothing_is_kept(door: httpx.Client, basket: Basket) -> None:
    ping = door.post("/v1/webhooks/woocommerce/side", data={"webhook_id": "7"})
    no_ping = door.post("/v1/webhooks/woocommerce/side", data={"webhook_id": "7", "status": "completed"})

    assert (ping.status_code, ping.json(), no_ping.status_code) == (200, {"status": "pong"}, 401)
    assert basket.records == []


def test_a_test_notification_is_answered_and_nothing_is_kept(door: httpx.Client, basket: Basket) -> None:
    answer = shopify(door, "t1", **{"X-Shopify-Test": "true"})

    assert (answer.status_code, answer.json(), basket.records) == (200, {"status": "test"}, [])


def test_a_full_disk_is_no_acknowledgement_and_the_shop_comes_again(door: httpx.Client, basket: Basket) -> None:
    basket.failure = SpoolFull("cannot keep the request", "the disk is full", "Make room.")
    full = shopify(door, "later")
    basket.failure = SpoolBusy("cannot keep the request", "too much waits", "Come back.")
    busy = shopify(door, "later")
    basket.failure = None

    assert (full.status_code, busy.status_code, busy.headers["Retry-After"]) == (503, 429, "5")
    assert shopify(door, "later").json() == {"status": "kept"}


def test_a_body_larger_than_any_is_refused(door: httpx.Client, basket: Basket) -> None:
    body = b" " * (BODY_BYTES + 1)
    headers = {"X-Shopify-Hmac-SHA256": signature(body, "hush")}

    assert door.post("/v1/webhooks/shopify/main", content=body, headers=headers).status_code == 413
    assert basket.records == []


def test_the_last_sign_of_each_shop_is_kept(house: House, door: httpx.Client) -> None:
    shopify(door, "sign")
    noted(house, "main", "sign")
    with house.app.store.reading() as connection:
        sign = read_signs(connection)["webhook.main"]
        assert (sign.detail, sign.seen_at) == ("orders/create", micros(NOW))
        assert last_received(connection, "main") == micros(NOW)
        assert received(connection, "main", micros(NOW)).keys() == {"orders/create"}
        assert last_received(connection, "nobody") is None


def test_deliveries_are_forgotten_after_some_days(house: House) -> None:
    day = 86_400_000_000
    later = FixedClock(datetime.fromtimestamp(micros(NOW) / 1e6 + (KEPT_DAYS + 1) * day / 1e6, UTC))
    with house.app.store.writing() as connection:
        assert note(connection, "shop", "d1", "orders/create", house.app.clock)
        assert not note(connection, "shop", "d1", "orders/create", house.app.clock)
        assert note(connection, "shop", "d2", "orders/create", later)
        assert [is_known(connection, "shop", each) for each in ("d1", "d2")] == [False, True]
