"""When the nightly run is due: once a day at a time on the shop's clock, also where that clock is turned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from lifeloop.base.clock import DAY, day_start


@dataclass(frozen=True)
class Due:
    """The last run that should have been asked for by now."""

    name: str
    """The same for the same day, whoever asks: `run-2026-11-22`."""
    as_of: datetime
    """The midnight the run speaks of: that which begins the day it is due on."""


def last_due(now: datetime, run_at: str, zone: ZoneInfo) -> Due:
    """Return the run whose time came last, `run_at` being HH:MM on the wall clock of `zone`.

    A time that a change to summer time leaves out comes with that change; one that comes twice counts the first time.

    >>> last_due(datetime.fromisoformat("2026-11-22T02:59:00+00:00"), "03:00", ZoneInfo("UTC")).name
    'run-2026-11-21'
    """
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), time.fromisoformat(run_at), tzinfo=zone)
    day = local.date() if now >= today.astimezone(now.tzinfo) else local.date() - DAY
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    return Due(name=f"run-{day:%Y-%m-%d}", as_of=day_start(noon, zone))
