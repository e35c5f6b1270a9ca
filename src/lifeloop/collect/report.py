"""What an import tells: how each file was understood, what came of its rows, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lifeloop.collect.source import Kind


@dataclass(frozen=True)
class ColumnGuess:
    """One column of ours, the file's column it is read from, and how that was found."""

    theirs: str
    how: str
    """`map` (the user said so), `settings`, `name` (it is called so), `likeness` or `content`."""


@dataclass(frozen=True)
class Guess:
    """How one file, or one sheet of a workbook, is understood; shown before anything is written."""

    file: str
    source: str
    """Under which its facts are kept."""
    form: str
    """The source that recognised it."""
    kind: Kind
    format: str
    encoding: str | None
    delimiter: str | None
    columns: Mapping[str, ColumnGuess]
    unused: tuple[str, ...]
    """Columns of the file nothing is read from."""
    sample: tuple[Mapping[str, str], ...]
    """Its first rows, in our columns."""
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class FileReport:
    """What came of one file."""

    guess: Guess
    rows: int
    """Rows read: facts and rejected rows together."""
    rejected: Mapping[str, int]
    """Rejected rows of this file by reason."""


@dataclass(frozen=True)
class ImportReport:
    """What came of all files of one import; lines that several files hold are counted once."""

    files: tuple[FileReport, ...]
    currency: str | None
    """The base currency: the shop's, or what most amounts of these files are in; None where no file has amounts."""
    dry_run: bool
    orders_new: int = 0
    orders_updated: int = 0
    orders_unchanged: int = 0
    lines: int = 0
    refunds: int = 0
    products: int = 0
    customers: int = 0
    events: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    """Rejected rows by reason; the same row in overlapping files counts once."""
    written: tuple[str, ...] = ()
    """Tables that got a new version; empty if everything was known already."""
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)
