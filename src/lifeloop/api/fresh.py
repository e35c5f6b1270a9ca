"""What was accepted a moment ago: products that people looked at or took, before the indexer has told the store of them.

The collector hands every small body over once it is on the disk, and that costs it next to nothing: a body is looked into when
somebody asks for recommendations, and then only for who did what with a product. What one asker did is then heard exactly as
the indexer hears it, so that a deed known to both is one.

Limits   `MOST_BYTES` of bodies, the latest `KEPT_SECONDS`; bodies above `LARGE_BYTES` wait for the indexer, as all of another
         process do; nothing is looked into while nobody asks
Threads  for the event loop alone
Cost     an append for each body; once somebody asks, about 2 microseconds for each event, and 30 for each of the asker's own
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from lifeloop.collect.event_names import segment_name
from lifeloop.collect.idents import clean_id
from lifeloop.collect.live.around import Around
from lifeloop.collect.live.bodies import ITEMS, NO_JSON, Envelope, divided
from lifeloop.collect.live.heard import Heard
from lifeloop.collect.live.hearing import hear_one
from lifeloop.collect.spool.record import Stamp
from lifeloop.recommend.asked import Deed
from lifeloop.recommend.learning.reading import DONE
from lifeloop.unify.carts import product_of

LARGE_BYTES = 64 << 10
MOST_BYTES = 16 << 20
KEPT_SECONDS = 60.0
"""The indexer is a second behind; where it is further, what is older than this is known once it has caught up."""
MOST_DEEDS = 50
"""Latest events of one asker that are looked at."""
_PENDING_BYTES = 256 << 10
"""Bodies that are not looked into yet; more would hold up whoever asks next."""
_WEIGHT = 1 << 10
_NAME_WEIGHT = 512
"""What a body weighs besides its bytes, and more for each name one of its events is found under."""
_ASKED_SECONDS = 60.0


class _Item(msgspec.Struct):
    """An event, as far as it says what was done and by whom."""

    event: Any = None
    userId: Any = None  # noqa: N815 - the wire's name
    anonymousId: Any = None  # noqa: N815 - the wire's name
    distinct_id: Any = None
    properties: msgspec.Raw = msgspec.Raw()


class _Whose(msgspec.Struct, rename={"device": "$device_id", "user": "$user_id"}):
    """Whom PostHog's properties name."""

    distinct_id: Any = None
    device: Any = None
    user: Any = None


_ITEM = msgspec.json.Decoder(_Item, float_hook=Decimal).decode
_WHOSE = msgspec.json.Decoder(_Whose, float_hook=Decimal).decode


@dataclass(slots=True)
class _Body:
    """A body that was taken, and under which names its events are found."""

    at: float
    stamp: Stamp
    body: bytes
    names: list[str] = field(default_factory=list)

    @property
    def weight(self) -> int:
        return len(self.body) + _WEIGHT + _NAME_WEIGHT * len(self.names)


class _Told(NamedTuple):
    """What an event says, once it is heard."""

    customer_id: str | None
    anonymous_id: str | None
    at: int
    deeds: tuple[Deed, ...]


_NOTHING = _Told(None, None, 0, ())


@dataclass(slots=True)
class _Done:
    """An event that may tell of a product; heard when its doer is first asked for."""

    body: _Body
    raw: msgspec.Raw
    index: int
    envelope: Envelope
    items: int
    told: _Told | None = None

    def hear(self) -> _Told:
        """Return what it says as the indexer hears it; nothing where it is refused, or a robot's."""
        if self.told is None:
            stamp, size = self.body.stamp, len(self.body.body)
            around = Around.of(self.envelope, stamp.form, min(self.items, ITEMS), size)
            heard = hear_one(stamp, around, bytes(self.raw), self.index)
            self.told = _NOTHING if heard is None or heard.is_bot else _told(heard)
        return self.told


class Fresh:
    """The latest bodies of one process."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        """`ticks` are seconds that never run backwards."""
        self._ticks = ticks
        self._pending: deque[_Body] = deque()
        self._pending_bytes = 0
        self._known: deque[_Body] = deque()
        self._known_bytes = 0
        self._by_name: dict[str, deque[_Done]] = {}
        self._asked_at = float("-inf")

    @property
    def held_bytes(self) -> int:
        """How much is held of bodies."""
        return self._pending_bytes + self._known_bytes

    def took(self, stamp: Stamp, body: bytes) -> None:
        """Take a body that is on the disk."""
        if len(body) > LARGE_BYTES:
            return
        now = self._ticks()
        taken = _Body(now, stamp, body)
        self._pending.append(taken)
        self._pending_bytes += taken.weight
        while self._pending_bytes > _PENDING_BYTES:
            if now - self._asked_at <= _ASKED_SECONDS:
                self._look_into_all()
            else:
                self._pending_bytes -= self._pending.popleft().weight

    def deeds(self, *, customer_id: str | None = None, anonymous_id: str | None = None) -> tuple[Deed, ...]:
        """Return what a customer, or a visitor, was accepted to have done lately, oldest first.

        On a device counts what its customer did, and what nobody in particular did: a device may be of several, one after the
        other. Each deed says whose it was said to be: whether it may be used is for whoever knows who somebody is.
        """
        self._asked_at = self._ticks()
        self._look_into_all()
        done = {id(one): one for name in (customer_id, anonymous_id) if name for one in self._by_name.get(name, ())}
        told = sorted((one.hear() for one in done.values()), key=lambda one: one.at)
        here = [one for one in told if anonymous_id is not None and one.anonymous_id == anonymous_id]
        owner = customer_id or next((one.customer_id for one in reversed(here) if one.customer_id), None)
        nobodys = {id(one) for one in here if one.customer_id is None}
        return tuple(
            deed for one in told if (owner is not None and one.customer_id == owner) or id(one) in nobodys for deed in one.deeds
        )

    def _look_into_all(self) -> None:
        while self._pending:
            self._look_into(self._pending.popleft())
        self._pending_bytes = 0
        oldest = self._ticks() - KEPT_SECONDS
        while self._known and (self._known_bytes > MOST_BYTES or self._known[0].at < oldest):
            self._forget(self._known.popleft())

    def _look_into(self, body: _Body) -> None:
        for name, done in _done_in(body):
            self._by_name.setdefault(name, deque(maxlen=MOST_DEEDS)).append(done)
            body.names.append(name)
        if body.names:
            self._known.append(body)
            self._known_bytes += body.weight

    def _forget(self, body: _Body) -> None:
        self._known_bytes -= body.weight
        for name in body.names:
            kept = self._by_name.get(name)
            while kept and kept[0].body is body:
                kept.popleft()
            if kept is not None and not kept:
                del self._by_name[name]


def _told(heard: Heard) -> _Told:
    deeds = tuple(replace(deed, customer_id=heard.named) for deed in deeds_in(heard))
    return _Told(heard.named, heard.anonymous_id, heard.occurred_at, deeds)


def deeds_in(heard: Heard) -> Iterator[Deed]:
    """Yield what an event says was done, a deed for each product; where it names one itself, its list is of that."""
    kind = DONE.get(heard.name or "") if heard.type == "track" else None
    properties = heard.said.get("properties")
    if kind is None or not isinstance(properties, dict):
        return
    own, listed = product_of(properties), properties.get("products") or properties.get("items")
    inside = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    for product in [own] if own is not None else map(product_of, inside):
        if product is not None:
            yield Deed(product, kind, heard.occurred_at)


def _done_in(body: _Body) -> Iterator[tuple[str, _Done]]:
    """Yield the events that tell of a product, under each id that may be its doer's."""
    try:
        raws, envelope = divided(body.body)
    except NO_JSON:
        return
    for index, raw in enumerate(raws[:ITEMS]):
        try:
            names = set(_names_in(raw, body.stamp))
        except NO_JSON:
            continue
        if names:
            done = _Done(body, raw, index, envelope, len(raws))
            yield from ((name, done) for name in names)


def _names_in(raw: msgspec.Raw, stamp: Stamp) -> Iterable[str]:
    item = _ITEM(raw)
    if item.event.__class__ is not str or segment_name(item.event.strip()) not in DONE:
        return ()
    said = [item.userId, item.anonymousId, item.distinct_id, stamp.anonymous_id]
    if stamp.form == "posthog" and bytes(item.properties)[:1] == b"{":
        whose = _WHOSE(item.properties)
        said += [whose.distinct_id, whose.device, whose.user]
    return [name for one in said if (name := clean_id(one)) is not None]
