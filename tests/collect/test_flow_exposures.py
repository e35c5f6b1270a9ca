"""Lists of recommendations that were shown come into the lake by the spool, each once for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.config import Settings
from lifeloop.collect.flow import Flow
from lifeloop.collect.live.exposure import Placed, Shown, shown
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool import Place, Record, SpoolWriter, Stamp
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import EVENT, EXPOSURE, REJECTED
from lifeloop.store import open_store
from lifeloop.unify.indexer import Indexer

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CLOCK = FixedClock(NOW)
MUG = Placed("mug", 1.0, False, "personal", 2.5, {"taste": 1.5, "trend": None})  # noqa: FBT003 - as it is written
TEA = Placed("茶", 0.25, True, "new")  # noqa: FBT003
VIEW = {"type": "track", "event": "Product Viewed", "messageId": "m1", "userId": "ann", "properties": {"product_id": "mug"}}


class Door:
    """A spool, and the flow behind it."""

    def __init__(self, folder: Path) -> None:
        self.lake = Lake(folder / "lake")
        self.engine = DuckEngine(self.lake, threads=1)
        self.store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
        self.folder, self.spool = folder, folder / "spool" / "main"
        self.writer = SpoolWriter(self.spool)
        self.flow = self.opened()

    def opened(self) -> Flow:
        """Return the flow of a process that has just started."""
        chosen = Settings(shop={"currency": "EUR"})  # type: ignore[arg-type]
        return Flow(self.lake, self.engine, self.store, self.spool, "main", self.folder, chosen, CLOCK)

    def shows(self, exposure_id: str, *products: Placed, seconds_ago: float = 1, **whose: str) -> Door:
        """Keep that a list was shown."""
        at = micros(NOW - timedelta(seconds=seconds_ago))
        body = Shown(exposure_id, at, "home", "v1", list(products), **whose).body()
        return self.takes("exposure", body, at)

    def takes(self, form: Any, body: bytes, at: int = micros(NOW)) -> Door:
        """Keep one body."""
        self.writer.append([(Stamp(form, "live", at), body)])
        return self

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """Return columns of the exposures, sorted."""
        listed = ", ".join(columns)
        found = self.engine.query(f"SELECT {listed} FROM t ORDER BY {listed} NULLS FIRST", {"t": EXPOSURE}).to_pylist()
        return [tuple(row.values()) for row in found]

    def forgets_its_position(self) -> Door:
        """Be as after a crash between writing the lake and moving on."""
        with self.store.writing() as connection:
            connection.exec_driver_sql("DELETE FROM spool_position")
        self.flow = self.opened()
        return self


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.writer.close()
    made.store.close()


def test_a_list_that_was_shown_stands_in_the_lake_with_each_place(door: Door) -> None:
    door.shows("x1", MUG, TEA, customer_id="ann", anonymous_id="v1").flow.step()

    assert door.rows("exposure_id", "rank", "product_id", "propensity", "is_explored", "strategy", "score") == [
        ("x1", 1, "mug", 1.0, False, "personal", 2.5),
        ("x1", 2, "茶", 0.25, True, "new", None),
    ]
    at = NOW - timedelta(seconds=1)
    named = ("shown_at", "received_at", "placement", "version", "customer_id", "anonymous_id")
    assert set(door.rows(*named)) == {(at, at, "home", "v1", "ann", "v1")}
    assert [json.loads(text[0]) if text[0] else None for text in door.rows("signals")] == [None, {"taste": 1.5, "trend": None}]


def test_a_crash_before_the_position_moves_writes_no_list_twice(door: Door) -> None:
    door.shows("x1", MUG, TEA).shows("x2", MUG, seconds_ago=30).flow.step()
    before = door.lake.version(EXPOSURE)
    door.forgets_its_position().flow.step()

    assert door.lake.version(EXPOSURE) == before
    assert door.rows("exposure_id", "rank") == [("x1", 1), ("x1", 2), ("x2", 1)]


def test_a_crash_between_two_steps_loses_no_list(door: Door) -> None:
    door.shows("x1", MUG).flow.step()
    door.shows("x2", TEA, seconds_ago=0).forgets_its_position().flow.step()

    assert door.rows("exposure_id") == [("x1",), ("x2",)]


def test_the_same_record_twice_in_one_step_is_one_list(door: Door) -> None:
    door.shows("x1", MUG, TEA).shows("x1", MUG, TEA).flow.step()

    assert door.rows("exposure_id", "rank") == [("x1", 1), ("x1", 2)]


def test_events_between_lists_are_events_and_lists_are_none(door: Door) -> None:
    door.shows("x1", MUG).takes("segment", json.dumps(VIEW).encode()).shows("x2", TEA)
    indexer = Indexer(door.store, door.spool, "main", CLOCK)

    flowed, stepped = door.flow.step(), indexer.step()

    assert (flowed.records, flowed.events, flowed.refused) == (3, 1, 0)
    assert set(flowed.written) >= {"event", "exposure"}
    assert (stepped.records, stepped.events, stepped.refused) == (3, 1, 0)
    assert len(door.engine.query("SELECT * FROM t", {"t": EVENT})) == 1
    assert len(door.rows("exposure_id")) == 2


def test_lists_alone_touch_no_other_facts(door: Door) -> None:
    written = door.shows("x1", MUG).flow.step().written

    assert written == ("exposure",)
    assert door.lake.version(EVENT) == -1


def test_what_is_no_list_is_kept_among_the_rejected_and_stops_nothing(door: Door) -> None:
    door.takes("exposure", b'{"exposure_id": 7}').shows("x1", MUG).flow.step()

    kept = door.engine.query("SELECT reason, raw FROM t", {"t": REJECTED}).to_pylist()
    assert kept == [{"reason": "bad_json", "raw": '{"exposure_id": 7}'}]
    assert door.rows("exposure_id") == [("x1",)]


def test_more_lists_than_one_batch_all_arrive(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifeloop.collect.settle.exposures._BATCH_ROWS", 3)
    for number in range(10):
        door.shows(f"x{number}", MUG, TEA, seconds_ago=number)
    door.flow.step()

    assert len(door.rows("exposure_id", "rank")) == 20


_PLACED = st.builds(
    Placed,
    st.text(max_size=9),
    st.floats(0, 1),
    st.booleans(),
    st.sampled_from(["personal", "new"]),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=3),
)
_SHOWN = st.builds(
    Shown, st.text(max_size=9), st.integers(0, 1 << 50), st.just("home"), st.text(max_size=5), st.lists(_PLACED, max_size=4),
    customer_id=st.none() | st.text(max_size=9), anonymous_id=st.none() | st.text(max_size=9),
)  # fmt: skip


@given(_SHOWN)
@settings(deadline=None, derandomize=True)
def test_a_list_is_read_as_it_was_written_and_cannot_look_like_a_record(one: Shown) -> None:
    body = one.body()

    assert shown(body) == one
    assert b"\0" not in body
    assert heard(Record(Place(1, 0), Place(1, 1), Stamp("exposure", "live", 0), body)) == ([], [])
