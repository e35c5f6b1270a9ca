"""Words said about one thing at different times: the last word counts, whatever order they came in.

A value is written as JSON with sorted keys, so that equal values are equal texts; of two words said in the same microsecond the
greater text counts. So joining words is commutative, associative and idempotent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")
_RELAXED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str).encode
_NOTHING: Mapping[str, Any] = {}


class Word(NamedTuple):
    """What was said, as JSON, and when (microseconds since 1970 UTC). The greater one counts."""

    at: int
    text: str


def json_text(value: Any) -> str:
    """Return a plain value as JSON with sorted keys; decimal numbers as they stand.

    >>> json_text({"b": Decimal("17.40"), "a": None})
    '{"a":null,"b":17.40}'
    """
    try:
        return _ENCODER.encode(value).decode()
    except (msgspec.ValidationError, TypeError, ValueError, OverflowError, RecursionError):
        return _RELAXED(value)


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
