"""Written dates to UTC instants; one order of day and month for a whole column, chosen by evidence.

Always understood: ISO dates, dates that begin with a year, dates with the month as a word, epoch seconds, milliseconds and
microseconds, `20240105`. `5/1/2024` is read in the column's own order; a row that contradicts it is not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.clock import EPOCH

DayMonth = Literal["dmy", "mdy"]
INSTANT = pa.timestamp("us", tz="UTC")
_NAIVE = pa.timestamp("us")

_ISO = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"
_ISO_UTC = _ISO.removesuffix("$") + "Z$"
_TIME = (
    r"(?:[T ,]+(?P<half_before>上午|下午)?\s*(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})"
    r"(?:[:分](?P<second>\d{1,2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"[秒分]?\s*(?P<half>am|pm|a\.m\.|p\.m\.)?)?\s*(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2})?$"
)
_NUMERIC = re.compile(r"^(?P<a>\d{1,4})[/.\-年](?P<b>\d{1,2})[/.\-月](?P<c>\d{1,4})日?" + _TIME, re.IGNORECASE)
_WORDED = re.compile(
    r"^(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?[ \-./]+(?P<month>[a-z]{3,9})\.?"
    r"|(?P<month2>[a-z]{3,9})\.?\s+(?P<day2>\d{1,2})(?:st|nd|rd|th)?)"
    r",?[ \-./]+(?P<year>\d{4}|\d{2})" + _TIME,
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH_UNITS = ((range(9, 11), 1_000_000), (range(12, 14), 1_000), (range(15, 17), 1))


@dataclass(frozen=True, slots=True)
class DateStyle:
    """How the dates of one column are written, where a date alone does not say."""

    order: DayMonth = "dmy"
    format: str | None = None
    """A strptime format the user gave; ISO dates are understood beside it."""


@dataclass(slots=True)
class DayMonthEvidence:
    """Counts over one column that tell day-first from month-first."""

    day_first: int = 0
    month_first: int = 0
    open: int = 0
    """Dates that could be either."""

    def add(self, texts: Iterable[str]) -> None:
        """Look at some distinct dates."""
        for text in texts:
            found = _NUMERIC.match(text)
            if not found or len(found["a"]) > 2:
                continue
            first, second = int(found["a"]), int(found["b"])
            self.day_first += first > 12 >= second
            self.month_first += second > 12 >= first
            self.open += first <= 12 and second <= 12 and first != second

    @property
    def ambiguous(self) -> bool:
        """Whether dates stand there that nothing seen so far explains."""
        return self.open > 0 and self.day_first == self.month_first

    def order(self, zone: ZoneInfo) -> DayMonth:
        """Return the order with more evidence; with none, the custom of the shop's zone (month first in America)."""
        if self.day_first != self.month_first:
            return "dmy" if self.day_first > self.month_first else "mdy"
        return "mdy" if zone.key.startswith(("America/", "US/")) else "dmy"


def read_date(text: str, style: DateStyle) -> datetime | None:
    """Read one date; the answer has a zone where the text names one. None if it is no date in this style.

    >>> read_date("5/1/2024 8:26", DateStyle("dmy")), read_date("13/13/2024", DateStyle("dmy"))
    (datetime.datetime(2024, 1, 5, 8, 26), None)
    """
    try:
        return _by_format(text, style.format) if style.format else _by_shape(text, style.order)
    except (ValueError, OverflowError):
        return None


def _by_format(text: str, format_: str) -> datetime | None:
    try:
        return datetime.strptime(text, format_)  # noqa: DTZ007 - the zone is the shop's, set on whole columns
    except ValueError:
        return _iso(text)


def _by_shape(text: str, order: DayMonth) -> datetime | None:
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return _digits(text)
    if numeric := _NUMERIC.match(text):
        a, b, c = numeric["a"], numeric["b"], numeric["c"]
        if len(a) == 4:
            return _assemble(numeric, int(a), int(b), int(c))
        day, month = (int(a), int(b)) if order == "dmy" else (int(b), int(a))
        return None if len(c) not in (2, 4) or len(a) > 2 else _assemble(numeric, _year(c), month, day)
    if worded := _WORDED.match(text):
        name = (worded["month"] or worded["month2"]).lower()[:3]
        day = int(worded["day"] or worded["day2"])
        return _assemble(worded, _year(worded["year"]), _MONTHS.index(name) + 1, day)
    return _iso(text)


def _iso(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if len(text) >= 10 and text[4] == "-" else None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 70 else 1900)


def _digits(text: str) -> datetime | None:
    whole = text.split(".")[0]
    if len(whole) == 8 and "1900" <= whole[:4] <= "2100" and "." not in text:
        return datetime(int(whole[:4]), int(whole[4:6]), int(whole[6:]))  # noqa: DTZ001 - the zone is the shop's
    if len(whole) == 14 and "." not in text:
        return datetime.strptime(whole, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone is the shop's
    for lengths, micros in _EPOCH_UNITS:
        if len(whole) in lengths:
            return EPOCH + timedelta(microseconds=int(whole) * micros)
    return None


def _assemble(found: re.Match[str], year: int, month: int, day: int) -> datetime:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half = (found["half"] or found["half_before"] or "").lower().replace(".", "")
    if half in ("pm", "下午") and hour < 12:
        hour += 12
    elif half in ("am", "上午") and hour == 12:
        hour = 0
    micros = int((found["part"] or "0").ljust(6, "0")[:6])
    return datetime(year, month, day, hour, minute, second, micros, tzinfo=_zone(found["zone"]))


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text.lower() in ("z", "utc", "gmt"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def parse_instants(values: Any, style: DateStyle, zone: ZoneInfo) -> Any:
    """Return `values` (trimmed text) as UTC instants; null where blank or no date. Dates without a zone are in `zone`.

    A time the clocks skip is moved behind the gap; one that stands twice is the earlier.
    """
    encoded = values.dictionary_encode()
    texts = encoded.dictionary
    iso, utc = (pc.match_substring_regex(texts, pattern) for pattern in (_ISO, _ISO_UTC))
    try:
        naive = pc.if_else(iso, texts, pa.scalar(None, pa.string())).cast(_NAIVE)
        aware = pc.if_else(utc, texts, pa.scalar(None, pa.string())).cast(INSTANT)
    except pa.ArrowInvalid:
        iso = utc = pa.array([False] * len(texts), pa.bool_())
        naive, aware = pa.nulls(len(texts), _NAIVE), pa.nulls(len(texts), INSTANT)
    read = pc.or_(iso, utc)
    if pc.all(read).as_py() is False:
        slow_naive, slow_aware = _slowly(texts, read, style)
        naive, aware = pc.coalesce(naive, slow_naive), pc.coalesce(aware, slow_aware)
    return pc.coalesce(aware, _in_zone(naive, zone)).take(encoded.indices)


def _in_zone(naive: Any, zone: ZoneInfo) -> Any:
    """Return wall-clock times of `zone` as instants; a machine without zone files of its own has those Python ships."""
    try:
        return pc.assume_timezone(naive, zone.key, ambiguous="earliest", nonexistent="latest").cast(INSTANT)
    except pa.ArrowInvalid:
        return pa.array([None if value is None else _behind_gap(value, zone) for value in naive.to_pylist()], INSTANT)


def _behind_gap(value: datetime, zone: ZoneInfo) -> datetime | None:
    early = value.replace(tzinfo=zone)
    late = early.replace(fold=1)
    if early.utcoffset() == late.utcoffset() or _utc(early) == _utc(late):
        return _utc(early)
    gap = (late.utcoffset() or timedelta()) - (early.utcoffset() or timedelta())
    if gap < timedelta():
        return _utc(early)
    return _gap_end(early, gap)


def _gap_end(moment: datetime, gap: timedelta) -> datetime | None:
    """Return the instant at which clocks that skip `moment` go on."""
    before = moment.replace(fold=1).astimezone(UTC)
    after = before + gap
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(moment.tzinfo).utcoffset() == moment.replace(fold=1).utcoffset():
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def _slowly(texts: Any, known: Any, style: DateStyle) -> tuple[Any, Any]:
    """Read the texts that are not known yet one by one: times without a zone, and times with one."""
    read = [None if done else read_date(text, style) for text, done in zip(texts.to_pylist(), known.to_pylist(), strict=True)]
    plain = pa.array([value if value and value.tzinfo is None else None for value in read], _NAIVE)
    aware = pa.array([_utc(value) if value and value.tzinfo else None for value in read], INSTANT)
    return plain, aware


def _utc(value: datetime) -> datetime | None:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None
