"""Parquet files as rows of text; a float is written with the fewest digits that give it back, so 6.95 stays 6.95."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import SourceError
from lifeloop.collect.dates import INSTANT
from lifeloop.collect.rows import Form, Positions, Rows

BATCH_ROWS = 131_072


@dataclass
class ParquetPart:
    """One Parquet file; lists and structs in it are passed over."""

    path: Path
    name: str
    sha256: str
    form: Form
    columns: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Read the footer. Raises SourceError."""
        import pyarrow.parquet as pq

        try:
            schema = pq.read_schema(self.path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise SourceError(
                f"cannot import {self.name}", f"it begins like Parquet but cannot be read ({error})", "Write the file again."
            ) from error
        self.columns = [column.name for column in schema if _is_plain(column.type)]

    def rows(self) -> Iterator[Rows]:
        """Read it in row batches. Raises SourceError when its data are broken."""
        import pyarrow.parquet as pq

        before = 0
        try:
            with pq.ParquetFile(self.path) as file:
                total = max(file.metadata.num_rows, 1)
                for batch in file.iter_batches(BATCH_ROWS, columns=self.columns):
                    yield _rows(batch, before, total)
                    before += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise SourceError(
                f"cannot import {self.name}", f"its data break off behind row {before} ({error})", "Write the file again."
            ) from error


def _rows(batch: pa.RecordBatch, before: int, total: int) -> Rows:
    """Return one batch as rows, `before` of `total` having come before it."""
    typed = dict(zip(batch.schema.names, batch.columns, strict=True))
    texts = _Texts(typed)
    lines = np.arange(before + 1, before + 1 + batch.num_rows, dtype=np.int64)
    instants = {name: column.cast(INSTANT, safe=False) for name, column in typed.items() if _is_instant(column.type)}
    share = (before + batch.num_rows) / total
    return Rows(lines=lines, columns=texts, raw=RawCells(texts.values()), share=share, instants=instants)


@dataclass(frozen=True)
class _Texts(Mapping[str, Any]):
    """Columns of any plain type as text, made when they are asked for and kept."""

    typed: Mapping[str, Any]
    made: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """Return one column as text."""
        if name not in self.made:
            self.made[name] = as_text(self.typed[name])
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        """Walk the names."""
        return iter(self.typed)

    def __len__(self) -> int:
        """Count the columns."""
        return len(self.typed)


@dataclass(frozen=True)
class RawCells:
    """The raw text of rows that never were text: their cells, as a line of CSV."""

    cells: Iterable[Any]

    def __call__(self, positions: Positions) -> list[str]:
        """Return the rows at `positions`."""
        taken = [column.take(pa.array(positions)).to_pylist() for column in self.cells]
        return [as_csv_line(row) for row in zip(*taken, strict=True)]


def as_csv_line(cells: tuple[Any, ...]) -> str:
    """Return one row as a line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(["" if cell is None else cell for cell in cells])
    return line.getvalue()


def _is_plain(kind: Any) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_null(kind))


def _is_instant(kind: Any) -> bool:
    return pa.types.is_timestamp(kind) and kind.tz is not None


def as_text(values: Any) -> Any:
    """Return any plain column as text."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        return pa.array(
            [None if value is None else value.decode("utf-8", "replace") for value in values.to_pylist()], pa.string()
        )
    if pa.types.is_timestamp(values.type) and values.type.unit == "ns":
        values = values.cast(pa.timestamp("us", values.type.tz), safe=False)
    return values if pa.types.is_string(values.type) else values.cast(pa.string())
