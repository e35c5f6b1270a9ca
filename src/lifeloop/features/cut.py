"""The one place where time is cut. Everything else in this room reads facts through the relations made here.

A snapshot as of a moment knows a fact when its time < as_of. A label reads as_of <= time < as_of + horizon.
Days are calendar days of the shop's zone. Zones are turned into offsets here, in Python, so that every engine counts
the same days; windows and horizons are counted on the wall clock: seven days back from a midnight is a midnight, also
across a change to summer time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lifeloop.base.clock import EPOCH
from lifeloop.base.errors import SettingsError
from lifeloop.schema import EVENT, ORDER, ORDER_LINE, REFUND, Table

DAY_SECONDS = 86_400

FACTS: Mapping[str, Table] = {"orders": ORDER, "lines": ORDER_LINE, "refunds": REFUND, "events": EVENT}
"""The relations a subject may read, and the table each is cut from."""

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "orders": ("goods_minor", "quantity", "products"),
    "lines": ("product_id", "quantity", "goods_minor"),
    "refunds": ("refund_id", "goods_minor"),
    "events": ("name", "session_id", "product_id"),
}


@dataclass(frozen=True)
class Moment:
    """One `as_of` in the shop's zone. Raises SettingsError for an unknown zone or an `as_of` without a zone."""

    as_of: datetime
    zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse a moment nobody could place on a clock."""
        if self.as_of.tzinfo is None:
            raise SettingsError(
                f"cannot take {self.as_of.isoformat()} as as_of", "it has no time zone", "Pass a datetime with tzinfo set."
            )
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsError(
                f"cannot count days in the zone '{self.zone}'",
                "it is no IANA time zone",
                "Use a name such as Europe/London or Asia/Shanghai.",
            ) from None

    @property
    def local(self) -> datetime:
        """`as_of` on the shop's wall clock."""
        return self.as_of.astimezone(ZoneInfo(self.zone))

    @property
    def local_seconds(self) -> float:
        """Seconds from 1970-01-01 00:00 to `as_of`, both read from the shop's wall clock."""
        return (self.local.replace(tzinfo=UTC) - EPOCH).total_seconds()

    @property
    def last_day(self) -> int:
        """The last known day, in days since 1970-01-01: the day of the instant just before `as_of`."""
        before = (self.as_of - timedelta(microseconds=1)).astimezone(ZoneInfo(self.zone))
        return (before.date() - date(1970, 1, 1)).days

    @property
    def month(self) -> int:
        """The calendar month in which the unknown begins, 1 to 12."""
        return self.local.month

    def shifted(self, days: int) -> datetime:
        """Return the instant that many days later (or earlier) on the wall clock, UTC."""
        return (self.local + timedelta(days=days)).astimezone(UTC)

    def values(self, *, since_days: int | None = None) -> dict[str, datetime]:
        """Return the parameters of a `known` relation."""
        bounds = {"as_of": self.as_of.astimezone(UTC)}
        return bounds if since_days is None else bounds | {"since": self.shifted(-since_days)}


def known(name: str, moment: Moment, *, since_days: int | None = None) -> str:
    """Return the query of everything of one kind known as of `moment` about the customers in the relation `people`.

    Columns: `customer` (the customer's number in `people`), those of the fact, `day` (days since 1970-01-01 in the
    shop's zone), `age_days` (whole days before as_of, 0 = within the last day) and `last_day` (the last known day, the
    same in every row). Parameters: `$as_of` and, with `since_days`, `$since`: older facts are left out.
    """
    table = FACTS[name]
    columns = ", ".join(f"facts.{column}" for column in _COLUMNS[name])
    since = "" if since_days is None else f" AND facts.{table.time} >= $since"
    return f"""SELECT customer, {", ".join(_COLUMNS[name])},
    CAST(floor(local_seconds / {DAY_SECONDS}) AS INTEGER) AS day,
    CAST(greatest(ceil(({moment.local_seconds!r} - local_seconds) / {DAY_SECONDS}) - 1, 0) AS INTEGER) AS age_days,
    {moment.last_day} AS last_day
    FROM (
        SELECT people.customer, {columns}, epoch(facts.{table.time}) + {_offset(f"facts.{table.time}", moment)} AS local_seconds
        FROM {name} AS facts JOIN people ON people.customer_id = facts.customer_id
        WHERE facts.{table.time} < $as_of{since}
    ) AS known_{name}"""


def named(name: str, table: Table) -> str:
    """Return the query of the customers named in `name` before the moment (`$as_of`), each once."""
    return f"SELECT DISTINCT customer_id FROM {name} WHERE {table.time} < $as_of AND customer_id IS NOT NULL"


def following(moment: Moment) -> str:
    """Return the query of the orders in the horizon: `$as_of` <= time < `$until`. Only labels may read it."""
    return f"""SELECT customer_id, goods_minor,
    CAST(floor((epoch(placed_at) + {_offset("placed_at", moment, ahead=True)}) / {DAY_SECONDS}) AS INTEGER) AS day
    FROM orders WHERE placed_at >= $as_of AND placed_at < $until AND customer_id IS NOT NULL"""


def _offset(column: str, moment: Moment, *, ahead: bool = False) -> str:
    """Return the SQL that gives the zone's offset from UTC, in seconds, at the instant in `column`."""
    last = moment.as_of.year + (5 if ahead else 1)
    first, changes = _changes(moment.zone, last)
    if not changes:
        return str(first)
    whens = " ".join(f"WHEN epoch({column}) >= {second} THEN {offset}" for second, offset in reversed(changes))
    return f"CASE {whens} ELSE {first} END"


@lru_cache(maxsize=64)
def _changes(zone: str, last_year: int) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Return the zone's offset on 1970-01-01 and each later change as (UTC second, new offset in seconds)."""
    place = ZoneInfo(zone)

    def offset(second: int) -> int:
        shift = datetime.fromtimestamp(second, UTC).astimezone(place).utcoffset()
        assert shift is not None
        return int(shift.total_seconds())

    end = int(datetime(last_year + 1, 1, 1, tzinfo=UTC).timestamp())
    changes: list[tuple[int, int]] = []
    week = 7 * DAY_SECONDS
    for start in range(0, end, week):
        low, high = start, start + week
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        changes.append((high, offset(high)))
    return offset(0), tuple(changes)
