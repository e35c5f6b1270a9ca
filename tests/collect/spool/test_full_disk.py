"""A disk that is full, fails, or a process that is killed: what was acknowledged stays, and the spool recovers by itself."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lifeloop.collect.spool import (
    START,
    GroupCommit,
    SpoolFailed,
    SpoolFull,
    SpoolWriter,
    Stamp,
    next_place,
    read_records,
    remove_before,
)
from lifeloop.collect.spool.disk import Handle, RealDisk

STAMP = Stamp("segment", "live", 0)


@dataclass
class SmallDisk(RealDisk):
    """Has room for so many bytes; a write for which there is none leaves a part of itself."""

    room: int
    error: BaseException = field(default_factory=lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def create(self, file: Path) -> Handle:
        return _SmallHandle(self, super().create(file))


@dataclass
class _SmallHandle:
    disk: SmallDisk
    real: Handle

    def write(self, buffers: Sequence[bytes]) -> None:
        whole = b"".join(buffers)
        part = whole[: self.disk.room]
        self.disk.room -= len(part)
        self.real.write([part])
        if len(part) < len(whole):
            raise self.disk.error

    def fdatasync(self) -> None:
        self.real.fdatasync()

    def shorten(self, size: int) -> None:
        self.real.shorten(size)

    def close(self) -> None:
        self.real.close()


def bodies(folder: Path) -> list[bytes]:
    return [record.body for record in read_records(folder, START, limit_bytes=1 << 40)]


def test_a_full_disk_is_said_and_once_there_is_room_it_goes_on(tmp_path: Path) -> None:
    disk = SmallDisk(room=300)
    with SpoolWriter(tmp_path, disk=disk) as writer:
        writer.append([(STAMP, b"before")])
        for _ in range(20):
            with pytest.raises(SpoolFull, match="full"):
                writer.append([(STAMP, b"x" * 400)])
        disk.room = 1000
        writer.append([(STAMP, b"after")])

    assert bodies(tmp_path) == [b"before", b"after"]
    assert len(list(tmp_path.glob("*.log"))) == 2, "the tries in between left nothing"


def test_memory_that_runs_out_in_a_write_leaves_the_segment_for_good(tmp_path: Path) -> None:
    disk = SmallDisk(room=150)
    with SpoolWriter(tmp_path, disk=disk) as writer:
        writer.append([(STAMP, b"before")])
        disk.error = MemoryError()
        with pytest.raises(MemoryError):
            writer.append([(STAMP, b"x" * 400)])
        disk.room = 1000
        writer.append([(STAMP, b"after")])

    assert bodies(tmp_path) == [b"before", b"after"]


def test_a_disk_that_fails_is_not_called_full(tmp_path: Path) -> None:
    disk = SmallDisk(room=10, error=OSError(errno.EIO, os.strerror(errno.EIO)))
    with SpoolWriter(tmp_path, disk=disk) as writer, pytest.raises(SpoolFailed, match="fails") as raised:
        writer.append([(STAMP, b"x" * 400)])
    assert not isinstance(raised.value, SpoolFull)


def test_each_request_of_a_group_hears_that_the_disk_is_full(tmp_path: Path) -> None:
    disk = SmallDisk(room=100)

    async def story() -> None:
        group = GroupCommit(SpoolWriter(tmp_path, disk=disk))
        answers = await asyncio.gather(*(group.put(STAMP, b"x" * 90) for _ in range(10)), return_exceptions=True)
        assert all(isinstance(answer, SpoolFull) for answer in answers)
        assert len({id(answer) for answer in answers}) == 10
        assert group.backlog_bytes() == 0
        disk.room = 1000
        await group.put(STAMP, b"after")
        await group.close()

    asyncio.run(story())
    assert bodies(tmp_path)[-1] == b"after"


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size`, as a quota does."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_real_limit_of_the_system_is_survived(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path) as writer:
        with largest_file(2000):
            writer.append([(STAMP, b"before")])
            with pytest.raises(SpoolFull):
                writer.append([(STAMP, b"x" * 4000)])
        writer.append([(STAMP, b"y" * 4000)])

    assert bodies(tmp_path) == [b"before", b"y" * 4000]


def test_a_real_full_file_system_is_survived(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], capture_output=True, check=False).returncode:
        pytest.skip("a file system of its own cannot be mounted here")
    try:
        with SpoolWriter(small / "spool") as writer:
            writer.append([(STAMP, b"before")])
            for _ in range(20):
                with pytest.raises(SpoolFull):
                    writer.append([(STAMP, b"x" * 100_000)])
            writer.append([(STAMP, b"after")])
        assert bodies(small / "spool") == [b"before", b"after"]
    finally:
        subprocess.run(["umount", small], check=True)


WRITER = """
import sys
from pathlib import Path
from lifeloop.collect.spool import SpoolWriter, Stamp

with SpoolWriter(Path(sys.argv[1]), segment_bytes=20_000) as writer:
    for n in range(int(sys.argv[2]), 1 << 30):
        writer.append([(Stamp("segment", "live", n), b"x" * 100)])
        print(n, flush=True)
"""


def test_a_killed_writer_loses_nothing_and_the_next_one_goes_on(tmp_path: Path) -> None:
    told: list[int] = []
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, str(len(told) + 1000 * len(told))], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            told += [int(process.stdout.readline()) for _ in range(300)]
            process.kill()
            told += [int(line) for line in process.stdout if line.endswith("\n")]

    kept = [record.stamp.received_at for record in read_records(tmp_path, START, limit_bytes=1 << 40)]
    assert set(told) <= set(kept)
    assert kept == sorted(set(kept))


def test_a_reader_that_follows_a_writing_process_misses_nothing(tmp_path: Path) -> None:
    seen: list[int] = []
    place = START
    with subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, "0"], stdout=subprocess.DEVNULL) as process:
        while len(seen) < 2000 and process.poll() is None:
            for record in read_records(tmp_path, place, limit_bytes=10_000):
                seen.append(record.stamp.received_at)
                place = record.after
            place = next_place(tmp_path, place)
            remove_before(tmp_path, place)
        process.kill()

    assert len(seen) >= 2000
    assert seen == list(range(len(seen)))
