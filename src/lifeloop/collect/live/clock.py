"""When it happened: clients' clocks are wrong, and what they say is corrected only where it is grossly so.

A client that says when it sent gives its skew away: received - sent. Below a minute that is the time on the way and the order
of events counts for more, so nothing is moved. Instants are microseconds since 1970 UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lifeloop.base.clock import instant_of, micros
from lifeloop.collect.live.heard import Clock

GROSS = 60_000_000
"""A skew, or an instant in the future, of more microseconds than this is a wrong clock; less is the way and rounding."""

_LAST = 253_402_300_799_999_999
"""The end of the year 9999."""
_UNITS = ((range(9, 11), 1_000_000), (range(12, 14), 1_000), (range(15, 17), 1))
"""Digits of a count since 1970 -> microseconds in one of it."""


def parse(value: Any) -> int | None:
    """Return the instant a client wrote: ISO text (UTC where no zone is said), or a count of s, ms or us since 1970.

    None where it is none, or before 1970.

    >>> parse("1970-01-01T00:00:01.5Z"), parse(Decimal("1700000000.25")), parse("yesterday")
    (1500000, 1700000000250000, None)
    """
    if value.__class__ is str:
        try:
            instant = datetime.fromisoformat(value.strip())
        except ValueError:
            return _of_number(value.strip())
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return _checked(instant)
    return _of_number(str(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _checked(instant: datetime) -> int | None:
    found = micros(instant)
    return found if 0 <= found <= _LAST else None


def _of_number(text: str) -> int | None:
    whole, _, part = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and (not part or (part.isascii() and part.isdigit()))):
        return None
    for lengths, unit in _UNITS:
        if len(whole) in lengths:
            return int(whole) * unit + int(Decimal(f"0.{part or 0}") * unit)
    return None


parse_shared = lru_cache(4096)(parse)
"""The same for what many events say alike, such as when their batch was sent; texts only."""


def written(instant: int) -> str:
    """Return an instant as ISO text.

    >>> written(1_500_000)
    '1970-01-01T00:00:01.500000Z'
    """
    return instant_of(instant).isoformat(timespec="microseconds")[:26] + "Z"


def settled(original: int | None, sent: int | None, received: int, heard: int | None = None) -> tuple[int, Clock]:
    """Return when an event happened, and how that was found.

    `heard` is when somebody in between says to have received it; its sender's skew is then against that clock.

    >>> settled(1_000, 90_000_000, 200_000_000)
    (110001000, 'corrected')
    """
    if original is None:
        return received, "missing"
    clock: Clock = "ok"
    if sent is not None:
        skew = (received if heard is None else heard) - sent
        if abs(skew) > GROSS:
            original, clock = original + skew, "corrected"
    if original > received + GROSS:
        return received, "clamped"
    return (original, clock) if original >= 0 else (received, "clamped")
