"""Recommendations shown to those who come today: what they click, and what more they buy.

A product is clicked by chance CLICK x relevance / (1 + 0.25 (position - 1)); relevance is high in the person's favourite
categories, lower in what complements them, low elsewhere. A click of someone who came to order is taken along by chance TAKEN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lifeloop.simulate.actions import place_of, sift
from lifeloop.simulate.basket import Baskets, one_line_each
from lifeloop.simulate.draws import Floats, Ints, Mask

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

PLACEMENTS = ("home", "product", "search", "cart", "message")
"""Where recommendations are shown, by number."""
CLICK = 0.05
"""Chance that an indifferent product in the first place is clicked."""
TAKEN = 0.3
"""Chance that who came to order takes along what was clicked."""
_FAVOURITE, _COMPLEMENT, _OTHER = 3.0, 1.8, 0.6


@dataclass(frozen=True)
class Shown:
    """Products to be shown today, as columns of equal length sorted by person."""

    person: Ints
    product: Ints
    placement: Ints
    """Place in PLACEMENTS."""
    position: Ints
    """From 1."""

    def take(self, rows: Ints) -> Shown:
        """Return some of them."""
        return Shown(self.person[rows], self.product[rows], self.placement[rows], self.position[rows])


NOTHING_SHOWN = Shown(*(np.zeros(0, np.int64) for _ in range(4)))
"""No recommendation."""


@dataclass(frozen=True)
class Noticed:
    """What was shown in today's visits: columns of equal length."""

    visit: Ints
    shown: Shown
    clicked: Mask
    taken: Mask
    """Goes into the basket."""


def read_shown(world: World, asked: pa.Table) -> tuple[Shown, list[tuple[str, str]]]:
    """Return what can be shown, and what cannot with its reason."""
    if not asked.num_rows:
        return NOTHING_SHOWN, []
    customers = asked["customer_id"].combine_chunks()
    who = world.messages.persons(customers)
    product = place_of(asked["product_id"], world.goods.product_id)
    placement = place_of(asked["placement"], PLACEMENTS)
    position = asked["position"].to_numpy().astype(np.int64)
    sold = (product >= 0) & (world.goods.launch[product] <= world.state.day)
    reasons = (
        ("no such customer", who < 0),
        ("no such product", ~sold),
        ("no such placement", placement < 0),
        ("positions begin with 1", position < 1),
    )
    possible, refused = sift(customers, reasons)
    good = np.flatnonzero(possible)
    good = good[np.lexsort((position[good], placement[good], who[good]))]
    return Shown(who[good], product[good], placement[good], position[good]), refused


def notice(world: World, shown: Shown, who: Ints, wish: Mask, online: Mask, day: int) -> Noticed:
    """Return what people who come online today notice of what is shown to them; `who` comes once each."""
    visit_of = np.full(world.state.present, -1)
    visit_of[who[online]] = np.flatnonzero(online)
    rows = np.flatnonzero((shown.person < visit_of.size) & (visit_of[np.minimum(shown.person, visit_of.size - 1)] >= 0))
    seen = shown.take(rows)
    key = seen.product * len(PLACEMENTS) + seen.placement
    clicked = world.draws.chance("shown: click", seen.person, click_chance(world, seen), day, key)
    visit = visit_of[seen.person]
    taken = clicked & wish[visit] & (world.state.stock[seen.product] > 0)
    taken &= world.draws.chance("shown: take", seen.person, TAKEN, day, key)
    return Noticed(visit, seen, clicked, taken)


def with_lines(baskets: Baskets, noticed: Noticed) -> Baskets:
    """Return baskets with what was taken along behind their own lines; visits with the wish to order come first."""
    rows = np.flatnonzero(noticed.taken)
    if not rows.size:
        return baskets
    basket = np.concatenate([baskets.basket, noticed.visit[rows]])
    product = np.concatenate([baskets.product, noticed.shown.product[rows]])
    quantity = np.concatenate([baskets.quantity, np.ones(rows.size, np.int64)])
    missing = np.concatenate([baskets.missing, np.zeros(rows.size, np.bool_)])
    order = np.argsort(basket, kind="stable")
    return one_line_each(Baskets(basket[order], product[order], quantity[order], missing[order]))


def click_chance(world: World, shown: Shown) -> Floats:
    """Return the chance that each product shown is clicked."""
    favourite = world.shelf.favourites[shown.person]
    relevance = _relevance(world)[favourite[:, 0], favourite[:, 1], world.goods.category[shown.product]]
    chance: Floats = np.minimum(CLICK * relevance / (1 + 0.25 * (shown.position - 1)), 1.0)
    return chance


def click_chances(world: World, who: Ints, products: Ints) -> Any:
    """Return the chance that each person clicks each product in the first place, shape (people, products), float32.

    No more memory is taken than for what is returned; ask for some people at a time where they are many.
    """
    favourite, category = world.shelf.favourites[who], world.goods.category[products]
    chance = np.minimum(CLICK * _relevance(world), 1.0).astype(np.float32)
    return chance[favourite[:, :1], favourite[:, 1:], category[None, :]]


def _relevance(world: World) -> Any:
    """Return how much the goods of a category mean to those with two favourite ones, shape (c, c, c): favourites first."""
    steps = np.diff(world.goods.complements, axis=1, prepend=0.0) > 0
    itself = np.eye(len(steps), dtype=np.bool_)
    beside, liked = (one[:, None, :] | one[None, :, :] for one in (steps, itself))
    return np.where(liked, _FAVOURITE, np.where(beside, _COMPLEMENT, _OTHER))
