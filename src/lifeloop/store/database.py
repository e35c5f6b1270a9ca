"""Opening the store: one SQLite file in the home, or a PostgreSQL database that a URL names.

SQLite runs with a write-ahead log and full synchronisation: what was committed survives a power cut. Writers take their lock
when they begin, so that two of them wait for each other instead of failing half-way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from lifeloop.base.errors import SettingsError, StoreError

_BUSY_MS = 20_000


@dataclass(frozen=True)
class Store:
    """One shop's operating state."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine, which one process group may use."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one state throughout; nothing is written. Raises StoreError."""
        with _guarded("cannot read the store"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose changes are committed together at the end, or not at all. Raises StoreError."""
        with _guarded("cannot write to the store"), self.engine.connect() as connection:
            connection.info["writes"] = True
            try:
                with connection.begin():
                    yield connection
            finally:
                connection.info.pop("writes", None)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the store at `url` (`sqlite:///FILE` or `postgresql://...`) and bring its tables up to date.

    Raises SettingsError for a URL that names neither, StoreError when it cannot be reached.
    """
    from lifeloop.store.migrate import upgrade

    try:
        target = make_url(url)
    except ArgumentError as error:
        asked = f"cannot open the store '{url}'"
        raise SettingsError(asked, "it is no URL", "Write sqlite:///FILE or postgresql://...") from error
    if target.get_backend_name() == "postgresql":
        engine = create_engine(target.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    elif target.get_backend_name() == "sqlite":
        engine = create_engine(target, connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False})
        _listen(engine)
    else:
        raise SettingsError(
            f"cannot open the store '{target.render_as_string()}'", "it is neither SQLite nor PostgreSQL", "Set [store] url."
        )
    store = Store(engine)
    with _guarded("cannot open the store"):
        upgrade(engine)
    return store


@contextmanager
def _guarded(asked: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(asked, str(cause).strip(), "Check that it runs, its space and its rights.") from error


def _listen(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says so
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {_BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get("writes") else "BEGIN")
