"""Changes to the lake: decided first, shown by a dry run, then written one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lifeloop.lake import Engine, Lake
from lifeloop.schema import Table


@dataclass(frozen=True)
class Change:
    """Rows to add to one table, or all its rows anew: what `sql` over `tables` gives."""

    table: Table
    mode: Literal["append", "overwrite"]
    sql: str
    tables: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)

    def write(self, lake: Lake, engine: Engine) -> None:
        """Write it in one commit."""
        reader = engine.stream(self.sql, self.tables, **self.values)
        schema = self.table.arrow()
        rows = conform(reader, schema)
        if self.mode == "append":
            lake.append(self.table, rows)
        else:
            lake.overwrite(self.table, rows)


def conform(reader: Any, schema: Any) -> Any:
    """Return the rows of `reader` in the order, types and nullability of `schema`."""
    import pyarrow as pa

    def batches() -> Any:
        for batch in reader:
            table = pa.Table.from_batches([batch]).select(schema.names).cast(schema)
            yield from table.to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


@dataclass
class Settlement:
    """What an import comes to: counts by name, and the changes that bring it about, in the order to write them."""

    counts: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """What every settling step is given."""

    lake: Lake
    engine: Engine
    folder: Path
    source: str
    values: Mapping[str, Any]
    """`received_at` and `base`, for queries."""
    parts: int
    """How many files are in this import."""
