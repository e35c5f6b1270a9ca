"""Support conversations of the simulated shop: what customers ask, what support answers, how they part.

Every choice comes from `pick` by mixed radix (the lowest digit first), so the same pick says the same; give each call
its own 64-bit hash. Blanks are filled as given: `order_id`, `product`, `coupon`, `city` and `amount`, which brings its
currency with it ("€12.50", "12.50欧元").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from lifeloop.simulate.words.answers import CLOSERS, GREETINGS, OFFERS, OPENERS, SETTLED, TOPICS, UNSETTLED
from lifeloop.simulate.words.asks import ASKS
from lifeloop.simulate.words.aspects import ASKED, KINDS, TOLD, fitting
from lifeloop.simulate.words.manners import ASIDES, SLIPS, TAILS

INTENTS: tuple[str, ...] = tuple(ASKS)
OUTCOMES = ("resolved", "handed_over", "unresolved")
MOODS = ("calm", "upset")

_LANGUAGES = {"en": 0, "zh": 1}
_BLANK = re.compile(r"\{(\w+)\}")
_CURT = frozenset({"thanks", "complaint", "talk_to_human"})
_PARTING = frozenset({"thanks", "talk_to_human"})


class Said(NamedTuple):
    """A customer's message, and the blanks that really stand in it."""

    text: str
    entities: dict[str, str]


class _Phrase(NamedTuple):
    plain: str
    bare: str
    low: str
    slip: str
    blanks: tuple[str, ...]


def _slipped(form: str, language: str) -> str:
    """Return `form` with its first known slip of the keyboard, blanks untouched."""
    pieces = re.split(r"(\{\w+\})", form)
    for right, wrong in SLIPS[language]:
        for number, piece in enumerate(pieces):
            if right in piece and not piece.startswith("{"):
                pieces[number] = piece.replace(right, wrong, 1)
                return "".join(pieces)
    return form


def _phrase(form: str, language: str) -> _Phrase:
    bare = form.rstrip(".!?。！？")
    low = bare.lower() if language == "en" else bare.replace("，", " ").replace("。", " ")
    return _Phrase(form, bare, low, _slipped(form, language), tuple(dict.fromkeys(_BLANK.findall(form))))


_ASKS = {
    (language, intent, kind): tuple(
        _phrase(form, language) for form in fitting(kind, forms[number], ASKED.get((language, intent), {}).get(kind, ()))
    )
    for intent, forms in ASKS.items()
    for language, number in _LANGUAGES.items()
    for kind in KINDS
}
_SETTLED = {
    (language, intent, kind): fitting(
        kind, forms[number], TOLD[kind][number] if intent == "product_question" and kind in TOLD else ()
    )
    for intent, forms in SETTLED.items()
    for language, number in _LANGUAGES.items()
    for kind in KINDS
}

BLANKS: dict[str, tuple[str, ...]] = {
    intent: tuple(sorted({name for phrase in _ASKS["en", intent, "ware"] for name in phrase.blanks})) for intent in INTENTS
}
"""The blanks that phrasings and answers of an intent may use, the same in both languages."""


def ask(language: str, intent: str, blanks: Mapping[str, str], pick: int, *, kind: str = "ware") -> Said:
    """Return one way to ask for `intent`; two in sixteen are lower case, one has a slip, two lack the last full stop.

    Raises
    ------
    KeyError
        If the language, intent or kind of good is unknown, or `blanks` lacks one of `BLANKS[intent]` that the phrasing needs.
    """
    phrases = _ASKS[language, intent, kind]
    pick, number = divmod(pick, len(phrases))
    pick, style = divmod(pick, 16)
    phrase = phrases[number]
    entities = {name: blanks[name] for name in phrase.blanks}
    if style < 5:
        form = phrase.slip if style == 0 else phrase.low if style < 3 else phrase.bare
    elif intent in _CURT:
        form = phrase.plain
    else:
        pick, aside = divmod(pick, len(ASIDES[language]))
        tails = TAILS[language]
        form = phrase.plain + ASIDES[language][aside] + tails[pick % len(tails)]
    return Said(form.format_map(entities) if entities else form, entities)


def reply(language: str, intent: str, outcome: str, blanks: Mapping[str, str], pick: int, *, kind: str = "ware") -> str:
    """Return support's answer that settles the matter, hands it to a person, or leaves it open.

    Raises
    ------
    KeyError
        If the language, intent, outcome or kind is unknown, or `blanks` lacks one of `BLANKS[intent]` that the answer needs.
    """
    number = _LANGUAGES[language]
    settled = outcome == "resolved"
    forms = _SETTLED[language, intent, kind] if settled else UNSETTLED[language, outcome]
    greetings, offers = GREETINGS[language], OFFERS[language]
    pick, a = divmod(pick, len(forms))
    pick, b = divmod(pick, len(greetings))
    text = forms[a].format_map(blanks) if settled else forms[a].replace("{topic}", TOPICS[intent][number])
    if intent in _PARTING:
        return text[:1].upper() + text[1:]
    if settled:
        text += offers[pick % len(offers)]
    return greetings[b] + text[:1].upper() + text[1:]


def after(language: str, outcome: str, pick: int) -> str:
    """Return the customer's last words, pleased, waiting or angry by `outcome`.

    Raises
    ------
    KeyError
        If the language or outcome is unknown.
    """
    closers = CLOSERS[language, outcome]
    return closers[pick % len(closers)]


def opener(language: str, mood: str, pick: int) -> str:
    """Return what stands before the question, ready to be put in front of it: "Hi, " or "真是服了，".

    Raises
    ------
    KeyError
        If the language or mood is unknown.
    """
    openers = OPENERS[language, mood]
    return openers[pick % len(openers)]
