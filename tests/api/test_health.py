"""Alive, ready, and in figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from lifeloop.api.app import make_app
from lifeloop.api.health import OLD_LOOK_SECONDS, checks, metrics
from lifeloop.api.parts import Door, Parts, Shopfront
from lifeloop.app import App
from lifeloop.base.clock import FixedClock, micros
from lifeloop.recommend.model import Model
from lifeloop.store.signs import say
from lifeloop.testing.served import House, open_house
from lifeloop.testing.shopfronts import model

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


def as_of(moment: datetime) -> Model:
    return replace(model(["mug"]), as_of=micros(moment))


def test_how_old_that_is_which_recommendations_come_from_is_told_and_warned_of(tmp_path: Path) -> None:
    front, seconds = SimpleNamespace(model=as_of(NOW)), [0.0]
    app = App.open(tmp_path, clock=FixedClock(NOW))
    application = make_app(Parts(app=app, shopfront=cast(Shopfront, front)), ticks=lambda: seconds[0])
    door: Door = application.state.door

    def told() -> tuple[str, bool]:
        (one,) = (one for one in checks(door) if one.name == "recommendations")
        assert one.ok
        return one.found, one.warning

    assert told() == ("no model yet, catalogue looked at 0 s ago", False)
    seconds[0] += OLD_LOOK_SECONDS + 1
    assert told() == ("no model yet, catalogue looked at 61 s ago", True)

    door.upkeep.done()
    front.model = as_of(NOW - timedelta(days=1))
    assert told() == ("model as of 1.0 days ago, catalogue looked at 0 s ago", False)
    front.model = as_of(NOW - timedelta(days=3))
    assert told() == ("model as of 3.0 days ago, catalogue looked at 0 s ago", True)

    seconds[0] += 4
    metrics(door)
    figures = door.metrics.text().decode()
    app.store.close()
    assert 'lifeloop_shopfront_age_seconds{what="catalogue"} 4.0' in figures
    assert f'lifeloop_shopfront_age_seconds{{what="model"}} {3 * 86400.0}' in figures


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
