"""The live flow: what was accepted, from the spool into the lake, each event once for ever.

A step reads records from where the last one ended, makes facts of them as of an archive in Segment's form, compares them with
the lake and writes what is new; then it moves its position on. A crash in between repeats the step, and nothing is written
twice: an event by its source and message id, an order by what it says, a rejected one by its place in the spool.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from lifeloop.base.clock import Clock
from lifeloop.base.config import Home, Settings
from lifeloop.base.errors import LakeError
from lifeloop.base.money import EXPONENT
from lifeloop.collect.amounts import currency_in
from lifeloop.collect.gathering import Gathering
from lifeloop.collect.live.heard import Heard
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.settle import settle
from lifeloop.collect.settle.change import Work
from lifeloop.collect.settle.known import KnownEvents
from lifeloop.collect.source import Reading
from lifeloop.collect.spool import Place, Record, next_place, read_records
from lifeloop.collect.wire_sales import ORDERED
from lifeloop.lake import Engine, Lake
from lifeloop.schema import EVENT, EXPOSURE, IDENTITY, ORDER, ORDER_LINE, PRODUCT, REFUND, REJECTED
from lifeloop.store import Store
from lifeloop.store.positions import advance, read_position
from lifeloop.store.shop_lock import writing

READER = "flow"
"""The name of its position in the spool."""
STEP_BYTES = 64 << 20
"""Bodies one step takes: about 110,000 events."""
COMPACT_EVERY = 16
"""Steps that wrote, between two compactions."""
VACUUM_EVERY = 64
KEEP_HOURS = 2
"""Hours a replaced file is kept for whoever still reads it: live facts replace files all day long."""
_CLIENTS = ("segment", "posthog")
"""Forms in which browsers speak too, with a key that everybody can read; in the others a shop does, and signs it."""
_ASKED = "cannot keep live facts now"
_PATIENCE_S = 60.0
_SHORT_S = 2.0
_LOOK_BYTES = 4 << 20
_SMALL_BYTES = 2 << 20
"""A file of about 50,000 orders: as much is written anew when one of them changes."""
_LASTING = (EVENT, REJECTED, EXPOSURE)
"""Rows of these never change."""
_WRITTEN = (*((table, None) for table in _LASTING), *((table, _SMALL_BYTES) for table in (ORDER, ORDER_LINE, REFUND, PRODUCT)))
"""The tables the flow writes, and how large their files are to be."""


@dataclass(frozen=True)
class Flowed:
    """What one step came to; false when there was nothing to do."""

    records: int = 0
    events: int = 0
    """Events staged, known ones among them."""
    refused: int = 0
    written: tuple[str, ...] = ()
    """Tables that changed."""

    def __bool__(self) -> bool:
        return self.records > 0


class Flow:
    """Carries one spool into the lake. One process runs it; a second one is told so by the position."""

    def __init__(
        self,
        lake: Lake,
        engine: Engine,
        store: Store,
        folder: Path,
        spool: str,
        home: Path,
        settings: Settings,
        clock: Clock,
    ) -> None:
        """`folder` holds the spool called `spool`; `home` is the data home: the shop's facts are locked for writing."""
        self._lake, self._engine, self._store = lake, engine.as_stored, store
        self._folder, self._spool, self._home, self._clock = folder, spool, home, clock
        self._settings = settings
        self._known = KnownEvents()
        self._steps = 0

    def step(self, limit_bytes: int = STEP_BYTES) -> Flowed:
        """Carry records of up to `limit_bytes` into the lake. Raises LakeError, StoreError, OSError; then it is done again."""
        if not self._is_free():
            return Flowed()
        start = self._position()
        with ExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="lifeloop-flow-")))
            gathered = Gathering(folder, self._spool, self._reading(start))
            place, records = start, 0
            for record in read_records(self._folder, start, limit_bytes=limit_bytes):
                gathered.take(record)
                place, records = record.after, records + 1
            gathered.close()
            pa.default_memory_pool().release_unused()
            if not records:
                place = next_place(self._folder, start)
            written = self._write(gathered) if records else ()
            if place != start:
                self._advance(start, place)
            return Flowed(records, gathered.events, gathered.refused, written)

    def _is_free(self) -> bool:
        """Return whether no import writes facts now: what would wait for it is not even read."""
        try:
            with writing(self._home, self._store, _ASKED, patience_s=_SHORT_S):
                return True
        except LakeError:
            return False

    def _write(self, gathered: Gathering) -> tuple[str, ...]:
        written: dict[str, None] = {}
        with writing(self._home, self._store, _ASKED, patience_s=_PATIENCE_S):
            if not self._lake.exists(IDENTITY):
                self._lake.append(IDENTITY, IDENTITY.empty())
            for source, stage in gathered.stages.items():
                values = {"received_at": self._clock.now(), "base": gathered.reading.base}
                work = Work(self._lake, self._engine, stage.folder, source, values, parts=1, live=True, known=self._known)
                for change in settle(work, stage, []).changes:
                    change.write(self._lake, self._engine)
                    written[change.table.name] = None
            shown = gathered.shown.settle(self._engine)
            if shown is not None:
                shown.write(self._lake, self._engine)
                written[EXPOSURE.name] = None
            self._tidy(wrote=bool(written))
        return tuple(written)

    def _tidy(self, *, wrote: bool) -> None:
        """Join small files now and then, and delete those that were joined long ago."""
        self._steps += wrote
        if wrote and self._steps % COMPACT_EVERY == 0:
            for table, target_bytes in _WRITTEN:
                self._lake.compact(table, target_bytes=target_bytes)
        if wrote and self._steps % VACUUM_EVERY == 0:
            for table, _ in _WRITTEN:
                self._lake.vacuum(table, keep_hours=KEEP_HOURS)

    def _reading(self, start: Place) -> Reading:
        shop = self._settings.shop
        base = shop.currency or self._settled_currency(start)
        return Reading(
            columns={},
            zone=shop.zone,
            latest=self._clock.now() + timedelta(days=1),
            base=base,
            currency=base,
            rates={code: Decimal(str(rate)) for code, rate in shop.rates.items()},
        )

    def _settled_currency(self, start: Place) -> str:
        """Return the shop's base currency where none was set when the flow began: what an import, or its first orders, say.

        Orders that the shop itself tells (webhooks) settle it, else orders of people; of each those of most. A bot's never do.
        """
        home = Home.open(self._home)
        if home.settings.shop.currency is None:
            said = _currencies(read_records(self._folder, start, limit_bytes=_LOOK_BYTES))
            if said is None:
                return home.currency
            home.settle_currency(said)
            home = Home.open(self._home)
        return home.currency

    def _position(self) -> Place:
        with self._store.reading() as connection:
            return Place(*read_position(connection, self._spool, READER))

    def _advance(self, start: Place, place: Place) -> None:
        with self._store.writing() as connection:
            advance(connection, self._spool, READER, place, self._clock, came_from=start)


def _currencies(records: Iterable[Record]) -> str | None:
    """Return the currency of most orders the shop's webhooks tell, else of most that clients tell; None where none does."""
    by_shop: Counter[str] = Counter()
    by_clients: Counter[str] = Counter()
    for record in records:
        said = by_clients if record.stamp.form in _CLIENTS else by_shop
        orders = (one for one in heard(record)[0] if one.name in ORDERED and one.type == "track" and not one.is_bot)
        said.update(code for one in orders if (code := _currency(one)))
    found = by_shop or by_clients
    return found.most_common(1)[0][0] if found else None


def _currency(event: Heard) -> str | None:
    properties = event.said.get("properties")
    said = properties.get("currency") if isinstance(properties, dict) else None
    code = currency_in(said) if isinstance(said, str) else None
    return code if code in EXPONENT else None
