"""Columns as pieces of JSON: instants, money, lists. Arrow in, Arrow strings out; no value is looked at by Python."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.money import EXPONENT
from lifeloop.simulate.deeds import texts
from lifeloop.simulate.draws import Ints

_TEXT = pa.string()


def said(before: Any, value: Any, behind: Any) -> Any:
    """Return values between two texts; null stays null."""
    return pc.binary_join_element_wise(before, value, behind, "")


def where(chosen: Any, values: Any) -> Any:
    """Return the values that are chosen, null for the others."""
    return pc.if_else(chosen, values, pa.scalar(None, _TEXT))


def listed(parts: list[Any]) -> Any:
    """Return what is there of the parts of each row with commas between; nothing at all is an empty text. Arrow strings.

    Arrow's join leaves out a row of which it skips everything, so such a row gets something to keep.

    >>> listed([pa.array(["a", None]), pa.array(["b", None])]).to_pylist()
    ['a,b', '']
    """
    alone = pc.is_null(parts[-1])
    for part in parts[:-1]:
        alone = pc.and_(alone, pc.is_null(part))
    return pc.binary_join_element_wise(*parts[:-1], pc.if_else(alone, "", parts[-1]), ",", null_handling="skip")


def escaped(text: Any) -> Any:
    """Return texts as they stand within a JSON string."""
    return pc.replace_substring(pc.replace_substring(text, "\\", "\\\\"), '"', '\\"')


def stamps(seconds: Ints, missing: Any = None) -> Any:
    """Return seconds since 1970 as `2024-01-01T10:00:00.000Z`, null where `missing`; Arrow strings. About 30 ns each."""
    if not seconds.size:
        return pa.array([], _TEXT)
    known = seconds if missing is None else np.where(np.asarray(missing), seconds.max(), seconds)
    values = _text(known, _ZERO)
    return values if missing is None else where(pc.invert(missing), values)


def fine_stamps(microseconds: Ints) -> Any:
    """Return microseconds since 1970 as `2024-01-01T10:00:00.250000Z`; Arrow strings."""
    if not microseconds.size:
        return pa.array([], _TEXT)
    second, rest = np.divmod(microseconds, 1_000_000)
    end = np.empty((rest.size, 8), np.uint8)
    end[:, 0], end[:, 7] = ord("."), ord("Z")
    end[:, 1:4], end[:, 4:7] = _THOUSAND[rest // 1000], _THOUSAND[rest % 1000]
    return _text(second, end)


def _text(seconds: Ints, end: Any) -> Any:
    """Return seconds since 1970 as date and time with an end, one for all or one for each (uint8[n, length])."""
    day, second = np.divmod(seconds, 86_400)
    first, size = day.min(), 19 + end.shape[-1]
    dates = np.datetime_as_string(np.arange(first, day.max() + 1).astype("datetime64[D]")).astype("S10")
    text = np.empty((seconds.size, size), np.uint8)
    text[:, :10], text[:, 10:19], text[:, 19:] = dates.view(np.uint8).reshape(-1, 10)[day - first], _CLOCK[second], end
    return texts(text.reshape(-1).view(f"S{size}"))


_CLOCK = np.frombuffer(
    "".join(f"T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}" for at in range(86_400)).encode(), np.uint8
).reshape(-1, 9)
_ZERO = np.frombuffer(b".000Z", np.uint8)
_THOUSAND = np.frombuffer("".join(f"{part:03}" for part in range(1000)).encode(), np.uint8).reshape(-1, 3)


def money(minor: Any, currency: str) -> Any:
    """Return minor units as a JSON number with the decimals of the currency; null stays null. Arrow in, Arrow strings out.

    >>> money(pa.array([1250, 5, None]), "EUR").to_pylist()
    ['12.50', '0.05', None]
    """
    digits = EXPONENT[currency]
    if not digits:
        return minor.cast(_TEXT)
    unit = 10**digits
    whole = pc.divide(minor, unit)
    cents = pc.subtract(minor, pc.multiply(whole, unit))
    return pc.binary_join_element_wise(whole.cast(_TEXT), _cents(digits).take(cents), ".")


def unit_price(amount: Ints, pieces: Ints, currency: str) -> Any:
    """Return the price of a piece, exact enough that times the pieces it gives the amount again; Arrow strings.

    >>> unit_price(np.array([1250, 1000]), np.array([1, 3]), "EUR").to_pylist()
    ['12.50', '3.333333']
    """
    digits = EXPONENT[currency]
    pieces = np.maximum(pieces, 1)
    each, rest = np.divmod(amount, pieces)
    texts = money(pa.array(each), currency)
    odd = np.flatnonzero(rest)
    if not odd.size:
        return texts
    values = texts.to_numpy(zero_copy_only=False).copy()
    values[odd] = [f"{part:.6f}" for part in (amount[odd] / pieces[odd] / 10**digits).tolist()]
    return pa.array(values, _TEXT)


@cache
def _cents(digits: int) -> Any:
    return pa.array([f"{cents:0{digits}}" for cents in range(10**digits)])
