"""The processes beside the door: started with it, watched, begun again when they die, ended with it.

A child reads its standard input and ends when that closes; so it ends with its parent, however that ended.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from lifeloop.base.logging import log

Part: TypeAlias = Literal["indexer", "flow", "jobs"]
PARTS: tuple[Part, ...] = ("indexer", "flow", "jobs")
_LOOK_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0
_WELL_SECONDS = 60.0
"""A child that lived this long was well; the next death is waited for anew."""


@dataclass
class _Child:
    part: Part
    process: subprocess.Popen[bytes]
    since: float
    deaths: int = 0
    again_at: float = 0.0


@dataclass
class Children:
    """The children of one door process; a context manager."""

    arguments: Sequence[str]
    """Behind `python -m lifeloop.app.background PART`."""
    parts: Sequence[Part]
    patience_seconds: float = 30.0
    """How long a child may take to end by itself."""
    _children: list[_Child] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)
    _watch: threading.Thread | None = None

    def __enter__(self) -> Children:
        """Start all children and watch them."""
        self._children = [_Child(part, self._start(part), time.monotonic()) for part in self.parts]
        self._watch = threading.Thread(target=self._look_after, name="children", daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let every child finish what it is at, then end."""
        self._ending.set()
        if self._watch:
            self._watch.join()
        for child in self._children:
            if child.process.stdin:
                child.process.stdin.close()
        until = time.monotonic() + self.patience_seconds
        for child in self._children:
            try:
                child.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                log().warning("a part did not end in time", child=child.part)
                child.process.kill()
                child.process.wait()

    def ids(self) -> dict[Part, int]:
        """Return the process id of each part."""
        return {child.part: child.process.pid for child in self._children}

    def _start(self, part: Part) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "lifeloop.app.background", part, *self.arguments]
        return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own program

    def _look_after(self) -> None:
        while not self._ending.wait(_LOOK_SECONDS):
            for child in self._children:
                if child.process.poll() is not None:
                    self._begin_again(child)

    def _begin_again(self, child: _Child) -> None:
        now = time.monotonic()
        if not child.again_at:
            child.deaths = 0 if now - child.since > _WELL_SECONDS else child.deaths + 1
            child.again_at = now + min(0.5 * 2**child.deaths, _LONGEST_WAIT_SECONDS)
            log().error("a part ended by itself", child=child.part, code=child.process.returncode)
        elif now >= child.again_at:
            try:
                child.process, child.since, child.again_at = self._start(child.part), now, 0.0
            except OSError as error:
                child.again_at = now + _LONGEST_WAIT_SECONDS
                log().error("a part cannot be started", child=child.part, found=str(error))
