"""The power goes over the spool, the store and the indexer between them: what was acknowledged is indexed once, or still waits.

The door's spool, our indexer and our store are the real ones; only the two disks under them are ones that lose power.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from lifeloop.base.clock import micros
from lifeloop.base.errors import StoreError
from lifeloop.collect.spool import Place, SpoolWriter, Stamp, read_records, remove_before
from lifeloop.store import Store
from lifeloop.store.database import open_store_over
from lifeloop.store.positions import read_position, read_positions
from lifeloop.testing import sqlite_dbapi
from lifeloop.testing.clock import BEGINNING, after
from lifeloop.testing.live import said
from lifeloop.testing.power_cut import PowerCut, PowerCutDisk
from lifeloop.testing.sqlite_disk import CutDisk
from lifeloop.unify.identity import resolve
from lifeloop.unify.indexer import Indexer
from lifeloop.unify.people import timeline

CUTS_A_LIFE = 10
STAMP = Stamp("segment", "live", micros(BEGINNING))


def switched_on(disk: CutDisk) -> Store:
    return open_store_over(sqlite_dbapi, lambda: sqlite_dbapi.connect(disk))


@pytest.fixture(scope="module")
def empty_disk() -> CutDisk:
    disk = CutDisk(np.random.default_rng(0))
    switched_on(disk).close()
    return disk


@dataclass
class Life:
    """One shop of one customer: what she was told is kept, and what stands on the two disks."""

    spool: PowerCutDisk
    store: CutDisk
    acknowledged: set[str] = field(default_factory=set)
    sent: int = 0

    @property
    def rng(self) -> np.random.Generator:
        return self.store.rng

    def live_until_the_power_goes(self) -> None:
        if self.rng.random() < 0.5:
            self.spool.left = int(self.rng.integers(1, 60))
        else:
            self.store.left = int(self.rng.integers(1, 400))
        try:
            self._live()
        except PowerCut:
            pass
        except StoreError:
            assert self.store.is_off, "nothing but the power fails here"
        self.store.left = 0  # both disks hang on one wire
        self.spool.cut()
        self.spool.left = 1 << 60
        self.store = self.store.after_cut()

    def _live(self) -> None:
        store = switched_on(self.store)
        try:
            with store.reading() as connection:
                first = read_position(connection, "door", "indexer")[0] + 1
            indexer = Indexer(store, self.spool.folder, "door", after())
            with SpoolWriter(self.spool.folder, disk=self.spool, segment_bytes=2000, first_segment=first) as writer:
                while True:
                    self._accept(writer)
                    if self.rng.random() < 0.6:
                        indexer.step(int(self.rng.integers(1, 4000)))
                    if self.rng.random() < 0.2:
                        self._sweep(store)
        finally:
            store.close()

    def _accept(self, writer: SpoolWriter) -> None:
        ids = [f"m{self.sent + number}" for number in range(int(self.rng.integers(1, 5)))]
        self.sent += len(ids)
        batch = [said(each, userId="ann", event="Product Viewed", anonymousId="d1") for each in ids]
        writer.append([(STAMP, json.dumps({"batch": batch}).encode())])
        self.acknowledged.update(ids)

    def _sweep(self, store: Store) -> None:
        with store.reading() as connection:
            places = read_positions(connection, "door")
        if "indexer" in places:
            remove_before(self.spool.folder, Place(*places["indexer"]))

    def is_whole(self) -> bool:
        """Whether each acknowledged event is in the timeline or waits in the spool, and none is in both or twice in one."""
        store = switched_on(self.store.copy(np.random.default_rng(0)))
        try:
            with store.reading() as connection:
                place = Place(*read_position(connection, "door", "indexer"))
                indexed = [entry.message_id for entry in timeline(connection, resolve(connection, "ann"), limit=100_000)]
        finally:
            store.close()
        records = read_records(self.spool.folder, place, limit_bytes=1 << 30)
        waiting = [event["messageId"] for record in records for event in json.loads(record.body)["batch"]]
        everything = indexed + waiting
        return len(everything) == len(set(everything)) and self.acknowledged <= set(everything)


def lives(
    tmp_path: Path, empty_disk: CutDisk, seeds: range, *, spool_syncs: bool = True, store_syncs: bool = True
) -> tuple[int, list[int]]:
    """Return how many events were acknowledged in all lives, and the seeds of those that lost or doubled one."""
    told, losing = 0, []
    for seed in seeds:
        folder = tmp_path / "spool"
        folder.mkdir()
        rng = np.random.default_rng(seed)
        life = Life(PowerCutDisk(folder, rng, syncs_data=spool_syncs), empty_disk.copy(rng, syncs=store_syncs))
        for _ in range(CUTS_A_LIFE):
            life.live_until_the_power_goes()
            if not life.is_whole():
                losing.append(seed)
                break
        told += len(life.acknowledged)
        shutil.rmtree(folder)
    return told, losing


def test_power_cuts_over_spool_and_store_lose_and_double_nothing(tmp_path: Path, empty_disk: CutDisk) -> None:
    told, losing = lives(tmp_path, empty_disk, range(25))

    assert told > 1_000
    assert losing == []


@pytest.mark.parametrize("switched_off", ["spool_syncs", "store_syncs"])
def test_where_either_does_not_synchronise_the_same_test_fails(tmp_path: Path, empty_disk: CutDisk, switched_off: str) -> None:
    try:
        _, losing = lives(tmp_path, empty_disk, range(8), **{switched_off: False})
    except StoreError:  # a store that cannot be opened any more
        return

    assert len(losing) > 4


@pytest.mark.soak
@pytest.mark.parametrize("tenth", range(10))
def test_thousands_of_power_cuts_over_spool_and_store_lose_and_double_nothing(
    tmp_path: Path, empty_disk: CutDisk, tenth: int
) -> None:
    _, losing = lives(tmp_path, empty_disk, range(10_000 + tenth * 100, 10_100 + tenth * 100))

    assert losing == []
