"""What the door does by itself: notes which keys were used, refuses when the store is away, counts what the spool did."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
import structlog

from lifeloop.api.app import make_app
from lifeloop.api.auth import STALE_SECONDS, KeyRing
from lifeloop.api.housekeeping import touch_used
from lifeloop.api.parts import Parts, Shopfront
from lifeloop.app import App
from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.errors import StoreError
from lifeloop.collect.spool import GroupCommit, SpoolWriter, Stamp
from lifeloop.store import keys
from lifeloop.store.keys import ApiKey
from lifeloop.testing.live import NOON
from lifeloop.testing.served import House, open_house


class Ticks:
    """Seconds that pass when a test says so."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Cupboard:
    """Where keys are read from, until it is locked."""

    def __init__(self, held: Mapping[str, ApiKey]) -> None:
        self.held = held
        self.locked = False
        self.readings = 0

    def read(self) -> Mapping[str, ApiKey]:
        self.readings += 1
        if self.locked:
            raise StoreError("cannot read the store", "it is locked", "Unlock it.")
        return self.held


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def cupboard() -> Cupboard:
    key = ApiKey("key_1", "ingest", "the shop's page", "live", None, 0, None, None, None)
    return Cupboard({keys.fingerprint("secret"): key})


def test_a_known_key_is_taken_from_memory(cupboard: Cupboard, ticks: Ticks) -> None:
    ring = KeyRing(cupboard.read, ticks)
    ring.refresh()

    assert ring.fresh("secret") == ring.find("secret") == cupboard.held[keys.fingerprint("secret")]
    assert cupboard.readings == 1


def test_when_the_store_is_away_events_are_taken_and_nothing_else(cupboard: Cupboard, ticks: Ticks) -> None:
    ring = KeyRing(cupboard.read, ticks)
    ring.refresh()
    cupboard.locked = True
    ticks.seconds += STALE_SECONDS + 1

    assert ring.find("secret") is not None
    assert ring.fresh("secret") is None
    with pytest.raises(StoreError):
        ring.find_anew("secret")


def test_guessing_keys_does_not_make_the_store_work(cupboard: Cupboard, ticks: Ticks) -> None:
    ring = KeyRing(cupboard.read, ticks)
    ring.refresh()

    for number in range(1000):
        assert ring.find_anew(f"guess-{number}") is None

    assert cupboard.readings <= 41


def test_when_a_key_was_used_is_kept(tmp_path: Path) -> None:
    app = App.open(tmp_path, clock=FixedClock(NOON))
    with app.store.writing() as connection:
        secret, made = keys.create(connection, FixedClock(NOON - timedelta(days=1)), scope="read", name="ours")
        keys.create(connection, app.clock, scope="read", name="never used")
    door = make_app(Parts(app=app)).state.door

    assert door.ring.find_anew(secret) == made
    touch_used(door)

    with app.store.reading() as connection:
        told = {key.name: key.used_at for key in keys.list_keys(connection)}
    app.store.close()
    assert told == {"ours": micros(NOON), "never used": None}


def test_a_duty_that_fails_in_any_way_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    failures: list[Exception] = [KeyError("a column"), MemoryError(), StoreError("away")]

    class Front:
        def refresh(self) -> None:
            if failures:
                raise failures.pop()
            done.set()

    monkeypatch.setattr("lifeloop.api.housekeeping.LOOK_SECONDS", 0.001)
    app = App.open(tmp_path, clock=FixedClock(NOON))
    with structlog.testing.capture_logs() as logged, open_house(Parts(app=app, shopfront=cast(Shopfront, Front()))):
        assert done.wait(30)
    app.store.close()

    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["a duty of the door failed"] * 3


def test_the_figures_of_the_spool_are_told(tmp_path: Path) -> None:
    app = App.open(tmp_path, clock=FixedClock(NOON))

    async def figures() -> str:
        with SpoolWriter(app.home.spool / "main") as writer:
            spool = GroupCommit(writer)
            door = make_app(Parts(app=app, spool=spool)).state.door
            await spool.put(Stamp("segment", "live", 1), b"{}")
            await spool.close()
            return bytes(door.metrics.text()).decode()

    told = asyncio.run(figures())
    app.store.close()

    assert "lifeloop_spool_requests_total 1.0" in told
    assert "lifeloop_spool_syncs_total 1.0" in told
    assert "lifeloop_spool_waiting_bytes 0.0" in told


def test_answers_about_people_are_kept_by_nobody_on_the_way(empty_house: House) -> None:
    answer = empty_house.with_key("read").get("/v1/imports")

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
