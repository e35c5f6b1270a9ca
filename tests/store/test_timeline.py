"""Events leave the store when the lake has them, and none that does not may keep the others."""

from __future__ import annotations

from sqlalchemy import text

from lifeloop.store import Store
from lifeloop.store.timeline import EventRow, add_events, prune

HOUR = 3_600_000_000
NOW = 500_000 * HOUR


def row(number: int, received_at: int) -> EventRow:
    return EventRow(
        "live", f"m{number}", "door", 1, number, "ann", None, "track", "x", 0, received_at, None, None, None, is_bot=False
    )


def left(store: Store, *received_at: int, most: int = 5000) -> list[int]:
    """Keep events that came in at these instants, prune what came in before NOW, and say which are left."""
    with store.writing() as connection:
        add_events(connection, [row(number, at) for number, at in enumerate(received_at)])
        prune(connection, "door", (9, 0), received_before=NOW, most=most)
        return list(connection.execute(text('SELECT "offset" FROM recent_event ORDER BY seq')).scalars())


def test_what_lies_before_an_old_event_goes_whatever_the_clock_said_when_it_came_in(store: Store) -> None:
    assert left(store, NOW + HOUR, NOW - 1, NOW - 1, NOW + 1) == [3]


def test_events_that_came_in_a_day_ahead_of_the_clock_keep_none_behind_them(store: Store) -> None:
    assert left(store, *[1 << 61] * 3, NOW - 1, NOW + 1, most=3) == [3, 4]


def test_an_event_of_the_last_minutes_is_kept_though_one_behind_it_is_ahead_of_the_clock(store: Store) -> None:
    assert left(store, NOW - 1, NOW + 1, 1 << 61) == [1]


def test_what_the_lake_does_not_have_stays(store: Store) -> None:
    with store.writing() as connection:
        add_events(connection, [row(number, 1) for number in range(4)])

        assert prune(connection, "door", (1, 2), received_before=NOW) == 2
        assert prune(connection, "door", (1, 2), received_before=NOW) == 0
