"""Progress, seen from below: a room says how far it is; whoever called it decides what to show."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told how far a long piece of work has come."""

    def __call__(self, step: str, done: float, total: float) -> None:
        """Say that `done` of `total` units of `step` are behind us."""
        ...


def silent(step: str, done: float, total: float) -> None:
    """Show nothing."""
