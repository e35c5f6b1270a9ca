"""Lying bars under their names: what pushes towards leaving and what holds, shares of customers beside shares of revenue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lifeloop.console.charts.svg import chart, label, line, rect

WIDTH = 520


@dataclass(frozen=True)
class Pull:
    """One thing with two shares, 0..1: how often it pushes away, how often it holds."""

    words: str
    away: float
    holds: float
    away_words: str
    holds_words: str


def pull_chart(name: str, pulls: Sequence[Pull], *, title: str, about: str, heads: tuple[str, str]) -> Markup:
    """Draw the bars from a middle line: what holds to the left, what pushes away to the right."""
    row, top, beside = 44, 30, 44
    middle = WIDTH / 2
    room = middle - beside
    most = max((max(pull.away, pull.holds) for pull in pulls), default=1.0) or 1.0
    bottom = top + row * len(pulls)
    parts: list[Markup] = [
        label(heads[0], middle - 10, 10, anchor="end", class_="axis"),
        label(heads[1], middle + 10, 10, class_="axis"),
        line(middle, top - 8, middle, bottom, class_="base"),
    ]
    for number, pull in enumerate(pulls):
        y = top + number * row
        away, holds = pull.away / most * room, pull.holds / most * room
        parts.append(label(pull.words, middle, y + 6, anchor="middle", class_="over"))
        parts.append(rect(middle - holds, y + 17, holds, 13, class_="good", rx=2))
        parts.append(rect(middle, y + 17, away, 13, class_="bad", rx=2))
        if pull.holds:
            parts.append(label(pull.holds_words, middle - holds - 6, y + 24, anchor="end", class_="number"))
        if pull.away:
            parts.append(label(pull.away_words, middle + away + 6, y + 24, class_="number"))
    return chart(name, WIDTH, bottom + 4, title, about, parts)


@dataclass(frozen=True)
class Pair:
    """One thing with two shares, 0..1, of different wholes."""

    words: str
    first: float
    second: float | None
    first_words: str
    second_words: str


def pair_chart(name: str, pairs: Sequence[Pair], *, title: str, about: str) -> Markup:
    """Draw two thin bars under each name, the first quiet, the second in the accent."""
    row, beside = 60, 48
    most = max((max(pair.first, pair.second or 0.0) for pair in pairs), default=1.0) or 1.0
    room = WIDTH - beside
    parts: list[Markup] = []
    for number, pair in enumerate(pairs):
        y = number * row
        parts.append(label(pair.words, 0, y + 8))
        for place, (share, words, class_) in enumerate(
            ((pair.first, pair.first_words, "quiet"), (pair.second, pair.second_words, "good"))
        ):
            if share is not None:
                long = share / most * room
                parts.append(rect(0, y + 20 + 13 * place, long, 10, class_=class_, rx=2))
                parts.append(label(words, long + 7, y + 25.5 + 13 * place, class_="number"))
    return chart(name, WIDTH, row * len(pairs), title, about, parts)
