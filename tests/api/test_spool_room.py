"""What the door removes from its spool, and what it says is unread: the slowest reader counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifeloop.api.serve import READERS, Duty, Place, Serving, _slowest, _unread
from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.collect.spool import START, SpoolWriter, Stamp
from lifeloop.store.positions import advance, read_position

CLOCK = FixedClock(datetime(2026, 1, 2, 9, tzinfo=UTC))
SEGMENTS = 4


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = App.open(tmp_path, clock=CLOCK)
    with SpoolWriter(opened.home.spool / "main", segment_bytes=1) as writer:
        for number in range(SEGMENTS):
            writer.append([(Stamp("segment", "live", number), b"{}")])
    yield opened
    opened.store.close()


def moves(app: App, reader: str, place: Place, spool: str = "main") -> None:
    """Let a reader of a spool come to a place."""
    with app.store.writing() as connection:
        advance(connection, spool, reader, place, CLOCK, came_from=read_position(connection, spool, reader))


def looks(app: App) -> tuple[list[int], int]:
    """Do what the door does each second; return the segments left, and how many bytes are unread in records."""
    folder = app.home.spool / "main"
    size = (folder / f"{SEGMENTS:012d}.log").stat().st_size
    unread = _unread(folder, Place(*_slowest(app, "main")))
    assert unread % size == 0
    return sorted(int(file.stem) for file in folder.glob("*.log")), unread // size


def test_before_any_reader_begins_all_is_unread_and_stays(app: App) -> None:
    assert _slowest(app, "main") == START
    assert looks(app) == ([1, 2, 3, 4], 4)


@pytest.mark.parametrize("quick", READERS)
def test_a_reader_that_has_not_begun_counts_as_at_the_start(app: App, quick: str) -> None:
    moves(app, quick, Place(4, 0))

    assert looks(app) == ([1, 2, 3, 4], 4)


@pytest.mark.parametrize(("quick", "slow"), [READERS, READERS[::-1]])
def test_the_slower_of_two_readers_counts(app: App, quick: str, slow: str) -> None:
    moves(app, quick, Place(4, 0))
    moves(app, slow, Place(2, 0))
    assert looks(app) == ([2, 3, 4], 3)

    moves(app, slow, Place(3, 0))
    assert looks(app) == ([3, 4], 2)

    moves(app, slow, Place(4, 0))
    assert looks(app) == ([4], 1)


def test_who_reads_another_spool_does_not_count(app: App) -> None:
    for reader in READERS:
        moves(app, reader, Place(9, 0), spool="other")

    assert looks(app) == ([1, 2, 3, 4], 4)


def test_a_damaged_segment_stays_for_somebody_to_look(app: App) -> None:
    folder = app.home.spool / "main"
    (folder / f"{2:012d}.0-30.passed").touch()  # as a reader notes it
    for reader in READERS:
        moves(app, reader, Place(4, 0))

    assert looks(app) == ([4], 1)
    assert [file.name for file in folder.glob("0*2.*")] == [f"{2:012d}.damaged"]


def test_lists_that_were_shown_wait_for_the_flow_alone_unless_the_indexer_read_here_before(app: App) -> None:
    moves(app, "flow", Place(4, 0))
    assert _slowest(app, "main", ["flow"]) == (4, 0)

    moves(app, "indexer", Place(2, 0))
    assert _slowest(app, "main", ["flow"]) == (2, 0)


@pytest.mark.parametrize(
    ("duties", "parts", "readers"),
    [
        ({"api"}, ("flow",), ("flow",)),
        ({"collect"}, ("indexer", "flow"), READERS),
        ({"api", "collect", "worker"}, ("indexer", "flow", "jobs"), READERS),
        ({"worker"}, ("jobs",), ("flow",)),
    ],
)
def test_whoever_keeps_something_in_a_spool_has_its_readers_beside_it(
    duties: set[Duty], parts: tuple[str, ...], readers: tuple[str, ...]
) -> None:
    what = Serving(host="127.0.0.1", port=0, duties=frozenset(duties))

    assert (what.parts, what.readers) == (parts, readers)
