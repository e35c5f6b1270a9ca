"""Every error lifeloop raises on purpose.

    LifeloopError                 exit code 1
    |- SettingsError         2    a setting, option or the data home is wrong
    |- UnknownName           2    a name nobody declared; the nearest is offered
    |- FeatureError          2    a feature is declared in a way that cannot work
    |- SourceError           3    a file cannot be imported at all
    |- NotEnoughData         4    nothing honest can be said from what is known
    |- LakeError             5    the lake cannot be read or written
    |- StoreError            5    the store cannot be read or written
    `- ModelError            6    a model folder cannot be loaded

A message says what was asked, what was found, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LifeloopError(Exception):
    """Base of all errors meant for the person at the keyboard; `exit_code` is what the command line ends with."""

    exit_code = 1

    def __init__(self, asked: str, found: str = "", fix: str = "") -> None:
        self.asked = asked
        self.found = found
        self.fix = fix
        super().__init__(asked, found, fix)

    def __str__(self) -> str:
        head = f"{self.asked}: {self.found}" if self.found else self.asked
        return f"{head}.\n{self.fix}" if self.fix else head


class SettingsError(LifeloopError):
    """A setting, a command-line option or the data home itself is wrong."""

    exit_code = 2


class UnknownName(LifeloopError):
    """A name was asked for that nobody declared."""

    exit_code = 2

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        super().__init__(f"no {kind} named '{name}'{hint} (known: {', '.join(names) or 'none'})")


class FeatureError(LifeloopError):
    """A feature is declared in a way that cannot work, or that could see past the cut in time."""

    exit_code = 2


class SourceError(LifeloopError):
    """A file cannot be imported at all; nothing of it was written."""

    exit_code = 3


class NotEnoughData(LifeloopError):
    """What is known does not carry an honest answer."""

    exit_code = 4


class LakeError(LifeloopError):
    """A table of the lake cannot be read or written."""

    exit_code = 5


class StoreError(LifeloopError):
    """The operating state cannot be read or written."""

    exit_code = 5


class ModelError(LifeloopError):
    """A model version cannot be loaded."""

    exit_code = 6
