"""What is kept for a while so that asking often costs nothing: looks at the house's health, and figures of one run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, Field

KEEP_SECONDS = 1.0
"""How long an answer is given again."""

MOST_KEPT = 16
T = TypeVar("T")


class Looked(BaseModel):
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str
    warning: bool = Field(default=False, description="It answers, and somebody should see to it nevertheless.")


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


@dataclass
class Upkeep:
    """When the shopfront last took up what is new: model, catalogue and what was done; before it did, since this began.

    >>> seconds = iter((5.0, 7.0, 7.0, 17.0))
    >>> upkeep = Upkeep(lambda: next(seconds))
    >>> upkeep.age, upkeep.is_done
    (2.0, False)
    >>> upkeep.done()
    >>> upkeep.age, upkeep.is_done
    (10.0, True)
    """

    ticks: Callable[[], float]
    is_done: bool = False
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin."""
        self._at = self.ticks()

    def done(self) -> None:
        """Note that it did."""
        self._at, self.is_done = self.ticks(), True

    @property
    def age(self) -> float:
        """Seconds since."""
        return self.ticks() - self._at


@dataclass
class Kept:
    """The last things that were worked out, each under what it depends on; it is worked out by one caller at a time."""

    _known: dict[tuple[object, ...], object] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what stands under `key`, or make it."""
        with self._lock:
            if key not in self._known:
                while len(self._known) >= MOST_KEPT:
                    self._known.pop(next(iter(self._known)))
                self._known[key] = make()
            return self._known[key]  # type: ignore[return-value]  # a key is of one kind of thing
