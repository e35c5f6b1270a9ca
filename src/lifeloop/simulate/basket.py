"""What is put into an order: how many products, which, how many pieces of each; and what the shelf makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lifeloop.simulate.draws import Draws, Floats, Ints, Keys, Mask, pick
from lifeloop.simulate.goods import Goods
from lifeloop.simulate.people import People
from lifeloop.simulate.pieces import Pieces
from lifeloop.simulate.settings import BasketSection, WorldConfig

LIFE_CATEGORIES = ("Storage", "Tableware", "Bath textiles", "Keepsakes")
"""What is wanted after a move, a wedding, a birth, an anniversary."""
_SAMPLE, _TRIES = 2000, 6
"""Baskets looked at, and how often, to find how many lines are wished for."""
_MOST_WISHED = 3.0
"""No more further lines are wished for than so many times those asked for."""
SECOND_FAVOURITE = 0.35
"""Share of the second favourite category in what is taken from the two."""


@dataclass(frozen=True)
class Baskets:
    """Lines of some baskets, in the order of `basket`."""

    basket: Ints
    """Which basket a line is in, from 0."""
    product: Ints
    quantity: Ints
    missing: Mask
    """The product is out of stock and no substitute was taken."""


class Shelf:
    """How wishes become products on the days on which the same products are sold."""

    def __init__(self, config: WorldConfig, people: People, goods: Goods, draws: Draws) -> None:
        self.config, self.goods, self.draws = config, goods, draws
        share = np.add.reduceat(goods.popularity, goods.starts[:-1])
        self.favourites: Any = np.searchsorted(np.cumsum(share), people.taste * 0.999999)
        """Favourite categories, shape (n, 2); a life event changes the first for a while."""
        self.usual: Ints = self.favourites[:, 0].copy()
        """The first favourite without a life event."""
        names = [path[0].split(" > ")[1] for path in goods.categories]
        self._for_life = np.array([names.index(one) for one in LIFE_CATEGORIES if one in names] or [0])
        self.generosity = people.generosity
        self.launches = frozenset(goods.launch[goods.launch > 0].tolist())
        self._sell(0)
        self.section = self._wished()
        """Lines and pieces wished for."""
        self.pieces = Pieces(self.section, goods)

    def open(self, day: int) -> Ints:
        """Put on sale what is launched today; return its products."""
        if day not in self.launches:
            return np.zeros(0, np.int64)
        self._sell(day)
        return np.flatnonzero(self.goods.launch == day)

    def wanted_for(self, bits: Keys) -> Ints:
        """Return the category that somebody's life event makes the favourite, drawn by 64 bits each."""
        chosen: Ints = self._for_life[(bits % np.uint64(self._for_life.size)).astype(np.int64)]
        return chosen

    def wish(self, who: Ints, day: int, purpose: str, k: Any = 0) -> Ints:
        """Return one product each of these people would like: of a favourite category, or of any."""
        draws = self.draws
        favourite = self.favourites[who, draws.chance(f"{purpose}: second", who, SECOND_FAVOURITE, day, k).astype(np.int64)]
        any_category = ~draws.chance(f"{purpose}: taste", who, self.config.basket.favourite, day, k)
        return self._of(np.where(any_category, -1, favourite), draws.uniform(f"{purpose}: product", who, day, k))

    def fill(self, who: Ints, day: int, stock: Floats, again: Ints | None = None) -> Baskets:
        """Return what these people, each once, want to order, with substitutes for what is out of stock.

        `again` names the first product of each basket; -1: as taste has it.
        """
        basket, place, product, size = self._wishes(who, day, self.section.lines, again)
        person = who[basket]
        quantity = self.pieces.draw(self.draws, person, day, place, product, size[basket])
        asked = Baskets(basket, product, quantity, np.zeros(basket.size, np.bool_))
        return one_line_each(self._from_shelf(asked, person, place, day, stock))

    def _wishes(self, who: Ints, day: int, lines: float, again: Ints | None = None) -> tuple[Ints, Ints, Ints, Ints]:
        """Return basket, place and product of each line wished for, and the lines of each basket, with `lines` in the mean."""
        own, draws = self.config.basket, self.draws
        size = 1 + draws.count("lines", who, (lines - 1) * self.generosity[who], day)
        basket = np.repeat(np.arange(who.size), size)
        place = np.arange(basket.size) - np.repeat(np.cumsum(size) - size, size)
        person = who[basket]
        product = self.wish(person, day, "line", place)
        if again is not None:
            product = np.where((place == 0) & (again[basket] >= 0), again[basket], product)
        opener = product[np.cumsum(size) - size][basket]
        first = self.goods.category[opener]
        fits = (
            (place > 0)
            & draws.chance("complement", person, own.complement, day, place)
            & (self.goods.complements[first, -1] > 0)
        )
        rows = np.flatnonzero(fits)
        if rows.size:
            running = self.goods.complements[first[rows]]
            drawn = draws.uniform("complement: category", person[rows], day, place[rows])
            category = (running <= drawn[:, None] * 0.999999).sum(axis=1)
            product[rows] = self._of(category, draws.uniform("complement: product", person[rows], day, place[rows]))
        slot = np.floor(draws.uniform("partner: which", person, day, place) * self.goods.partners.shape[1]).astype(np.int64)
        goes_with = (place > 0) & draws.chance("partner", person, own.partner, day, place) & self._partnered[opener, slot]
        return basket, place, np.where(goes_with, self.goods.partners[opener, slot], product), size

    def _wished(self) -> BasketSection:
        """Return the settings with so many lines wished for that `basket.lines` are left once each product has one line.

        A line then holds fewer pieces when wished for than when ordered. Found on a sample; small catalogues may have no way.
        """
        own, sample = self.config.basket, np.arange(min(self.generosity.size, _SAMPLE))
        wished = own.lines
        for _ in range(_TRIES if own.lines > 1 else 0):
            basket, _, product, _ = self._wishes(sample, -1, wished)
            left = np.unique(basket * len(self.goods) + product).size / basket.size
            wished = min(own.lines / left, 1 + _MOST_WISHED * (own.lines - 1))
        return own.model_copy(update={"lines": wished, "quantity": max(1.0, own.quantity * own.lines / wished)})

    def expected(self, who: Ints, value: Any, again: Ints | None = None, *, day: int | None = None) -> Floats:
        """Return the expected sum of `value`, one per product, over the lines of each person's next order.

        Mean pieces count as one; full shelves; the catalogue of `day`, or today's. `again` names the first product of each
        order; -1: as taste has it.
        """
        own, goods = self.config.basket, self.goods
        weight = np.diff(self.running if day is None else self._running(day))
        share = np.add.reduceat(weight, goods.starts[:-1]) / weight.sum()
        worth = value * self.pieces.of_product
        favourite = self.favourites[who]

        def mean(of_product: Any) -> Any:
            within = np.add.reduceat(weight * of_product, goods.starts[:-1]) / weight.sum()
            return np.where(share > 0, within / np.maximum(share, 1e-300), within.sum())

        def over_taste(of_category: Any) -> Floats:
            liked: Any = (1 - SECOND_FAVOURITE) * of_category[favourite[:, 0]] + SECOND_FAVOURITE * of_category[favourite[:, 1]]
            average: Floats = own.favourite * liked + (1 - own.favourite) * float(share @ of_category)
            return average

        fits = own.complement * (goods.complements[goods.category, -1] > 0)
        beside = (np.diff(goods.complements, axis=1, prepend=0.0) @ mean(worth))[goods.category]
        partner = own.partner * np.where(self._partnered, worth[goods.partners], 0.0).mean(axis=1)
        rest_of = 1 - own.partner * self._partnered.mean(axis=1)
        one = leads = over_taste(mean(worth))
        drawn_by, alone = partner + rest_of * fits * beside, rest_of * (1 - fits)
        drawn, fresh = over_taste(mean(drawn_by)), over_taste(mean(alone))
        if again is not None:
            leads, drawn, fresh = (
                np.where(again >= 0, of_first[again], of_taste)
                for of_first, of_taste in ((worth, one), (drawn_by, drawn), (alone, fresh))
            )
        first, rest = self.pieces.expected(self.generosity[who])
        return (first * leads + rest * (drawn + fresh * one)) * (self.section.quantity / own.quantity)

    def _from_shelf(self, asked: Baskets, person: Ints, place: Ints, day: int, stock: Floats) -> Baskets:
        out = np.flatnonzero(stock[asked.product] <= 0)
        if not out.size:
            return asked
        product, missing = asked.product.copy(), asked.missing.copy()
        other = self.goods.substitute[product[out]]
        taken = (stock[other] > 0) & (self.goods.launch[other] <= day)
        taken &= self.draws.chance("substitute", person[out], self.config.products.substitute, day, place[out])
        product[out[taken]] = other[taken]
        missing[out[~taken]] = True
        return Baskets(asked.basket, product, asked.quantity, missing)

    def _of(self, category: Ints, uniform: Floats) -> Ints:
        """Return a product of each category by popularity; -1: of any category."""
        low = np.where(category < 0, 0.0, self.running[self.goods.starts[category]])
        high = np.where(category < 0, self.running[-1], self.running[self.goods.starts[category + 1]])
        empty = high <= low
        low, high = np.where(empty, 0.0, low), np.where(empty, self.running[-1], high)
        return pick(self.running[1:], (low + uniform * (high - low)) / self.running[-1])

    def _sell(self, day: int) -> None:
        """Put on sale what is sold on a day."""
        self.running = self._running(day)
        partners = self.goods.partners
        self._partnered: Any = (partners >= 0) & (np.diff(self.running) > 0)[partners]
        """Which partners are on sale, shaped like `Goods.partners`."""

    def _running(self, day: int) -> Floats:
        """Return the running popularity of what is sold on a day, shape (p + 1,), beginning with 0."""
        sold = self.goods.popularity * (self.goods.launch <= day)
        if not sold.any():
            sold = self.goods.popularity
        return np.concatenate([[0.0], np.cumsum(sold)])


def one_line_each(baskets: Baskets) -> Baskets:
    """Return baskets in which each product stands on one line, its first; the pieces of the others are added to it."""
    key = baskets.basket * (1 + int(baskets.product.max(initial=0))) + baskets.product
    kept, first, line = np.unique(key, return_index=True, return_inverse=True)
    if kept.size == key.size:
        return baskets
    pieces = np.bincount(line, baskets.quantity).astype(np.int64)
    order = np.argsort(first)
    rows = first[order]
    return Baskets(baskets.basket[rows], baskets.product[rows], pieces[order], baskets.missing[rows])
