"""What customers say of their orders unasked and asked: reviews, comments on social media, answers to the NPS survey.

The shop gets the words, the stars and the score; whether the words are kind is for the diary alone. None of it carries a
device: it comes in by a link in an e-mail, or from the network, with the name the order was placed under.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from lifeloop.simulate.coming import COMMENT, REVIEW, SURVEY, persons, rows
from lifeloop.simulate.deeds import Deeds, deeds, hex_or_null
from lifeloop.simulate.draws import Ints, Keys, hexadecimal
from lifeloop.simulate.experience import Experience, follows, places, several
from lifeloop.simulate.orders import Orders
from lifeloop.simulate.season import LANGUAGES
from lifeloop.simulate.visits import begins
from lifeloop.simulate.words import reviews as words

if TYPE_CHECKING:
    from lifeloop.simulate.shop import World

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
_PAUSE = 1700
"""What a customer says on one day is told within so many seconds of when the customer comes."""


def plan_opinions(world: World, orders: Orders, found: Experience) -> tuple[Ints, Any]:
    """Return the days on which a day's orders will be spoken of, and what is to be kept of each."""
    own = world.config.aftersales
    drawn = several(world.draws, "opinion", ("reviews", "comments", "surveyed", *("when 0", "when 1", "when 2")), orders.key)
    days, parts, place = [], [], places(orders)
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
                key=orders.key[chosen],
                said=orders.said[chosen],
                product=orders.product[line],
                place=place[line],
                satisfaction=found.order[chosen],
            )
        )
    return np.concatenate(days), np.concatenate(parts)


def tell_reviews(world: World, day: int, due: Any, titles: Titles) -> Deeds:
    """Return today's reviews as events: stars, words and the number of the review."""
    key, language = due["key"], world.people.language[persons(due)]
    drawn = several(world.draws, "review", ("off", "which"), key)
    rating = 1 + np.searchsorted(_STARS, due["satisfaction"])
    sentiment = np.where(rating > 3, _POSITIVE, np.where(rating == 3, _NEUTRAL, _NEGATIVE))
    shifted = np.where(sentiment == _NEUTRAL, np.where(drawn["which"] < 0.5, _POSITIVE, _NEGATIVE), _NEUTRAL)
    sentiment = np.where(drawn["off"] < _OFF, shifted, sentiment)
    picks = world.draws.bits("review: words", key)
    ids = [one.decode() for one in hexadecimal(world.draws.bits("review: id", key)).tolist()]
    extra = []
    for tongue, feels, product, pick, stars, number in zip(
        *(one.tolist() for one in (language, sentiment, due["product"], picks, rating)), ids, strict=True
    ):
        body = words.review(LANGUAGES[tongue], words.SENTIMENTS[feels], titles[tongue][product], pick)
        extra.append(f'"rating": {stars}, "review_id": "{number}", "review_body": {_json(body)}, "locale": "{LOCALES[tongue]}"')
    return _said(world, day, due, "Product Reviewed", "review", sentiment, extra)


def tell_comments(world: World, day: int, due: Any, titles: Titles) -> Deeds:
    """Return today's comments on social media as events."""
    key, language = due["key"], world.people.language[persons(due)]
    network = np.floor(world.draws.uniform("comment: network", key) * len(_NETWORKS[0])).astype(np.int64)
    sentiment = np.where(due["satisfaction"] > 0.3, _POSITIVE, np.where(due["satisfaction"] < -0.7, _NEGATIVE, _NEUTRAL))
    picks = world.draws.bits("comment: words", key)
    extra = []
    for tongue, feels, product, pick, where in zip(
        *(one.tolist() for one in (language, sentiment, due["product"], picks, network)), strict=True
    ):
        body = words.comment(LANGUAGES[tongue], words.SENTIMENTS[feels], titles[tongue][product], pick)
        extra.append(f'"network": "{_NETWORKS[tongue][where]}", "comment_body": {_json(body)}, "locale": "{LOCALES[tongue]}"')
    return _said(world, day, due, "Comment Posted", "comment", sentiment, extra)


def tell_surveys(world: World, day: int, due: Any) -> Deeds:
    """Return today's answers to the NPS survey as events: a score from 0 to 10, and from about half of them a reason.

    The score follows the order and the person's mood of today. Source  Reichheld (2003), "The one number you need to grow".
    """
    key, person = due["key"], persons(due)
    language = world.people.language[person]
    drawn = several(world.draws, "survey", ("noise", "comments"), key)
    pleased = 0.5 * due["satisfaction"] + 0.8 * world.state.mood[person] + 0.5 * ndtri(drawn["noise"])
    score = np.clip(np.rint(_MEAN_SCORE + _SPREAD * pleased), 0, 10).astype(np.int64)
    sentiment = np.where(score > 8, _POSITIVE, np.where(score > 6, _NEUTRAL, _NEGATIVE))
    picks = world.draws.bits("survey: words", key)
    extra = []
    for tongue, points, speaks, pick in zip(
        *(one.tolist() for one in (language, score, drawn["comments"] < _EXPLAIN, picks)), strict=True
    ):
        why = f', "comment": {_json(words.nps_comment(LANGUAGES[tongue], points, pick))}' if speaks else ""
        extra.append(f'"survey": "nps", "score": {points}{why}, "locale": "{LOCALES[tongue]}"')
    return _said(world, day, due, "Survey Answered", "survey", sentiment, extra)


def _said(world: World, day: int, due: Any, name: str, kind: str, sentiment: Ints, extra: list[str]) -> Deeds:
    """Return what was said as events, and note what it means."""
    key, person = due["key"], persons(due)
    message = world.draws.bits(f"{kind}: message", key)
    pause = np.floor(world.draws.uniform(f"{kind}: when", key) * _PAUSE).astype(np.int64)
    feelings = pa.array(words.SENTIMENTS).take(pa.array(sentiment))
    world.note("text", lambda: text_page(world, message, person, kind, sentiment=feelings))
    return deeds(
        name,
        person,
        begins(world, person, day) + pause,
        message,
        customer=due["said"].astype(np.int64),
        product=np.full(person.size, -1) if kind == "survey" else due["product"].astype(np.int64),
        extra=pa.array(extra, pa.string()),
    )


def text_page(world: World, message: Keys, person: Ints, kind: str, **columns: Any) -> dict[str, Any]:
    """Return a page of the diary about texts: `sentiment`, `intent`, `entities`, `conversation_id` are null where not given."""
    blank = dict.fromkeys(("sentiment", "intent", "entities", "conversation_id"), pa.nulls(person.size, pa.string()))
    return {
        "message_id": hex_or_null(message),
        "person": person,
        "kind": pa.array([kind] * person.size, pa.string()),
        "language": pa.array(LANGUAGES).take(pa.array(world.people.language[person])),
        **blank,
        **columns,
    }


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
