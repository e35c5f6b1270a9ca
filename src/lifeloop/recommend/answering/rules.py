"""Business rules as data: which products a shop lets be recommended, in which placement, and to go with which product.

Rules are masks over the catalogue, combined once per catalogue and settings. What they let through is checked again,
product by product and by other code, in `gate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lifeloop.base.money import EXPONENT
from lifeloop.base.recommend_settings import Placement, RecommendSettings, RuleSettings
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.categories import levels
from lifeloop.recommend.histories import Flags

_DEFAULTS: Mapping[str, float] = {"diversity": 0.2, "exploration": 0.1}
_MOST_BYTES = 16 << 20
"""Of masks of categories asked for that are remembered; whoever asks for more only asks slower."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules of one placement, with nothing left open."""

    margin_floor: float | None
    lowest_price: float | None
    highest_price: float | None
    excluded_categories: tuple[str, ...]
    excluded_products: frozenset[str]
    brand_cap: int | None
    category_cap: int | None
    diversity: float
    exploration: float
    is_price_a_share: bool
    """Whether the price band is in shares of the price of the product on the page."""

    @classmethod
    def of(cls, settings: RecommendSettings, placement: Placement) -> Rules:
        """Return the rules of a placement: its own, else those of all, else the defaults.

        In `search` the shop chose the products and their order: caps hold there only where they are set for it, nothing is
        spread out and nothing is tried.
        """
        said = settings.rules(placement)
        caps: RuleSettings = said
        if placement == "search":
            caps = settings.placements.get(placement, RuleSettings())
        return cls(
            margin_floor=said.margin_floor,
            lowest_price=said.lowest_price,
            highest_price=said.highest_price,
            excluded_categories=said.excluded_categories or (),
            excluded_products=frozenset(said.excluded_products or ()),
            brand_cap=caps.brand_cap,
            category_cap=caps.category_cap,
            diversity=0.0 if placement == "search" else _or_default(said, "diversity"),
            exploration=0.0 if placement == "search" else _or_default(said, "exploration"),
            is_price_a_share=placement == "product",
        )

    def band(self, catalogue: Catalogue, page: int | None) -> tuple[float, float] | None:
        """Return the lowest and the highest price in minor units; None where any will do.

        `page` is the place of the product on the page; where its price is not known there is nothing to take a share of.
        """
        if self.lowest_price is None and self.highest_price is None:
            return None
        unit = 10.0 ** EXPONENT.get(catalogue.currency or "", 2)
        if self.is_price_a_share:
            unit = np.nan if page is None else float(catalogue.price_minor[page])
            if not unit > 0:
                return None
        low = 0.0 if self.lowest_price is None else self.lowest_price * unit
        high = np.inf if self.highest_price is None else self.highest_price * unit
        return low, high


def _or_default(said: RuleSettings, name: str) -> float:
    value: float | None = getattr(said, name)
    return _DEFAULTS[name] if value is None else value


@dataclass(frozen=True)
class RuleBook:
    """What a shop's rules say of a catalogue, worked out once.

    >>> shop = Catalogue.of([{"product_id": "pot", "stock": 0}, {"product_id": "tea", "category": "Drinks > Tea"}])
    >>> RuleBook(shop, RecommendSettings(excluded_categories=("Drinks",))).allowed("home").tolist()
    [False, False]
    """

    catalogue: Catalogue
    settings: RecommendSettings
    _rules: dict[Placement, Rules] = field(default_factory=dict)
    _allowed: dict[Placement, Flags] = field(default_factory=dict)
    _below: dict[tuple[str, ...], Flags] = field(default_factory=dict)

    def rules(self, placement: Placement) -> Rules:
        """Return the rules of one placement."""
        if placement not in self._rules:
            self._rules[placement] = Rules.of(self.settings, placement)
        return self._rules[placement]

    def allowed(self, placement: Placement, page: int | None = None) -> Flags:
        """Return which products the rules let into a placement, shape (products,); not to be written to.

        A product without a known price keeps no price band; one without a known stock or cost is not held back by it.
        """
        rules = self.rules(placement)
        if not rules.is_price_a_share:
            page = None
        kept = self._allowed.get(placement)
        if kept is None:
            kept = self._allowed[placement] = self._fixed(rules)
        band = rules.band(self.catalogue, page) if rules.is_price_a_share else None
        return kept if band is None else kept & _within(self.catalogue, band)

    def below(self, category: str) -> Flags:
        """Return which products lie in a category or below it, shape (products,); not to be written to."""
        wanted = levels(category)
        kept = self._below.get(wanted)
        if kept is None:
            kept = self.catalogue.below(category)
            if (len(self._below) + 1) * kept.nbytes <= _MOST_BYTES and kept.any():
                self._below[wanted] = kept
        return kept

    @cached_property
    def margin(self) -> npt.NDArray[np.float64]:
        """Margin of each product from 0 to 1, that of unknown ones taken for the middle one, shape (products,)."""
        margin = self.catalogue.margin()
        known = margin[np.isfinite(margin)]
        middle = np.median(known) if len(known) else 0.5
        return np.clip(np.where(np.isnan(margin), middle, margin), 0.0, 1.0)

    def _fixed(self, rules: Rules) -> Flags:
        shop = self.catalogue
        allowed = shop.in_stock() & shop.goods
        if rules.margin_floor is not None:
            allowed = allowed & ~(shop.margin() < rules.margin_floor)
        for category in rules.excluded_categories:
            allowed = allowed & ~shop.anywhere(category)
        out = shop.products.find(rules.excluded_products)
        allowed[out] = False
        band = None if rules.is_price_a_share else rules.band(shop, None)
        return allowed if band is None else allowed & _within(shop, band)


def _within(catalogue: Catalogue, band: tuple[float, float]) -> Flags:
    low, high = band
    within: Flags = (catalogue.price_minor >= low) & (catalogue.price_minor <= high)
    return within
