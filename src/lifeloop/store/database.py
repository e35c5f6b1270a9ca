"""Opening the store: one SQLite file in the home, or a PostgreSQL database that a URL names.

SQLite runs with a write-ahead log and full synchronisation: what was committed survives a power cut. Writers take their lock
when they begin, so that two of them wait for each other instead of failing half-way. Readers see one state throughout, and
cannot write, on both databases.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from lifeloop.base.errors import SettingsError, StoreError
from lifeloop.store.log_file import LogFile

BUSY_SECONDS = 20.0
"""How long a writer waits for another one."""

PRAGMAS = ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON", "foreign_keys = ON")
"""What each connection to SQLite sets besides its log; `fullfsync` is what reaches the disk on macOS."""

_PASSWORD = re.compile(r":[^:/@]*@")

_POOL = {"pool_size": 8, "max_overflow": 24, "pool_timeout": BUSY_SECONDS}

_FIXES = {
    "is full": "Make room on its disk; what was not kept can be tried again.",
    "No space left": "Make room on its disk; what was not kept can be tried again.",
    "is locked": f"Another process has been writing to it for more than {BUSY_SECONDS:g} seconds: see which.",
    "unable to open": "Check that its folder is there, and may be written.",
    "readonly": "Check the rights of the file and its folder.",
    "not a database": "Name another file, or restore a copy of this one.",
    "malformed": "Restore a copy of it.",
    "connection": "Check that PostgreSQL runs, and [store] url.",
}
"""What to do, by words of what the database said."""


@dataclass(frozen=True)
class Store:
    """One shop's operating state."""

    engine: Engine
    _log: LogFile = field(repr=False, compare=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine, which one process group may use."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one state throughout and cannot write. Raises StoreError."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with guarded(self.engine, "cannot read the store"), self.engine.connect() as connection:
            yield connection.execution_options(**options)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose changes are committed together at the end, or not at all. Raises StoreError."""
        with guarded(self.engine, "cannot write to the store"):
            with writing_on(self.engine) as connection:
                yield connection
            self._log.after_commit()

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the store at `url` (`sqlite:///FILE` or `postgresql://...`) and bring its tables up to date.

    Raises SettingsError for a URL that names neither, StoreError when it cannot be reached.
    """
    return _opened(_engine(url))


def open_store_over(driver: Any, connect: Callable[[], Any]) -> Store:
    """Open a store over another driver of SQLite, a module of the DB-API's form, on the one connection that `connect` makes."""
    engine = create_engine("sqlite:///store.sqlite", module=driver, creator=connect, poolclass=StaticPool)
    _listen_to_sqlite(engine)
    return _opened(engine)


@contextmanager
def writing_on(engine: Engine) -> Iterator[Connection]:
    """Yield a connection within a transaction that may write, on a database whose errors the caller turns into ours."""
    with engine.connect() as connection:
        writes = connection.execution_options(lifeloop_writes=True)
        with writes.begin():
            yield writes


@contextmanager
def guarded(engine: Engine, asked: str) -> Iterator[None]:
    """Raise what the database says, or its driver of a value, as StoreError."""
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        fix = next((fix for words, fix in _FIXES.items() if words in cause), "Check that it runs, its space and its rights.")
        raise StoreError(asked, cause, fix) from error
    except (UnicodeEncodeError, OverflowError) as error:  # half a pair of UTF-16, a number of more than 64 bits
        raise StoreError(asked, f"a value that no database keeps: {error}", "Clean what is written first.") from error


def _listen_to_sqlite(engine: Engine) -> None:
    """Have every connection of an SQLite engine keep what it commits, and begin as reader or as writer."""

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says so
        connection.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")
        _keep_a_log(connection, engine.dialect.loaded_dbapi.Error)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("lifeloop_writes", False)
        connection.exec_driver_sql(f"PRAGMA query_only = {int(not writes)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _opened(engine: Engine) -> Store:
    from lifeloop.store.migrate import upgrade

    try:
        with guarded(engine, "cannot open the store"):
            upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, LogFile(engine))


def _engine(url: str) -> Engine:
    asked = f"cannot open the store '{_PASSWORD.sub(':***@', url)}'"
    try:
        target = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(asked, "it is no URL", "Write sqlite:///FILE or postgresql://...") from error
    if target.get_backend_name() in ("postgresql", "postgres"):
        return _postgres(target)
    if target.get_backend_name() != "sqlite":
        raise SettingsError(asked, "it is neither SQLite nor PostgreSQL", "Set [store] url.")
    if not target.database or target.database == ":memory:":
        raise SettingsError(asked, "it names no file", "Write sqlite:///FILE: what is in memory only is lost.")
    _make_private(Path(target.database))
    engine = create_engine(target, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **_POOL)
    _listen_to_sqlite(engine)
    return engine


def _make_private(file: Path) -> None:
    """Make an empty file that only its owner may read: it will hold personal data, and SQLite gives its log the same rights."""
    with suppress(OSError):  # SQLite says it better
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _postgres(target: URL) -> Engine:
    wanted = {"connect_timeout": "10", "application_name": "lifeloop"}
    target = target.set(drivername="postgresql+psycopg", query={**wanted, **target.query})
    engine = create_engine(target, pool_pre_ping=True, **_POOL)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # Servers tuned for speed have it off, and lose what they acknowledged; any other value waits for the disk.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        connection.execute(f"SET lock_timeout = {round(BUSY_SECONDS * 1000)}")
        connection.commit()

    return engine


def _keep_a_log(connection: Any, error_type: type[Exception]) -> None:
    """Switch to the write-ahead log, which is not waited for by the database itself while another process does the same."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except error_type as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return
