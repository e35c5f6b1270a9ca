"""Changes to the lake: decided first, shown by a dry run, then written one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lifeloop.collect.settle.known import KnownEvents
from lifeloop.lake import Engine, Lake
from lifeloop.schema import Table


@dataclass(frozen=True)
class Change:
    """Rows to add to one table, or all its rows anew, or rows to put in the place of those of the same key.

    The rows are what `sql` over `tables` gives; of a merge, `gone` gives the keys of the rows that go.
    """

    table: Table
    mode: Literal["append", "overwrite", "merge"]
    sql: str
    tables: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    gone: str | None = None

    def write(self, lake: Lake, engine: Engine) -> None:
        """Write it in one commit."""
        rows = conform(engine.stream(self.sql, self.tables, **self.values), self.table.arrow())
        if self.mode == "append":
            lake.append(self.table, rows)
        elif self.mode == "overwrite":
            lake.overwrite(self.table, rows)
        else:
            told = rows.read_all()
            lake.merge(self.table, told, self._gone(engine, told))

    def _gone(self, engine: Engine, told: Any) -> Any:
        """Return the keys of the rows that go and that no told row takes the place of."""
        if self.gone is None:
            return None
        same = " AND ".join(f"g.{name} = t.{name}" for name in self.table.key)
        left = f"SELECT g.* FROM ({self.gone}) AS g LEFT JOIN told AS t ON {same} WHERE t.{self.table.key[0]} IS NULL"
        return engine.query(left, {**self.tables, "told": told.select(list(self.table.key))}, **self._said_in(left))

    def _said_in(self, sql: str) -> dict[str, Any]:
        return {name: value for name, value in self.values.items() if f"${name}" in sql}


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
    live: bool = False
    """Whether these are a few facts as they come in: what they change is merged, never a table written anew."""
    known: KnownEvents | None = None
    """Which files may hold an event, where somebody keeps count."""

    def instead(
        self, table: Table, told: str, kept: str, tables: Mapping[str, Any], values: Mapping[str, Any], gone: str | None = None
    ) -> Change:
        """Return the change that puts what `told` gives in the place of stored rows; `kept` gives the rows that stay."""
        if self.live:
            return Change(table, "merge", told, tables, values, gone)
        names = ", ".join(table.columns)
        return Change(
            table, "overwrite", f"SELECT {names} FROM ({told}) AS t UNION ALL SELECT {names} FROM ({kept}) AS k", tables, values
        )
