"""Looking a file over before its rows are read: order of day and month, decimal mark, currency, kind of order numbers.

The first thousand rows decide, unless they leave open what the whole column can tell: then all of it is looked at.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from lifeloop.base.money import EXPONENT, SYMBOL
from lifeloop.collect.amounts import currency_in
from lifeloop.collect.columns import DATES, NUMBERS
from lifeloop.collect.dates import DateStyle, DayMonthEvidence
from lifeloop.collect.numbers import comma_is_decimal
from lifeloop.collect.rows import Rows, trimmed
from lifeloop.collect.understanding import Understood

_MONEY = ("amount", "price", "total", "cost", "total_minor", "amount_minor", "price_minor")


@dataclass
class Survey:
    """What was found about one part of a file."""

    dates: DateStyle = field(default_factory=DateStyle)
    comma: bool = False
    plain_numbers: bool = False
    currencies: Counter[str] = field(default_factory=Counter)
    """Currencies known and named in it -> rows."""
    warnings: list[str] = field(default_factory=list)

    @property
    def sign(self) -> str | None:
        """The currency most of its rows name; None where none do."""
        return self.currencies.most_common(1)[0][0] if self.currencies else None


def has_money(one: Understood) -> bool:
    """Return whether a file has amounts."""
    return any(name in one.columns for name in _MONEY)


def look_over(one: Understood, zone: ZoneInfo, *, base_known: bool) -> Survey:
    """Survey one part of a file; `base_known` says that its currencies need not be counted."""
    survey = Survey()
    columns = one.columns
    evidence = DayMonthEvidence()
    dates = [theirs for ours, theirs in columns.items() if ours in DATES]
    for theirs in dates:
        evidence.add(set(one.sample.values(theirs)))
    money = [columns[name] for name in _MONEY if name in columns][:1]
    named = [columns["currency"]] if "currency" in columns else []
    signed = money if any(_is_signed(text) for text in one.sample.values(money[0] if money else None)) else []
    count_all = not base_known and bool(named or signed)
    if evidence.ambiguous or count_all:
        for rows in one.part.rows():
            _look(rows, dates if evidence.ambiguous else [], evidence)
            if count_all:
                survey.currencies += _currencies(rows, named or signed)
    else:
        for text in one.sample.values(next(iter(named or signed), None)):
            survey.currencies += _counter(text, 1)
    survey.dates = DateStyle(order=evidence.order(zone), format=one.date_format)
    if evidence.ambiguous and one.date_format is None and dates:
        survey.warnings.append(_about_dates(survey.dates, dates))
    numbers = [text for ours, theirs in columns.items() if ours in NUMBERS for text in one.sample.values(theirs)]
    survey.comma = comma_is_decimal(numbers)
    orders = one.sample.values(columns.get("order_id"))
    digits = sum(text.isdigit() for text in orders)
    survey.plain_numbers = digits > 0 and digits >= sum(text[:1] in "Cc" and text[1:].isdigit() for text in orders)
    return survey


def _is_signed(text: str) -> bool:
    return any(sign in text for sign in SYMBOL) or any(word in EXPONENT for word in text.split())


def _look(rows: Rows, dates: list[str], evidence: DayMonthEvidence) -> None:
    for theirs in dates:
        evidence.add(text for text in pc.unique(trimmed(rows.columns[theirs])).to_pylist() if text)


def _currencies(rows: Rows, columns: list[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for pair in pc.value_counts(trimmed(rows.columns[columns[0]])).to_pylist():
        if pair["values"]:
            found += _counter(pair["values"], pair["counts"])
    return found


def _counter(text: str, times: int) -> Counter[str]:
    code = currency_in(text)
    return Counter({code: times}) if code in EXPONENT else Counter()


def _about_dates(style: DateStyle, columns: list[str]) -> str:
    first = "day/month/year" if style.order == "dmy" else "month/day/year"
    return (
        f"the dates in {', '.join(columns)} could be day-first or month-first; they are read as {first}. "
        "Say it with --date-format (such as %d/%m/%Y) or date_format in lifeloop.toml."
    )


def base_currency(surveys: list[Survey], configured: str | None) -> str | None:
    """Return the shop's base currency: the configured one, else the one most rows of all files name; None if none do."""
    if configured is not None:
        return configured
    total: Counter[str] = Counter()
    for survey in surveys:
        total += survey.currencies
    return total.most_common(1)[0][0] if total else None
