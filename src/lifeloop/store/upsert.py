"""Writing a row that may be there already, in the words SQLite and PostgreSQL share: INSERT ... ON CONFLICT."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: Connection, table: Table) -> postgresql.Insert:
    """Return an insert that has `on_conflict_do_nothing` and `on_conflict_do_update`, for the database of `connection`.

    The `rowcount` of its result says on both databases whether a row was written.
    """
    build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return cast(postgresql.Insert, build(table).execution_options(preserve_rowcount=True))
