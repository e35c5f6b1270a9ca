"""Rows on their way in: text in named columns, each row still knowing its line and its raw text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lifeloop.base.errors import UnknownName
from lifeloop.collect.reasons import REASONS

Mask: TypeAlias = NDArray[np.bool_]
Positions: TypeAlias = NDArray[np.int64]

RAW_LIMIT = 2000
"""Characters of a rejected row that are kept; a longer one ends in an ellipsis."""


def shorten(raw: str) -> str:
    """Return `raw`, cut to what `rejected` keeps."""
    return raw if len(raw) <= RAW_LIMIT else raw[:RAW_LIMIT] + "…"


def _check_reason(reason: str) -> None:
    if reason not in REASONS:
        raise UnknownName("reason", reason, REASONS)


@dataclass(frozen=True, slots=True)
class Damaged:
    """One row that could not even be divided into fields."""

    line: int
    reason: str
    detail: str
    raw: str

    def __post_init__(self) -> None:
        """Refuse a reason nobody declared. Raises UnknownName."""
        _check_reason(self.reason)


@dataclass(frozen=True)
class Rows:
    """Some rows of one file: `columns` holds text arrays of equal length, `lines` the line each row began on."""

    lines: Positions
    columns: Mapping[str, Any]
    raw: Callable[[Positions], list[str]]
    damaged: Sequence[Damaged] = ()
    share: float = 1.0
    """How much of the file has been read when these rows are done, 0..1."""
    objects: Sequence[Mapping[str, Any]] | None = None
    """The rows as they were written, lists and all, where the file holds objects; numbers are int or Decimal."""
    instants: Mapping[str, Any] = field(default_factory=dict)
    """Columns that the file itself keeps as instants; they stand among `columns` as text too."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Columns of ours that are known already, in their own type; a source that knows of them looks no further."""

    def __len__(self) -> int:
        """Count the rows that were divided into fields."""
        return len(self.lines)

    def text(self, column: str | None) -> Any:
        """Return a column as trimmed text, null where blank; all null when there is no such column."""
        if column is None or column not in self.columns:
            return pa.nulls(len(self), pa.string())
        return trimmed(self.columns[column])


def trimmed(values: Any) -> Any:
    """Return text without outer blanks; what is then empty is null."""
    import pyarrow.compute as pc

    stripped = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(stripped, ""), pa.scalar(None, pa.string()), stripped)


@dataclass(frozen=True)
class Form:
    """How a file turned out to be written."""

    format: str
    """csv, jsonl, parquet or xlsx."""
    encoding: str | None = None
    delimiter: str | None = None
    packed: bool = False
    """Whether it was gzipped."""


class Part(Protocol):
    """One table of rows: a file, or one sheet of a workbook."""

    path: Path
    name: str
    """What `rejected` and the report call it: the file's name, with the sheet behind it where there are several."""
    sha256: str
    form: Form
    columns: list[str]
    """Its column names as they stand in the file."""

    def rows(self) -> Iterator[Rows]:
        """Read it from its beginning, piece by piece."""
        ...


@dataclass
class Sieve:
    """Takes bad rows out of some rows, each with the first reason that is found."""

    rows: Rows
    reasons: list[tuple[str, str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with every row good."""
        self._verdict = np.zeros(len(self.rows), np.int16)

    def drop(self, bad: Any, reason: str, words: str, column: str | None = None) -> None:
        """Reject the rows where `bad` is true and that are still good.

        `words` says what is wrong; `{value}` in it is filled with what stands in `column` of the file.
        """
        _check_reason(reason)
        mask = as_mask(bad) & (self._verdict == 0)
        if mask.any():
            self.reasons.append((reason, words, column))
            self._verdict[mask] = len(self.reasons)

    @property
    def good(self) -> Mask:
        """Which rows nothing was found against."""
        return np.asarray(self._verdict == 0, dtype=bool)

    def rejected(self) -> list[Damaged]:
        """Return every row taken out, with its raw text."""
        positions = np.flatnonzero(self._verdict)
        raws = self.rows.raw(positions) if len(positions) else []
        found = list(self.rows.damaged)
        for position, raw in zip(positions.tolist(), raws, strict=True):
            reason, words, column = self.reasons[int(self._verdict[position]) - 1]
            value = self._cell(column, position)
            detail = words.replace("{value}", "" if value is None else str(value)[:60])
            found.append(Damaged(int(self.rows.lines[position]), reason, detail, shorten(raw)))
        return found

    def _cell(self, column: str | None, position: int) -> str | None:
        if column is None or column not in self.rows.columns:
            return None
        value: str | None = self.rows.columns[column][position].as_py()
        return value


def as_mask(values: Any) -> Mask:
    """Return an Arrow or NumPy boolean array as a mask; null counts as false."""
    if isinstance(values, np.ndarray):
        return np.asarray(values, dtype=bool)
    filled = values.fill_null(fill_value=False) if values.null_count else values
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=bool)
