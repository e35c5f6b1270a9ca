"""Event by event: what is done with records that the store did not take as a whole, so that one event stops no other.

What fails is halved until one event is left; that one is set aside once it has failed several times alone, while the store took
other events in between. It is not gone: the log names it, a figure counts it, and the lake has it by its own way. Where the
store takes nothing, nothing is set aside: then the error goes on, and whoever called waits.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TypeAlias

from lifeloop.base.clock import Clock
from lifeloop.collect.live.heard import Heard
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool import Place, Record, Stamp
from lifeloop.store import Connection, Store
from lifeloop.store.fault import is_of_the_store
from lifeloop.store.identities import take_turn
from lifeloop.store.signs import read_signs, say
from lifeloop.unify.gathered import Gathered

SIGN = "indexer.aside"
"""The sign whose figure counts the events that were set aside."""
_TRIES = 3
_EVENT = (
    b'{"batch":[{"type":"identify","userId":"harmless","anonymousId":"harmless","messageId":"harmless-1","traits":{"a":"b",'
    b'"email":"harmless@shop.example"}},{"type":"track","event":"Subscribed","userId":"harmless","messageId":"harmless-2"},'
    b'{"type":"track","event":"Product Added","userId":"harmless","messageId":"harmless-3","properties":{"product_id":"p"}}]}'
)
_HARMLESS = Record(Place(0, 0), Place(0, 1), Stamp("segment", "harmless", 1_790_000_000_000_000), _EVENT)
_log = logging.getLogger(__name__)

Item: TypeAlias = tuple[Place, Heard]


class _TakenBack(Exception):
    """Ends a transaction that was a trial."""


class Apart:
    """Keeps the events of some records of a spool, each by itself where that must be."""

    def __init__(self, store: Store, spool: str, clock: Clock) -> None:
        self._store, self._spool, self._clock = store, spool, clock
        self.refused = 0
        self.aside = 0
        """How many events, and records that could not be heard, were set aside."""

    def keep(self, records: Sequence[Record]) -> int:
        """Keep all that can be kept, without moving the position; return how many events were new.

        Some is kept when this raises, and harmless: all of it may be heard again. Raises StoreError, OSError.
        """
        items = [(record.place, one) for record in records for one in self._heard(record)]
        return self._keep(items) if items else 0

    def count(self, connection: Connection) -> None:
        """Add what was set aside to the figure; within the transaction that moves the position on."""
        if self.aside:
            take_turn(connection)
            before = read_signs(connection).get(SIGN)
            total = (before.figure or 0.0 if before else 0.0) + self.aside
            say(connection, SIGN, self._clock, detail="events set aside; the log names each", figure=total)

    def _heard(self, record: Record) -> list[Heard]:
        try:
            events, refused = heard(record)
        except Exception as error:
            if is_of_the_store(error):
                raise
            self._try_harmless()
            self._set_aside(record.place, "a record that cannot be heard", error)
            return []
        self.refused += len(refused)
        return events

    def _keep(self, some: Sequence[Item]) -> int:
        for left in reversed(range(_TRIES if len(some) == 1 else 1)):
            try:
                return self._written(some)
            except Exception as error:
                if is_of_the_store(error):
                    raise
                self._try_harmless()
                if len(some) == 1 and not left:
                    (place, one) = some[0]
                    self._set_aside(place, f"event '{one.message_id}' of source '{one.source}'", error)
                    return 0
        middle = len(some) // 2
        return self._keep(some[:middle]) + self._keep(some[middle:])

    def _written(self, some: Sequence[Item]) -> int:
        gathered = Gathered(self._spool)
        for place, one in some:
            gathered.take(place, [one])
        with self._store.writing() as connection:
            return gathered.write(connection, self._clock)

    def _try_harmless(self) -> None:
        """Write what nobody said, and take it back. Raises what the store says when it does not take even that."""
        gathered = Gathered(self._spool)
        gathered.take(_HARMLESS.place, heard(_HARMLESS)[0])
        try:
            with self._store.writing() as connection:
                gathered.write(connection, self._clock)
                raise _TakenBack
        except _TakenBack:
            return

    def _set_aside(self, place: Place, what: str, error: Exception) -> None:
        self.aside += 1
        where = f"segment {place.segment}, offset {place.offset} of spool '{self._spool}'"
        _log.error("set aside, not to be indexed: %s, at %s: %s: %.500s", what, where, type(error).__name__, error)
