"""When the store is away: events are still taken, everything else says so and comes back by itself."""

from __future__ import annotations

import time
from pathlib import Path

from lifeloop.api.auth import STALE_SECONDS
from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import SystemClock
from lifeloop.collect.spool.record import Place, Stamp
from lifeloop.testing.postgres import running_postgres
from lifeloop.testing.served import open_house


class Basket:
    """A spool that takes everything."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def put(self, stamp: Stamp, body: bytes) -> Place:
        self.bodies.append(body)
        return Place(1, len(self.bodies))

    def backlog_bytes(self) -> int:
        return 0


def test_events_are_taken_while_the_store_is_away_and_nothing_else(tmp_path: Path) -> None:
    basket = Basket()
    with running_postgres() as postgres:
        (tmp_path / "lifeloop.toml").write_text(f'[store]\nurl = "{postgres.url(postgres.fresh())}"\n')
        app = App.open(tmp_path, clock=SystemClock())
        app.home.spool.mkdir()
        with open_house(Parts(app=app, spool=basket)) as house:
            browser, reader, stranger = house.with_key("ingest"), house.with_key("read"), house.client()
            event = {"event": "Hello", "userId": "ann"}
            assert browser.post("/v1/track", json=event).status_code == 200
            assert reader.get("/v1/customers/nobody").status_code == 404

            postgres.stop()
            time.sleep(STALE_SECONDS + 0.5)
            taken = browser.post("/v1/track", json=event)
            refused = reader.get("/v1/customers/nobody")
            ready, alive = reader.get("/readyz"), reader.get("/healthz")
            figures = reader.get("/metrics")
            strangers = [
                stranger.post("/v1/track", json=event, headers={"Authorization": "Bearer unknown"}),
                stranger.get("/v1/segments", headers={"Authorization": "Bearer unknown"}),
                ready,
            ]

            postgres.start()
            until = time.monotonic() + 30
            while reader.get("/v1/customers/nobody").status_code == 503 and time.monotonic() < until:
                time.sleep(0.2)
            again = reader.get("/v1/customers/nobody")
        app.store.close()

    assert taken.status_code == 200
    assert len(basket.bodies) == 2
    assert (refused.status_code, refused.json()["error"]) == (503, "store_unavailable")
    assert refused.headers["Retry-After"] == "1"
    assert (ready.status_code, alive.status_code, figures.status_code) == (503, 200, 200)
    assert [check["name"] for check in ready.json()["checks"] if not check["ok"]] == ["store"]
    assert again.status_code == 404
    assert [answer.status_code for answer in strangers] == [503] * 3
    for answer in strangers:
        assert not any(word in answer.text.lower() for word in ("socket", "port", "127.0.0.1", "psycopg", "/tmp"))
