"""Understanding a file before it is read: which source, which columns, how dates and numbers are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lifeloop.base.config import Settings, SourceSettings
from lifeloop.base.errors import SourceError, UnknownName
from lifeloop.collect.columns import Sample, check_said, guess_columns
from lifeloop.collect.report import ColumnGuess, Guess
from lifeloop.collect.rows import Part, Rows
from lifeloop.collect.source import KINDS, Source
from lifeloop.collect.sources import SOURCES


@dataclass(frozen=True)
class Request:
    """What the user said about the files of one import."""

    kind: str | None = None
    columns: Mapping[str, str] | None = None
    date_format: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Understood:
    """One part of a file, and what it was understood to be."""

    part: Part
    form: Source
    guess: Guess
    sample: Sample
    date_format: str | None

    @property
    def columns(self) -> dict[str, str]:
        """Our column -> the file's column."""
        return {ours: guess.theirs for ours, guess in self.guess.columns.items()}


def understand(part: Part, request: Request, settings: Settings) -> Understood:
    """Find the source of a part and its columns. Raises SourceError when it can be nothing that was asked for."""
    first = next(iter(part.rows()), None)
    if first is None or not (len(first) or first.damaged):
        raise SourceError(f"cannot import {part.name}", "it has a header and no rows", "Export it again with its data.")
    sample = Sample.of(first.columns)
    form, columns, kept = _recognise(part, sample, request, settings)
    used = {guess.theirs for guess in columns.values()}
    guess = Guess(
        file=part.name,
        source=request.source or form.name,
        form=form.name,
        kind=form.kind,
        format=part.form.format,
        encoding=part.form.encoding,
        delimiter=part.form.delimiter,
        columns=columns,
        unused=tuple(name for name in part.columns if name not in used),
        sample=_first_rows(first, columns),
    )
    return Understood(part=part, form=form, guess=guess, sample=sample, date_format=request.date_format or kept.date_format)


def _recognise(
    part: Part, sample: Sample, request: Request, settings: Settings
) -> tuple[Source, dict[str, ColumnGuess], SourceSettings]:
    candidates = _candidates(request, settings)
    for form in candidates:
        kept = settings.sources.get(request.source or form.name, SourceSettings())
        columns = guess_columns(form.fields, sample, _said(part, form, request, kept))
        if form.recognises(part.columns, {ours: guess.theirs for ours, guess in columns.items()}):
            return form, columns, kept
    raise _unusable(part, candidates, sample, request)


def _candidates(request: Request, settings: Settings) -> list[Source]:
    kind = request.kind or settings.sources.get(request.source or "", SourceSettings()).kind
    if kind is not None and kind not in KINDS:
        raise UnknownName("kind of file", kind, KINDS)
    return [form for form in SOURCES.values() if kind is None or form.kind == kind]


def _said(part: Part, form: Source, request: Request, kept: SourceSettings) -> dict[str, ColumnGuess]:
    said = {ours: ColumnGuess(theirs, "settings") for ours, theirs in kept.columns.items()}
    said |= {ours: ColumnGuess(theirs, "map") for ours, theirs in (request.columns or {}).items()}
    for ours, guess in said.items():
        if guess.theirs not in part.columns:
            raise SourceError(
                f"cannot import {part.name}",
                f"it has no column '{guess.theirs}' for '{ours}' (found: {', '.join(part.columns)})",
                "Map a column that is there, with --map or in lifeloop.toml.",
            )
    if request.kind:
        check_said(request.columns or {}, form.fields, form.name)
    return said


def _unusable(part: Part, candidates: Sequence[Source], sample: Sample, request: Request) -> SourceError:
    nearest = min(candidates, key=lambda form: len(_missing(form, sample)))
    missing = _missing(nearest, sample)
    lacking = missing[0] if missing else "order_id"
    spare = next((name for name in part.columns), "COLUMN")
    return SourceError(
        f"cannot import {part.name}",
        f"line 1 has no column for '{lacking}' (found: {', '.join(part.columns[:40])})",
        f"Map one with --map {lacking}={spare}, or keep the mapping in lifeloop.toml under "
        f"[sources.{request.source or nearest.name}.columns].",
    )


def _missing(form: Source, sample: Sample) -> list[str]:
    found = guess_columns(form.fields, sample, {})
    return [group[0] for group in form.required if not any(name in found for name in group)]


def _first_rows(rows: Rows, columns: Mapping[str, ColumnGuess], most: int = 3) -> tuple[dict[str, str], ...]:
    cells = {ours: rows.columns[guess.theirs].slice(0, most).to_pylist() for ours, guess in columns.items()}
    count = min(most, len(rows))
    return tuple({ours: values[place] or "" for ours, values in cells.items()} for place in range(count))
