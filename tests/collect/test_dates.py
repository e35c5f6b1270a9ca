"""Dates with and without zone, in many forms, and never guessed at silently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.collect.dates import DateStyle, DayMonthEvidence, parse_instants
from lifeloop.testing.till import Till

HEADER = "order,customer,date,total\n"


def read(text: str, zone: str = "UTC", **style: object) -> str | None:
    value = parse_instants(pa.array([text]), DateStyle(**style), ZoneInfo(zone))[0].as_py()  # type: ignore[arg-type]
    return None if value is None else value.isoformat()


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05 08:26:00",
        "2024-01-05T08:26",
        "2024-01-05T08:26:00Z",
        "2024-01-05T16:26:00+08:00",
        "2024-01-05 03:26:00 -0500",
        "2024-01-05 08:26:00 UTC",
        "2024/1/5 8:26",
        "5/1/2024 8:26",
        "05.01.2024 08:26:00",
        "5/1/24 8:26 AM",
        "Jan 5, 2024 8:26 AM",
        "Fri, 5 Jan 2024 08:26:00 GMT",
        "05-Jan-24 08:26",
        "2024年1月5日 8:26",
        "2024年1月5日 上午8时26分",
        "20240105082600",
        "1704443160",
        "1704443160000",
        "1704443160000000",
    ],
)
def test_one_moment_is_read_from_every_way_it_is_written(text: str) -> None:
    assert read(text) == "2024-01-05T08:26:00+00:00"


@pytest.mark.parametrize(
    "text", ["soon", "2024-02-30", "13/13/2024", "99", "2024-01-05 25:00", "0000-00-00", "12", "-5", "1e9"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read(text) is None


def test_a_date_without_zone_is_in_the_shops_zone() -> None:
    assert read("2024-01-05", "Asia/Shanghai") == "2024-01-04T16:00:00+00:00"
    assert read("2024-07-05 12:00", "Europe/London") == "2024-07-05T11:00:00+00:00"


def test_clocks_going_forward_and_back_lose_no_date() -> None:
    assert read("2024-03-31 01:30", "Europe/London") == "2024-03-31T01:00:00+00:00", "skipped: behind the gap"
    assert read("2024-10-27 01:30", "Europe/London") == "2024-10-27T00:30:00+00:00", "stands twice: the earlier"


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"])
def test_a_machine_without_zone_files_reads_the_same_instants(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import lifeloop.collect.dates as dates

    start = datetime(2024, 1, 1)  # noqa: DTZ001 - wall-clock times
    texts = pa.array([(start + timedelta(minutes=30 * step)).isoformat(" ") for step in range(2 * 24 * 366)])
    usual = parse_instants(texts, DateStyle(), ZoneInfo(zone))

    def no_files(*_args: object, **_options: object) -> None:
        raise pa.ArrowInvalid("Cannot locate timezone")

    monkeypatch.setattr(dates.pc, "assume_timezone", no_files)
    assert parse_instants(texts, DateStyle(), ZoneInfo(zone)).equals(usual)


def test_a_format_that_was_said_is_used_and_iso_is_understood_beside_it() -> None:
    assert read("05|01|2024", format="%d|%m|%Y") == "2024-01-05T00:00:00+00:00"
    assert read("2024-01-05", format="%d|%m|%Y") == "2024-01-05T00:00:00+00:00"
    assert read("2024/01/05", format="%d|%m|%Y") is None


def test_a_day_above_twelve_tells_the_order_of_the_whole_column() -> None:
    evidence = DayMonthEvidence()
    evidence.add(["1/2/2024", "3/4/2024"])
    assert evidence.ambiguous
    evidence.add(["13/2/2024"])
    assert not evidence.ambiguous
    assert evidence.order(ZoneInfo("America/New_York")) == "dmy"


@given(st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)))  # noqa: DTZ001 - the strategy wants naive bounds
def test_any_iso_date_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert read(moment.isoformat(" ")) == moment.replace(tzinfo=UTC).isoformat()


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    for order in ("dmy", "mdy"):
        read(text, order=order)


def test_the_whole_file_is_asked_when_its_first_rows_leave_the_order_open(till: Till) -> None:
    rows = "".join(f"{number},ann,{number % 12 + 1}/{number % 11 + 1}/2023,5\n" for number in range(1500))
    report = till.takes(HEADER + rows + "1500,ann,12/31/2023,5\n")

    assert report.rejected == {}
    assert report.files[0].guess.warnings == ()
    assert till.rows_in_order("placed_at")[-1].isoformat() == "2023-12-31T00:00:00+00:00"


def test_an_order_nothing_tells_is_warned_of_and_can_be_said(till: Till) -> None:
    text = HEADER + "1,ann,5/1/2024,5\n2,ann,6/2/2024,5\n"

    (warning,) = till.takes(text, dry_run=True).files[0].guess.warnings
    assert "read as day/month/year" in warning
    said = till.takes(text, date_format="%m/%d/%Y")
    assert said.files[0].guess.warnings == ()
    assert [at.isoformat()[:10] for at in till.orders("placed_at")] == ["2024-05-01", "2024-06-02"]


def test_an_american_shop_reads_open_dates_month_first(till: Till) -> None:
    till.shop = {"currency": "USD", "timezone": "America/New_York"}
    till.takes(HEADER + "1,ann,5/1/2024,5\n")

    assert [at.isoformat() for at in till.orders("placed_at")] == ["2024-05-01T04:00:00+00:00"]


def test_dates_in_three_formats_in_one_column_are_read_or_rejected_never_guessed(till: Till) -> None:
    report = till.takes(
        HEADER
        + "1,ann,25/12/2023,5\n2,ann,2023-12-26,5\n3,ann,12/27/2023,5\n4,ann,28 Dec 2023,5\n5,ann,next week,5\n6,ann,,5\n"
    )

    assert [at.isoformat()[:10] for at in till.orders("placed_at")] == ["2023-12-25", "2023-12-26", "2023-12-28"]
    assert report.rejected == {"bad_date": 2, "no_date": 1}
    assert till.rejected("line", "reason", "detail") == [
        (4, "bad_date", "'12/27/2023' in date is no date as this column writes them"),
        (6, "bad_date", "'next week' in date is no date as this column writes them"),
        (7, "no_date", "date is empty"),
    ]


def test_the_future_and_the_time_before_1970_hold_no_orders(till: Till) -> None:
    report = till.takes(HEADER + "1,ann,2024-06-01 23:00,5\n2,ann,2024-06-03,5\n3,ann,1969-12-31,5\n")

    assert till.orders("order_id") == ["1"], "a day ahead of the clock is a zone's matter"
    assert report.rejected == {"future_date": 1, "bad_date": 1}
