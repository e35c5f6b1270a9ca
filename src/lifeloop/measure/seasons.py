"""When a shop sells: by weekday, hour and month of the year, how many orders a day, and how it grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from lifeloop.measure.distribution import Distribution
from lifeloop.predict.columns import Floats

LEAST_MONTH_DAYS = 14
"""A month known on fewer days says nothing about the season: the ninth of December is no December."""

_DAY = 86_400


@dataclass(frozen=True)
class Seasons:
    """When orders are placed, on the shop's wall clock."""

    weekday: tuple[float, ...]
    """Share of the orders on each day of the week, from Monday, shape (7,)."""
    hour: tuple[float, ...]
    """Share of the orders in each hour of the day, shape (24,)."""
    month: tuple[float, ...]
    """Orders a day in each month of the year over those of an average month, growth taken out, shape (12,); mean 1, and 1 for
    a month not known."""
    daily_orders: Distribution
    """Orders on each day from the first to the last, also on those without any."""
    growth: float | None
    """Orders a day over those of the same months a year before; None where no month is known twice."""


def local_seconds(quarters: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    """Return the seconds since 1970-01-01 00:00 that the shop's wall clock shows as each quarter hour begins."""
    place = ZoneInfo(zone)
    offsets = [datetime.fromtimestamp(quarter * 900, UTC).astimezone(place).utcoffset() for quarter in quarters.tolist()]
    return quarters * 900 + np.array([int((offset or timedelta(0)).total_seconds()) for offset in offsets], dtype=np.int64)


def seasons_of(seconds: npt.NDArray[np.int64], orders: npt.NDArray[np.int64]) -> Seasons:
    """Return the seasons of so many orders at each wall-clock second since 1970-01-01, shapes (n,), n > 0."""
    day = seconds // _DAY
    first = int(day.min())
    daily = np.bincount(day - first, orders).astype(np.float64)
    index, growth = month_index(first, daily)
    spread = Distribution.of(daily, np.ones(daily.size))
    assert spread is not None
    return Seasons(
        weekday=_shares((day + 3) % 7, orders, 7),
        hour=_shares(seconds % _DAY // 3_600, orders, 24),
        month=tuple(index.tolist()),
        daily_orders=spread,
        growth=growth,
    )


def month_index(first: int, daily: Floats) -> tuple[Floats, float | None]:
    """Return the index by month of the year, shape (12,), and the growth per year, of orders by day since day `first`.

    Months known on less than LEAST_MONTH_DAYS days are left out. Growth is the sum of the rates (orders a day) of all months
    that are known also a year before, over the sum of those earlier rates; it divides each rate by growth^(months / 12),
    and the index is the mean of what is left by month of the year. Without a month that is known twice a trend cannot be
    told from a season: all of it is called season.

    >>> january_2023 = 19358
    >>> index, growth = month_index(january_2023, np.repeat([10.0, 20.0], [365, 366]))
    >>> growth, round(float(index.mean()), 9), round(float(index[11] / index[0]), 3)
    (2.0, 1.0, 0.53)
    """
    months = (first + np.arange(daily.size)).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    start = int(months[0])
    known = np.bincount(months - start)
    full = known >= LEAST_MONTH_DAYS
    rate = np.bincount(months - start, daily) / np.maximum(known, 1)
    twice = full[12:] & full[:-12]
    before = float(rate[:-12][twice].sum())
    growth = float(rate[12:][twice].sum()) / before if before else None
    level = rate / (growth or 1.0) ** (np.arange(rate.size) / 12.0)
    of_year = (start + np.arange(rate.size)) % 12
    seen = np.bincount(of_year[full], minlength=12)
    index = np.bincount(of_year[full], level[full], 12) / np.maximum(seen, 1)
    mean = float(index[seen > 0].mean()) if full.any() else 0.0
    return (np.where(seen > 0, index / mean, 1.0) if mean else np.ones(12)), growth


def _shares(place: npt.NDArray[np.int64], orders: npt.NDArray[np.int64], places: int) -> tuple[float, ...]:
    counts = np.bincount(place, orders, places)
    return tuple((counts / counts.sum()).tolist())
