"""What an engine is: something that computes SQL over the lake's tables and keeps nothing.

SQL is written in DuckDB's dialect, the part of it that also translates to Spark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

import pyarrow as pa

from lifeloop.schema import Table

Source: TypeAlias = Table | pa.Table | pa.RecordBatchReader | list[Path]
"""Where the rows of a name in a query come from: a table of the lake, rows in memory, or Parquet files."""

Value: TypeAlias = str | int | float | bool | datetime | None
"""A parameter of a query."""


@dataclass(frozen=True)
class View:
    """How a table of the lake is read: what `sql` gives, in which `stored` is the table as it is written.

    Every declared column must come out of it. It is used once the lake has `needs`; before, the table is read as stored.
    """

    sql: str
    tables: Mapping[str, Table] = field(default_factory=dict)
    """The further names in `sql`, always as stored."""
    needs: Table | None = None


class Engine(Protocol):
    """Computes over the lake."""

    @property
    def as_stored(self) -> Engine:
        """The same engine, reading every table as it is written, not as its view shows it."""
        ...

    def query(self, sql: str, tables: Mapping[str, Source], **values: Value) -> pa.Table:
        """Return all rows of `sql`; `tables` says what each name in it is, `values` fill `$name`.

        Raises LakeError when the engine refuses the query.
        """
        ...

    def stream(self, sql: str, tables: Mapping[str, Source], **values: Value) -> pa.RecordBatchReader:
        """Return the rows of `sql` piece by piece, for results larger than memory."""
        ...
