"""CSV and its relatives as rows of text: comma, tab, semicolon or bar, quoted or not, in any encoding.

Whole blocks go through Arrow's reader; a block it does not read exactly as many rows from as stand there is read record by
record instead, so that no slip in one row costs another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from lifeloop.base.errors import SourceError
from lifeloop.collect.encoding import REPLACED, OpenBytes, utf8_blocks
from lifeloop.collect.records import Records, Splitter, split_fields
from lifeloop.collect.rows import Damaged, Form, Rows, shorten

DELIMITERS = (",", "\t", ";", "|")
_SEP_LINE = re.compile(r"^sep=(.)\r?$", re.IGNORECASE)


def sniff_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that divides most of some lines into as many fields as the first one has.

    >>> sniff_delimiter(["a;b;c", "1,5;2;3", "2,5;4;5"])
    ';'
    """
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = [len(split_fields(line, delimiter)) for line in lines]
        alike = sum(width == widths[0] for width in widths) / len(widths)
        score = (alike, widths[0]) if widths[0] > 1 else (0.0, 0)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def unique_names(names: Sequence[str]) -> list[str]:
    """Return column names trimmed, blanks numbered, repeated ones told apart: `a`, `a (2)`, `column 3`."""
    seen: dict[str, int] = {}
    result = []
    for place, name in enumerate(names, start=1):
        clean = name.strip() or f"column {place}"
        seen[clean] = seen.get(clean, 0) + 1
        result.append(clean if seen[clean] == 1 else f"{clean} ({seen[clean]})")
    return result


@dataclass
class DelimitedPart:
    """One delimited text file."""

    path: Path
    name: str
    sha256: str
    form: Form
    open_bytes: OpenBytes
    size: int
    lone_returns: bool = False
    columns: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Read the header. Raises SourceError."""
        header = self._header()
        if header is None:
            raise SourceError(
                f"cannot import {self.name}", "it has no readable header line", "Export it again with column names."
            )
        self.columns = unique_names(split_fields(header, self.form.delimiter or ","))

    def rows(self) -> Iterator[Rows]:
        """Read the rows behind the header, block by block."""
        beyond_header, read = False, 0
        for records in self._records():
            read += len(records.data)
            share = min(1.0, read / max(self.size, 1))
            rest = records
            if not beyond_header and len(records.starts):
                keep = np.arange(len(records.starts)) >= self._header_lines(records)
                rest, beyond_header = records.only(keep, []), True
            if len(rest.starts) or rest.damaged:
                yield self._rows(rest, share)

    def _records(self) -> Iterator[Records]:
        text = utf8_blocks(self.open_bytes, self.form.encoding or "utf-8", lone_returns=self.lone_returns)
        return Splitter(self.form.delimiter).split(text)

    def _header(self) -> str | None:
        for records in self._records():
            if records.damaged and not len(records.starts):
                return None
            if len(records.starts):
                place = self._header_lines(records) - 1
                return records.raw(np.array([place]))[0] if place < len(records.starts) else None
        return None

    def _header_lines(self, records: Records) -> int:
        """Return how many records stand before the first row: the header, and Excel's `sep=;` before it."""
        return 2 if _SEP_LINE.match(records.raw(np.array([0]))[0]) else 1

    def _rows(self, records: Records, share: float) -> Rows:
        sound = self._sound(records)
        arrays, kept = self._quickly(sound)
        if arrays is None:
            arrays, kept = self._slowly(sound)
        columns = dict(zip(self.columns, arrays, strict=True))
        return Rows(lines=kept.lines, columns=columns, raw=kept.raw, damaged=kept.damaged, share=share)

    def _sound(self, records: Records) -> Records:
        """Take out records with bytes their encoding does not know, and with NUL."""
        data = records.data
        is_utf8 = (self.form.encoding or "").startswith("utf-8")
        if is_utf8:
            try:
                data.decode()
                unreadable = False
            except UnicodeDecodeError:
                unreadable = True
        else:
            unreadable = REPLACED in data
        if not unreadable and b"\x00" not in data:
            return records
        keep = np.ones(len(records.starts), bool)
        damaged = []
        for place, (start, end) in enumerate(zip(records.starts.tolist(), records.ends.tolist(), strict=True)):
            if found := self._fault(data[start:end], is_utf8=is_utf8):
                keep[place] = False
                raw = data[start:end].decode("utf-8", "replace").replace("\x00", "\ufffd")
                damaged.append(Damaged(int(records.lines[place]), *found, shorten(raw)))
        return records.only(keep, damaged)

    def _fault(self, record: bytes, *, is_utf8: bool) -> tuple[str, str] | None:
        if b"\x00" in record:
            return "nul_byte", "a NUL byte stands in it"
        try:
            text = record.decode()
        except UnicodeDecodeError:
            return "bad_encoding", f"some bytes are no {self.form.encoding}"
        return ("bad_encoding", f"some bytes are no {self.form.encoding}") if "\ufffd" in text and not is_utf8 else None

    def _quickly(self, records: Records) -> tuple[list[Any] | None, Records]:
        """Divide all records at once; None where Arrow does not see the same rows."""
        names = [str(place) for place in range(len(self.columns))]
        wrong: list[tuple[int, int]] = []

        def pass_over(row: Any) -> str:
            wrong.append((row.number, row.actual_columns))
            return "skip"

        if not len(records.starts):
            return [pa.nulls(0, pa.string()) for _ in names], records
        whole = records.data[int(records.starts[0]) : int(records.ends[-1]) + 1]
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(whole),
                pa_csv.ReadOptions(use_threads=False, block_size=len(whole) + 1, column_names=names),
                pa_csv.ParseOptions(
                    delimiter=self.form.delimiter or ",", newlines_in_values=True, invalid_row_handler=pass_over
                ),
                pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
            )
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None, records
        if table.num_rows + len(wrong) != len(records.starts):
            return None, records
        kept = self._without_wrong(records, [(number - 1, found) for number, found in wrong]) if wrong else records
        return [column.combine_chunks() for column in table.columns], kept

    def _slowly(self, records: Records) -> tuple[list[Any], Records]:
        """Divide records one by one."""
        texts = records.raw(np.arange(len(records.starts)))
        fields = [split_fields(text, self.form.delimiter or ",") for text in texts]
        width = len(self.columns)
        wrong = [(place, len(found)) for place, found in enumerate(fields) if len(found) != width]
        good = [found for found in fields if len(found) == width]
        arrays = [pa.array([found[place] for found in good], pa.string()) for place in range(width)]
        return arrays, self._without_wrong(records, wrong) if wrong else records

    def _without_wrong(self, records: Records, wrong: list[tuple[int, int]]) -> Records:
        """Take out records with too few or too many fields."""
        keep = np.ones(len(records.starts), bool)
        places = np.array([place for place, _ in wrong], np.int64)
        keep[places] = False
        damaged = [
            Damaged(
                int(records.lines[place]),
                "wrong_fields",
                f"{found} fields where the header has {len(self.columns)}",
                shorten(raw),
            )
            for (place, found), raw in zip(wrong, records.raw(places), strict=True)
        ]
        return records.only(keep, damaged)
