"""What a source is: it recognises one form of file by its columns and makes facts of its rows.

Adding one is one file and one entry point in the group `lifeloop.sources`; `lifeloop.testing.sources.SourceContract` tests it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.clock import EPOCH
from lifeloop.base.config import IMPORT_KINDS, ImportKind
from lifeloop.collect.dates import INSTANT, DateStyle, parse_instants
from lifeloop.collect.facts import Facts
from lifeloop.collect.numbers import DECIMAL, parse_numbers
from lifeloop.collect.rows import Mask, Rows, Sieve, as_mask

Kind: TypeAlias = ImportKind
KINDS: tuple[Kind, ...] = IMPORT_KINDS


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything decided about a file before its rows are read."""

    columns: Mapping[str, str]
    """Our column -> the file's column."""
    zone: ZoneInfo
    latest: datetime
    """No fact lies behind it: the clock and a day."""
    base: str
    """The shop's base currency."""
    currency: str
    """The currency of an amount that names none."""
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    """Units of the base currency that one unit of another buys."""
    dates: DateStyle = field(default_factory=DateStyle)
    comma: bool = False
    """Whether the comma is the decimal mark."""
    plain_numbers: bool = False
    """Whether the file's order numbers are digits, so that a C before one says it was cancelled."""

    def text(self, rows: Rows, name: str) -> Any:
        """Return our column `name` of some rows as trimmed text."""
        return rows.text(self.columns.get(name))

    def has(self, name: str) -> bool:
        """Return whether the file has our column `name`."""
        return name in self.columns

    def numbers(self, rows: Rows, sieve: Sieve, name: str, *, required: bool = False) -> Any:
        """Return our column `name` as decimals; rows with something else there are rejected as `bad_number`."""
        texts = self.text(rows, name)
        theirs = self.columns.get(name)
        values = parse_numbers(texts, comma=self.comma) if theirs else pa.nulls(len(rows), DECIMAL)
        if theirs:
            wrong = pc.and_(pc.is_valid(texts), pc.is_null(values))
            sieve.drop(wrong, "bad_number", f"'{{value}}' in {theirs} is no number", theirs)
            if required:
                sieve.drop(pc.is_null(texts), "missing_number", f"{theirs} is empty", theirs)
        return values

    def instants(self, rows: Rows, sieve: Sieve, name: str, *, required: bool = True) -> Any:
        """Return our column `name` as UTC instants; bad, missing, future and too old dates reject their rows."""
        theirs = self.columns.get(name)
        if theirs is None:
            return pa.nulls(len(rows), INSTANT)
        said = rows.instants[theirs] if theirs in rows.instants else self.text(rows, name)
        values = said if theirs in rows.instants else parse_instants(said, self.dates, self.zone)
        shown = f"'{{value}}' in {theirs}"
        wrong = pc.and_(pc.is_valid(said), pc.is_null(values))
        sieve.drop(wrong, "bad_date", f"{shown} is no date as this column writes them", theirs)
        if required:
            sieve.drop(pc.is_null(said), "no_date", f"{theirs} is empty", theirs)
        sieve.drop(pc.less(values, pa.scalar(EPOCH, INSTANT)), "bad_date", f"{shown} lies before 1970", theirs)
        sieve.drop(pc.greater(values, pa.scalar(self.latest, INSTANT)), "future_date", f"{shown} lies in the future", theirs)
        return values


Reader: TypeAlias = Callable[[Rows], tuple[Facts, Sieve]]


class Source(Protocol):
    """One shop system or file form."""

    name: str
    """Under which its facts are kept, unless the user says otherwise."""
    kind: Kind
    also: Sequence[Kind]
    """Other kinds that people may take such a file for."""
    about: str
    fields: Mapping[str, Sequence[str]]
    """Our columns -> words they are written as, most telling first."""
    required: Sequence[Sequence[str]]
    """Of each group at least one column must be there."""

    def recognises(self, columns: Sequence[str], mapping: Mapping[str, str], /) -> bool:
        """Return whether a file with these columns, mapped so, is of this form."""
        ...

    def begin(self, reading: Reading) -> Reader:
        """Return a function that makes facts of one batch of rows after the other, and says which rows were bad."""
        ...


def positive(values: Any) -> Mask:
    """Return which decimals are above zero; null is not."""
    return as_mask(pc.greater(values, pa.scalar(0, values.type)))


def zero(values: Any) -> Mask:
    """Return which decimals are zero; null is not."""
    return as_mask(pc.equal(values, pa.scalar(0, values.type)))


def negative(values: Any) -> Mask:
    """Return which decimals are below zero; null is not."""
    return as_mask(pc.less(values, pa.scalar(0, values.type)))


def masked(values: Any, keep: Mask) -> Any:
    """Return `values`, null where `keep` is false."""
    return pc.if_else(pa.array(keep), values, pa.scalar(None, values.type))


def as_doubles(values: Any) -> Any:
    """Return decimals as float64."""
    return values.cast(pa.float64())


def either(mask: Mask, yes: Any, no: Any) -> Any:
    """Return `yes` where the mask is true, else `no`."""
    return pc.if_else(pa.array(mask), yes, no)
