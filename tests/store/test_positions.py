"""How far a reader has come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lifeloop.base.clock import FixedClock
from lifeloop.base.errors import StoreError
from lifeloop.store import Store
from lifeloop.store.positions import START, advance, read_places, read_position, read_positions

CLOCK = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))


def test_a_reader_that_has_not_begun_stands_at_the_start(store: Store) -> None:
    with store.reading() as connection:
        assert read_position(connection, "spool", "indexer") == START
        assert read_positions(connection, "spool") == {}


def test_each_reader_of_each_spool_has_its_own_position(store: Store) -> None:
    with store.writing() as connection:
        advance(connection, "a", "indexer", (1, 500), CLOCK, came_from=START)
        advance(connection, "a", "flow", (1, 20), CLOCK, came_from=START)
        advance(connection, "b", "indexer", (9, 1), CLOCK, came_from=START)
        advance(connection, "a", "indexer", (2, 0), CLOCK, came_from=(1, 500))

    with store.reading() as connection:
        assert read_positions(connection, "a") == {"indexer": (2, 0), "flow": (1, 20)}
        assert read_position(connection, "b", "indexer") == (9, 1)
        assert read_places(connection, "indexer") == {"a": (2, 0), "b": (9, 1)}


def test_a_second_process_that_reads_as_the_same_reader_keeps_nothing(store: Store) -> None:
    with store.writing() as connection:
        advance(connection, "a", "indexer", (1, 500), CLOCK, came_from=START)

    def work_that_began_at_the_start() -> None:
        with store.writing() as connection:
            advance(connection, "b", "indexer", (1, 1), CLOCK, came_from=START)
            advance(connection, "a", "indexer", (1, 700), CLOCK, came_from=START)

    with pytest.raises(StoreError, match=r"it stands at \(1, 500\) by now"):
        work_that_began_at_the_start()

    with store.reading() as connection:
        assert read_positions(connection, "a") == {"indexer": (1, 500)}
        assert read_positions(connection, "b") == {}


def test_a_position_never_moves_back(store: Store) -> None:
    with pytest.raises(ValueError, match="never moves back"), store.writing() as connection:
        advance(connection, "a", "indexer", (1, 10), CLOCK, came_from=(1, 20))
