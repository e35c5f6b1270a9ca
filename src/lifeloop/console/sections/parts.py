"""What a section of the report is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Tile:
    """One headline figure."""

    name: str
    figure: str
    below: str
    change: str = ""
    rising: bool | None = None
    """Whether the change is upwards; None where there is none."""


@dataclass(frozen=True)
class Grid:
    """A table: headings, rows of words or small drawings, and which columns are figures."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str | Markup]]
    figures: frozenset[int] = frozenset()
    caption: str = ""
    wide: frozenset[int] = frozenset()
    """Columns of whole sentences."""


@dataclass(frozen=True)
class Section:
    """One section; `lead` says what was found, `none` why there is nothing to show."""

    id: str
    title: str
    lead: str = ""
    none: str = ""
    drawing: Markup | None = None
    legend: Sequence[tuple[str, str]] = ()
    """Class of a colour, and what it means."""
    tables: Sequence[Grid] = ()
    folded: Sequence[Grid] = ()
    """Tables shown when asked for: the figures behind a drawing."""
    note: str = ""
    half: bool = False
    """Stands beside its neighbour where there is room."""


def figures(*columns: int) -> frozenset[int]:
    """Return the numbers of the columns that hold figures."""
    return frozenset(columns)


def upto(columns: int) -> frozenset[int]:
    """Return all columns but the first, of so many."""
    return frozenset(range(1, columns))
