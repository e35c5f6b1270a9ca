"""Writing a row that may be there already, in the words SQLite and PostgreSQL share: INSERT ... ON CONFLICT."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: Connection, table: Table) -> postgresql.Insert:
    """Return an insert that has `on_conflict_do_nothing` and `on_conflict_do_update`, for the database of `connection`."""
    if connection.dialect.name == "sqlite":
        return cast(postgresql.Insert, sqlite.insert(table))
    return postgresql.insert(table)
