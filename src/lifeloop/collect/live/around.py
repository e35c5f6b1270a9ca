"""What stands around the events of a request and is lent to each of them: decoded once, and only where it is small.

A context that is large, or would be many times what was sent once it stood in every event, is left out: the events stay, and
the context is kept among the rejected. `integrations` are for Segment's own destinations; nothing here reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lifeloop.base.ids import stable_id
from lifeloop.collect.live.bodies import Envelope
from lifeloop.collect.live.objects import Object, Refusal, object_of
from lifeloop.collect.spool.record import WireForm

NAMES = 100
"""The most names a context lent to every event may have; each event takes them one by one."""

TIMES = 8
"""How many times the size of its request a context may have, once it stands in every event."""

_TIME_CHARACTERS = 64
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Around:
    """What a request says of all its events."""

    is_batch: bool = False
    context: Object = field(default_factory=dict)
    """Lent to every event, and shared by them: nobody changes it but in the same way for all."""
    mark: str = ""
    """Stands for the context in ids that are made of what an event says; empty without one."""
    sent_at: Any = None
    """As PostHog's clients say it; a plain value."""
    sentAt: Any = None  # noqa: N815 - the wire's name
    refusal: Refusal | None = None
    """Why the context was left out."""

    @classmethod
    def of(cls, envelope: Envelope, form: WireForm, events: int, size: int) -> Around:
        """Return what is lent to `events` events in a body of `size` bytes."""
        sent_at, sent_by_segment = _time(envelope.sent_at), _time(envelope.sentAt)
        context, raw = _NOTHING, bytes(envelope.context)
        refusal = None
        if form == "segment" and envelope.batch is not None and raw[:1] == b"{":
            try:
                context = _lent(raw, events, size)
            except Refusal as error:
                refusal = error
        mark = stable_id(raw.decode("utf-8", "replace")) if context else ""
        return cls(envelope.batch is not None, context, mark, sent_at, sent_by_segment, refusal)

    def own(self, said: Object) -> Object:
        """Return what an event says by itself, without what was lent to it."""
        lent, context = self.context, said.get("context")
        if not lent or context.__class__ is not dict:
            return said
        own = said | {"context": {name: value for name, value in context.items() if lent.get(name, _ABSENT) is not value}}
        if own.get("traits") is lent.get("traits", _ABSENT):
            del own["traits"]
        return own


_NOTHING: Object = {}


def _lent(raw: bytes, events: int, size: int) -> Object:
    context = object_of(raw)
    if len(context) > NAMES:
        raise Refusal("too_large", f"the batch's context has {len(context):,} names, and {NAMES} are taken")
    if len(raw) * events > TIMES * size:
        raise Refusal("too_large", f"the batch's context has {len(raw):,} bytes, which is too much for {events:,} small events")
    return context


def _time(said: Any) -> Any:
    """Return a time as it was said, where it can be one; every event is given it."""
    if isinstance(said, str):
        return said if len(said) <= _TIME_CHARACTERS else None
    return said if isinstance(said, int | float | Decimal) else None
