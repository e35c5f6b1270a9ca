"""Reasons: why a product is recommended, in words, with the exact part of its score each reason is.

Every score is a sum, so every reason is a summand: those of one product add up to its score before re-ranking. The strongest
are told by name; what is left, and what speaks against the product, stands together in a last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lifeloop.base.text import Text
from lifeloop.recommend.asked import Reason, Strategy
from lifeloop.recommend.histories import Ints

Doubles = npt.NDArray[np.float64]

MOST_REASONS = 3
"""Reasons told by name; the rest is summed up."""
LEAST_SHARE = 0.05
"""Of a score, below which nothing is told by name."""

VIEWED = Text("Because you viewed {product}", "因为您浏览过“{product}”")
IN_CART = Text("Because you put {product} into your cart", "因为您把“{product}”加入了购物车")
WISHED = Text("Because {product} is on your wish list", "因为您收藏了“{product}”")
BOUGHT = Text("Because you bought {product}", "因为您买过“{product}”")
DUE = Text("You bought this before, and it is about time for more", "您之前买过，现在差不多该补货了")
SIMILAR = Text("Similar to {product}", "与“{product}”相似")
TOGETHER = Text("Often bought together with {product}", "常与“{product}”一起购买")
CONTENT = Text("Of a kind with {product}", "与“{product}”属于同类")
POPULAR = Text("Popular right now", "近期热门")
POPULAR_IN = Text("Popular in {category} right now", "“{category}”近期热门")
NEW = Text("New in the shop", "新品上架")
"""Of what came after the last fit."""
LITTLE_KNOWN = Text("Few people know it yet", "还少有人知道")
"""Of what was there before it: nobody says since when."""
LATELY = Text("Recently added or changed", "最近上架或更新")
FOUND = Text("Matches your search", "符合您的搜索")
REST = Text("Everything else taken together", "其他因素合计")
AGAINST = Text("Everything else taken together speaks against it", "其他因素合计起来降低了推荐程度")
"""Where what is left takes from the score: its share is below nothing."""

DONE: Mapping[str, Text] = {"view": VIEWED, "cart": IN_CART, "wish": WISHED, "order": BOUGHT}
"""By what was done with a product."""
LINKS: Mapping[Strategy, Text] = {
    "similar": SIMILAR,
    "together": TOGETHER,
    "content": CONTENT,
    "session": SIMILAR,
    "personal": SIMILAR,
}
"""By how a product on the page or in the cart leads to another."""

_NOTHING = 1e-9
"""What rounding leaves."""


class Cause(NamedTuple):
    """What a part of a score comes from: a product, or a fact about the one that is recommended."""

    text: Text
    because_of: str | None = None
    values: Mapping[str, str] | None = None
    """Of the blanks in `text`; of a product that it comes from, its title."""


@dataclass(frozen=True)
class Term:
    """One part of the score of every product, and how it is spelled out."""

    strategy: Strategy
    scores: Doubles
    """In the unit of the list's score, shape (catalogue,)."""
    causes: Sequence[Cause]
    """What it comes from, each once; terms that come from the same share this very object."""
    spell: Callable[[Ints], Doubles]
    """What each cause adds to each of some products of the catalogue, shape (causes, products)."""


@dataclass(frozen=True)
class Explained:
    """One product's score, spelled out."""

    score: float
    strategy: Strategy
    """Of the part that adds most."""
    reasons: tuple[Reason, ...]


def explained(terms: Sequence[Term], places: Ints, title: Callable[[str], str]) -> list[Explained]:
    """Return score, strategy and reasons of products of the catalogue; `title` names products. Cost: causes x products."""
    if not len(places) or not terms:
        return [Explained(0.0, "trending", ()) for _ in places]
    by_causes: dict[int, tuple[Sequence[Cause], Doubles]] = {}
    by_strategy: dict[Strategy, Doubles] = {}
    for term in terms:
        amounts = term.spell(places)
        causes, known = by_causes.get(id(term.causes), (term.causes, 0.0))
        by_causes[id(term.causes)] = causes, known + amounts
        by_strategy[term.strategy] = by_strategy.get(term.strategy, 0.0) + amounts.sum(axis=0)
    every = [cause for causes, _ in by_causes.values() for cause in causes]
    whole = np.concatenate([amounts for _, amounts in by_causes.values()])
    scores: list[float] = whole.sum(axis=0).tolist()
    strategies = list(by_strategy)
    leading = np.argmax(np.array(list(by_strategy.values())), axis=0).tolist()
    first = np.argsort(-whole, axis=0, kind="stable")[:MOST_REASONS]
    strongest = np.take_along_axis(whole, first, axis=0).T.tolist()
    return [
        Explained(score, strategies[lead], tuple(_told([every[row] for row in rows], amounts, score, title)))
        for score, lead, rows, amounts in zip(scores, leading, first.T.tolist(), strongest, strict=True)
    ]


def _told(causes: Sequence[Cause], amounts: Sequence[float], score: float, title: Callable[[str], str]) -> Iterator[Reason]:
    rest, least = score, LEAST_SHARE * abs(score)
    for (text, because_of, values), amount in zip(causes, amounts, strict=True):
        if amount > least:
            rest -= amount
            named = {"product": title(because_of)} if because_of is not None else values or {}
            yield Reason(text, named, because_of, amount)
    if abs(rest) > _NOTHING:
        yield Reason(REST if rest > 0 else AGAINST, {}, None, rest)
