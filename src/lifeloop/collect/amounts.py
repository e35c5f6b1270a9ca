"""Currencies of rows, and their amounts in minor units: of the currency named, and of the shop's base currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.money import EXPONENT, SYMBOL
from lifeloop.collect.numbers import DECIMAL, by_distinct, to_minor_units
from lifeloop.collect.rows import Rows, Sieve
from lifeloop.collect.source import Reading

_SIGNS = "|".join(sign.replace("$", r"\$") for sign in sorted(SYMBOL, key=len, reverse=True))
_NAMED_BEFORE = r"^-?\(?\s*[A-Z]{3}\s+[\d.,-]"
_NAMED_BEHIND = r"\d\s+[A-Z]{3}$"


_SHARED: Mapping[str, Sequence[str]] = {
    "$": ("AUD", "CAD", "HKD", "MXN", "NZD", "SGD", "TWD", "ARS", "CLP", "COP"),
    "¥": ("JPY",),
    "￥": ("JPY",),
}
"""A sign that several currencies are written with means the shop's own, if that is one of them."""


KNOWN = pa.array(sorted(EXPONENT))
"""Every currency code there is."""


def currency_in(text: str, base: str | None = None) -> str | None:
    """Return the currency an amount or a currency cell is written with, as a code; an unknown code as it stands.

    >>> currency_in("£5.00"), currency_in("12 EUR"), currency_in("eur"), currency_in("7.5")
    ('GBP', 'EUR', 'EUR', None)
    """
    for sign in sorted(SYMBOL, key=len, reverse=True):
        if sign in text:
            return base if base in _SHARED.get(sign, ()) else SYMBOL[sign]
    words = [word for word in text.upper().replace(".", " ").replace(",", " ").split() if word.isalpha()]
    return words[0] if words else None


def currency_of(reading: Reading, rows: Rows, sieve: Sieve, amount: str | None) -> Any:
    """Return the currency of each row: its own column, else a sign beside the amount, else the reading's.

    Rows with a code nobody knows (`unknown_currency`) or without a rate to the base (`no_rate`) are rejected.
    """
    theirs = reading.columns.get("currency")
    found = pa.nulls(len(rows), pa.string())
    column = theirs
    if theirs is not None:
        found = by_distinct(
            reading.text(rows, "currency"),
            lambda text: None if text is None else (currency_in(text, reading.base) or text),
            pa.string(),
        )
    if amount is not None and reading.has(amount):
        texts = reading.text(rows, amount)
        if pc.any(_is_signed(texts)).as_py():
            signed = pc.if_else(_is_signed(texts), texts, pa.scalar(None, pa.string()))
            found = pc.coalesce(
                found, by_distinct(signed, lambda text: None if text is None else currency_in(text, reading.base), pa.string())
            )
            column = column or reading.columns[amount]
    codes = pc.coalesce(found, pa.scalar(reading.currency))
    known = pc.is_in(codes, value_set=KNOWN)
    sieve.drop(pc.invert(known), "unknown_currency", "'{value}' names no currency lifeloop knows", column)
    usable = pa.array([reading.base, *reading.rates])
    sieve.drop(
        pc.invert(pc.is_in(codes, value_set=usable)),
        "no_rate",
        f"no rate from '{{value}}' to {reading.base} (set one in lifeloop.toml under [shop.rates])",
        column,
    )
    return pc.if_else(known, codes, pa.scalar(reading.base))


def _is_signed(texts: Any) -> Any:
    return pc.match_substring_regex(texts, f"{_SIGNS}|{_NAMED_BEFORE}|{_NAMED_BEHIND}").fill_null(fill_value=False)


def minor(amounts: Any, currencies: Any) -> Any:
    """Return decimals as minor units of `currencies`; at once where all are null."""
    if amounts.null_count == len(amounts):
        return pa.nulls(len(amounts), pa.int64())
    return to_minor_units(amounts, currencies)


def both_minor(amounts: Any, currencies: Any, reading: Reading) -> tuple[Any, Any]:
    """Return decimals as minor units of `currencies`, and of the base currency; one column twice where those are the same."""
    own = to_minor_units(amounts, currencies)
    same = pc.all(pc.equal(currencies, reading.base)).as_py()
    return own, own if same else _converted(amounts, currencies, reading)


def in_base(amounts: Any, currencies: Any, reading: Reading) -> Any:
    """Return decimals of `currencies` as minor units of the base currency, rounded once, half to even."""
    return both_minor(amounts, currencies, reading)[1]


def _converted(amounts: Any, currencies: Any, reading: Reading) -> Any:
    whole = pa.repeat(pa.scalar(reading.base), len(currencies))
    result = to_minor_units(amounts, whole)
    for code in sorted(set(pc.unique(currencies).to_pylist()) - {reading.base}):
        rate = reading.rates.get(code, Decimal(0))
        own = pc.round(amounts, EXPONENT[code], "half_to_even").cast(DECIMAL)
        converted = pc.multiply(own, pa.scalar(rate, pa.decimal256(30, 12)))
        result = pc.if_else(pc.equal(currencies, code), to_minor_units(converted, whole), result)
    return result


def refuse_large(sieve: Sieve, amounts: Any, minors: Any, column: str | None) -> None:
    """Reject rows whose amount is too large to be one."""
    sieve.drop(pc.and_(pc.is_valid(amounts), pc.is_null(minors)), "bad_number", "'{value}' is too large for an amount", column)


def fill_zero(values: Any) -> Any:
    """Return decimals with zero for null."""
    return pc.if_else(pc.is_valid(values), values, pa.scalar(Decimal(0), values.type))


def at_least_zero(values: Any) -> Any:
    """Return decimals with zero for what is below it; null stays null."""
    return pc.if_else(pc.less(values, pa.scalar(Decimal(0), values.type)), pa.scalar(Decimal(0), values.type), values)
