"""What the spool holds: one record per accepted request, its body as it came, with what the door knew about it.

A record is `magic 4s | length u32 | crc32 u32 | stamp length u32` (little-endian), then the stamp (msgpack), then the body;
`length` counts stamp and body, the checksum is over everything behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import msgspec

WireForm: TypeAlias = Literal["segment", "posthog", "shopify", "woocommerce", "exposure"]
"""Whose words a body is in; `exposure` is the door's own, which showed somebody a list of recommendations."""


class Place(NamedTuple):
    """Where in a spool: the number of a segment file, and a byte offset in it."""

    segment: int
    offset: int


class Stamp(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """What the door knew of a request when it accepted it."""

    form: WireForm
    source: str
    """Under which its events are kept."""
    received_at: int
    """Microseconds since 1970 UTC."""
    type_in_path: str | None = None
    """The type of event the path names, such as `track`; None where the path does not say."""
    anonymous_id: str | None = None
    """From the header `AnonymousId`, decoded."""
    user_agent: str | None = None
    topic: str | None = None
    """A webhook's topic, such as `orders/create`."""
    delivery_id: str | None = None
    """A webhook's own id of its delivery."""


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted request."""

    place: Place
    after: Place
    """Where the next record begins."""
    stamp: Stamp
    body: bytes
    """Not compressed."""
