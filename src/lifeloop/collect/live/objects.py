"""The objects a client sent: decoded one by one, within bounds, without what no database keeps."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from lifeloop.collect.jsonlines import is_too_deep
from lifeloop.collect.live.bodies import ITEM_BYTES, NO_JSON

Object: TypeAlias = dict[str, Any]

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_DEEP = 200


class Refusal(Exception):
    """Why one object is refused."""

    def __init__(self, reason: str, detail: str) -> None:
        """`reason` is one of `lifeloop.collect.reasons.REASONS`."""
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def object_of(raw: bytes) -> Object:
    """Return the object one piece of JSON is, of at most ITEM_BYTES. Raises Refusal."""
    if len(raw) > ITEM_BYTES:
        raise Refusal("too_large", f"it has {len(raw):,} bytes, and {ITEM_BYTES:,} are taken")
    try:
        value = _DECODER.decode(raw)
    except NO_JSON as error:
        raise Refusal("bad_json", f"it is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise Refusal("bad_type", "it is no object")
    if raw.count(b"{") + raw.count(b"[") > _DEEP and is_too_deep(value):
        raise Refusal("bad_type", f"it is nested more than {_DEEP} deep")
    return without_nul(value) if b"\\u0000" in raw else value


def without_nul(value: Any) -> Any:
    r"""Return a value without the character 0, which databases do not keep.

    >>> without_nul({"a": ["b\0"]})
    {'a': ['b']}
    """
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {key.replace("\0", ""): without_nul(inner) for key, inner in value.items()}
    return [without_nul(inner) for inner in value] if isinstance(value, list) else value
