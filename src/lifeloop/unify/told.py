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
    """
    try:
        text = _ENCODER.encode(value).decode()
    except (msgspec.ValidationError, TypeError, ValueError, OverflowError, RecursionError):
        text = _RELAXED(value)
    return _RELAXED(json.loads(text, parse_float=_number)) if "E+" in text else text


def plain(text: str | bytes | msgspec.Raw) -> Any:
    """Return what JSON says, in numbers that a float or an integer holds; what none holds stays text.

    >>> plain('{"a": [1.5, 1E+999]}')
    {'a': [1.5, '1E+999']}
    """
    return _DECODER.decode(text)


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
