"""One event that cannot be kept stops no other; and when the store is away, nothing is given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from lifeloop.base.errors import StoreError
from lifeloop.collect.live.heard import Heard, Refused
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool import Place, Record
from lifeloop.store import Connection, Store
from lifeloop.store.positions import read_position
from lifeloop.store.signs import read_signs
from lifeloop.store.timeline import EventRow, add_events, event_count
from lifeloop.testing.clock import after
from lifeloop.testing.live import said, spooled
from lifeloop.unify import apart, gathered, indexer
from lifeloop.unify.indexer import Indexer

Adding = Callable[[Connection, Sequence[EventRow]], int]
EVENTS = [[said(f"m{10 * batch + one}", userId="ann", event="Looked") for one in range(10)] for batch in range(5)]


def reading(store: Store, folder: Path) -> Indexer:
    return Indexer(store, folder, "door", after())


def kept(store: Store) -> int:
    with store.reading() as connection:
        return event_count(connection)


def set_aside(store: Store) -> float | None:
    with store.reading() as connection:
        sign = read_signs(connection).get(apart.SIGN)
    return sign.figure if sign else None


def position(store: Store) -> tuple[int, int]:
    with store.reading() as connection:
        return read_position(connection, "door", "indexer")


def with_rows(change: Callable[[EventRow], EventRow]) -> Adding:
    return lambda connection, rows: add_events(connection, [change(row) for row in rows])


def too_great_a_number(row: EventRow) -> EventRow:
    return row._replace(occurred_at=1 << 70) if row.message_id in ("m7", "m33", "n1") else row


def too_long_a_name(row: EventRow) -> EventRow:
    name = "".join(f"{number:x}" for number in range(5000))
    return row._replace(named=name, source="\ud800") if row.message_id in ("m7", "m33", "n1") else row


@pytest.mark.parametrize("change", [too_great_a_number, too_long_a_name])
def test_an_event_that_the_store_never_takes_is_set_aside_named_and_counted(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[EventRow], EventRow],
) -> None:
    monkeypatch.setattr(gathered, "add_events", with_rows(change))
    spooled(tmp_path, EVENTS)
    one = reading(store, tmp_path)

    stepped = one.step()

    assert (stepped.records, stepped.events, stepped.aside, kept(store)) == (5, 48, 2, 48)
    assert (set_aside(store), position(store)) == (2.0, stepped.place)
    named = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert ["'m7'" in named[0], "'m33'" in named[1], len(named)] == [True, True, 2]

    spooled(tmp_path, [[said("n1", userId="ann", event="Looked"), said("n2", userId="ann", event="Looked")]])
    while one.step().records:
        pass
    assert (set_aside(store), kept(store)) == (3.0, 49)


def test_an_event_that_cannot_be_understood_costs_itself_alone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row(spool: str, place: Place, one: Heard) -> EventRow:
        if one.message_id == "m7":
            raise RecursionError
        return made(spool, place, one)

    made = gathered._row
    monkeypatch.setattr(gathered, "_row", row)
    spooled(tmp_path, EVENTS)

    stepped = reading(store, tmp_path).step()

    assert (stepped.events, stepped.aside) == (49, 1)


def test_a_record_that_cannot_be_heard_costs_itself_alone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = spooled(tmp_path, EVENTS)

    def hearing(record: Record) -> tuple[list[Heard], list[Refused]]:
        if record.place == places[2]:
            raise KeyError("batch")
        return heard(record)

    for module in (indexer, apart):
        monkeypatch.setattr(module, "heard", hearing)

    stepped = reading(store, tmp_path).step()

    assert (stepped.records, stepped.events, stepped.aside, set_aside(store)) == (5, 40, 1, 1.0)


def test_what_fails_a_time_or_two_is_kept(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = [True] * 7

    def adding(connection: Connection, rows: Sequence[EventRow]) -> int:
        if any(row.message_id == "m7" for row in rows) and fails:
            fails.pop()
            raise ValueError("not now")
        return add_events(connection, rows)

    monkeypatch.setattr(gathered, "add_events", adding)
    spooled(tmp_path, EVENTS)

    assert (reading(store, tmp_path).step().aside, kept(store), fails) == (0, 50, [])


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_on_a_full_disk_nothing_is_set_aside_though_a_little_can_still_be_written(store: Store, tmp_path: Path) -> None:
    limit: list[int] = []

    @event.listens_for(store.engine, "begin")
    def begin(connection: Connection) -> None:
        pages = limit[0] if limit else 1 << 30
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with store.reading() as connection:
        limit.append(connection.execute(text("PRAGMA page_count")).scalar_one() + 2)
    many = [[said(f"m{n}", userId=f"user {n}", event="Looked", properties={"x": "y" * 900}) for n in range(400)]]
    spooled(tmp_path, many)

    for _ in range(4):
        with pytest.raises(StoreError, match="is full"):
            reading(store, tmp_path).step()
    assert (set_aside(store), position(store)) == (None, (0, 0))

    limit.clear()
    assert (reading(store, tmp_path).step().events, set_aside(store)) == (400, None)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_when_the_connection_is_lost_nothing_is_set_aside(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = [True] * 5

    def adding(connection: Connection, rows: Sequence[EventRow]) -> int:
        if lost:
            lost.pop()
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return add_events(connection, rows)

    monkeypatch.setattr(gathered, "add_events", adding)
    spooled(tmp_path, EVENTS)
    one = reading(store, tmp_path)

    for _ in range(5):
        with pytest.raises(StoreError):
            one.step()
    assert (one.step().events, set_aside(store)) == (50, None)


@pytest.mark.parametrize("table", ["recent_event", "consent", "cart"])
def test_when_the_store_takes_nothing_nothing_is_set_aside(store: Store, tmp_path: Path, table: str) -> None:
    spooled(tmp_path, [[said("m1", userId="ann", event="Subscribed"), said("m2", userId="ann", event="Cart Viewed")]])
    with store.writing() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO away"))

    for _ in range(4):
        with pytest.raises(StoreError):
            reading(store, tmp_path).step()
    assert (set_aside(store), position(store)) == (None, (0, 0))

    with store.writing() as connection:
        connection.execute(text(f"ALTER TABLE away RENAME TO {table}"))
    assert reading(store, tmp_path).step().events == 2


def test_two_readers_of_one_spool_set_nothing_aside(store: Store, tmp_path: Path) -> None:
    spooled(tmp_path, EVENTS)
    one, two = reading(store, tmp_path), reading(store, tmp_path)
    one.step(1)
    two.step(1)

    with pytest.raises(StoreError, match="Let one process run as this reader"):
        one.step(1)
    assert set_aside(store) is None


def test_what_was_tried_is_not_kept(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "add_events", with_rows(too_great_a_number))
    spooled(tmp_path, EVENTS)
    reading(store, tmp_path).step()

    names: list[Any] = []
    with store.reading() as connection:
        for column, table in (("named", "profile"), ("owner", "cart"), ("named", "sighting"), ("source", "consent")):
            names += connection.execute(text(f"SELECT {column} FROM {table}")).scalars()
    assert names == ["ann"]
