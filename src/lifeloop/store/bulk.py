"""Writing thousands of rows in one statement: plain SQL with places for the values, which both databases take fastest.

Rows are tuples in the order of the columns named. What is handed over may be any size: the driver sends it piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Table

Row: TypeAlias = tuple[Any, ...]
_CACHE_KIB = 32_768
"""What SQLite may keep of the file in memory; its 2 MiB are less than the index of a day's message ids."""
PIECE = 5000
"""Values looked for at once: a statement of SQLite takes at most 32,766."""


def give_room(connection: Connection) -> None:
    """Let a connection to SQLite remember more of the file, as long as it lives: a third of the time of large writes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KIB}")


def insert_new(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> int:
    """Insert the rows whose key is not there yet; return how many that were."""
    return _write(connection, table, columns, rows, "DO NOTHING")


def insert_or_replace(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row], *, only_if: str | None = None
) -> int:
    """Insert rows, each over the one with the same primary key; return how many were written.

    `only_if`: SQL about `excluded` (the new row) and the table (the old one) that must hold for an old row to be replaced.
    """
    key = [column.name for column in table.primary_key]
    told = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
    where = f" WHERE {only_if}" if only_if else ""
    return _write(connection, table, columns, rows, f"({', '.join(key)}) DO UPDATE SET {told}{where}")


def rows_with(
    connection: Connection, table: Table, fields: Sequence[str], column: Column[Any], values: Sequence[Any]
) -> Iterator[Any]:
    """Yield `fields` of the rows whose `column` has one of `values`."""
    place = "?" if connection.dialect.name == "sqlite" else "%s"
    names = ", ".join(f'"{name}"' for name in fields)
    for start in range(0, len(values), PIECE):
        some = tuple(values[start : start + PIECE])
        listed = ", ".join([place] * len(some))
        yield from connection.exec_driver_sql(f'SELECT {names} FROM "{table.name}" WHERE "{column.name}" IN ({listed})', some)


def _write(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row], on_conflict: str) -> int:
    if not rows:
        return 0
    place = "?" if connection.dialect.name == "sqlite" else "%s"
    names = ", ".join(f'"{name}"' for name in columns)
    places = ", ".join([place] * len(columns))
    sql = f'INSERT INTO "{table.name}" ({names}) VALUES ({places}) ON CONFLICT {on_conflict}'
    return connection.exec_driver_sql(sql, list(rows)).rowcount
