"""One writer at a time in a data home; readers never wait.

Whoever writes facts (an import, the live flow, unification) holds `facts` while it writes; a run holds `run` from its
beginning to its end, and `facts` only while it unifies, so that live facts go on coming in during a long run. Where several
homes share one lake, `store.shop_lock` holds the same in their store as well.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, TypeAlias

from lifeloop.base.errors import LakeError

What: TypeAlias = Literal["facts", "run"]

LOCK_FILES: dict[What, str] = {"facts": ".writing", "run": ".running"}
"""Empty files in the data home that whoever writes holds a lock on; the system lets go of it when the process ends."""

_LOOK_S = 0.02


@contextmanager
def writing(home: Path, asked: str, what: What = "facts", *, patience_s: float = 0.0) -> Iterator[None]:
    """Hold `what` of the home. Raises LakeError when others hold it for `patience_s` seconds, or it cannot be written.

    An import compares a file with the lake and then appends what is new: two at once would both find it new.
    Windows has no such lock, and keeps none.
    """
    try:
        file = (home / LOCK_FILES[what]).open("ab")
    except OSError as error:
        raise LakeError(asked, f"{home} cannot be written ({error.strerror})", "Check space and rights of the home.") from error
    with file:
        if sys.platform != "win32":
            _take(file, asked, what, patience_s)
        yield


def is_taken(asked: str, what: What, where: str) -> LakeError:
    """Return what to raise when others hold `what`."""
    who = "another import or run" if what == "facts" else "another run"
    return LakeError(asked, f"{who} is writing {where}", "Wait until it has ended, then start again.")


def _take(file: IO[bytes], asked: str, what: What, patience_s: float) -> None:
    import fcntl

    until = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise is_taken(asked, what, "in this home") from error
            time.sleep(_LOOK_S)
        else:
            return
