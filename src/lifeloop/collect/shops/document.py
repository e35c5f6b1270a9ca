"""A shop's document as it came, and how its parts are read: nothing in it is trusted to be what it should be."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

Object: TypeAlias = Mapping[str, Any]
Said: TypeAlias = dict[str, Any]
"""One event in Segment's form."""

LARGEST = Decimal(10) ** 15
"""No amount is as large as this."""

_FINEST = Decimal(1).scaleb(-18)
_LONGEST_TEXT = 2_000
_NOTHING: Object = {}
_ANONYMOUS = re.compile(r"(ajs|segment|rudder|rl|lifeloop)?(anonymous)(user)?id|posthog(distinct)?id", re.IGNORECASE)


class BadDocument(ValueError):
    """A body that is not what its topic says; the message says what is wrong with it."""


def document_in(body: bytes) -> Object:
    """Return the object in a body, numbers as int or Decimal. Raises BadDocument."""
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise BadDocument(f"the body is no JSON ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise BadDocument("the body is no JSON object")
    return found


def inner(one: Object, name: str) -> Object:
    """Return the object called `name` in another; an empty one where there is none."""
    found = one.get(name)
    return found if isinstance(found, dict) else _NOTHING


def listed(one: Object, name: str) -> list[Object]:
    """Return the objects in the list called `name`; what is no object is passed over."""
    found = one.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def text(one: Object, *names: str) -> str | None:
    """Return the first of these that says anything, as text without outer blanks; ids may be numbers.

    >>> text({"sku": " ", "id": 7}, "sku", "id")
    '7'
    """
    for name in names:
        value = one.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            words = str(value).replace("\0", "").strip()[:_LONGEST_TEXT]
            if words:
                return words
    return None


def amount(one: Object, *names: str) -> Decimal | None:
    """Return the first of these that is a number; shops write money as text.

    >>> amount({"total": "12.30"}, "total"), amount({"total": "NaN"}, "total")
    (Decimal('12.30'), None)
    """
    for name in names:
        value = one.get(name)
        if isinstance(value, str | int | Decimal) and not isinstance(value, bool) and len(str(value)) < 60:
            try:
                number = Decimal(value)
            except InvalidOperation:
                continue
            if number.is_finite() and abs(number) < LARGEST and number.adjusted() > -19:
                return number
    return None


def total_of(amounts: Iterable[Decimal | None]) -> Decimal:
    """Return the sum; what is not said is nothing."""
    return sum((each for each in amounts if each is not None), Decimal(0))


def plain(number: Decimal) -> str:
    """Return an amount as it stands on the wire.

    >>> plain(Decimal("1E+2")), plain(Decimal("9.50"))
    ('100', '9.50')
    """
    return f"{number:f}"


def price_of_piece(paid: Decimal, pieces: Decimal) -> str:
    """Return what a piece cost, with as many decimals as bring `paid` back when multiplied."""
    each = (paid / pieces).quantize(_FINEST)
    return plain(each if each * pieces != paid else (paid / pieces).normalize())


def instant(one: Object, *names: str, utc: bool = False) -> datetime | None:
    """Return the first of these that is an ISO instant; without a zone only where the shop says that it is UTC."""
    for name in names:
        value = one.get(name)
        if not isinstance(value, str):
            continue
        try:
            found = datetime.fromisoformat(value.strip())
            if found.tzinfo is None and not utc:
                continue
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def written(at: datetime) -> str:
    """Return an instant as it stands on the wire.

    >>> written(datetime(2024, 1, 5, 17, tzinfo=UTC))
    '2024-01-05T17:00:00Z'
    """
    return at.isoformat().replace("+00:00", "Z")


def named(kind: str, message: str, account: str | None, at: datetime) -> Said:
    """Return the beginning of an event: its type, its id, whose it is and when."""
    return {"type": kind, "messageId": message, "userId": account, "timestamp": written(at)}


def fingerprint(value: Any) -> str:
    """Return 16 hex digits of what is said, the same for the same content."""
    whole = json.dumps(value, ensure_ascii=True, sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def anonymous_id(noted: Sequence[Object], key: str) -> str | None:
    """Return the visitor's id that the shop front left with the cart, from entries with a name under `key` and a value."""
    for each in noted:
        name = re.sub(r"[^a-z]", "", (text(each, key) or "").lower())
        if _ANONYMOUS.fullmatch(name):
            return text(each, "value")
    return None


def said_of(pairs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said, without what is not; amounts as text."""
    return {
        name: plain(value) if isinstance(value, Decimal) else value
        for name, value in pairs.items()
        if value is not None and value not in ("", [], {})
    }


def visit(landing: str | None, referrer: str | None) -> dict[str, Any]:
    """Return as an event's context where a buyer came from: page, and the campaign in its address."""
    if not landing and not referrer:
        return {}
    try:
        asked = dict(parse_qsl(urlsplit(landing or "").query))
    except ValueError:
        asked = {}
    named = {"name" if key == "utm_campaign" else key[4:]: value for key, value in asked.items() if key.startswith("utm_")}
    return said_of({"page": said_of({"path": landing, "referrer": referrer}), "campaign": named})
