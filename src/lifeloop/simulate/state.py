"""What changes from day to day in the simulated shop. The arrays of a `State` are changed in place."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from lifeloop.simulate.draws import Draws, Floats, Floats32, Ints, Mask
from lifeloop.simulate.goods import Goods
from lifeloop.simulate.people import FOREVER, People
from lifeloop.simulate.settings import WorldConfig


class State:
    """Everything that has a yesterday: of people (shape (n,) unless said), of goods (shape (p,))."""

    def __init__(self, config: WorldConfig, people: People, goods: Goods, draws: Draws) -> None:
        n, p = len(people), len(goods)
        self.day = 0
        """The day to come; everything before it has happened."""
        self.present = 0
        """People 0..present - 1 have arrived."""
        self.active: Mask = np.ones(n, np.bool_)
        """Has not left for good; for a prospect: still interested."""
        self.bought: Mask = np.zeros(n, np.bool_)
        self.left: Ints = np.full(n, FOREVER, np.int64)
        """Day on which the person left for good."""
        self.rate: Floats32 = np.zeros(n, np.float32)
        """Orders wished for a day on an average day; 0 for who is not here or has left."""
        self.look: Floats32 = np.zeros(n, np.float32)
        """Visits without the wish to order, a day."""
        self.lift: Floats32 = np.ones(n, np.float32)
        """Factor on the rate because of a life event."""
        self.lift_until: Ints = np.zeros(n, np.int64)
        """Day on which the life event is over."""
        self.life_next: Ints = np.full(n, FOREVER, np.int64)
        """Day of the next life event."""
        self.life_begins: dict[int, Ints] = {}
        """Day -> whose life changes then."""
        self.life_ends: dict[int, Ints] = {}
        """Day -> for whom a life event is over then."""
        self.due: Ints = np.full(n, FOREVER, np.int64)
        """Day on which something bought is used up."""
        self.boost: Floats32 = np.zeros(n, np.float32)
        """Further orders wished for today because of messages; fades day by day."""
        self.fatigue: Floats32 = np.zeros(n, np.float32)
        """Messages remembered."""
        self.touched = False
        """Whether anybody was ever sent a message; until then `boost` and `fatigue` are all zero."""
        self.mood: Floats32 = np.zeros(n, np.float32)
        """Satisfaction with what was lived in the shop lately, mostly in -2..2; 0 is neither pleased nor cross."""
        self.subscribed: Any = people.consent.copy()
        """Shape (n, channels)."""
        self.coupon: Ints = np.full(n, -1, np.int64)
        """The offer held, by number; -1: none."""
        self.coupon_until: Ints = np.full(n, -1, np.int64)
        """Last day it is valid."""
        self.known: Mask = (people.arrival < 0) & ~people.unnamed
        """The shop knows this person by the own customer id."""
        self.came: Mask = people.arrival < 0
        """Has visited the shop before."""
        cover = config.products.stock_days
        first = draws.stream("stock").uniform(0.6, 1.6, p) * cover if cover else np.full(p, np.inf)
        self.demand: Floats = np.maximum(_expected_sales(config) * goods.popularity, 1e-6)
        """Pieces a day the shop expects to sell of each product."""
        self.stock: Floats = np.ceil(first * self.demand)
        """Pieces on the shelf."""
        self.short = 0.0
        """Share of wishes to order lost to empty shelves, lately."""
        self.thin = 0.0
        """Share of the worth of orders lost to empty shelves, lately."""
        self.ordered: Mask = np.zeros(p, np.bool_)
        """A delivery is under way."""
        self.arriving: dict[int, list[tuple[Ints, Floats]]] = defaultdict(list)
        """Day -> products and pieces that arrive in the morning."""

    def leave(self, who: Ints, share_of_looks: float) -> None:
        """Let people leave for good today."""
        self.active[who] = False
        self.left[who] = self.day
        self.rate[who] = 0
        self.look[who] *= share_of_looks
        self.due[who] = FOREVER


def _expected_sales(config: WorldConfig) -> float:
    """Return a rough number of pieces sold a day, by which the shop first fills its shelves."""
    own, basket = config.customers, config.basket
    repeat = own.rate_shape / own.rate_scale / 7 * min(config.shop.days / 2, 60)
    return config.shop.customers / config.shop.days * (1 + repeat) * basket.lines * basket.quantity
