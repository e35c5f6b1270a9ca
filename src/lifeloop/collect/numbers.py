"""Written numbers to exact decimals, and decimals to minor units; whole columns at a time, half to even, no floats.

Plain numbers are read by Arrow; whatever else is written (`1,234.50`, `£5`, `(1.20)`) once per distinct text.
A number has at most 15 digits before and 18 behind the point.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.money import EXPONENT, decimal_of

DECIMAL = pa.decimal256(37, 18)
"""Type of every number between reading and storing."""

LIMIT = Decimal(10) ** 15
"""No quantity, price or amount is as large as this."""

_PLAIN = r"^-?\d{1,15}(\.\d{1,18})?$"
_SMALLEST = Decimal(1).scaleb(-18)
_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_COMMA_DECIMAL = re.compile(r"\d,\d{1,2}\D*$|\d,\d{4,}\D*$|\d\.\d{3},\d")
_POINT_DECIMAL = re.compile(r"\d\.\d{1,2}\D*$|\d\.\d{4,}\D*$|\d,\d{3}\.\d")


def by_distinct(values: Any, read: Callable[[str], Any], kind: Any) -> Any:
    """Apply `read` to each distinct text of `values` and return the results as an array of type `kind`."""
    encoded = values.dictionary_encode()
    results = pa.array([read(text) for text in encoded.dictionary.to_pylist()], kind)
    return results.take(encoded.indices)


def read_number(text: str, *, comma: bool = False) -> Decimal | None:
    """Read one number; with `comma` the comma is the decimal mark and the point separates thousands.

    >>> read_number("1.234", comma=True), read_number("1.234"), read_number("abc")
    (Decimal('1234'), Decimal('1.234'), None)
    """
    if len(text) > 60 or "_" in text:
        return None
    if comma:
        if _POINT_DECIMAL.search(text):
            return None
        text = text.replace(".", "")
        text = re.sub(r",(?=\d{3}\D*$)", ".", text) if text.count(",") == 1 else text
    value = decimal_of(text)
    if value is None or value.adjusted() >= 15:
        return None
    if value.adjusted() < -20:
        return Decimal(0)
    exponent = value.as_tuple().exponent
    return value.quantize(_SMALLEST, context=_CONTEXT) if isinstance(exponent, int) and exponent < -18 else value


def parse_numbers(values: Any, *, comma: bool = False) -> Any:
    """Return `values` (trimmed text) as decimals; null where blank or no number."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    plain = pc.match_substring_regex(values, _PLAIN).fill_null(fill_value=True)
    if comma:
        plain = pc.and_(plain, pc.invert(pc.match_substring(values, ".").fill_null(fill_value=False)))
    if pc.all(plain).as_py():
        return values.cast(DECIMAL)
    easy = pc.if_else(plain, values, pa.scalar(None, pa.string())).cast(DECIMAL)
    hard = pc.if_else(plain, pa.scalar(None, pa.string()), values)
    return pc.coalesce(easy, by_distinct(hard, lambda text: None if text is None else read_number(text, comma=comma), DECIMAL))


def multiplied(these: Any, those: Any) -> Any:
    """Return the products of decimals, rounded half to even where they have too many digits; null where too large to be one.

    >>> these, those = parse_numbers(pa.array(["9.5", "1e-10", "9e14"])), parse_numbers(pa.array(["2", "1e-10", "9e14"]))
    >>> multiplied(these, those).to_pylist()
    [Decimal('19.000000000000000000'), Decimal('0E-18'), None]
    """
    exact = pc.round(pc.multiply(these, those), 18, "half_to_even")
    small = pc.less(pc.abs(exact), pa.scalar(LIMIT, exact.type))
    return pc.if_else(small, exact, pa.scalar(None, exact.type)).cast(DECIMAL)


def comma_is_decimal(texts: list[str]) -> bool:
    """Decide from a sample of one file whether the comma is the decimal mark.

    >>> comma_is_decimal(["12,50", "1.234,00", "7"]), comma_is_decimal(["12.50", "1,234"])
    (True, False)
    """
    commas = sum(1 for text in texts if _COMMA_DECIMAL.search(text))
    points = sum(1 for text in texts if _POINT_DECIMAL.search(text))
    return commas > points


def to_minor_units(amounts: Any, currencies: Any) -> Any:
    """Return decimals as int64 minor units of `currencies` (text, all known), half to even; null where too large."""
    result = pa.nulls(len(amounts), pa.int64())
    for places in sorted({EXPONENT[code] for code in pc.unique(currencies).to_pylist() if code}):
        codes = pa.array([code for code, exponent in EXPONENT.items() if exponent == places])
        here = pc.is_in(currencies, value_set=codes)
        result = pc.if_else(here, _minor(amounts, places), result)
    return result


def _minor(amounts: Any, places: int) -> Any:
    large = pc.greater_equal(pc.abs(amounts), pa.scalar(LIMIT, amounts.type))
    bounded = pc.if_else(large, pa.scalar(None, amounts.type), amounts)
    rounded = pc.round(bounded, places, "half_to_even").cast(pa.decimal256(50, places))
    scale = pa.scalar(Decimal(10) ** places, pa.decimal256(4, 0))
    return pc.multiply(rounded, scale).cast(pa.decimal256(50, 0)).cast(pa.int64())
