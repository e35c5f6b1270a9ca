"""Importing files: understand each, stage its facts, compare them with the lake, write what changed."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from lifeloop.base.clock import Clock
from lifeloop.base.config import Settings
from lifeloop.base.errors import SettingsError
from lifeloop.base.progress import Progress, silent
from lifeloop.collect.opening import open_parts
from lifeloop.collect.report import FileReport, Guess, ImportReport
from lifeloop.collect.settle import Settlement, settle
from lifeloop.collect.settle.change import Work
from lifeloop.collect.source import Reading
from lifeloop.collect.stage import Stage
from lifeloop.collect.survey import Survey, base_currency, has_money, look_over
from lifeloop.collect.understanding import Request, Understood, understand
from lifeloop.lake import Engine, Lake

_FALLBACK_CURRENCY = "EUR"
_SHOWN_SOURCES = 5


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
        understood = [understand(part, request, settings) for part in open_parts(path, Path(folder))]
        surveys = [look_over(one, settings.shop.zone, base_known=True) for one in understood]
        return tuple(one.warned(survey.warnings).guess for one, survey in zip(understood, surveys, strict=True))


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
    if not paths:
        raise SettingsError("cannot import", "no file was named", "Name one or more files: lifeloop import orders.csv")
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
        """Survey, stage and settle; files kept under one source are settled together."""
        shop = self.settings.shop
        surveys = [look_over(one, shop.zone, base_known=shop.currency is not None) for one in understood]
        named = base_currency(surveys, shop.currency)
        base = named or _FALLBACK_CURRENCY
        moneyed = any(has_money(one) for one in understood)
        warnings = [] if named or not moneyed else [_about_currency(base)]
        files: list[FileReport] = []
        groups: dict[str, list[int]] = {}
        for number, one in enumerate(understood):
            groups.setdefault(one.guess.source, []).append(number)
        stages: dict[str, Stage] = {}
        for source, numbers in groups.items():
            with Stage(self.folder / f"group-{len(stages)}") as stage:
                for number in numbers:
                    one = understood[number].warned(surveys[number].warnings)
                    reading = self._reading(one, surveys[number], base)
                    files.append(self._stage(stage, number, one, reading, len(understood)))
            stages[source] = stage
        settled = [
            self._settle(stages[source], source, [understood[n] for n in numbers], base, dry_run=dry_run)
            for source, numbers in groups.items()
        ]
        return _report(files, settled, warnings, currency=base if moneyed else shop.currency, dry_run=dry_run)

    def _settle(self, stage: Stage, source: str, files: list[Understood], base: str, *, dry_run: bool) -> Settlement:
        values = {"received_at": self.clock.now(), "base": base}
        work = Work(self.lake, self.engine.as_stored, stage.folder, source, values, parts=len(files))
        self.progress("comparing", 0, 1)
        settled = settle(work, stage, [one.part.sha256 for one in files])
        for done, change in enumerate([] if dry_run else settled.changes):
            self.progress("writing", done, len(settled.changes))
            change.write(self.lake, work.engine)
        return settled

    def _stage(self, stage: Stage, number: int, one: Understood, reading: Reading, total: int) -> FileReport:
        read = one.form.begin(reading)
        rows = 0
        reasons: Counter[str] = Counter()
        sources: set[str] = set()
        for batch in one.part.rows():
            facts, sieve = read(batch)
            sources |= facts.sources
            rejected = sieve.rejected()
            stage.add(number, facts)
            stage.reject(number, one.part.name, one.part.sha256, rejected)
            rows += len(batch) + len(batch.damaged)
            reasons.update(bad.reason for bad in rejected)
            self.progress("reading", number + batch.share, total)
        if len(sources) > 1:
            one = one.warned([_about_sources(sources, one.guess.source)])
        return FileReport(guess=one.guess, rows=rows, rejected=dict(reasons))

    def _reading(self, one: Understood, survey: Survey, base: str) -> Reading:
        shop = self.settings.shop
        return Reading(
            columns=one.columns,
            zone=shop.zone,
            latest=self.clock.now() + timedelta(days=1),
            base=base,
            currency=base,
            rates={code: Decimal(str(rate)) for code, rate in shop.rates.items()},
            dates=survey.dates,
            comma=survey.comma,
            plain_numbers=survey.plain_numbers,
        )


def _about_rejected(file: FileReport) -> list[str]:
    """Warn of a file most of which was rejected: it is probably read wrongly."""
    lost = sum(file.rejected.values())
    if lost * 2 < file.rows:
        return []
    worst = max(file.rejected, key=lambda reason: file.rejected[reason])
    return [
        f"{file.guess.file}: {lost:,} of {file.rows:,} rows were rejected, most as {worst}. Are the columns the right ones?"
    ]


def _about_sources(named: Collection[str], kept: str) -> str:
    """Warn of a file whose rows are of several sources: the same number in two of them is taken for the same fact."""
    some = ", ".join(sorted(named)[:_SHOWN_SOURCES]) + (" ..." if len(named) > _SHOWN_SOURCES else "")
    return (
        f"its rows name {len(named)} sources ({some}) and are kept under '{kept}' alone, where one number is one thing. "
        "If these are different shops, import the rows of each from a file of its own, with --source."
    )


def _about_currency(base: str) -> str:
    return f"no currency is named in these files: amounts are taken for {base}. Set it in lifeloop.toml under [shop] currency."


def _report(
    files: list[FileReport], settled: list[Settlement], warnings: list[str], *, currency: str | None, dry_run: bool
) -> ImportReport:
    counts: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    written: dict[str, None] = {}
    warnings = [*warnings, *(f"{file.guess.file}: {warning}" for file in files for warning in file.guess.warnings)]
    warnings += [warning for file in files for warning in _about_rejected(file)]
    for one in settled:
        counts.update(one.counts)
        rejected.update(one.rejected)
        written |= dict.fromkeys(change.table.name for change in one.changes)
        warnings = [*warnings, *one.warnings]
    return ImportReport(
        files=tuple(files),
        currency=currency,
        dry_run=dry_run,
        rejected=dict(rejected),
        written=tuple(written),
        warnings=tuple(warnings),
        **counts,
    )
