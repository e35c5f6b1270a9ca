"""What is asked for, what is known of who asks, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from lifeloop.base.recommend_settings import Placement
from lifeloop.base.text import Language, Text

DeedKind: TypeAlias = Literal["view", "cart", "wish", "order", "refund"]
"""What somebody did with a product; `view` also where it was clicked."""
DEED_KINDS: tuple[DeedKind, ...] = ("view", "cart", "wish", "order", "refund")
"""Their numbers in arrays are the places here."""

Strategy: TypeAlias = Literal["personal", "session", "similar", "together", "content", "trending", "new", "given"]
"""Where a recommendation comes from: the customer's history; the visit so far; likeness to the product on the page; what is
bought in the same order; what is written about it; what many want now; a new product by chance; the order the shop gave."""

MOST_WANTED = 100
"""The longest list that is answered; who asks for more gets this many, and is told so."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing somebody did with one product; `at` in microseconds since 1970 UTC."""

    product_id: str
    kind: DeedKind
    at: int
    customer_id: str | None = field(default=None, compare=False)
    """Whose the event said it was, of what was heard a moment ago; None where it named nobody."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    placement: Placement
    k: int = 10
    items: tuple[str, ...] = ()
    """The product on the page, what lies in the cart, or the shop's own hits in its own order."""
    language: Language = "en"
    """Of the reasons, and of what is trending."""
    source: str | None = None
    category: str | None = None
    """Only products of this category, with all below it."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """What may be known of who asks; of somebody without consent nothing is."""

    deeds: tuple[Deed, ...] = ()
    """Oldest first; empty where there is no consent."""
    is_known: bool = False
    """A customer, not a visitor."""
    has_consent: bool = False
    sent: frozenset[str] = frozenset()
    """Products that stood in messages to them lately."""
    language: Language | None = None
    source: str | None = None


@dataclass(frozen=True)
class Reason:
    """Why a product is recommended: one part of its score, exact, with its share of the whole."""

    text: Text
    """Its blanks are in `values`."""
    values: Mapping[str, str] = field(default_factory=dict)
    because_of: str | None = None
    """The product in the history, on the page or in the cart that it comes from."""
    contribution: float = 0.0
    """In the unit of the score; all contributions of a product add up to its score before re-ranking."""

    def say(self, language: Language) -> str:
        """Return the reason in words."""
        return self.text.say(language, **self.values)


@dataclass(frozen=True)
class Recommended:
    """One product in its place."""

    product_id: str
    rank: int
    """From 1."""
    score: float
    """The sum of its reasons, before a learned order, diversity and chance had their say; comparable within one list only."""
    strategy: Strategy
    propensity: float
    """The chance with which this product came to this place; 1 where nothing is left to chance."""
    is_explored: bool
    reasons: tuple[Reason, ...]
    signals: Mapping[str, float] = field(default_factory=dict)
    """What the ranking knew of it, by name."""


@dataclass(frozen=True)
class Answer:
    """What is answered: a list that keeps every rule, and what whoever asked should know of it."""

    placement: Placement
    version: str
    """Of the model; `none` before the first run."""
    products: tuple[Recommended, ...]
    notes: tuple[Text, ...] = ()
    """Such as that there is no consent, that an unknown product was left out, or that fewer than asked for keep the rules."""
    is_personal: bool = False
