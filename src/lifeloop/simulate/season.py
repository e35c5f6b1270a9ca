"""How much a day sells: month, weekday, 11.11 and Black Friday, for readers of English and of Chinese."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from lifeloop.simulate.draws import Floats
from lifeloop.simulate.settings import SeasonSection

LANGUAGES = ("en", "zh")
"""Languages by number."""


def season(day: date, section: SeasonSection) -> tuple[float, float]:
    """Return how a day compares with an average one, for English and for Chinese readers.

    Months are joined by straight lines between their middles, so that no first of the month jumps.
    """
    lift = _peak(day, date(day.year, 11, 11), 1.6) * section.singles_day
    friday = _peak(day, black_friday(day.year), 1.3) * section.black_friday
    level = _month_level(day, section.months) * section.weekdays[day.weekday()] * 7 / sum(section.weekdays)
    return level * (1 + 0.25 * lift) * (1 + friday), level * (1 + lift) * (1 + 0.25 * friday)


def hour_shares(section: SeasonSection) -> Floats:
    """Return the running sum of the shares of the local hours, shape (24,), ending at 1."""
    running: Floats = np.cumsum(np.array(section.hours, np.float64))
    running /= running[-1]
    return running


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November.

    >>> black_friday(2025).isoformat()
    '2025-11-28'
    """
    first = date(year, 11, 1)
    thursday = first + timedelta(days=(3 - first.weekday()) % 7 + 21)
    return thursday + timedelta(days=1)


def _peak(day: date, top: date, width: float) -> float:
    """Return 1 on the day itself, falling off like a bell `width` days wide."""
    return float(np.exp(-((((day - top).days) / width) ** 2)))


def _month_level(day: date, months: tuple[float, ...]) -> float:
    mean = sum(months) / 12
    place = day.month - 1 + (day.day - 1) / 31 - 0.5
    low = int(np.floor(place))
    share = place - low
    return ((1 - share) * months[low % 12] + share * months[(low + 1) % 12]) / mean
