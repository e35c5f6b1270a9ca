"""The live flow where the store is PostgreSQL: each event once in the lake, and its position with the server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.config import Settings
from lifeloop.collect.flow import Flow
from lifeloop.collect.spool import SpoolWriter, Stamp
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import EVENT, ORDER
from lifeloop.store import Store, open_store
from lifeloop.store.positions import START, read_position
from lifeloop.testing.postgres import PostgresServer

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
PAID = {"order_id": "1", "total": 27.0, "currency": "EUR"}


def test_each_event_comes_into_the_lake_once(tmp_path: Path, postgres: PostgresServer, empty_postgres: str) -> None:
    store = open_store(postgres.url(postgres.fresh(empty_postgres)))
    lake = Lake(tmp_path / "lake")
    engine = DuckEngine(lake, threads=1)
    at = (NOW - timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
    events = [
        {"type": "track", "messageId": f"m{number}", "userId": "ann", "timestamp": at, **said}
        for number, said in enumerate([{"event": "Order Completed", "properties": PAID}, {"event": "Looked"}])
    ]
    with SpoolWriter(tmp_path / "spool") as writer:
        for _ in range(2):
            writer.append([(Stamp("segment", "live", micros(NOW)), json.dumps({"batch": events}).encode())])

    def flow() -> Flow:
        settings = Settings(shop={"currency": "EUR"})  # type: ignore[arg-type]
        return Flow(lake, engine, store, tmp_path / "spool", "door", tmp_path, settings, FixedClock(NOW))

    flow().step()
    place = _position(store)
    with store.writing() as connection:  # as after a crash between writing the lake and moving on
        connection.exec_driver_sql("DELETE FROM spool_position")
    flow().step()

    assert _count(engine, EVENT) >= 1
    assert (_count(engine, ORDER), place > START, _position(store)) == (1, True, place)
    twice = engine.query("SELECT count(*) - count(DISTINCT message_id) AS n FROM t", {"t": EVENT})["n"][0].as_py()
    assert twice == 0
    store.close()


def _position(store: Store) -> tuple[int, int]:
    with store.reading() as connection:
        return read_position(connection, "door", "flow")


def _count(engine: DuckEngine, table: Any) -> int:
    return int(engine.query("SELECT count(*) AS n FROM t", {"t": table})["n"][0].as_py())
