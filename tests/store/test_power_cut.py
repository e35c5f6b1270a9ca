"""The power goes at any moment, and every transaction that was acknowledged is there, whole, with its position.

The store is our own, over SQLAlchemy, with our settings; only the disk under SQLite is one that loses power.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from sqlalchemy import delete, insert, select

from lifeloop.base.errors import StoreError
from lifeloop.store import Connection, Store, database
from lifeloop.store.database import open_store_over
from lifeloop.store.migrate import revision_of
from lifeloop.store.migrations import HEAD
from lifeloop.store.positions import START, advance, read_positions
from lifeloop.store.signs import read_signs, say
from lifeloop.store.tables import RECENT_EVENT
from lifeloop.testing import sqlite_dbapi
from lifeloop.testing.clock import after
from lifeloop.testing.sqlite_disk import CutDisk

CUTS_A_LIFE = 10
KEPT = 12
"""Batches the slow reader lags behind; their events are pruned."""


def switched_on(disk: CutDisk) -> Store:
    """Open our store on a disk as it is found. Raises StoreError."""
    return open_store_over(sqlite_dbapi, lambda: sqlite_dbapi.connect(disk))


@pytest.fixture(scope="module")
def empty_disk() -> CutDisk:
    disk = CutDisk(np.random.default_rng(0))
    switched_on(disk).close()
    return disk


def events_of(batch: int) -> set[str]:
    return {f"{batch}-{number}" for number in range(batch * 7 % 5 + 3)}


def index(connection: Connection, batch: int) -> None:
    """Write what an indexer writes of one batch: events, its position, a sign; and prune what both readers have passed."""
    rows = [
        {
            "source": "live",
            "message_id": message_id,
            "spool": "a",
            "segment": 1,
            "offset": batch,
            "type": "track",
            "occurred_at": batch,
            "received_at": batch,
            "properties": "x" * (batch * 131 % 900),
        }
        for message_id in sorted(events_of(batch))
    ]
    connection.execute(insert(RECENT_EVENT), rows)
    advance(connection, "a", "indexer", (1, batch), after(), came_from=(1, batch - 1) if batch > 1 else START)
    say(connection, "indexer", after(), figure=float(batch))
    if batch > KEPT:
        done = batch - KEPT
        connection.execute(delete(RECENT_EVENT).where(RECENT_EVENT.c.offset <= done))
        advance(connection, "a", "flow", (1, done), after(), came_from=(1, done - 1) if done > 1 else START)


@dataclass
class Life:
    """One store and what its clients were told."""

    disk: CutDisk
    acknowledged: int = 0
    told: int = 0

    def live_until_the_power_goes(self) -> None:
        self.disk.left = int(self.disk.rng.integers(1, 350))
        try:
            store = switched_on(self.disk)
            batch = self.acknowledged = self.found(store)  # what was found once must not go any more
            try:
                while True:
                    batch += 1
                    with store.writing() as connection:
                        index(connection, batch)
                    self.acknowledged, self.told = batch, self.told + 1
            finally:
                store.close()
        except StoreError:
            assert self.disk.is_off, "nothing but the power fails here"
        self.disk = self.disk.after_cut()

    def found(self, store: Store) -> int:
        with store.reading() as connection:
            return read_positions(connection, "a").get("indexer", START)[1]

    def is_whole(self) -> bool:
        """Whether the disk has every acknowledged batch, perhaps the one that was under way, and nothing by halves.

        It looks at a copy, so that the disk itself is mended under power that may go again.
        """
        try:
            store = switched_on(self.disk.copy(np.random.default_rng(0)))
        except StoreError:
            return False
        try:
            with store.reading() as connection:
                return self._is_whole(connection)
        except StoreError:
            return False
        finally:
            store.close()

    def _is_whole(self, connection: Connection) -> bool:
        batch = read_positions(connection, "a").get("indexer", START)[1]
        told = set(connection.execute(select(RECENT_EVENT.c.message_id)).scalars())
        sign = read_signs(connection).get("indexer")
        flow = read_positions(connection, "a").get("flow", START)[1]
        return (
            connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
            and self.acknowledged <= batch <= self.acknowledged + 1
            and told == {message_id for each in range(flow + 1, batch + 1) for message_id in events_of(each)}
            and flow == max(0, batch - KEPT)
            and (sign.figure if sign else 0) == batch
        )


def lives(empty_disk: CutDisk, seeds: range, *, syncs: bool = True) -> tuple[int, list[int]]:
    """Return how many transactions were acknowledged in all lives, and the seeds of those that lost something."""
    told, losing = 0, []
    for seed in seeds:
        life = Life(empty_disk.copy(np.random.default_rng(seed), syncs=syncs))
        for _ in range(CUTS_A_LIFE):
            life.live_until_the_power_goes()
            if not life.is_whole():
                losing.append(seed)
                break
        told += life.told
    return told, losing


def test_a_thousand_power_cuts_lose_nothing_acknowledged(empty_disk: CutDisk) -> None:
    told, losing = lives(empty_disk, range(100))

    assert told > 5_000
    assert losing == []


def test_on_a_disk_that_does_not_synchronise_the_same_test_fails(empty_disk: CutDisk) -> None:
    _, losing = lives(empty_disk, range(20), syncs=False)

    assert len(losing) > 15


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_under_a_lesser_setting_the_same_test_fails(
    empty_disk: CutDisk, synchronous: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PRAGMAS", (f"synchronous = {synchronous}",))

    _, losing = lives(empty_disk, range(20))

    assert len(losing) > 15


def test_a_power_cut_while_the_tables_are_made_leaves_none_or_all() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        disk = CutDisk(rng, left=int(rng.integers(1, 220)))
        while True:
            try:
                store = switched_on(disk)
            except StoreError:
                disk = disk.after_cut()
                disk.left = int(rng.integers(1, 500))
                continue
            break
        with store.reading() as connection:
            assert revision_of(connection) == HEAD
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        store.close()


@pytest.mark.soak
@pytest.mark.parametrize("tenth", range(10))
def test_ten_thousand_power_cuts_lose_nothing_acknowledged(empty_disk: CutDisk, tenth: int) -> None:
    _, losing = lives(empty_disk, range(10_000 + tenth * 100, 10_100 + tenth * 100))

    assert losing == []
