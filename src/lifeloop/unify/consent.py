"""Consent as events tell it: which channel and purpose somebody agreed to or took back, with what proves it.

It is heard from `Subscribed`, `Unsubscribed` and their like; from traits and properties such as `email_marketing_consent`
(Shopify's objects), `accepts_marketing` or `consent` (a list of channels, or an object of them); and from
`context.consent.categoryPreferences` (consent banners). A list of channels is the whole truth at its time: what it leaves out
of e-mail, SMS and push is taken back, and by its basis, `list`, the rest of what it leaves out can be. Words are ordered by the
time they were said, so their order of arrival does not matter.

Who complains, or whose address bounces for good, is put on the list of addresses nothing is sent to.

Source  Segment's e-mail and consent specifications; Shopify's marketing consent objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from lifeloop.collect.live.clock import parse
from lifeloop.collect.live.heard import Heard
from lifeloop.store.consents import ConsentRow
from lifeloop.unify.told import inner, json_text, text_of

State: TypeAlias = Literal["given", "withdrawn", "pending"]
MARKETING = "marketing"
LISTED = "list"
"""The basis of what was said in a list: what else somebody agreed to before, and the list leaves out, they do not any more."""
CHANNELS = ("email", "sms", "push")
_DAY_US = 86_400_000_000
_LONGEST = 64
_MOST = 20
_WORDS: Mapping[State, str] = {
    "given": "given granted subscribed opted_in opt_in yes true 1 on allowed accepted",
    "withdrawn": "withdrawn revoked unsubscribed not_subscribed opted_out opt_out no false 0 off denied invalid redacted",
    "pending": "pending pending_confirmation unconfirmed",
}
_STATES: Mapping[str, State] = {word: state for state, words in _WORDS.items() for word in words.split()}
_FLAGS: Mapping[str, str] = {
    **dict.fromkeys("accepts_marketing acceptsMarketing email_marketing_consent emailMarketingConsent".split(), "email"),
    **dict.fromkeys("email_opt_in emailOptIn email_subscribed emailSubscribed newsletter".split(), "email"),
    **dict.fromkeys(
        "sms_marketing_consent smsMarketingConsent sms_opt_in smsOptIn sms_subscribed smsSubscribed".split(), "sms"
    ),
    **dict.fromkeys("push_opt_in pushOptIn push_subscribed pushSubscribed".split(), "push"),
}
"""A trait or property -> the channel it speaks of."""
_ALL_CHANNELS = ("consent", "consents", "marketing_consent", "marketingConsent")
_KEYS = frozenset({*_FLAGS, *_ALL_CHANNELS})
_EVENT = re.compile(
    r"(?:(email|sms|push|whatsapp|newsletter) )?(?:(subscribed|opted in|consent given|consent granted)"
    r"|(unsubscribed|opted out|consent withdrawn|consent revoked)|(marked as spam|complained)|(bounced))"
)


class Agreed(NamedTuple):
    """One thing said about one channel and purpose; `at` where it says itself when, microseconds since 1970 UTC."""

    channel: str
    purpose: str
    state: State
    basis: str = "consent"
    at: int | None = None


class Unreachable(NamedTuple):
    """An address to which nothing is to be sent any more, and why."""

    channel: str
    address: str
    reason: str


def consents_in(heard: Heard, owner: str) -> list[ConsentRow]:
    """Return what an event says of consent, under the name or device `owner`."""
    said = heard.said
    rows = [_row(heard, owner, one) for one in _agreed(heard)]
    preferences = inner(inner(inner(said, "context"), "consent"), "categoryPreferences")
    rows += [_preference(heard, owner, name, on) for name, on in list(preferences.items())[:_MOST] if isinstance(on, bool)]
    return rows


def unreachable_in(heard: Heard) -> list[Unreachable]:
    """Return the addresses an event says nothing is to be sent to: unsubscribed, complained of, or bounced for good."""
    word = _word(heard.name) if heard.type == "track" else None
    if word is None or word.state != "withdrawn":
        return []
    properties = inner(heard.said, "properties")
    if word.reason == "bounced" and str(properties.get("bounce_type", "hard")).lower() in ("soft", "transient"):
        return []
    traits = inner(inner(heard.said, "context"), "traits")
    channel = word.channel or text_of(properties.get("channel"), longest=_LONGEST) or "email"
    address = heard.email or properties.get("email") if channel == "email" else properties.get("phone") or traits.get("phone")
    found = text_of(address)
    return [Unreachable(channel.lower(), found, word.reason)] if found else []


class _Word(NamedTuple):
    channel: str | None
    state: State
    reason: str


@lru_cache(4096)
def _word(name: str | None) -> _Word | None:
    """Return what the name of an event says by itself.

    >>> _word("Email Unsubscribed"), _word("SMS Bounced").reason, _word("Product Viewed")
    (_Word(channel='email', state='withdrawn', reason='unsubscribed'), 'bounced', None)
    """
    match = _EVENT.fullmatch(name.strip().lower()) if name else None
    if match is None:
        return None
    channel, given, _, spam, bounced = match.groups()
    channel = "email" if channel == "newsletter" else channel
    reason = "complained" if spam else "bounced" if bounced else "unsubscribed"
    return _Word(channel, "given" if given else "withdrawn", reason)


def says_anything(heard: Heard) -> bool:
    """Return whether an event may say anything about consent: a cheap look before the thorough one."""
    said = heard.said
    context, properties, traits = said.get("context"), said.get("properties"), said.get("traits")
    return bool(
        (context and "consent" in context)
        or (properties and not _KEYS.isdisjoint(properties))
        or (traits and not _KEYS.isdisjoint(traits))
        or (heard.type == "track" and _word(heard.name))
    )


def _agreed(heard: Heard) -> list[Agreed]:
    said: dict[tuple[str, str], Agreed] = {}
    places = [inner(heard.said, "traits")] if heard.type != "group" else []
    for place in (*places, inner(heard.said, "properties")):
        for key in sorted(_KEYS.intersection(place)):
            found = _of_channel(_FLAGS[key], place[key]) if key in _FLAGS else _of_channels(place[key])
            said.update(((one.channel, one.purpose), one) for one in found)
    word = _word(heard.name) if heard.type == "track" else None
    if word is not None and word.reason != "bounced":
        said = {(one.channel, one.purpose): one for one in _of_event(word, inner(heard.said, "properties"), said)}
    return list(said.values())[: 10 * _MOST]


def _of_event(word: _Word, properties: Mapping[str, Any], said: Mapping[Any, Agreed]) -> Iterator[Agreed]:
    """Yield what an event says by its name; a list of channels in its properties names those it speaks of."""
    named = [one for one in said.values() if one.state == "given"]
    if word.channel is None and said and word.state == "given":
        yield from said.values()
    elif word.channel is None and named:
        yield from (one._replace(state=word.state, basis="consent" if one.basis == LISTED else one.basis) for one in named)
    else:
        channel = word.channel or text_of(properties.get("channel"), longest=_LONGEST) or "email"
        purpose = text_of(properties.get("purpose"), longest=_LONGEST) or MARKETING
        yield Agreed(channel.lower(), purpose.lower(), word.state)


def _of_channels(value: Any) -> Iterator[Agreed]:
    """Yield what is said of several channels at once: as a list of those agreed to, or as an object."""
    if isinstance(value, list):
        listed = {one.lower() for one in (text_of(item, longest=_LONGEST) for item in value[:_MOST]) if one}
        for channel in sorted(listed | set(CHANNELS)):
            yield Agreed(channel, MARKETING, "given" if channel in listed else "withdrawn", LISTED)
    elif isinstance(value, dict) and "state" not in value:
        for channel, said in list(value.items())[:_MOST]:
            if name := text_of(channel, longest=_LONGEST):
                yield from _of_channel(name.lower(), said)
    else:
        yield from _of_channel("email", value)


def _of_channel(channel: str, value: Any) -> Iterator[Agreed]:
    """Yield what is said of one channel: yes or no, a word, Shopify's object, or an object of purposes."""
    if not isinstance(value, dict):
        if state := _state(value):
            yield Agreed(channel, MARKETING, state)
    elif "state" in value:
        if state := _state(value["state"]):
            basis = text_of(value.get("opt_in_level") or value.get("marketing_opt_in_level"), longest=_LONGEST)
            at = parse(value.get("consent_updated_at"))
            yield Agreed(channel, MARKETING, state, basis or "consent", at)
    else:
        for purpose, said in list(value.items())[:_MOST]:
            if (name := text_of(purpose, longest=_LONGEST)) and (state := _state(said)):
                yield Agreed(channel, name.lower(), state)


def _state(value: Any) -> State | None:
    if isinstance(value, bool):
        return "given" if value else "withdrawn"
    text = text_of(value, longest=_LONGEST)
    return _STATES.get(text.lower().replace(" ", "_")) if text else None


def _row(heard: Heard, owner: str, said: Agreed) -> ConsentRow:
    told_at = heard.occurred_at if said.at is None else min(said.at, heard.occurred_at)
    own = f"{heard.source}:{heard.message_id}:{said.channel}:{said.purpose}"
    return ConsentRow(
        own, owner, said.channel, said.purpose, said.state, said.basis, _proof(heard), heard.source, told_at, heard.received_at
    )


def _preference(heard: Heard, owner: str, name: str, on: bool) -> ConsentRow:  # noqa: FBT001 - what a banner says of a category
    """Return a banner's category. It is repeated with every event, so it is kept once a day and state, with the last proof."""
    purpose = (text_of(name, longest=_LONGEST) or "").lower()
    state = "given" if on else "withdrawn"
    own = f"{heard.source}:web:{purpose}:{state}:{heard.occurred_at // _DAY_US}:{owner}"
    return ConsentRow(
        own, owner, "web", purpose, state, "banner", _proof(heard), heard.source, heard.occurred_at, heard.received_at
    )


def _proof(heard: Heard) -> str:
    """Return what proves it: the event, where it was said, and the words that were agreed to."""
    context, properties = inner(heard.said, "context"), inner(heard.said, "properties")
    found = {
        "event": heard.name or heard.type,
        "message_id": heard.message_id,
        "page": text_of(inner(context, "page").get("url")),
        "ip": text_of(context.get("ip"), longest=_LONGEST),
        "wording": text_of(properties.get("wording"), longest=2000),
    }
    return json_text({name: value for name, value in found.items() if value})
