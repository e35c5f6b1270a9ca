"""One writer at a time for one shop, also where several machines, a home each, share its lake and its store.

What a home locks with a file (`base.lock`) is then held in PostgreSQL as well: an advisory lock of the session that takes it.
It ends with its connection, so a machine that dies takes nothing with it; the server asks now and then whether the other end
is still there, since a machine without power does not say goodbye. It needs sessions: a pooler between must not be one that
gives a connection away after every transaction.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from lifeloop.base.lock import What, is_taken
from lifeloop.base.lock import writing as writing_here
from lifeloop.store.database import Store, guarded

_KEYS: dict[What, tuple[int, int]] = {"facts": (0x6C696665, 1), "run": (0x6C696665, 2)}
"""PostgreSQL's two numbers of each lock: the letters of 'life', and which."""

_LOOK_S = 0.05

_STAY = text("""
SELECT set_config(name, told, false)
FROM (VALUES ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3'),
             ('idle_session_timeout', '0')) AS wanted (name, told)
JOIN pg_settings USING (name)
""")
"""The server finds out within a minute that we are gone, and does not send us away for being quiet."""

_log = logging.getLogger(__name__)


@contextmanager
def writing(home: Path, store: Store, asked: str, what: What = "facts", *, patience_s: float = 0.0) -> Iterator[None]:
    """Hold `what` of the home and, where others can share the store, of the whole shop.

    Raises LakeError when others hold it for `patience_s` seconds, or the home cannot be written; StoreError.
    """
    until = time.monotonic() + patience_s
    with writing_here(home, asked, what, patience_s=patience_s):
        if store.is_sqlite:
            yield
            return
        with guarded(store.engine, asked):
            connection = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with connection:
            _take(store, connection, asked, what, until)
            try:
                yield
            finally:
                _let_go(connection, what)


def _take(store: Store, connection: Connection, asked: str, what: What, until: float) -> None:
    try:
        with guarded(store.engine, asked):
            connection.execute(_STAY)
            while not connection.execute(select(func.pg_try_advisory_lock(*_KEYS[what]))).scalar_one():
                if time.monotonic() >= until:
                    raise is_taken(asked, what, "for this shop, from another home")
                time.sleep(_LOOK_S)
    except BaseException:
        connection.invalidate()  # whether it holds the lock may be unknown: what is closed holds none
        raise


def _let_go(connection: Connection, what: What) -> None:
    """Give the lock back; where that fails, it ends with its connection. It may be lost long since: the server began anew."""
    try:
        if connection.execute(select(func.pg_advisory_unlock(*_KEYS[what]))).scalar_one():
            return
        found = "it is not ours"
    except SQLAlchemyError as error:
        found = str(getattr(error, "orig", None) or error).strip()
    connection.invalidate()
    _log.warning(
        "the lock '%s' of the shop was lost while it was held (%s): another home may have written meanwhile", what, found
    )
