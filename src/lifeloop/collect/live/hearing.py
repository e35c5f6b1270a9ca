"""What a record of the spool says: its events, each in Segment's form, with who, when and how sure of it.

A function of the record alone: whoever reads a record, however often, hears the same. One bad event never costs the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec

from lifeloop.base.ids import customer_of_email, stable_id
from lifeloop.collect.event_names import TYPES, segment_name
from lifeloop.collect.idents import clean_email, clean_id
from lifeloop.collect.jsonlines import plain_text
from lifeloop.collect.live import posthog_form, segment_form
from lifeloop.collect.live.around import Around
from lifeloop.collect.live.bodies import ITEM_BYTES, ITEMS, NO_JSON, divided, without_half_characters
from lifeloop.collect.live.bots import is_bot
from lifeloop.collect.live.clock import parse, parse_shared, settled, written
from lifeloop.collect.live.heard import Heard, Refused
from lifeloop.collect.live.objects import Object, Refusal, object_of, without_nul
from lifeloop.collect.rows import shorten
from lifeloop.collect.spool.record import Record, Stamp, WireForm
from lifeloop.collect.wire_sales import GIVEN_BACK, ORDERED

_TYPES = frozenset(TYPES)
_ID_CHARACTERS = 255
"""The longest id that is kept; a longer one is no id."""
_MOST_REFUSED = 10_000
"""Of one record's surplus events as many are kept one by one; the last speaks for the rest."""
_SALES = frozenset({*ORDERED, *GIVEN_BACK})
_PLAIN = ("type", "event", "name", "messageId", "userId", "anonymousId", "previousId", "groupId")
_INNER = ("properties", "traits", "context")


def heard(record: Record) -> tuple[list[Heard], list[Refused]]:
    """Return the events of a record, in its order, and those that cannot become facts. Never raises for what was sent."""
    stamp = record.stamp
    if stamp.form == "exposure":
        return [], []
    if stamp.form in _SHOPS:
        return _from_shop(record)
    try:
        items, envelope = divided(record.body)
    except NO_JSON as error:
        return [], [_refused(0, "bad_json", f"it is no JSON: {error}", record.body)]
    around = Around.of(envelope, stamp.form, min(len(items), ITEMS), len(record.body))
    say, ear = _CLIENTS[stamp.form], _Ear(stamp, around)
    good: list[Heard] = []
    refused: list[Refused] = []
    for index, item in enumerate(items[:ITEMS]):
        raw = bytes(item)
        try:
            good.append(ear.hear(say(object_of(raw), around, stamp), index))
        except Refusal as bad:
            refused.append(_refused(index, bad.reason, bad.detail, raw))
    if around.refusal is not None:  # an index of its own, behind all events
        refused.append(_refused(len(items), around.refusal.reason, around.refusal.detail, bytes(envelope.context)))
    refused.extend(_surplus(items))
    return good, refused


def hear_one(stamp: Stamp, around: Around, raw: bytes, index: int) -> Heard | None:
    """Return one event of a client's request as `heard` does; None where it is refused."""
    try:
        return _Ear(stamp, around).hear(_CLIENTS[stamp.form](object_of(raw), around, stamp), index)
    except Refusal:
        return None


def _from_shop(record: Record) -> tuple[list[Heard], list[Refused]]:
    """Return what a shop system's webhook says."""
    ear = _Ear(record.stamp)
    good: list[Heard] = []
    refused: list[Refused] = []
    try:
        record.body.decode("utf-8")
        said = _SHOPS[record.stamp.form]()(record.stamp, without_half_characters(record.body))
    except NO_JSON as error:
        return [], [_refused(0, "bad_document", str(error), record.body)]
    holds_nul = b"\\u0000" in record.body
    for index, one in enumerate(said):
        try:
            good.append(ear.hear(without_nul(one) if holds_nul else one, index))
        except Refusal as bad:
            refused.append(_refused(index, bad.reason, bad.detail, record.body))
    return good, refused


def _shopify() -> Callable[[Stamp, bytes], list[Object]]:
    from lifeloop.collect.shops.shopify import said

    return said


def _woocommerce() -> Callable[[Stamp, bytes], list[Object]]:
    from lifeloop.collect.shops.woocommerce import said

    return said


_CLIENTS: Mapping[WireForm, Callable[[Object, Around, Stamp], Object]] = {
    "segment": segment_form.said,
    "posthog": posthog_form.said,
}
_SHOPS: Mapping[WireForm, Callable[[], Callable[[Stamp, bytes], list[Object]]]] = {
    "shopify": _shopify,
    "woocommerce": _woocommerce,
}


def _refused(index: int, reason: str, detail: str, raw: bytes) -> Refused:
    return Refused(index, reason, detail[:200], shorten(raw[: 4 * ITEM_BYTES].decode("utf-8", "replace").replace("\0", "")))


def _surplus(items: Sequence[msgspec.Raw]) -> Iterator[Refused]:
    """Yield the refusals of what stands behind the most events one request may carry."""
    for index in range(ITEMS, min(len(items), ITEMS + _MOST_REFUSED)):
        further = len(items) - index - 1 if index == ITEMS + _MOST_REFUSED - 1 else 0
        detail = f"only the first {ITEMS:,} events of a request are taken"
        yield _refused(index, "too_many", f"{detail}; {further:,} more follow" if further else detail, bytes(items[index]))


_ALONE = Around()


class _Ear:
    """Makes events of one record's objects in Segment's form."""

    def __init__(self, stamp: Stamp, around: Around = _ALONE) -> None:
        self._stamp, self._around = stamp, around
        self._received = stamp.received_at
        self._received_text = written(stamp.received_at)
        self._agent_is_bot = stamp.user_agent is not None and is_bot(stamp.user_agent)
        self._is_shop = stamp.form in _SHOPS

    def hear(self, said: Object, index: int) -> Heard:
        """Return one event; `said` becomes its own. Raises Refusal."""
        _check_types(said)
        kind = said["type"]
        name = _name(said, kind)
        message_id = self._message_id(said, index)
        account, anonymous = _id(said, "userId"), _id(said, "anonymousId")
        email = _email(said, kind, name)
        named = account or (_guest(email) if email else None)
        context = said.get("context") or _NOTHING
        if named is None and anonymous is None and not context.get("sessionId") and not self._is_shop:
            raise Refusal("no_customer", "neither a customer nor a visitor nor a visit is named")
        event = Heard(
            self._stamp.source, index, message_id, kind, name, account, email, named, anonymous, self._received, self._received
        )
        self._settle_time(event, said)
        agent = context.get("userAgent")
        event.is_bot = (is_bot(agent) if agent.__class__ is str and agent else self._agent_is_bot) or context.get(
            "isBot"
        ) is True
        said["messageId"], said["userId"], said["anonymousId"] = message_id, account, anonymous
        event.said = said
        return event

    def _message_id(self, said: Object, index: int) -> str:
        """Return the event's own id, else one that a repeated sending of the same event gets too."""
        text = (plain_text(said.get("messageId")) or "").strip()
        if text:
            return text if len(text) <= _ID_CHARACTERS else f"long-{stable_id(text)}"
        own = self._around.own(said)
        facts = {key: value for key, value in own.items() if key not in ("sentAt", "receivedAt", "messageId", "_metadata")}
        when = "" if said.get("timestamp") else f"{self._received} {index}"
        lent = (self._around.mark,) if self._around.mark else ()
        return f"made-{stable_id(self._stamp.source, when, json.dumps(facts, sort_keys=True, default=str), *lent)}"

    def _settle_time(self, event: Heard, said: Object) -> None:
        told, text = said.get("timestamp"), said.get("sentAt")
        original = parse(told)
        if original is None and told not in (None, ""):
            raise Refusal("bad_date", f"'{told}' is no date, or before 1970")
        sent = parse_shared(text) if text.__class__ is str and len(text) <= 64 else parse(text)
        between = parse(said["receivedAt"]) if "receivedAt" in said else None
        skew_from = sent
        if between is not None and said.get("originalTimestamp") not in (None, told):
            skew_from = None  # who stood in between has corrected it already
        event.occurred_at, event.clock = settled(original, skew_from, self._received, between)
        event.original_at, event.sent_at = original, sent
        if event.clock != "ok" or told.__class__ is not str or told[-1:] != "Z" or told[10:11] != "T" or len(told) > 27:
            said["timestamp"] = written(event.occurred_at)
        if original is not None and "originalTimestamp" not in said:
            said["originalTimestamp"] = told if event.clock == "ok" else written(original)
        said["receivedAt"] = self._received_text


_NOTHING: Object = {}


def _check_types(said: Object) -> None:
    """Refuse what is of no type Segment knows, and lists and objects where plain values belong, or the other way round."""
    for name in _PLAIN:
        if said.get(name).__class__ in (dict, list):
            raise Refusal("bad_type", f"its '{name}' is no plain value")
    for name in _INNER:
        inner = said.get(name)
        if inner is not None and inner.__class__ is not dict:
            if inner:
                raise Refusal("bad_type", f"its '{name}' is no object")
            said[name] = {}
    if said.get("type") not in _TYPES:
        kind = said.get("type")
        raise Refusal("no_event", f"'{kind}' is none of {', '.join(TYPES)}" if kind else "it has no type")


def _name(said: Object, kind: str) -> str | None:
    text = plain_text(said.get("event") or said.get("name"))
    text = text.strip() if text else text
    if kind != "track":
        return text or None
    if not text:
        raise Refusal("no_event", "nothing says what was done")
    return segment_name(text)


def _id(said: Object, name: str) -> str | None:
    found = clean_id(said.get(name))
    if found is not None and len(found) > _ID_CHARACTERS:
        raise Refusal("bad_type", f"its '{name}' is longer than {_ID_CHARACTERS} characters")
    return found


def _email(said: Object, kind: str, name: str | None) -> str | None:
    """Return the e-mail an event names: where it stands depends on what the event is."""
    context = said.get("context")
    places = [context.get("traits")] if context else []
    if kind == "identify" or (kind == "track" and name in _SALES):
        places.insert(0, said.get("traits"))
        if kind == "track":
            places.insert(0, said.get("properties"))
    for place in places:
        if place.__class__ is dict and place.get("email"):
            return clean_email(place["email"])
    return None


_guest = lru_cache(16_384)(customer_of_email)
