"""Profiles: what was told of a name or a device, when it was seen first and last, and where it came from.

A trait is the last word on it, by the time of the event that said it; null takes a trait back. So the same events in any order,
and any of them twice, give the same profile. Which names and devices are one customer is not known here:
`lifeloop.unify.people` puts their profiles together when somebody asks.

Limits  the newest 100 traits of a name, each up to 2,000 characters of JSON; longer ones stay in the lake alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lifeloop.collect.live.heard import Heard
from lifeloop.store.profiles import DEVICE, ProfileRow
from lifeloop.unify.told import Word, inner, json_text, plain, text_of

KEPT_TRAITS = 100
_LONGEST_TRAIT = 2000
_LONGEST_NAME = 100
_NEVER = 1 << 62
_NO_TRAITS: Mapping[str, Word] = {}
_RAW = msgspec.json.Decoder(dict[str, tuple[msgspec.Raw, int]])


@dataclass(slots=True)
class Told:
    """What is known of one owner. `traits`: name -> the last word on it."""

    first_seen_at: int = _NEVER
    last_seen_at: int = -_NEVER
    traits: dict[str, Word] = field(default_factory=dict)
    first_touch: Word | None = None
    last_touch: Word | None = None

    def seen(self, at: int) -> None:
        """Note that the owner did something at an instant."""
        if at < self.first_seen_at:
            self.first_seen_at = at
        if at > self.last_seen_at:
            self.last_seen_at = at

    def touched(self, touch: Word) -> None:
        """Note where a visit came from."""
        if self.first_touch is None or touch < self.first_touch:
            self.first_touch = touch
        if self.last_touch is None or touch > self.last_touch:
            self.last_touch = touch

    def trait(self, name: str, word: Word) -> None:
        """Note what was said of a trait."""
        before = self.traits.get(name)
        if before is None or word > before:
            self.traits[name] = word

    def join(self, other: Told) -> None:
        """Take in what is known of another owner who is the same, or of the same owner from other events."""
        if other.first_seen_at <= other.last_seen_at:
            self.seen(other.first_seen_at)
            self.seen(other.last_seen_at)
        for touch in (other.first_touch, other.last_touch):
            if touch is not None:
                self.touched(touch)
        for name, word in other.traits.items():
            self.trait(name, word)

    def kept_traits(self) -> dict[str, Word]:
        """Return the newest traits, by name."""
        if len(self.traits) <= KEPT_TRAITS:
            return dict(sorted(self.traits.items()))
        newest = sorted(self.traits.items(), key=lambda one: (one[1].at, one[0]), reverse=True)
        return dict(sorted(newest[:KEPT_TRAITS]))

    def known_traits(self) -> dict[str, Any]:
        """Return the value of each trait that was not taken back, by name."""
        values = {name: plain(word.text) for name, word in sorted(self.traits.items()) if word.text != "null"}
        return {name: value for name, value in values.items() if value is not None}


def traits_in(heard: Heard) -> Mapping[str, Word]:
    """Return the traits of a person that an event tells: those of an identify, of `context.traits`, and the e-mail."""
    said, at = heard.said, heard.occurred_at
    around = inner(inner(said, "context"), "traits")
    if not around and heard.email is None and heard.type != "identify":
        return _NO_TRAITS
    found: dict[str, Word] = {}
    own = inner(said, "traits") if heard.type == "identify" else around
    for traits in (around, own) if own is not around else (own,):
        for name, value in traits.items():
            if value == "" or len(name) > _LONGEST_NAME or "\0" in name:
                continue
            text = json_text(value)
            if len(text) <= _LONGEST_TRAIT:
                found[name] = Word(at, text)
    if heard.email:
        found["email"] = Word(at, json_text(heard.email))
    else:
        found.pop("email", None)
    return found


def owner_of(heard: Heard) -> str | None:
    """Return the name an event gives, else its device as an owner; None where it has neither."""
    if heard.named is not None:
        return heard.named
    return None if heard.anonymous_id is None else DEVICE + heard.anonymous_id


def phone_key(text: Any) -> str | None:
    """Return a telephone number as it is searched for: its digits, behind a `+` where the country is named.

    >>> phone_key("+49 (151) 234-567"), phone_key("0049 151 234567"), phone_key("n/a")
    ('+49151234567', '+49151234567', None)
    """
    said = text_of(text, longest=40)
    digits = "".join(sign for sign in said or "" if sign.isdecimal() or sign == "+")
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    return digits if sum(sign != "+" for sign in digits) >= 5 else None


def name_key(text: Any) -> str | None:
    """Return a person's name as it is searched for: in folded case, one blank between its parts.

    >>> name_key(" Ann  LEE ")
    'ann lee'
    """
    said = text_of(text)
    return " ".join(said.casefold().split()) if said else None


def full_name(traits: Mapping[str, Any]) -> str | None:
    """Return the name that traits tell, as a whole or in parts; a Chinese one as it is written, family first.

    >>> full_name({"firstName": "Ann", "lastName": "Lee"}), full_name({"firstName": "敏", "lastName": "赵"})
    ('Ann Lee', '赵敏')
    """
    whole = text_of(traits.get("name"))
    given, family = (
        text_of(traits.get(a)) or text_of(traits.get(b)) for a, b in (("firstName", "first_name"), ("lastName", "last_name"))
    )
    if given and family and _HAN.fullmatch(given + family):
        return whole or family + given
    return whole or " ".join(part for part in (given, family) if part) or None


def told_of_row(row: ProfileRow) -> Told:
    """Return a profile as it was kept."""
    traits = {name: Word(at, bytes(value).decode()) for name, (value, at) in _RAW.decode(row.traits).items()}
    return Told(row.first_seen_at, row.last_seen_at, traits, _touch(row.first_touch), _touch(row.last_touch))


def row_of_told(owner: str, told: Told) -> ProfileRow:
    """Return a profile as it is kept."""
    traits = told.kept_traits()
    named = {name: traits[name] for name in _SEARCHED if name in traits}
    values = {name: plain(word.text) for name, word in named.items()}
    email = text_of(values.get("email"))
    body = ",".join(f"{json_text(name)}:[{word.text},{word.at}]" for name, word in traits.items())
    touches = (None if touch is None else f"[{touch.at},{touch.text}]" for touch in (told.first_touch, told.last_touch))
    keys = (phone_key(values.get("phone")), name_key(full_name(values)))
    return ProfileRow(owner, told.first_seen_at, told.last_seen_at, email, *keys, "{" + body + "}", *touches)


def joined(all_told: Iterable[Told]) -> Told:
    """Return what is known together."""
    whole = Told()
    for told in all_told:
        whole.join(told)
    return whole


def within(told: Told, since_at: int, until_at: int | None) -> Told:
    """Return the part of a device's profile that lies in an interval of time, as far as it is known."""
    until = _NEVER if until_at is None else until_at
    part = Told()
    for at in (told.first_seen_at, told.last_seen_at):
        if since_at <= at < until:
            part.seen(at)
    for touch in (told.first_touch, told.last_touch):
        if touch is not None and since_at <= touch.at < until:
            part.touched(touch)
    part.traits = {name: word for name, word in told.traits.items() if since_at <= word.at < until}
    return part


_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff·]+")
_SEARCHED = ("email", "phone", "name", "firstName", "first_name", "lastName", "last_name")
_TOUCH = msgspec.json.Decoder(tuple[int, msgspec.Raw])


def _touch(text: str | None) -> Word | None:
    if text is None:
        return None
    at, said = _TOUCH.decode(text)
    return Word(at, bytes(said).decode())
