"""A look at everything a process needs, kept for a moment so that asking often costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import BaseModel

KEEP_SECONDS = 1.0
"""How long an answer is given again."""


class Looked(BaseModel):
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str


@dataclass
class Looks:
    """The last look at everything, kept for a moment."""

    ticks: Callable[[], float]
    _told: list[Looked] = field(default_factory=list)
    _at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, look: Callable[[], list[Looked]]) -> list[Looked]:
        """Return the last look, or a new one where that is too old."""
        with self._lock:
            if self.ticks() - self._at > KEEP_SECONDS:
                self._told, self._at = look(), self.ticks()
            return self._told
