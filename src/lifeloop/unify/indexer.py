"""The indexer: what was acknowledged becomes visible. It reads the spool and keeps events, identities, profiles and carts.

Each step is one transaction with the position it leads to, so a crash repeats a step or does not, and both end the same.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lifeloop.base.clock import Clock, micros
from lifeloop.base.errors import LifeloopError
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool import START, Place, Record, bytes_after, next_place, read_records
from lifeloop.store import Store
from lifeloop.store.fault import is_of_the_store
from lifeloop.store.positions import advance, read_places, read_position
from lifeloop.store.signs import say
from lifeloop.store.timeline import prune
from lifeloop.unify.apart import Apart
from lifeloop.unify.gathered import Gathered

READER = "indexer"
"""The name of its position in the spool."""
LAKE_READER = "flow"
"""The name of the position before which everything is in the lake."""
_STEP_BYTES = 16 << 20
"""About 27,000 events. Fewer at once cost more each: every step touches most of the index of message ids."""
_APART_BYTES = 4 << 20
"""As much is taken event by event at once, so that the position moves on and signs of life are left."""
_IDLE_SECONDS = 0.05
_AFTER_ERROR_SECONDS = 1.0
_KEPT_SECONDS = 300
"""How long an event stays in the store after it came in, although the lake has it: who reads may look at an older lake."""
_PRUNE_EVERY_SECONDS = 30
_OTHERS_EVERY_SECONDS = 3600
_SAY_EVERY_SECONDS = 5
_log = logging.getLogger(__name__)


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for cycles among objects seldom: events make many objects and no cycles, and looking took a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@dataclass(frozen=True, slots=True)
class Stepped:
    """What one step did: records read, events new, refused and set aside, and how far the indexer is now."""

    records: int
    events: int
    refused: int
    place: Place
    aside: int = 0


class Indexer:
    """Reads one spool into the store. One process runs it; a second one is told so by the position."""

    def __init__(self, store: Store, folder: Path, spool: str, clock: Clock) -> None:
        self._store, self._folder, self._spool, self._clock = store, folder, spool, clock
        self._place: Place | None = None
        self._pruned_at = 0
        self._others_at = 0
        self._said_at = 0

    def step(self, limit_bytes: int = _STEP_BYTES) -> Stepped:
        """Read records of up to `limit_bytes` and keep what they say. Raises StoreError, OSError; then it has not moved on.

        Where the store is there and does not take them, event by event; what it never takes is set aside and counted.
        """
        start, self._place = self._place or self._position(), None
        try:
            stepped = self._as_a_whole(start, limit_bytes)
        except Exception as error:
            if is_of_the_store(error):
                raise
            records = list(read_records(self._folder, start, limit_bytes=min(limit_bytes, _APART_BYTES)))
            if not records:
                raise
            _log.warning("a step failed, and is taken event by event: %s: %.500s", type(error).__name__, error)
            stepped = self._event_by_event(start, records)
        self._place = stepped.place
        return stepped

    def _as_a_whole(self, start: Place, limit_bytes: int) -> Stepped:
        gathered, place = Gathered(self._spool), start
        records = refusals = 0
        for record in read_records(self._folder, start, limit_bytes=limit_bytes):
            events, refused = heard(record)
            gathered.take(record.place, events)
            records, refusals, place = records + 1, refusals + len(refused), record.after
        if not records:
            place = next_place(self._folder, start)
        new = 0
        if place != start:
            with self._store.writing() as connection:
                new = gathered.write(connection, self._clock)
                advance(connection, self._spool, READER, place, self._clock, came_from=start)
        return Stepped(records, new, refusals, place)

    def _event_by_event(self, start: Place, records: Sequence[Record]) -> Stepped:
        apart, place = Apart(self._store, self._spool, self._clock), records[-1].after
        new = apart.keep(records)
        with self._store.writing() as connection:
            apart.count(connection)
            advance(connection, self._spool, READER, place, self._clock, came_from=start)
        return Stepped(len(records), new, apart.refused, place, apart.aside)

    def prune(self, *, most: int = 5000) -> int:
        """Delete up to `most` of the events that the lake has had for a while; return how many.

        Those of other spools, which nobody reads on or another process does, are looked for once an hour: that reads them all.
        """
        now = micros(self._clock.now())
        before, gone = now - _KEPT_SECONDS * 1_000_000, 0
        with self._store.writing() as connection:
            places = read_places(connection, LAKE_READER)
            if now - self._others_at < _OTHERS_EVERY_SECONDS * 1_000_000:
                places = {spool: place for spool, place in places.items() if spool == self._spool}
            for spool, place in places.items():
                gone += prune(connection, spool, place, received_before=before, most=most - gone) if gone < most else 0
        if len(places) > 1 and gone < most:
            self._others_at = now
        return gone

    def run(self, stop: threading.Event) -> None:
        """Step and prune until told to stop; after an error, wait and go on from where the store says."""
        with _seldom_collecting():
            while not stop.is_set():
                stop.wait(self._pause_after_step())

    def _pause_after_step(self) -> float:
        try:
            idle = not self.step().records
            self._prune_now_and_then()
            self._say_now_and_then()
        except (LifeloopError, OSError) as error:
            _log.error("indexing failed, and is tried again: %s", error)
            return _AFTER_ERROR_SECONDS
        return _IDLE_SECONDS if idle else 0.0

    def _position(self) -> Place:
        with self._store.reading() as connection:
            return Place(*read_position(connection, self._spool, READER))

    def _say_now_and_then(self) -> None:
        """Leave a sign of life with the bytes that are still to be read."""
        now = micros(self._clock.now())
        if now - self._said_at >= _SAY_EVERY_SECONDS * 1_000_000:
            self._said_at = now
            with self._store.writing() as connection:
                behind = bytes_after(self._folder, self._place or START)
                say(connection, READER, self._clock, detail="bytes to be read", figure=float(behind))

    def _prune_now_and_then(self) -> None:
        now = micros(self._clock.now())
        if now - self._pruned_at >= _PRUNE_EVERY_SECONDS * 1_000_000 and not self.prune():
            self._pruned_at = now
