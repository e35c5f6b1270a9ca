"""Understanding a file before it is read: which source, and which column is which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lifeloop.base.config import Settings, SourceSettings
from lifeloop.base.errors import LifeloopError, SourceError, UnknownName
from lifeloop.collect.columns import Sample, amount_is_of_order, check_said, guess_columns
from lifeloop.collect.report import ColumnGuess, Guess
from lifeloop.collect.rows import Part, Rows
from lifeloop.collect.source import KINDS, Source
from lifeloop.collect.sources import OF_ONE_SHOP, SOURCES

_SHOWN_COLUMNS = 40

SHOP = "shop"
"""The source of every plain list (orders, lines, products, ...): one shop's lists speak of the same orders and products."""


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

    def warned(self, warnings: Sequence[str]) -> Understood:
        """Return it with further warnings."""
        return replace(self, guess=replace(self.guess, warnings=(*self.guess.warnings, *warnings)))


def kept_under(form: Source) -> str:
    """Return the source that facts of a form are kept under where nobody names one."""
    return SHOP if form.name in OF_ONE_SHOP else form.name


def understand(part: Part, request: Request, settings: Settings) -> Understood:
    """Find the source of a part and its columns. Raises SourceError when it can be nothing that was asked for."""
    first = next((rows for rows in part.rows() if len(rows)), None)
    sample = Sample.of(first.columns if first else dict.fromkeys(part.columns, _NO_VALUES))
    form, columns, kept = _recognise(part, sample, request, settings)
    if first is None:
        raise SourceError(f"cannot import {part.name}", "it has a header and no rows", "Export it again with its data.")
    warnings = []
    if form.kind == "lines" and amount_is_of_order(columns, sample):
        warnings.append(f"'{columns['amount'].theirs}' looks like the whole order's total: quantity x price is used instead.")
        del columns["amount"]
    used = {guess.theirs for guess in columns.values()}
    guess = Guess(
        file=part.name,
        source=request.source or kept_under(form),
        form=form.name,
        kind=form.kind,
        format=part.form.format,
        encoding=part.form.encoding,
        delimiter=part.form.delimiter,
        columns=columns,
        unused=tuple(name for name in part.columns if name not in used),
        sample=_first_rows(first, columns),
        warnings=tuple(warnings),
    )
    return Understood(part=part, form=form, guess=guess, sample=sample, date_format=request.date_format or kept.date_format)


class _Nothing:
    """A column without rows."""

    def slice(self, _start: int, _length: int) -> _Nothing:
        return self

    def to_pylist(self) -> list[str]:
        return []


_NO_VALUES = _Nothing()


def _recognise(
    part: Part, sample: Sample, request: Request, settings: Settings
) -> tuple[Source, dict[str, ColumnGuess], SourceSettings]:
    candidates = _candidates(request, settings)
    known = {ours for form in candidates for ours in form.fields}
    check_said(request.columns or {}, dict.fromkeys(known, ()), "a file")
    for form in candidates:
        kept = settings.sources.get(request.source or form.name, SourceSettings())
        said = _said(part, request, kept)
        if not said.keys() <= form.fields.keys():
            continue
        columns = guess_columns(form.fields, sample, said)
        if form.recognises(part.columns, {ours: guess.theirs for ours, guess in columns.items()}):
            return form, columns, kept
    raise _unusable(part, candidates, sample, request)


def _candidates(request: Request, settings: Settings) -> list[Source]:
    """Return the sources to ask: those of the kind asked for, or all; a source named like one of ours is that one."""
    kind = request.kind or settings.sources.get(request.source or "", SourceSettings()).kind
    if kind is not None and kind not in KINDS:
        raise UnknownName("kind of file", kind, KINDS)
    return [form for form in SOURCES.values() if kind is None or kind in (form.kind, *form.also)]


def _said(part: Part, request: Request, kept: SourceSettings) -> dict[str, ColumnGuess]:
    said = {ours: ColumnGuess(theirs, "settings") for ours, theirs in kept.columns.items() if theirs in part.columns}
    for ours, theirs in (request.columns or {}).items():
        if theirs not in part.columns:
            raise SourceError(
                f"cannot import {part.name}",
                f"line 1 has no column '{theirs}' to read '{ours}' from (found: {_found(part)})",
                f"Map a column that is there with --map {ours}={_spare(part)}.",
            )
        said[ours] = ColumnGuess(theirs, "map")
    return said


def _unusable(part: Part, candidates: Sequence[Source], sample: Sample, request: Request) -> LifeloopError:
    """Return the error that names what is missing for the form most of which is there, orders where nothing is."""

    def share_missing(form: Source) -> tuple[float, bool]:
        return len(_missing(form, sample, request)) / len(form.required), form.kind != "orders"

    nearest = min(candidates, key=share_missing)
    missing = _missing(nearest, sample, request) or ["order_id"]
    return SourceError(
        f"cannot import {part.name}",
        f"line 1 has no column for '{missing[0]}' (found: {_found(part)})",
        f"Map one with --map {missing[0]}={_spare(part)}, or keep the mapping in lifeloop.toml under "
        f"[sources.{request.source or nearest.name}.columns].",
    )


def _found(part: Part) -> str:
    more = f" and {len(part.columns) - _SHOWN_COLUMNS} more" if len(part.columns) > _SHOWN_COLUMNS else ""
    return ", ".join(part.columns[:_SHOWN_COLUMNS])[:2000] + more


def _spare(part: Part) -> str:
    return next(iter(part.columns), "COLUMN")[:60]


def _missing(form: Source, sample: Sample, request: Request) -> list[str]:
    said = {ours: ColumnGuess(theirs, "map") for ours, theirs in (request.columns or {}).items()}
    found = guess_columns(form.fields, sample, said)
    return [group[0] for group in form.required if not any(name in found for name in group)]


def _first_rows(rows: Rows, columns: Mapping[str, ColumnGuess], most: int = 3) -> tuple[dict[str, str], ...]:
    cells = {ours: rows.columns[guess.theirs].slice(0, most).to_pylist() for ours, guess in columns.items()}
    count = min(most, len(rows))
    return tuple({ours: values[place] or "" for ours, values in cells.items()} for place in range(count))
