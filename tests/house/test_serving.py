"""One server as a shop runs it: events come in over HTTP, customers come out, and nothing acknowledged is lost on the way."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from lifeloop.app import App
from lifeloop.base.clock import SystemClock
from lifeloop.schema import EVENT, ORDER
from lifeloop.testing.serving import Served, command, served, until

NOW = datetime.now(UTC)  # noqa: TID251 - the server's clock is the machine's


@pytest.fixture
def home(tmp_path: Path) -> Path:
    command("init", "--currency", "EUR", home=tmp_path)
    return tmp_path


def event(number: int, name: str, *, user: str | None = "ann", minutes_ago: float = 5, **properties: Any) -> dict[str, Any]:
    at = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    said = {"type": "track", "event": name, "messageId": f"m{number}", "anonymousId": "v1", "timestamp": at}
    return said | {"properties": properties} | ({"userId": user} if user else {})


def batch(*events: dict[str, Any]) -> dict[str, Any]:
    return {"batch": list(events)}


def rows(home: Path, sql: str) -> list[dict[str, Any]]:
    app = App.open(home, clock=SystemClock())
    found: list[dict[str, Any]] = app.engine.query(sql, {"events": EVENT, "orders": ORDER}).to_pylist()
    return found


def names_of(shop: Served, customer: str) -> list[str]:
    answer = shop.get(f"/v1/customers/{customer}")
    told = answer.json()["timeline"] if answer.status_code == 200 else []
    names = {"track": "name", "order": "kind"}  # in the lake, an order stands where its event stood
    return [one[names[one["kind"]]] for one in told if one["kind"] in names]


def test_a_visitor_who_signs_in_and_buys_is_one_customer_with_one_story(home: Path) -> None:
    with served(home) as shop:
        shop.post("/v1/batch", batch(event(1, "Product Viewed", user=None, minutes_ago=9, product_id="mug")))
        paid = {
            "order_id": "1",
            "total": "19.00",
            "currency": "EUR",
            "products": [{"product_id": "mug", "price": 9.5, "quantity": 2}],
        }
        shop.post("/v1/t", event(2, "Order Completed", **paid))
        until(lambda: len(names_of(shop, "ann")) == 2)
        assert names_of(shop, "ann") in (["Order Completed", "Product Viewed"], ["order", "Product Viewed"])
        until(lambda: rows(home, "SELECT order_id FROM orders"))
        ran = command("run", "--as-of", "now", home=home)
        told = shop.get("/v1/customers/ann").json()

    assert ran["customers"] == 1
    assert (told["stage"]["name"], told["stage"]["provisional"]) == ("new", False)
    assert {score["model"] for score in told["scores"]} >= {"churn", "value"}
    assert rows(home, "SELECT customer_id, goods_minor FROM orders") == [{"customer_id": "ann", "goods_minor": 1900}]
    found = rows(home, "SELECT customer_id, name FROM events ORDER BY occurred_at")
    assert [(one["customer_id"], one["name"]) for one in found] == [("ann", "Product Viewed"), ("ann", "Order Completed")]


def test_what_was_acknowledged_survives_a_killed_server_and_is_there_once(home: Path) -> None:
    with served(home) as shop:
        beside = psutil.Process(shop.process.pid).children()
        answers = [shop.post("/v1/batch", batch(*(event(100 * i + j, "Product Viewed") for j in range(20)))) for i in range(20)]
        shop.stop(signal.SIGKILL)
        psutil.wait_procs(beside, timeout=30)
    assert [answer.status_code for answer in answers] == [200] * 20
    assert not [part for part in beside if part.is_running()]

    with served(home) as shop:
        again = shop.post("/v1/batch", batch(*(event(j, "Product Viewed") for j in range(20))))
        until(lambda: rows(home, "SELECT count(*) AS n FROM events")[0]["n"] >= 400)
        until(lambda: shop.get("/readyz").json()["status"] == "ok")
    assert again.status_code == 200
    assert rows(home, "SELECT count(*) AS n, count(DISTINCT message_id) AS ids FROM events") == [{"n": 400, "ids": 400}]


def test_a_part_that_dies_is_begun_again_and_the_rest_serves_on(home: Path) -> None:
    with served(home) as shop:
        for part in psutil.Process(shop.process.pid).children():
            part.kill()
        answer = shop.post("/v1/track", event(1, "Product Viewed"))
        until(lambda: names_of(shop, "ann") == ["Product Viewed"])
        assert shop.stop() == 0
    assert answer.status_code == 200


def test_the_nightly_run_comes_by_itself_and_once(home: Path) -> None:
    paid = {"order_id": "1", "total": 19, "currency": "EUR"}
    with served(home) as shop:
        shop.post("/v1/track", event(1, "Order Completed", minutes_ago=60 * 24 * 3, **paid))
        until(lambda: rows(home, "SELECT order_id FROM orders"))
    with served(home, LIFELOOP_SERVE__RUN_AT="00:00") as shop:
        until(lambda: shop.get("/v1/customers/ann").json()["scores"])
        until(lambda: command("jobs", home=home)["jobs"][0]["ended_at"])  # scores are readable before the run has ended
        jobs = command("jobs", home=home)["jobs"]
    assert [(job["kind"], job["state"], job["tries"]) for job in jobs] == [("run", "done", 1)]
