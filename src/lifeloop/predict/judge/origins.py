"""Moments of the past at which a model is asked: the origins of a backtest.

Every origin is a midnight of the shop's zone; what followed it must be known to the end of the horizon.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lifeloop.base.clock import day_start
from lifeloop.base.errors import NotEnoughData, SettingsError
from lifeloop.features.cut import Moment

SHORT_HISTORY_DAYS = 400
"""Up to this much history origins stand a week apart, beyond it a month of 30 days."""
WEEKLY, MONTHLY = 7, 30
MOST_WEEKLY, MOST_MONTHLY = 36, 24
"""More origins take longer and change no figure in its second digit."""
WARM_UP_DAYS = 90
"""Known history before the first origin; less would be a shop nobody can be quiet in yet."""


def default_origins(first_fact: datetime, last_fact: datetime, horizon_days: int, *, zone: str = "UTC") -> list[datetime]:
    """Return origins for a shop whose orders run from `first_fact` to `last_fact`, oldest first.

    The last one's horizon ends with the last known day. Raises NotEnoughData when fewer than two fit.
    """
    end = Moment(day_start(last_fact, ZoneInfo(zone)), zone).shifted(1)
    start = day_start(first_fact, ZoneInfo(zone))
    history = (end - start) / timedelta(days=1)
    step, most = (WEEKLY, MOST_WEEKLY) if history <= SHORT_HISTORY_DAYS else (MONTHLY, MOST_MONTHLY)
    earliest = start + timedelta(days=min(WARM_UP_DAYS, history / 4))
    last = Moment(end, zone).shifted(-horizon_days)
    origins = []
    for number in range(most):
        origin = Moment(last, zone).shifted(-step * number)
        if origin < earliest:
            break
        origins.append(origin)
    if len(origins) < 2:
        raise NotEnoughData(
            f"cannot judge predictions {horizon_days} days ahead on the past",
            f"the orders span {history:.0f} days",
            "Ask for a shorter horizon, or import older orders.",
        )
    return origins[::-1]


def origins_between(first: datetime, last: datetime, *, step_days: int | None = None, zone: str = "UTC") -> list[datetime]:
    """Return origins from `first` to `last`, `step_days` apart on the wall clock; None steps by calendar month.

    By month, the day of `first` is kept where the month has it, else its last day is taken.
    Raises SettingsError when the step leads nowhere.
    """
    if last < first or (step_days is not None and step_days < 1):
        raise SettingsError(
            "cannot lay out origins",
            f"from {first:%Y-%m-%d} to {last:%Y-%m-%d} every {step_days or 'month'}",
            "The first comes before the last, and the step is at least one day.",
        )
    origins: list[datetime] = []
    number = 0
    while True:
        moment = Moment(first, zone)
        origin = moment.shifted(step_days * number) if step_days else _months_later(first, number, zone)
        if origin > last:
            return origins
        origins.append(origin)
        number += 1


def _months_later(first: datetime, months: int, zone: str) -> datetime:
    """Return the same day of a later month on the shop's wall clock, or that month's last day."""
    local = Moment(first, zone).local
    year, month = divmod(local.month - 1 + months, 12)
    following = local.replace(year=local.year + year + (month + 1) // 12, month=(month + 1) % 12 + 1, day=1)
    month_start = local.replace(year=local.year + year, month=month + 1, day=1)
    days = round((following.date() - month_start.date()) / timedelta(days=1))
    return month_start.replace(day=min(local.day, days)).astimezone(first.tzinfo)
