"""What one step of the live flow reads: events staged by source, and the lists of recommendations that were shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lifeloop.base.ids import stable_id
from lifeloop.collect.live.batch import Batch, line_of
from lifeloop.collect.live.exposure import UNREADABLE, shown
from lifeloop.collect.live.heard import Heard, Refused
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.rows import Damaged, shorten
from lifeloop.collect.settle.exposures import ShownLists
from lifeloop.collect.source import Reading
from lifeloop.collect.sources.segment import Segment
from lifeloop.collect.spool import Place, Record
from lifeloop.collect.stage import Stage

_BATCH_EVENTS = 10_000
_UNFORESEEN = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, NotImplementedError, RecursionError)
"""What one event that nobody thought of may raise; it must not stop those behind it."""


class Gathering:
    """Stages by source; at most a batch of events is in memory. Close it before what it staged is read."""

    def __init__(self, folder: Path, spool: str, reading: Reading) -> None:
        self.reading = reading
        self.events = 0
        self.refused = 0
        self.stages: dict[str, Stage] = {}
        self._folder, self._spool = folder, spool
        self._read = Segment().begin(reading)
        self._batches: dict[str, Batch] = {}
        self.shown = ShownLists(folder)

    def take(self, record: Record) -> None:
        """Take what one record holds: events, those that cannot become facts, or a list that was shown."""
        if record.stamp.form != "exposure":
            self._take_events(record.place, record.stamp.source, *heard(record))
            return
        try:
            self.shown.take(shown(record.body), record.stamp.received_at)
        except UNREADABLE as error:
            raw = shorten(record.body.decode("utf-8", "replace"))
            damaged = Damaged(line_of(record.place, 0), "bad_json", f"it is no list that was shown: {error}", raw)
            self._refuse(record.stamp.source, record.place.segment, [damaged])

    def _take_events(self, place: Place, source: str, events: list[Heard], refused: list[Refused]) -> None:
        batch = self._batches.get(source)
        if batch is None or batch.segment != place.segment or len(batch) >= _BATCH_EVENTS:
            self._stage_batch(source)
            batch = self._batches[source] = Batch(place.segment)
        batch.add(place, events)
        self.events += len(events)
        self._refuse(
            source, place.segment, [Damaged(line_of(place, one.index), one.reason, one.detail, one.raw) for one in refused]
        )

    def close(self) -> None:
        """Stage what is left and close the files."""
        for source in list(self._batches):
            self._stage_batch(source)
        for stage in self.stages.values():
            stage.close()
        self.shown.close()

    def _stage_batch(self, source: str) -> None:
        batch = self._batches.pop(source, None)
        if not batch:
            return
        try:
            facts, sieve = self._read(batch.rows())
            told = batch.with_clocks(facts)
        except _UNFORESEEN as error:
            self._stage_parts(source, batch, error)
            return
        self._stage(source).add(batch.segment, told)
        self._refuse(source, batch.segment, sieve.rejected())

    def _stage_parts(self, source: str, batch: Batch, error: Exception) -> None:
        """Stage a batch that cannot be read in halves, until the one event that cannot be is alone, and refuse that."""
        if len(batch) > 1:
            for half in batch.halves():
                self._batches[source] = half
                self._stage_batch(source)
            return
        raw = batch.rows().raw(np.zeros(1, np.int64))[0]
        detail = f"it cannot be read ({type(error).__name__})"
        self._refuse(source, batch.segment, [Damaged(batch.lines[0], "bad_type", detail, shorten(raw))])

    def _refuse(self, source: str, segment: int, damaged: list[Damaged]) -> None:
        """Keep what cannot become a fact: its file is the segment of the spool it stood in."""
        self.refused += len(damaged)
        if damaged:
            self._stage(source).reject(segment, f"live:{source}", stable_id(self._spool, str(segment)), damaged)

    def _stage(self, source: str) -> Stage:
        if source not in self.stages:
            self.stages[source] = Stage(self._folder / f"source-{len(self.stages)}")
        return self.stages[source]
