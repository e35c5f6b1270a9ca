"""Words said about one thing at different times: the last word counts, whatever order they came in.

A value is written as JSON with sorted keys, so that equal values are equal texts; of two words said in the same microsecond the
greater text counts. So joining words is commutative, associative and idempotent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")
_RELAXED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode
_NOTHING: Mapping[str, Any] = {}


class Word(NamedTuple):
    """What was said, as JSON, and when (microseconds since 1970 UTC). The greater one counts."""

    at: int
    text: str


def json_text(value: Any) -> str:
    """Return a plain value as JSON with sorted keys; decimal numbers as they stand, those no float holds as text.

    >>> json_text({"b": Decimal("17.40"), "a": None})
    '{"a":null,"b":17.40}'
    >>> json_text({"b": Decimal("1E+999")})
    '{"b":"1E+999"}'
    >>> json_text({"b": Decimal("Infinity"), "c": chr(0xD800)})
    '{"b":"Infinity","c":"?"}'
    """
    try:
        text = _ENCODER.encode(value).decode()
        if _no_number(text):
            _DECODER.decode(text)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
        text = _readable(value)
    return _RELAXED(json.loads(text, parse_float=_number)) if "E+" in text else text


def plain(text: str | bytes | msgspec.Raw) -> Any:
    """Return what JSON says, in numbers that a float or an integer holds; what none holds stays text.

    >>> plain('{"a": [1.5, 1E+999]}')
    {'a': [1.5, '1E+999']}
    >>> plain('{"a": [-Infinity, 1e999]}'), plain("{cut off")
    ({'a': ['-Infinity', '1e999']}, '{cut off')
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _lenient(text if isinstance(text, str) else bytes(text).decode(errors="replace"))


def _no_number(text: str) -> bool:
    """Return whether JSON may hold a word that Python writes for a number and few others read."""
    return "Infinity" in text or "NaN" in text


def _readable(value: Any) -> str:
    """Return a value as JSON that everybody reads and every database keeps: no half characters, no words for numbers."""
    text = _RELAXED(value).encode(errors="replace").decode()
    return _RELAXED(json.loads(text, parse_constant=str)) if _no_number(text) else text


def _lenient(text: str) -> Any:
    """Return what JSON of a careless writer says, `?` for half a character; what is no JSON at all as the text it is."""
    try:
        said = json.loads(text, parse_float=_number, parse_constant=str)
        return json.loads(_readable(said), parse_float=_number)
    except (ValueError, RecursionError):
        return text.encode(errors="replace").decode()


def _number(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


_DECODER = msgspec.json.Decoder(float_hook=_number)


def inner(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object that stands under a name; an empty one where there is none.

    >>> inner({"context": {"ip": "x"}}, "context"), inner({"context": 3}, "context")
    ({'ip': 'x'}, {})
    """
    found = said.get(name)
    return found if isinstance(found, dict) else _NOTHING


def text_of(value: Any, *, longest: int = 255) -> str | None:
    """Return a value that should be a short text as one; None where it says nothing or is no plain value.

    >>> text_of(" P1 "), text_of(13085), text_of(Decimal("7.50")), text_of(""), text_of(True), text_of(["x"])
    ('P1', '13085', '7.50', None, None, None)
    """
    if value.__class__ is not str:
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
            return None
        value = str(value)
    return value.strip()[:longest].replace("\0", "") or None
