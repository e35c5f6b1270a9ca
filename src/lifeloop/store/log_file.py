"""Keeping SQLite's write-ahead log short, when readers never all pause.

SQLite begins its log again once a checkpoint has copied it whole and nobody reads from it. Under readers that overlap without a
gap that moment never comes: 12 reading threads let it grow by 9 MB a second. Whoever commits past LIMIT_BYTES therefore asks
for that moment: writers wait up to PATIENCE_MS for the readers there are, and those that come meanwhile need the log no more.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine

LIMIT_BYTES = 64 << 20
"""How long the log may grow before it is cut; and how much more before it is tried again, when a reader was too long."""

PATIENCE_MS = 1000


class LogFile:
    """The log beside a store that is a file; for all threads of one process."""

    def __init__(self, engine: Engine) -> None:
        database = engine.url.database
        self._engine = engine
        self._path = Path(f"{database}-wal") if engine.dialect.name == "sqlite" and database else None
        self._next = LIMIT_BYTES

    def after_commit(self) -> None:
        """Cut the log where it is too long. Raises nothing: what was committed stands."""
        size = self._size()
        if size < LIMIT_BYTES:
            self._next = LIMIT_BYTES
        elif size >= self._next:
            self._next = size + LIMIT_BYTES
            self._cut()

    def _size(self) -> int:
        if self._path is None:
            return 0
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def _cut(self) -> None:
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            (before,) = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
            with suppress(self._engine.dialect.loaded_dbapi.Error):
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                cursor.fetchall()
            cursor.execute(f"PRAGMA busy_timeout = {before}")
            cursor.close()
        finally:
            connection.close()
