"""Reasons: why a product is recommended, in words, with the exact part of its score each reason is.

Every score is a sum, so every reason is a summand: those of one product add up to its score before re-ranking. The strongest
are told by name; what is left, and what speaks against the product, stands together in a last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
LATELY = Text("Recently added", "最近上架")
FOUND = Text("Matches your search", "符合您的搜索")
REST = Text("Other things that speak for or against it", "其他综合因素")

DONE: Mapping[str, Text] = {"view": VIEWED, "cart": IN_CART, "wish": WISHED, "order": BOUGHT}
"""By what was done with a product."""

_DONE = {text: strength for strength, text in enumerate((VIEWED, WISHED, IN_CART, BOUGHT))}
"""What was done with one product is one reason; it is told as the last of these."""
_NOTHING = 1e-9
"""What rounding leaves."""


@dataclass(frozen=True)
class Cause:
    """What a part of a score comes from."""

    text: Text
    because_of: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Term:
    """One part of the score of every product, and how it is spelled out."""

    strategy: Strategy
    scores: Doubles
    """In the unit of the list's score, shape (catalogue,)."""
    spell: Callable[[Ints], tuple[Sequence[Cause], Doubles]]
    """For products of the catalogue: what their scores come from, and what each adds to each, shape (causes, products)."""


@dataclass(frozen=True)
class Explained:
    """One product's score, spelled out."""

    score: float
    strategy: Strategy
    """Of the part that adds most."""
    reasons: tuple[Reason, ...]


def explained(terms: Sequence[Term], places: Ints) -> list[Explained]:
    """Return score, strategy and reasons of products of the catalogue. Cost: causes x products."""
    if not len(places):
        return []
    spelled = [(term.strategy, *term.spell(places)) for term in terms]
    causes, amounts = _merged(spelled, len(places))
    by_strategy: dict[Strategy, Doubles] = {}
    for strategy, _, part in spelled:
        by_strategy[strategy] = by_strategy.get(strategy, 0.0) + part.sum(axis=0)
    strategies = list(by_strategy) or ["trending"]
    leading = np.argmax(list(by_strategy.values()), axis=0) if by_strategy else np.zeros(len(places), np.intp)
    scores = amounts.sum(axis=0)
    ranked = np.argsort(-amounts, axis=0, kind="stable")[:MOST_REASONS]
    return [
        Explained(
            float(scores[number]),
            strategies[leading[number]],
            tuple(_told([(causes[row], float(amounts[row, number])) for row in ranked[:, number]], float(scores[number]))),
        )
        for number in range(len(places))
    ]


def _merged(spelled: Sequence[tuple[Strategy, Sequence[Cause], Doubles]], products: int) -> tuple[Sequence[Cause], Doubles]:
    """Return each cause once, such as a product that was viewed twice, and what it adds to each product, over all terms."""
    rows: dict[tuple[str | None, Text | None], int] = {}
    causes: list[Cause] = []
    where: list[int] = []
    for cause in (cause for _, several, _ in spelled for cause in several):
        row = rows.setdefault((cause.because_of, None if cause.text in _DONE else cause.text), len(rows))
        where.append(row)
        if row == len(causes):
            causes.append(cause)
        elif _DONE.get(cause.text, 0) > _DONE.get(causes[row].text, 0):
            causes[row] = cause
    amounts = np.zeros((len(causes), products))
    if where:
        np.add.at(amounts, where, np.concatenate([part for _, _, part in spelled]))
    return causes, amounts


def _told(strongest: Sequence[tuple[Cause, float]], score: float) -> Iterator[Reason]:
    rest = score
    for cause, amount in strongest:
        if amount > LEAST_SHARE * abs(score):
            rest -= amount
            yield Reason(cause.text, cause.values, cause.because_of, amount)
    if abs(rest) > _NOTHING:
        yield Reason(REST, {}, None, rest)
