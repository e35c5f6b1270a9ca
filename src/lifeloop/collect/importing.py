"""Importing files: understand each, stage its facts, compare them with the lake, write what changed."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from lifeloop.base.clock import Clock
from lifeloop.base.config import Settings
from lifeloop.base.progress import Progress, silent
from lifeloop.collect.opening import open_parts
from lifeloop.collect.report import FileReport, Guess, ImportReport
from lifeloop.collect.settle import settle
from lifeloop.collect.settle.change import Work
from lifeloop.collect.source import Reading
from lifeloop.collect.stage import Stage
from lifeloop.collect.understanding import Request, Understood, understand
from lifeloop.lake import Engine, Lake


def guess(
    path: Path,
    *,
    settings: Settings,
    kind: str | None = None,
    columns: Mapping[str, str] | None = None,
    date_format: str | None = None,
    source: str | None = None,
) -> tuple[Guess, ...]:
    """Return how `path` would be understood, one answer per sheet. Raises SourceError, UnknownName."""
    request = Request(kind=kind, columns=columns, date_format=date_format, source=source)
    with tempfile.TemporaryDirectory(prefix="lifeloop-guess-") as folder:
        return tuple(understand(part, request, settings).guess for part in open_parts(path, Path(folder)))


def import_files(
    lake: Lake,
    engine: Engine,
    paths: Sequence[Path],
    *,
    settings: Settings,
    clock: Clock,
    kind: str | None = None,
    columns: Mapping[str, str] | None = None,
    date_format: str | None = None,
    source: str | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Bring the facts of some files into the lake; importing the same files again changes nothing.

    `columns` maps our column to the file's. `dry_run` reads and compares everything and writes nothing.
    Raises SourceError when a file cannot be imported at all; then nothing of any file was written.
    """
    request = Request(kind=kind, columns=columns, date_format=date_format, source=source)
    with tempfile.TemporaryDirectory(prefix="lifeloop-import-") as folder:
        parts = [part for path in paths for part in open_parts(path, Path(folder))]
        understood = [understand(part, request, settings) for part in parts]
        done = _Import(lake, engine, settings, clock, Path(folder), progress)
        return done.run(understood, dry_run=dry_run)


@dataclass(frozen=True)
class _Import:
    lake: Lake
    engine: Engine
    settings: Settings
    clock: Clock
    folder: Path
    progress: Progress

    def run(self, understood: list[Understood], *, dry_run: bool) -> ImportReport:
        base = self.settings.shop.currency or "EUR"
        with Stage(self.folder) as stage:
            files = tuple(self._stage(stage, number, one, base, len(understood)) for number, one in enumerate(understood))
        now = self.clock.now()
        work = Work(
            lake=self.lake,
            engine=self.engine,
            folder=self.folder,
            source=understood[0].guess.source,
            values={"received_at": now, "base": base},
            parts=len(understood),
        )
        settled = settle(work, stage, [one.part.sha256 for one in understood])
        if not dry_run:
            for position, change in enumerate(settled.changes):
                self.progress("writing", position, len(settled.changes))
                change.write(self.lake, self.engine)
        return ImportReport(
            files=files,
            currency=base,
            dry_run=dry_run,
            rejected=settled.rejected,
            written=tuple(change.table.name for change in settled.changes),
            warnings=tuple(settled.warnings),
            **settled.counts,
        )

    def _stage(self, stage: Stage, number: int, one: Understood, base: str, total: int) -> FileReport:
        read = one.form.begin(self._reading(one, base))
        rows = 0
        reasons: Counter[str] = Counter()
        for batch in one.part.rows():
            facts, sieve = read(batch)
            rejected = sieve.rejected()
            stage.add(number, facts)
            stage.reject(number, one.part.name, one.part.sha256, rejected)
            rows += len(batch) + len(batch.damaged)
            reasons.update(bad.reason for bad in rejected)
            self.progress("reading", number + batch.share, total)
        return FileReport(guess=one.guess, rows=rows, rejected=dict(reasons))

    def _reading(self, one: Understood, base: str) -> Reading:
        numbers = one.sample.values.get(one.columns.get("order_id", ""), [])
        digits = sum(text.isdigit() for text in numbers)
        return Reading(
            columns=one.columns,
            zone=self.settings.shop.zone,
            latest=self.clock.now() + timedelta(days=1),
            base=base,
            currency=base,
            rates={code: Decimal(str(rate)) for code, rate in self.settings.shop.rates.items()},
            plain_numbers=bool(numbers) and digits > 0.5 * len(numbers),
        )
