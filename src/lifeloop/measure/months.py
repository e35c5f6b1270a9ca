"""Calendar months of the shop, as a table that any engine can join on: their ends are instants, computed here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

_SCHEMA = pa.schema(
    [
        ("number", pa.int32()),
        ("starts_at", pa.timestamp("us", tz="UTC")),
        ("ends_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True)
class Month:
    """One calendar month of the shop's zone."""

    year: int
    month: int

    def __str__(self) -> str:
        """Return it as ISO writes it: 2011-09."""
        return f"{self.year}-{self.month:02d}"

    def start(self, zone: str) -> datetime:
        """Return the instant at which it begins in `zone`, UTC."""
        return datetime(self.year, self.month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    def after(self, months: int) -> Month:
        """Return the month so many months later.

        >>> str(Month(2011, 11).after(3))
        '2012-02'
        """
        years, month = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, month + 1)

    @classmethod
    def of(cls, instant: datetime, zone: str) -> Month:
        """Return the month around `instant` in `zone`."""
        local = instant.astimezone(ZoneInfo(zone))
        return cls(local.year, local.month)


def months_until(first: datetime, as_of: datetime, zone: str) -> list[Month]:
    """Return every month from that of `first` to the last one of which anything is known before `as_of`."""
    months = [Month.of(first, zone)]
    while months[-1].after(1).start(zone) < as_of:
        months.append(months[-1].after(1))
    return months


def month_table(months: list[Month], zone: str) -> pa.Table:
    """Return the months as rows: number (from 0), starts_at, ends_at."""
    rows = [
        {"number": number, "starts_at": month.start(zone), "ends_at": month.after(1).start(zone)}
        for number, month in enumerate(months)
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)
