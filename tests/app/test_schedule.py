"""When the nightly run is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lifeloop.app.schedule import last_due

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("now", "zone", "name", "as_of"),
    [
        ("2026-11-22T01:59:59+00:00", BERLIN, "run-2026-11-21", "2026-11-20T23:00:00+00:00"),
        ("2026-11-22T02:00:00+00:00", BERLIN, "run-2026-11-22", "2026-11-21T23:00:00+00:00"),
        ("2026-11-21T19:00:00+00:00", SHANGHAI, "run-2026-11-22", "2026-11-21T16:00:00+00:00"),
        ("2026-11-21T18:59:00+00:00", SHANGHAI, "run-2026-11-21", "2026-11-20T16:00:00+00:00"),
    ],
)
def test_a_run_is_due_at_its_time_on_the_shops_clock(now: str, zone: ZoneInfo, name: str, as_of: str) -> None:
    due = last_due(datetime.fromisoformat(now), "03:00", zone)

    assert (due.name, due.as_of.isoformat()) == (name, as_of)


@pytest.mark.parametrize("run_at", ["02:30", "03:00", "00:00"])
@pytest.mark.parametrize("month", [3, 10])
def test_every_day_has_one_run_when_clocks_are_turned(run_at: str, month: int) -> None:
    begin = datetime(2026, month, 20, tzinfo=UTC)
    names = [last_due(begin + timedelta(minutes=10 * step), run_at, BERLIN).name for step in range(6 * 24 * 12)]

    assert names == sorted(names)
    assert len(set(names)) in (12, 13)
