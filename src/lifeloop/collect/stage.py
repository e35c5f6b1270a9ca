"""The stage: facts of all files of one import, in temporary Parquet files, before they are compared with the lake."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lifeloop.collect.facts import STAGED, Facts
from lifeloop.collect.rows import Damaged

REJECTIONS = pa.schema(
    [
        ("part", pa.int32()),
        ("file", pa.string()),
        ("file_sha256", pa.string()),
        ("line", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("raw", pa.string()),
    ]
)
_SCHEMAS = {form: pa.schema([pa.field("part", pa.int32()), *schema]) for form, schema in STAGED.items()}
_GROUP_ROWS = 250_000


class Stage:
    """Collects staged tables in a folder; a context manager that closes its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> Stage:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close every file."""
        self.close()

    def close(self) -> None:
        """Close every file: now the stage can be read."""
        for writer in self._writers.values():
            writer.close()

    def add(self, part: int, facts: Facts) -> None:
        """Add what some rows of file number `part` say."""
        for form, table in facts.tables.items():
            if table.num_rows:
                numbered = table.add_column(0, "part", pa.repeat(pa.scalar(part, pa.int32()), table.num_rows))
                self._write(form, numbered, _SCHEMAS[form])

    def reject(self, part: int, file: str, sha256: str, damaged: list[Damaged]) -> None:
        """Add rejected rows of file number `part`."""
        if not damaged:
            return
        rows = [(part, file, sha256, bad.line, bad.reason, bad.detail, bad.raw) for bad in damaged]
        columns = dict(zip(REJECTIONS.names, zip(*rows, strict=True), strict=True))
        self._write("rejected", pa.table({name: list(values) for name, values in columns.items()}, REJECTIONS), REJECTIONS)

    def files(self, form: str) -> list[Path] | None:
        """Return the files of one staging form; none if nothing was staged in it. Close the stage first."""
        path = self.folder / f"{form}.parquet"
        return [path] if form in self._writers else None

    def source(self, form: str) -> Any:
        """Return one staging form as a source of an engine's query; an empty table if nothing was staged in it."""
        schema = REJECTIONS if form == "rejected" else _SCHEMAS[form]
        return self.files(form) or schema.empty_table()

    def _write(self, form: str, table: Any, schema: Any) -> None:
        if form not in self._writers:
            path = self.folder / f"{form}.parquet"
            self._writers[form] = pq.ParquetWriter(path, schema, compression="lz4")
        self._writers[form].write_table(table, row_group_size=_GROUP_ROWS)
        self.rows[form] = self.rows.get(form, 0) + table.num_rows


def materialise(reader: Any, path: Path) -> list[Path]:
    """Write the rows of a reader to one Parquet file and return it as a source of queries."""
    with pq.ParquetWriter(path, reader.schema, compression="lz4") as writer:
        for batch in reader:
            writer.write_batch(batch)
    return [path]
