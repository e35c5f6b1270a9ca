"""The clock, and the only place that reads it. All instants are UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from lifeloop.base.errors import SettingsError

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Anything that knows what time it is."""

    def now(self) -> datetime:
        """Return the present instant, UTC, with its time zone set."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - here is where the clock is read


class FixedClock:
    """A clock that stands still, so that any day can be lived again."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self._instant


def micros(instant: datetime) -> int:
    """Return the microseconds from 1970 UTC to `instant`, exactly.

    >>> micros(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    return (instant - EPOCH) // timedelta(microseconds=1)


def instant_of(microseconds: int) -> datetime:
    """Return the UTC instant that lies `microseconds` after 1970.

    >>> micros(instant_of(1_700_000_000_123_456))
    1700000000123456
    """
    return EPOCH + timedelta(microseconds=microseconds)


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of `2011-09-05` (midnight in `zone`), `2011-09-05T12:00` or `2011-09-05T12:00+02:00`.

    >>> parse_instant("2011-09-05", ZoneInfo("Asia/Shanghai")).isoformat()
    '2011-09-04T16:00:00+00:00'
    """
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(
            f"cannot read the date '{text}'", "it is not an ISO date", "Write it like 2011-09-05 or 2011-09-05T12:00+02:00."
        ) from None
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def day_start(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which the shop's calendar day around `instant` began."""
    local = instant.astimezone(zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def next_day_start(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which the calendar day after that of `instant` begins; a day may have 23 or 25 hours.

    >>> next_day_start(datetime(2024, 10, 26, 22, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin")).isoformat()
    '2024-10-27T23:00:00+00:00'
    """
    tomorrow = instant.astimezone(zone).date() + DAY
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)
