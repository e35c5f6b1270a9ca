"""One writer at a time in a data home; readers never wait."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lifeloop.base.errors import LakeError

LOCK_FILE = ".writing"
"""An empty file in the data home that whoever writes holds a lock on; the system lets go of it when the process ends."""


@contextmanager
def writing(home: Path, asked: str) -> Iterator[None]:
    """Hold the home for one import or run. Raises LakeError when another process holds it, or it cannot be written.

    An import compares a file with the lake and then appends what is new: two at once would both find it new.
    Windows has no such lock, and keeps none.
    """
    try:
        file = (home / LOCK_FILE).open("ab")
    except OSError as error:
        raise LakeError(asked, f"{home} cannot be written ({error.strerror})", "Check space and rights of the home.") from error
    with file:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LakeError(
                    asked, "another import or run is writing in this home", "Wait until it has ended, then start again."
                ) from error
        yield
