"""What customers say of their orders unasked and asked: reviews, comments on social media, answers to the NPS survey.

The shop gets the words, the stars and the score; whether the words are kind is for the diary alone. None of it carries a
device: it comes in by a link in an e-mail, or from the network, with the name the order was placed under.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from lifeloop.simulate.after.coming import COMMENT, REVIEW, SURVEY, joined, persons, rows
from lifeloop.simulate.after.experience import Experience, follows, several, several_bits
from lifeloop.simulate.deeds import NUMBER, Deeds, deeds, hex_or_null
from lifeloop.simulate.draws import Floats, Ints, Keys, hexadecimal
from lifeloop.simulate.orders import Orders
from lifeloop.simulate.season import LANGUAGES
from lifeloop.simulate.visits import begins
from lifeloop.simulate.words import reviews as words
from lifeloop.simulate.words.goods import kind_of

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

Titles: TypeAlias = tuple[list[str], list[str]]
"""What each product is called in English and in Chinese."""
LOCALES = ("en-GB", "zh-CN")

_POSITIVE, _NEUTRAL, _NEGATIVE = range(3)
_STARS = np.array([-1.5, -1.0, -0.5, 0.35])
"""Satisfactions from which a review has 2, 3, 4 and 5 stars."""
_NETWORKS = (("photo app", "video app", "forum"), ("社交平台", "短视频平台", "种草社区"))
_OFF = 0.06
"""Chance that the words of a review are a shade other than its stars."""
_MEAN_SCORE, _SPREAD = 7.6, 2.0
_EXPLAIN = 0.5
"""Chance to say why one gave a score."""
PAUSE = 1700
"""What a customer says on one day is told within so many seconds of when the customer comes."""


def plan_opinions(world: World, orders: Orders, found: Experience) -> tuple[Ints, Any]:
    """Return the days on which a day's orders will be spoken of, and what is to be kept of each."""
    own = world.config.aftersales
    drawn = several(world.draws, "opinion", ("reviews", "comments", "surveyed", *("when 0", "when 1", "when 2")), found.key)
    days, parts = [], []
    for number, (kind, what, share, first, spread) in enumerate(
        (
            (REVIEW, "reviews", own.reviews, 3, 18),
            (COMMENT, "comments", own.comments, 2, 13),
            (SURVEY, "surveyed", own.survey, 7, 8),
        )
    ):
        chosen = np.flatnonzero(drawn[what] < follows(what, share, found.order))
        line = found.focus[chosen]
        days.append(orders.day + first + np.floor(drawn[f"when {number}"][chosen] * spread).astype(np.int64))
        parts.append(
            rows(
                chosen.size,
                kind=kind,
                key=found.key[chosen],
                said=orders.said[chosen],
                product=orders.product[line],
                place=found.place[line],
                satisfaction=found.order[chosen],
            )
        )
    return np.concatenate(days), joined(parts)


def tell_opinions(world: World, day: int, due: Any, titles: Titles) -> Deeds:
    """Return today's reviews, comments and answers to the survey as events; note what they mean."""
    key, person, kind = due["key"], persons(due), due["kind"].astype(np.int64)
    drawn = several(world.draws, "said", ("off", "which", "noise", "network", "explains", "when"), key, kind)
    bits = several_bits(world.draws, "said: bits", ("words",), key, kind)
    message = world.draws.ids("said: message", key, k=kind)
    points, sentiment = _meaning(world, due, drawn)
    network = np.floor(drawn["network"] * len(_NETWORKS[0])).astype(np.int64)
    language = world.people.language[person]
    extra = [
        _WRITE[what](tongue, good, titles[tongue][product], *told) + f', "locale": "{LOCALES[tongue]}"'
        for what, tongue, good, product, *told in zip(
            kind.tolist(),
            language.tolist(),
            goods_kinds(world, due["product"]),
            *(one.tolist() for one in (due["product"], bits["words"], points, sentiment)),
            hexadecimal(world.draws.ids("said: id", key, k=kind)).tolist(),
            network.tolist(),
            (drawn["explains"] < _EXPLAIN).tolist(),
            strict=True,
        )
    ]
    feelings = pa.array(words.SENTIMENTS).take(pa.array(sentiment))
    world.note("text", lambda: text_page(world, message, person, pa.array(_KINDS).take(pa.array(kind)), sentiment=feelings))
    return deeds(
        _EVENTS[kind],
        person,
        begins(world, person, day) + np.floor(drawn["when"] * PAUSE).astype(np.int64),
        message,
        customer=due["said"].astype(np.int64),
        product=np.where(kind == SURVEY, -1, due["product"]),
        extra=pa.array(extra, pa.string()),
    )


def _meaning(world: World, due: Any, drawn: dict[str, Floats]) -> tuple[Ints, Ints]:
    """Return the stars of reviews and scores of surveys, and the place in `words.SENTIMENTS` of all.

    The score follows the order and today's mood. Source  Reichheld (2003), "The one number you need to grow".
    """
    satisfied, review = due["satisfaction"], due["kind"] == REVIEW
    stars = 1 + np.searchsorted(_STARS, satisfied)
    pleased = 0.5 * satisfied + 0.8 * world.state.mood[persons(due)] + 0.5 * ndtri(drawn["noise"])
    score = np.clip(np.rint(_MEAN_SCORE + _SPREAD * pleased), 0, 10).astype(np.int64)
    level = np.where(review, stars - 3, np.where(due["kind"] == SURVEY, (score > 8) * 1 - (score < 7), _level(satisfied)))
    sentiment = np.where(level > 0, _POSITIVE, np.where(level == 0, _NEUTRAL, _NEGATIVE))
    shifted = np.where(sentiment == _NEUTRAL, np.where(drawn["which"] < 0.5, _POSITIVE, _NEGATIVE), _NEUTRAL)
    return np.where(review, stars, score), np.where(review & (drawn["off"] < _OFF), shifted, sentiment)


def _level(satisfied: Any) -> Ints:
    """Return 1, 0, -1 for satisfactions that make a comment kind, neither, or unkind."""
    return np.asarray((satisfied > 0.3) * 1 - (satisfied < -0.7))


def _review(tongue: int, kind: str, product: str, pick: int, stars: int, feels: int, number: bytes, *_: Any) -> str:
    body = words.review(LANGUAGES[tongue], words.SENTIMENTS[feels], product, pick, kind=kind)
    return f'"rating": {stars}, "review_id": "{number.decode()}", "review_body": {_json(body)}'


def _comment(
    tongue: int, kind: str, product: str, pick: int, _points: int, feels: int, _number: bytes, network: int, *_: Any
) -> str:
    body = words.comment(LANGUAGES[tongue], words.SENTIMENTS[feels], product, pick, kind=kind)
    return f'"network": "{_NETWORKS[tongue][network]}", "comment_body": {_json(body)}'


def _survey(
    tongue: int, _kind: str, _product: str, pick: int, score: int, _feels: int, _number: bytes, _network: int, explains: Any
) -> str:
    why = f', "comment": {_json(words.nps_comment(LANGUAGES[tongue], score, pick))}' if explains else ""
    return f'"survey": "nps", "score": {score}{why}'


_WRITE: dict[int, Callable[..., str]] = {REVIEW: _review, COMMENT: _comment, SURVEY: _survey}
_EVENTS = np.array([-1, *(NUMBER[name] for name in ("Product Reviewed", "Comment Posted", "Survey Answered"))])
_KINDS = ("", "review", "comment", "survey", "question")
"""What a text is, by the kinds of `coming`."""


def goods_kinds(world: World, product: Any) -> list[str]:
    """Return what kind of good each product is: one of `words.aspects.KINDS`."""
    kinds = [kind_of(english) for english, _ in world.goods.categories]
    return [kinds[one] for one in world.goods.category[product].tolist()]


def text_page(world: World, message: Keys, person: Ints, kind: Any, **columns: Any) -> dict[str, Any]:
    """Return a page of the diary about texts: `sentiment`, `intent`, `entities`, `conversation_id` are null where not given."""
    blank = dict.fromkeys(("sentiment", "intent", "entities", "conversation_id"), pa.nulls(person.size, pa.string()))
    return {
        "message_id": hex_or_null(message),
        "person": person,
        "kind": kind,
        "language": pa.array(LANGUAGES).take(pa.array(world.people.language[person])),
        **blank,
        **columns,
    }


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
