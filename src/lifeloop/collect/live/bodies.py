"""A request's body at the door: unpacked, and looked at just closely enough to say whose it is and that it is JSON.

Nothing that a client says about its body is believed: clients call JSON a form and plain text, and send gzip without saying
so. Properties are not decoded here.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import msgspec

from lifeloop.base.errors import LifeloopError

BODY_BYTES = 4 << 20
"""The largest body taken, before and after unpacking."""

ITEMS = 2_500
"""The most events one request may carry."""

ITEM_BYTES = 32 << 10
"""The largest single event taken."""

MEMBERS = 16
"""The most gzip members one body may be made of; clients send one."""


class BadBody(LifeloopError):
    """A body that cannot be understood at all."""


class TooLarge(LifeloopError):
    """A body larger than what is taken."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What the door knows of a body."""

    body: bytes
    """JSON, not compressed."""
    key: str | None
    """The key it was sent with, wherever that stood."""
    events: int


class Envelope(msgspec.Struct):
    """What stands around events: a whole body, or one event that came alone. Events stay as they were written."""

    batch: list[msgspec.Raw] | None = None
    context: msgspec.Raw = msgspec.Raw()
    sentAt: Any = None  # noqa: N815 - the wire's name
    sent_at: Any = None
    writeKey: Any = None  # noqa: N815 - the wire's name
    api_key: Any = None
    token: Any = None
    properties: msgspec.Raw = msgspec.Raw()


class _Keyed(msgspec.Struct):
    writeKey: Any = None  # noqa: N815 - the wire's name
    api_key: Any = None
    token: Any = None
    properties: msgspec.Raw = msgspec.Raw()


_ENVELOPE = msgspec.json.Decoder(Envelope, float_hook=Decimal)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_KEYED = msgspec.json.Decoder(_Keyed)
NO_JSON = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
"""What decoding raises for a body that is no JSON, or has numbers or nesting beyond all use."""
_BLANK = b" \t\r\n"
_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)


def divided(body: bytes) -> tuple[list[msgspec.Raw], Envelope]:
    """Return the events of a body, each as it was written, and what stands around them.

    Raises one of NO_JSON.
    """
    if body[:1] == b"[":
        return _LIST.decode(body), Envelope()
    envelope = _ENVELOPE.decode(body)
    if envelope.batch is not None:
        return envelope.batch, envelope
    return [msgspec.Raw(body)], Envelope(sentAt=envelope.sentAt, sent_at=envelope.sent_at, **_keys(envelope))


def open_body(raw: bytes, headers: Mapping[str, str], *, limit: int = BODY_BYTES) -> Opened:
    """Unpack a body and find its key. Names of headers are in lower case.

    Raises TooLarge for more than `limit` bytes, packed or not, and BadBody for what is no JSON of events.
    """
    body = _json(_unpacked(raw, limit), limit)
    try:
        items, envelope = divided(body)
    except NO_JSON as error:
        if b"\\u" not in body or isinstance(error, RecursionError):
            raise _bad(str(error)) from error
        body = without_half_characters(body)
        try:
            items, envelope = divided(body)
        except NO_JSON as still:
            raise _bad(str(still)) from still
    key = key_in_headers(headers) or _key_of(envelope) or (_key_of_item(items[0]) if items else None)
    return Opened(body, key, len(items))


def _bad(found: str) -> BadBody:
    return BadBody("cannot read the request's body", found, "Send events as JSON in UTF-8, gzipped or not.")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        "cannot take the request's body", f"it has more than {limit:,} bytes unpacked", "Send fewer events in one request."
    )


def _unpacked(raw: bytes, limit: int) -> bytes:
    """Return what a body holds; gzip and zlib are known by their first bytes. No more than the limit is ever unpacked."""
    if len(raw) > limit:
        raise _too_large(limit)
    if raw[:2] == b"\x1f\x8b":
        wbits = 31
    elif raw[:1] == b"\x78" and len(raw) > 1 and (raw[0] << 8 | raw[1]) % 31 == 0:
        wbits = 15
    else:
        return raw
    pieces: list[bytes] = []
    size, rest = 0, raw
    try:
        while rest:
            if len(pieces) == MEMBERS:
                raise _bad(f"it is made of more than {MEMBERS} gzip members")
            unpacker = zlib.decompressobj(wbits)
            piece = unpacker.decompress(rest, limit + 1 - size)
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            if not unpacker.eof:
                raise _bad("it is gzipped and ends too early")
            pieces.append(piece)
            rest = unpacker.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise _bad(f"it begins like gzip, and {error}") from error
    return b"".join(pieces)


def _json(body: bytes, limit: int) -> bytes:
    body = body.removeprefix(b"\xef\xbb\xbf").strip(_BLANK)
    if body[:5] == b"data=" or (body[:1] not in (b"{", b"[") and b"&data=" in body):
        body = _of_form(body, limit)
    if not body:
        raise _bad("it is empty")
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _bad(f"it is not UTF-8: {error.reason} at byte {error.start}") from error
    return body


def _of_form(body: bytes, limit: int) -> bytes:
    """Return the JSON within a form's field `data`, which may be in base 64 and gzipped."""
    try:
        field = parse_qs(body.decode("ascii"), max_num_fields=20).get("data", [""])[0].strip()
    except ValueError as error:
        raise _bad(f"it is no form: {error}") from error
    if field[:1] in ("{", "["):
        return field.encode("utf-8", "replace")
    try:
        packed = base64.b64decode(field.replace(" ", "+").replace("-", "+").replace("_", "/") + "=" * (-len(field) % 4))
    except (binascii.Error, ValueError) as error:
        raise _bad(f"its form's field 'data' is neither JSON nor base 64: {error}") from error
    return _unpacked(packed, limit).strip(_BLANK)


def without_half_characters(body: bytes) -> bytes:
    """Return JSON with U+FFFD for each half of a character: browsers cut texts within an emoji."""
    return _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def key_in_headers(headers: Mapping[str, str]) -> str | None:
    """Return the key of a header `Authorization`: Bearer, or Basic with the key as user or, without one, as password."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip() or None
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value.strip()).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None
    return user or password or None


def _keys(said: Envelope) -> dict[str, Any]:
    return {"writeKey": said.writeKey, "api_key": said.api_key, "token": said.token, "properties": said.properties}


def _key_of(said: Envelope | _Keyed) -> str | None:
    for key in (said.writeKey, said.api_key, said.token):
        if isinstance(key, str) and key:
            return key
    try:
        inner = _KEYED.decode(said.properties)
    except NO_JSON:
        return None
    return inner.token if isinstance(inner.token, str) and inner.token else None


def _key_of_item(item: msgspec.Raw) -> str | None:
    try:
        return _key_of(_KEYED.decode(item))
    except NO_JSON:
        return None
