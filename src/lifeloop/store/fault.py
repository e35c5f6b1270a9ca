"""Whose fault a failed write is: the store's, so that waiting helps, or that of what was written, so that it does not."""

from __future__ import annotations

from lifeloop.base.errors import LifeloopError, StoreError

_SQLITE = frozenset({3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 17, 22, 23, 26})
"""Primary result codes that speak of the file, its disk and its other users: SQLITE_BUSY, _IOERR, _FULL and their like."""

_POSTGRES = ("08", "25", "28", "3D", "40", "53", "55", "57", "58", "F0", "XX")
"""Classes of SQLSTATE that speak of the server: connections, deadlocks, resources, shutting down, its disk, its own errors."""

_WITHOUT_CODE = frozenset({"OperationalError", "InterfaceError", "InternalError", "DatabaseError", "TimeoutError"})
"""Errors of drivers and pools that name no code: most of all, a connection that was lost or not to be had."""


def is_of_the_store(error: BaseException) -> bool:
    """Return whether an error lies with the store or this machine for sure: gone, full, locked, out of memory.

    False is no proof of the opposite. Whoever would give something up for it tries first whether anything else can be written.

    Source  https://www.sqlite.org/rescode.html, PostgreSQL's appendix of error codes.
    """
    if not isinstance(error, LifeloopError):
        return isinstance(error, (OSError, MemoryError, ImportError)) or not isinstance(error, Exception)
    cause = error.__cause__
    if not isinstance(error, StoreError) or cause is None:
        return True
    said = getattr(cause, "orig", None) or cause
    code, state = getattr(said, "sqlite_errorcode", None), getattr(said, "sqlstate", None)
    if isinstance(code, int):
        return code & 0xFF in _SQLITE
    return state.startswith(_POSTGRES) if isinstance(state, str) else type(said).__name__ in _WITHOUT_CODE
