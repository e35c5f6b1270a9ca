"""One shop heard on both databases: what is known at the end is the same, row by row, whatever came twice or late."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Table, select

from lifeloop.base.clock import FixedClock, micros
from lifeloop.collect.spool import SpoolWriter, Stamp
from lifeloop.simulate.files.wire import write_wire
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.truth import open_shop
from lifeloop.store import Store, open_store
from lifeloop.store.tables import (
    BLOCKED_VALUE,
    CART,
    CONSENT,
    EMAIL_USE,
    LINK,
    PROFILE,
    RECENT_EVENT,
    SIGHTING,
    SUPPRESSION,
)
from lifeloop.testing.postgres import PostgresServer
from lifeloop.unify.indexer import Indexer

CLOCK = FixedClock(datetime(2030, 1, 1, tzinfo=UTC))
STAMP = Stamp("segment", "live", micros(CLOCK.now()))
WORLD = WorldConfig().but(shop={"customers": 60, "products": 12}, dirt={"shared_email": 0.1, "shared_device": 0.3}).lasting(90)
KNOWN = (RECENT_EVENT, SIGHTING, EMAIL_USE, LINK, PROFILE, CONSENT, CART, SUPPRESSION, BLOCKED_VALUE)
OF_THE_WAY = {"seq", "segment", "offset", "made_at"}
"""Columns that say how an event came, or when that was noted; also the reason of a suppression is the first that came."""


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What the clients of a simulated shop send: requests of up to 40 events."""
    shop, _ = open_shop(WORLD)
    files = write_wire(shop, tmp_path_factory.mktemp("wire"))
    lines = [line for path in sorted(files.values()) if path.suffix == ".jsonl" for line in path.read_bytes().splitlines()]
    whole = [line for line in lines if line.startswith(b"{") and line.endswith(b"}")]
    return [b'{"batch":[' + b",".join(whole[at : at + 40]) + b"]}" for at in range(0, len(whole), 40)]


def heard(store: Store, spool: Path, requests: list[bytes], *, step_bytes: int) -> dict[str, list[Any]]:
    with SpoolWriter(spool) as writer:
        for request in requests:
            writer.append([(STAMP, request)])
    indexer = Indexer(store, spool, "door", CLOCK)
    while indexer.step(step_bytes).records:
        pass
    with store.reading() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(*columns(table))).all())) for table in KNOWN}


def columns(table: Table) -> list[Any]:
    left_out = OF_THE_WAY | ({"reason", "source"} if table is SUPPRESSION else set())
    return [column for column in table.columns if column.name not in left_out]


def test_both_databases_know_the_same_whatever_the_order(
    requests: list[bytes], tmp_path: Path, postgres: PostgresServer, empty_postgres: str
) -> None:
    file = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    server = open_store(postgres.url(postgres.fresh(empty_postgres)))
    again = [*requests, *requests[::3]]
    np.random.default_rng(5).shuffle(again)

    in_order = heard(file, tmp_path / "a", requests, step_bytes=1 << 20)
    shuffled = heard(server, tmp_path / "b", again, step_bytes=100_000)
    file.close()
    server.close()

    for name, rows in in_order.items():
        assert rows == shuffled[name], name
    assert min(len(in_order[table.name]) for table in (RECENT_EVENT, SIGHTING, LINK, PROFILE)) > 30
