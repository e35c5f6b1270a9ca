"""Alive, ready, and in figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.store.signs import say
from lifeloop.testing.served import House, open_house

NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)


def test_a_shop_that_knows_nothing_yet_is_alive_and_ready(empty_house: House) -> None:
    client = empty_house.client()

    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["status"] == "ok"


def test_a_part_that_fell_silent_makes_the_house_unwell(tmp_path: Path) -> None:
    app = App.open(tmp_path, clock=FixedClock(NOW))
    with app.store.writing() as connection:
        say(connection, "indexer", FixedClock(NOW - timedelta(seconds=3)))
        say(connection, "flow", FixedClock(NOW - timedelta(seconds=300)))
    with open_house(Parts(app=app, roles=frozenset({"api"}), wanted={"indexer": 30, "flow": 60, "jobs": 60})) as house:
        answer = house.client().get("/readyz")
    app.store.close()

    assert answer.status_code == 503
    told = {check["name"]: (check["ok"], check["found"]) for check in answer.json()["checks"]}
    assert told["indexer"] == (True, "heard of 3 s ago")
    assert told["flow"] == (False, "last heard of 300 s ago")
    assert told["jobs"] == (False, "has said nothing yet")


def test_figures_count_requests_by_route_and_name_nobody(house: House) -> None:
    house.with_key("read").get("/v1/customers/ann-the-customer")
    house.client().get("/v1/nothing-here-either")
    with house.app.store.writing() as connection:
        say(connection, "indexer.lag_seconds", FixedClock(NOW), figure=0.25)

    told = house.client().get("/metrics").text

    assert 'lifeloop_requests_total{method="GET",route="/v1/customers/{customer_id}",status="404"}' in told
    assert 'lifeloop_sign{what="indexer.lag_seconds"} 0.25' in told
    assert "ann" not in told
    assert "either" not in told
