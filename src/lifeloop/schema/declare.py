"""What a table is: named columns with a type, a meaning, a unit, and whether they are personal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Dtype = Literal["string", "bool", "int32", "int64", "float64", "timestamp"]

ARROW: dict[Dtype, pa.DataType] = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
"""How each declared type is kept in Arrow, and so in Parquet."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, what it means, its unit, and what its absence means."""

    dtype: Dtype
    about: str
    unit: str = ""
    personal: bool = False
    required: bool = False
    """A required column is never null; any other may be, and null means not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table: what a row is, what makes it one row, and when it became true."""

    name: str
    about: str
    key: tuple[str, ...]
    time: str
    columns: dict[str, Column]
    widens: bool = False
    """A table that widens takes further columns declared elsewhere (the features of a snapshot)."""

    def __post_init__(self) -> None:
        """Refuse a key or time column that is not declared."""
        for column in (*self.key, self.time):
            if column not in self.columns:
                raise ValueError(f"table {self.name} has no column '{column}'")

    @property
    def personal(self) -> tuple[str, ...]:
        """The columns that name or describe a person."""
        return tuple(name for name, column in self.columns.items() if column.personal)

    def arrow(self, further: Iterable[tuple[str, Dtype]] = ()) -> pa.Schema:
        """Return the Arrow schema, with the `further` columns of a table that widens behind the declared ones."""
        fields = [pa.field(name, ARROW[column.dtype], nullable=not column.required) for name, column in self.columns.items()]
        return pa.schema(fields + [pa.field(name, ARROW[dtype]) for name, dtype in further])

    def empty(self) -> pa.Table:
        """Return this table without rows."""
        return self.arrow().empty_table()
