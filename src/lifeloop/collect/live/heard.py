"""One event as it was heard: said in Segment's form whatever client sent it, with who, when and how sure of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Clock: TypeAlias = Literal["ok", "corrected", "clamped", "missing"]
"""How the time of an event was found: as said; moved by the client's skew; set back from the future; the time it came in."""


@dataclass(slots=True)
class Heard:
    """One event of one record. Instants are microseconds since 1970 UTC."""

    source: str
    index: int
    """Its place in its request, from 0."""
    message_id: str
    type: str
    """Segment's: track, page, screen, identify, alias, group."""
    name: str | None
    """Segment's name of what was done; the page's own for page and screen."""
    account: str | None
    """The shop's own customer id; None where unknown or junk."""
    email: str | None
    """Lower case; from traits, context.traits or, of a sale, its properties."""
    named: str | None
    """The customer id the event itself gives: the account, else `customer_of_email(email)`, else None."""
    anonymous_id: str | None
    occurred_at: int
    """Corrected time, used everywhere."""
    received_at: int
    original_at: int | None = None
    """What the client said."""
    sent_at: int | None = None
    clock: Clock = "ok"
    is_bot: bool = False
    said: dict[str, Any] = field(default_factory=dict)
    """The event as a Segment object, numbers as int or Decimal; timestamp, receivedAt, originalTimestamp, sentAt filled in."""


@dataclass(slots=True)
class Refused:
    """One event that parsed and cannot become a fact."""

    index: int
    reason: str
    """One of `lifeloop.collect.reasons.REASONS`."""
    detail: str
    raw: str
    """As it came, cut to what `rejected` keeps."""
