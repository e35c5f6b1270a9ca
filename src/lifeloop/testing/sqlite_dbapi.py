"""SQLite on a disk that loses power, in the form of the DB-API: this module stands in for `sqlite3` under SQLAlchemy.

So the store itself, with its own settings and transactions, runs on a `CutDisk`. Needs APSW.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import apsw

from lifeloop.testing.sqlite_disk import CutDisk, Machine

_NUMBERS = itertools.count(1)


class Cursor:
    """A cursor of the DB-API's form; rows are fetched at once."""

    arraysize = 1
    lastrowid: int | None = None

    def __init__(self, raw: apsw.Connection) -> None:
        self._raw = raw
        self._rows: Iterator[Any] = iter(())
        self.rowcount = -1
        self.description: Any = None

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        """Run one statement."""
        return self.executemany(sql, [values])

    def executemany(self, sql: str, many: Sequence[Sequence[Any]]) -> Cursor:
        """Run one statement with each of `many` values."""
        before, self.description = self._raw.total_changes(), None
        cursor = self._raw.cursor()
        cursor.exec_trace = self._describe
        self._rows = iter(list(cursor.executemany(sql, [tuple(values) for values in many])))
        self.lastrowid = self._raw.last_insert_rowid()
        self.rowcount = self._raw.total_changes() - before
        return self

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[Any]:
        """Return the next rows."""
        return list(itertools.islice(self._rows, size))

    def fetchall(self) -> list[Any]:
        """Return the rest."""
        return list(self._rows)

    def close(self) -> None:
        """Forget the rows."""
        self._rows = iter(())

    def _describe(self, cursor: apsw.Cursor, _sql: str, _values: Any) -> bool:
        described = cursor.get_description()
        self.description = [(name, kind, None, None, None, None, None) for name, kind in described] or None
        return True


class Connection:
    """A connection of the DB-API's form, as the module sqlite3 gives, in exclusive mode: there is no shared memory here."""

    isolation_level: str | None = None

    def __init__(self, raw: apsw.Connection) -> None:
        self._raw = raw

    def cursor(self) -> Cursor:
        """Return a new cursor."""
        return Cursor(self._raw)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        """Run one statement on a new cursor."""
        return self.cursor().execute(sql, values)

    def commit(self) -> None:
        """Keep the transaction, where there is one."""
        if self._raw.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        """Forget the transaction, where there is one."""
        if self._raw.in_transaction:
            self.execute("ROLLBACK")

    def create_function(self, *_words: Any, **_more: Any) -> None:
        """Functions of Python are not needed here."""

    def close(self) -> None:
        """Close it, also when the power is gone."""
        with suppress(apsw.Error):
            self._raw.close(True)  # noqa: FBT003 - APSW's: whatever happens


def connect(disk: CutDisk, *, checkpoint_pages: int = 60) -> Connection:
    """Open the database `store.sqlite` of `disk`."""
    name = f"cut-{next(_NUMBERS)}"
    machine = Machine(name, disk)
    try:
        raw = apsw.Connection("store.sqlite", vfs=name)
    finally:
        machine.unregister()
    raw.execute("PRAGMA locking_mode = EXCLUSIVE")
    raw.wal_autocheckpoint(checkpoint_pages)
    connection = Connection(raw)
    connection.machine = machine  # type: ignore[attr-defined]
    return connection


# The module as SQLAlchemy takes it in place of sqlite3.
paramstyle = "qmark"
sqlite_version_info = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
Error = OperationalError = DatabaseError = InterfaceError = ProgrammingError = apsw.Error
IntegrityError = apsw.ConstraintError
Binary = bytes
