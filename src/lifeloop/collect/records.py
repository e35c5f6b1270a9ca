"""Text to records: where each row begins and ends, with quoted line breaks, in bounded memory.

A quote opens a field only where a field begins; within one, two quotes stand for one, and the next one closes it. A quote that
does not close within 1 MiB, or before the file ends, is taken for a slip: its line is damaged, the lines behind it are rows
again. A line of more than 1 MiB is cut, reported as damaged, and passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lifeloop.collect.rows import Damaged, Positions, shorten

LONGEST_BYTES = 1 << 20
"""A row longer than this is no row."""

_NEWLINE, _RETURN, _QUOTE = 10, 13, 34


@dataclass(frozen=True)
class Records:
    """Complete records within `data`: row i is `data[starts[i]:ends[i]]` and began on line `lines[i]`."""

    data: bytes
    starts: Positions
    ends: Positions
    lines: Positions
    damaged: list[Damaged]

    def raw(self, positions: Positions) -> list[str]:
        """Return some records as text."""
        return [self.data[self.starts[i] : self.ends[i]].decode("utf-8", "replace") for i in positions.tolist()]

    def only(self, keep: NDArray[np.bool_], damaged: list[Damaged]) -> Records:
        """Return the records where `keep` is true, in data of their own."""
        pieces = [self.data[a:b] for a, b in zip(self.starts[keep].tolist(), self.ends[keep].tolist(), strict=True)]
        lengths = np.array([len(piece) + 1 for piece in pieces], np.int64)
        ends = np.cumsum(lengths) - 1
        data = b"".join(piece + b"\n" for piece in pieces)
        return Records(data, ends - lengths + 1, ends, self.lines[keep], [*self.damaged, *damaged])


@dataclass
class Splitter:
    """Divides a stream of UTF-8 blocks into records; `delimiter` None means lines without quoting."""

    delimiter: str | None
    _line: int = 1
    _skipping: bool = False
    _damaged: list[Damaged] = field(default_factory=list)

    def split(self, blocks: Iterable[bytes]) -> Iterator[Records]:
        """Yield the records of each block as soon as they are complete."""
        carry = b""
        for block in blocks:
            data = carry + (self._behind_long_line(block) if self._skipping else block)
            records, carry = self._cut(data, final=False)
            yield records
        if carry:
            records, _ = self._cut(carry + b"\n", final=True)
            yield records

    def _behind_long_line(self, block: bytes) -> bytes:
        end = block.find(b"\n")
        if end < 0:
            return b""
        self._skipping = False
        self._line += 1
        return block[end + 1 :]

    def _cut(self, data: bytes, *, final: bool) -> tuple[Records, bytes]:
        """Return the complete records of `data`, and the bytes behind them."""
        starts: list[Positions] = []
        ends: list[Positions] = []
        lines: list[Positions] = []
        position = 0
        while position < len(data):
            here = _Cut.of(data, position, self.delimiter)
            good = here.until_too_long()
            starts.append(here.starts[:good])
            ends.append(here.ends[:good])
            lines.append(self._line + np.searchsorted(here.newlines, here.starts[:good]))
            behind = here.starts[good] if good < len(here.starts) else here.tail
            self._line += int(np.searchsorted(here.newlines, behind))
            position = int(behind)
            if good == len(here.starts) and not self._must_break(data, position, final=final):
                break
            position = self._break(data, position, final=final)
        found = Records(
            data,
            np.concatenate(starts) if starts else np.zeros(0, np.int64),
            np.concatenate(ends) if ends else np.zeros(0, np.int64),
            np.concatenate(lines) if lines else np.zeros(0, np.int64),
            self._damaged,
        )
        self._damaged = []
        return _without_blanks(found), data[position:]

    def _must_break(self, data: bytes, position: int, *, final: bool) -> bool:
        rest = len(data) - position
        return rest > LONGEST_BYTES or (final and rest > 0)

    def _break(self, data: bytes, position: int, *, final: bool) -> int:
        """Deal with a record that is too long or unfinished; returns where the next one begins."""
        end = data.find(b"\n", position)
        end = end if end >= 0 else len(data)
        if end - position > LONGEST_BYTES:
            self._report(data, position, "line_too_long", f"the line is longer than {LONGEST_BYTES:,} bytes")
            self._skipping = end == len(data) and not final
        else:
            self._report(data, position, "bad_quotes", "a quote opens here and does not close", end)
        self._line += end < len(data)
        return min(end + 1, len(data))

    def _report(self, data: bytes, position: int, reason: str, detail: str, end: int | None = None) -> None:
        raw = data[position : min(end or len(data), position + 10_000)].decode("utf-8", "replace")
        self._damaged.append(Damaged(self._line, reason, detail, shorten(raw)))


@dataclass(frozen=True)
class _Cut:
    """One attempt at dividing data from a position on."""

    starts: Positions
    ends: Positions
    newlines: Positions
    """Every line break from the position on."""
    tail: int
    """Where the record begins that is not complete."""

    @classmethod
    def of(cls, data: bytes, position: int, delimiter: str | None) -> _Cut:
        """Divide `data` from `position` on."""
        bytes_ = np.frombuffer(data, np.uint8)[position:]
        newlines = np.flatnonzero(bytes_ == _NEWLINE)
        breaks = newlines
        if delimiter is not None:
            quotes = np.flatnonzero(bytes_ == _QUOTE)
            if len(quotes):
                opened = _opened(bytes_, quotes, ord(delimiter))
                inside = np.searchsorted(opened, newlines) % 2 == 1
                breaks = newlines[~inside]
        starts = np.concatenate([[0], breaks[:-1] + 1]) if len(breaks) else np.zeros(0, np.int64)
        tail = int(breaks[-1]) + 1 if len(breaks) else 0
        return cls(starts + position, breaks + position, newlines + position, tail + position)

    def until_too_long(self) -> int:
        """Return how many records stand before the first that is too long."""
        long = np.flatnonzero(self.ends - self.starts > LONGEST_BYTES)
        return int(long[0]) if len(long) else len(self.starts)


def _opened(bytes_: NDArray[np.uint8], quotes: Positions, delimiter: int) -> Positions:
    """Return the quotes that open and close fields, in turn; quick where all of them do, else one by one."""
    last = len(bytes_) - 1
    before = bytes_[np.maximum(quotes[0::2] - 1, 0)]
    opens = (quotes[0::2] == 0) | (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE)
    behind = bytes_[np.minimum(quotes[1::2] + 1, last)]
    ends_field = (behind == delimiter) | (behind == _NEWLINE) | (behind == _RETURN) | (behind == _QUOTE)
    closes = (quotes[1::2] == last) | ends_field
    if opens.all() and closes.all():
        return quotes
    return np.array(_walk(bytes_, quotes.tolist(), delimiter), np.int64)


def _walk(bytes_: NDArray[np.uint8], quotes: list[int], delimiter: int) -> list[int]:
    """Go through the quotes one by one, as a reader of CSV does."""
    found: list[int] = []
    last, at = len(bytes_) - 1, 0
    while at < len(quotes):
        quote = quotes[at]
        if len(found) % 2 == 0:
            if quote == 0 or bytes_[quote - 1] in (delimiter, _NEWLINE):
                found.append(quote)
        elif quote < last and bytes_[quote + 1] == _QUOTE:
            at += 1
        else:
            found.append(quote)
        at += 1
    return found


def _without_blanks(records: Records) -> Records:
    """Take carriage returns off the ends, and records with nothing in them out."""
    bytes_ = np.frombuffer(records.data, np.uint8)
    ends = records.ends
    if len(ends):
        last = bytes_[np.maximum(ends - 1, 0)]
        ends = np.where((last == _RETURN) & (ends > records.starts), ends - 1, ends)
    trimmed = Records(records.data, records.starts, ends, records.lines, records.damaged)
    filled = ends > records.starts
    return trimmed if filled.all() else trimmed.only(filled, [])


def split_fields(record: str, delimiter: str) -> list[str]:
    r'''Divide one record into fields, by the rules above.

    >>> split_fields('a,"b,""c""",d', ",")
    ['a', 'b,"c"', 'd']
    '''
    fields: list[str] = []
    position = 0
    while True:
        field_, position = _field(record, position, delimiter)
        fields.append(field_)
        if position > len(record):
            return fields


def _field(record: str, position: int, delimiter: str) -> tuple[str, int]:
    """Return the field that begins at `position`, and where the next one does (behind the end: there is none)."""
    quoted = ""
    if record[position : position + 1] == '"':
        pieces: list[str] = []
        start = position + 1
        while True:
            close = record.find('"', start)
            if close < 0:
                return "".join([*pieces, record[start:]]), len(record) + 1
            pieces.append(record[start:close])
            if record[close + 1 : close + 2] != '"':
                break
            pieces.append('"')
            start = close + 2
        quoted, position = "".join(pieces), close + 1
    end = record.find(delimiter, position)
    end = len(record) if end < 0 else end
    return quoted + record[position:end], end + 1
