"""Excel workbooks as rows of text; sheets with the columns of the first are read like files of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import SourceError
from lifeloop.base.ids import stable_id
from lifeloop.collect.delimited import unique_names
from lifeloop.collect.parquet import RawCells
from lifeloop.collect.rows import Form, Rows

_BATCH_ROWS = 65_536


def cell_text(value: Any) -> str | None:
    """Return a cell as text: whole numbers without a point, dates as ISO, an empty cell as None.

    >>> cell_text(13085.0), cell_text(2.55), cell_text(datetime(2010, 12, 1, 8, 26)), cell_text("")
    ('13085', '2.55', '2010-12-01 08:26:00', None)
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value).encode("utf-8", "replace").decode()


@dataclass
class SheetPart:
    """One sheet of a workbook."""

    path: Path
    name: str
    sha256: str
    form: Form
    cells: Any
    """The sheet, as calamine reads it."""
    columns: list[str] = field(init=False)
    header_row: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Take the first row with something in it for the header."""
        self.columns = []
        for position, row in enumerate(self.cells.iter_rows()):
            texts = [cell_text(value) for value in row]
            if any(texts):
                while texts and texts[-1] is None:
                    texts.pop()
                self.columns = unique_names([text or "" for text in texts])
                self.header_row = position
                return

    def rows(self) -> Iterator[Rows]:
        """Read the rows behind the header; rows without any content are passed over."""
        first = (self.cells.start or (0, 0))[0]
        total = max(self.cells.height, 1)
        lines: list[int] = []
        kept: list[list[str | None]] = []
        for position, row in enumerate(self.cells.iter_rows()):
            texts = [cell_text(value) for value in row[: len(self.columns)]] if position > self.header_row else []
            if any(texts):
                lines.append(first + position + 1)
                kept.append(texts)
            if len(kept) >= _BATCH_ROWS:
                yield self._batch(lines, kept, position / total)
                lines, kept = [], []
        if kept:
            yield self._batch(lines, kept, 1.0)

    def _batch(self, lines: list[int], kept: list[list[str | None]], share: float) -> Rows:
        width = len(self.columns)
        arrays = [pa.array([row[place] if place < len(row) else None for row in kept], pa.string()) for place in range(width)]
        columns = dict(zip(self.columns, arrays, strict=True))
        return Rows(lines=np.array(lines, np.int64), columns=columns, raw=RawCells(arrays), share=share)


def open_workbook(path: Path, name: str, sha256: str, *, packed: bool) -> list[SheetPart]:
    """Return the sheets of a workbook that have the columns of its first sheet with content. Raises SourceError."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = [(title, book.get_sheet_by_name(title)) for title in book.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(
            f"cannot import {name}", f"it looks like an Excel workbook but cannot be read ({error})", "Save it again as .xlsx."
        ) from error
    form = Form("xlsx", packed=packed)
    parts = [SheetPart(path, f"{name}[{title}]", stable_id(sha256, title), form, sheet) for title, sheet in sheets]
    filled = [part for part in parts if part.columns]
    if not filled:
        raise SourceError(f"cannot import {name}", "every sheet of it is empty", "Export it again with its data.")
    alike = [part for part in filled if set(part.columns) == set(filled[0].columns)]
    if len(alike) == 1:
        alike[0].name, alike[0].sha256 = name, sha256
    return alike
