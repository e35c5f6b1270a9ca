"""The power goes at any moment, and everything that was acknowledged is read, in order, exactly once, by both readers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from lifeloop.collect.spool import START, Place, SpoolFailed, SpoolWriter, Stamp, next_place, read_records, remove_before
from lifeloop.testing.power_cut import PowerCut, PowerCutDisk

CUTS_A_LIFE = 10


@dataclass
class Reader:
    """Keeps its position where no power cut reaches it, as the store does, and may be ahead of what was synchronised."""

    place: Place = START
    seen: list[int] = field(default_factory=list)

    def read(self, folder: Path, limit_bytes: int) -> None:
        for record in read_records(folder, self.place, limit_bytes=limit_bytes):
            self.seen.append(record.stamp.received_at)
            self.place = record.after
        self.place = next_place(folder, self.place)


@dataclass
class Spool:
    """One spool and what its clients were told."""

    folder: Path
    rng: np.random.Generator
    disk: PowerCutDisk
    sent: int = 0
    acknowledged: list[int] = field(default_factory=list)
    quick: Reader = field(default_factory=Reader)
    slow: Reader = field(default_factory=Reader)

    def live_until_the_power_goes(self) -> None:
        self.disk.meanwhile = self.some_reading
        self.disk.left = int(self.rng.integers(1, 150))
        first = max(self.quick.place, self.slow.place).segment + 1
        try:
            with SpoolWriter(self.folder, disk=self.disk, segment_bytes=6000, first_segment=first) as writer:
                while True:
                    self.one_group(writer)
        except PowerCut:
            self.disk.cut()
            self.disk.left = 1 << 60

    def one_group(self, writer: SpoolWriter) -> None:
        numbers = [self.sent + n for n in range(int(self.rng.integers(1, 6)))]
        self.sent += len(numbers)
        sizes = self.rng.choice([5, 300, 3000], len(numbers))
        try:
            writer.append([(Stamp("segment", "live", n), self.rng.bytes(size)) for n, size in zip(numbers, sizes, strict=True)])
        except SpoolFailed:
            return
        self.acknowledged += numbers

    def some_reading(self) -> None:
        if self.rng.random() < 0.2:
            self.quick.read(self.folder, 1 << 30)
        if self.rng.random() < 0.02:
            self.slow.read(self.folder, 4000)
        if self.rng.random() < 0.02:
            remove_before(self.folder, min(self.quick.place, self.slow.place))

    def lost(self) -> int:
        """Read to the end; return how many acknowledged ones are missing, in disorder or doubled, for any reader."""
        wrong = 0
        for reader in (self.quick, self.slow):
            reader.read(self.folder, 1 << 30)
            told = set(self.acknowledged)
            seen = [n for n in reader.seen if n in told]
            wrong += len(told - set(seen)) + (len(reader.seen) - len(set(reader.seen))) + (seen != sorted(seen))
        return wrong


def life(folder: Path, seed: int, **switches: bool | float) -> tuple[int, int]:
    """Live through ten power cuts; return how many were acknowledged, and how many of them were lost."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    spool = Spool(folder, rng, PowerCutDisk(folder, rng, **switches))  # type: ignore[arg-type]
    for _ in range(CUTS_A_LIFE):
        spool.live_until_the_power_goes()
    lost = spool.lost()
    shutil.rmtree(folder)
    return len(spool.acknowledged), lost


def lives(tmp_path: Path, seeds: range, **switches: bool | float) -> tuple[int, list[int]]:
    """Return how many were acknowledged in all lives together, and the seeds of those that lost any."""
    told, losing = 0, []
    for seed in seeds:
        acknowledged, lost = life(tmp_path / "spool", seed, **switches)  # type: ignore[arg-type]
        told += acknowledged
        losing += [seed] * (lost > 0)
    return told, losing


def test_a_thousand_power_cuts_lose_nothing_acknowledged(tmp_path: Path) -> None:
    told, losing = lives(tmp_path, range(100))

    assert told > 5_000
    assert losing == []


def test_power_cuts_on_a_failing_disk_lose_nothing_acknowledged(tmp_path: Path) -> None:
    told, losing = lives(tmp_path, range(1000, 1030), errors=0.05)

    assert told > 500
    assert losing == []


def test_without_synchronised_data_the_same_test_fails(tmp_path: Path) -> None:
    _, losing = lives(tmp_path, range(20), syncs_data=False)

    assert len(losing) > 15


def test_without_synchronised_names_the_same_test_fails(tmp_path: Path) -> None:
    _, losing = lives(tmp_path, range(20), syncs_names=False)

    assert len(losing) > 5


def test_a_segment_that_was_read_and_is_gone_does_not_come_again(tmp_path: Path) -> None:
    reader, disk = Reader(), PowerCutDisk(tmp_path, np.random.default_rng(1), left=10)
    with SpoolWriter(tmp_path, disk=disk) as writer:
        disk.meanwhile = lambda: reader.read(tmp_path, 1 << 30)
        disk.fails_at = 5  # the fdatasync, after the file, twice its name, and two buffers
        with pytest.raises(SpoolFailed):
            writer.append([(Stamp("segment", "live", 1), b"read, and never acknowledged")])
    assert reader.place.offset > 0
    assert not list(tmp_path.glob("*.log"))

    for number, first in ((2, 1), (3, reader.place.segment + 1)):
        with SpoolWriter(tmp_path, first_segment=first) as writer:
            writer.append([(Stamp("segment", "live", number), b"acknowledged")])
        reader.read(tmp_path, 1 << 30)

    assert reader.seen == [1, 3], "2 lies under a number the reader has done with; 3 does not"


@pytest.mark.soak
@pytest.mark.parametrize("tenth", range(10))
def test_ten_thousand_power_cuts_lose_nothing_acknowledged(tmp_path: Path, tenth: int) -> None:
    _, losing = lives(tmp_path, range(10_000 + tenth * 100, 10_100 + tenth * 100), errors=0.01)

    assert losing == []
