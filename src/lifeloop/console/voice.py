"""How the report speaks: texts, numbers, money and dates of one language, for people to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lifeloop.base.money import EXPONENT, show_money
from lifeloop.base.text import Language
from lifeloop.console.texts import TEXTS

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

_WHOLE_FROM = 100
"""Amounts of this many units and more are shown without decimals."""


@dataclass(frozen=True)
class Voice:
    """One language, one currency, one time zone."""

    language: Language
    currency: str
    zone: str = "UTC"

    def say(self, key: str, **values: object) -> str:
        """Return a declared text with its blanks filled."""
        return TEXTS[key].say(self.language, **values)

    def count(self, number: float | None) -> str:
        """Return a whole number with thousands separated.

        >>> Voice("en", "EUR").count(12345.4)
        '12,345'
        """
        return "–" if number is None else f"{round(number):,}"

    def share(self, share: float | None, digits: int = 0) -> str:
        """Return a share as a percentage; what is not nothing is never shown as nothing.

        >>> Voice("en", "EUR").share(0.256), Voice("en", "EUR").share(0.004)
        ('26%', '<1%')
        """
        if share is None:
            return "–"
        if digits == 0 and 0 < share < 0.005:
            return "<1%"
        return f"{share:.{digits}%}"

    def change(self, now: float, before: float) -> str:
        """Return a change in percent with its sign; a dash where there was nothing to compare with.

        >>> Voice("en", "EUR").change(110, 100), Voice("en", "EUR").change(1, 0)
        ('+10%', '–')
        """
        if not before:
            return "–"
        return f"{now / before - 1:+.0%}".replace("-", "\u2212")

    def money(self, minor: float | None) -> str:
        """Return an amount with its currency; larger ones without decimals.

        >>> Voice("en", "EUR").money(123456), Voice("en", "EUR").money(1250)
        ('1,235 EUR', '12.50 EUR')
        """
        if minor is None:
            return "–"
        whole = abs(minor) >= _WHOLE_FROM * 10 ** EXPONENT[self.currency]
        return show_money(minor, self.currency, decimals=not whole)

    def exact(self, minor: float | None) -> str:
        """Return an amount with its currency and all its decimals.

        >>> Voice("en", "EUR").exact(123456)
        '1,234.56 EUR'
        """
        return "–" if minor is None else show_money(minor, self.currency)

    def together(self, *sentences: str) -> str:
        """Return sentences as one paragraph.

        >>> Voice("en", "EUR").together("One.", "Two."), Voice("zh", "EUR").together("一。", "二。")
        ('One. Two.', '一。二。')
        """
        return ("" if self.language == "zh" else " ").join(sentence for sentence in sentences if sentence)

    def between(self, low: float, high: float) -> str:
        """Return a range of money; the currency stands once, and decimals only where both ends need them.

        >>> Voice("en", "EUR").between(99246, 1091700), Voice("en", "EUR").between(50, 1250)
        ('992 – 10,917 EUR', '0.50 – 12.50 EUR')
        """
        whole = high >= _WHOLE_FROM * 10 ** EXPONENT[self.currency]
        first, last = (show_money(end, self.currency, decimals=not whole) for end in (low, high))
        return f"{first.removesuffix(self.currency).strip()} – {last}"

    def compact(self, number: float) -> str:
        """Return a round number for an axis.

        >>> [Voice(language, "EUR").compact(1_200_000) for language in ("en", "zh")]
        ['1.2M', '120万']
        """
        steps = ((1e8, "亿"), (1e4, "万")) if self.language == "zh" else ((1e9, "B"), (1e6, "M"), (1e3, "k"))
        for step, sign in steps:
            if abs(number) >= step:
                return f"{number / step:.10g}{sign}" if (number / step * 10).is_integer() else f"{number / step:.1f}{sign}"
        return f"{number:,.10g}"

    def units(self, minor: float) -> float:
        """Return an amount in whole units of the currency, for an axis."""
        return minor / 10.0 ** EXPONENT[self.currency]

    def day(self, instant: datetime) -> str:
        """Return the shop's calendar day of an instant.

        >>> [Voice(language, "EUR").day(datetime.fromisoformat("2011-09-05T00:00+00:00")) for language in ("en", "zh")]
        ['5 Sep 2011', '2011年9月5日']
        """
        local = instant.astimezone(ZoneInfo(self.zone))
        if self.language == "zh":
            return f"{local.year}年{local.month}月{local.day}日"
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"

    def month(self, month: str) -> str:
        """Return an ISO month in words.

        >>> [Voice(language, "EUR").month("2011-09") for language in ("en", "zh")]
        ['Sep 2011', '2011年9月']
        """
        year, number = month.split("-")
        return f"{year}年{int(number)}月" if self.language == "zh" else f"{_MONTHS[int(number) - 1]} {year}"

    def month_short(self, month: str) -> str:
        """Return the month without its year.

        >>> Voice("en", "EUR").month_short("2011-09")
        'Sep'
        """
        number = int(month.split("-")[1])
        return f"{number}月" if self.language == "zh" else _MONTHS[number - 1]
