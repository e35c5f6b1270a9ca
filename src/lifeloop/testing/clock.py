"""A clock for tests that says how long after the beginning it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lifeloop.base.clock import FixedClock

BEGINNING = datetime(2026, 11, 22, 8, tzinfo=UTC)


def after(seconds: float = 0) -> FixedClock:
    """Return a clock that stands `seconds` after BEGINNING."""
    return FixedClock(BEGINNING + timedelta(seconds=seconds))
