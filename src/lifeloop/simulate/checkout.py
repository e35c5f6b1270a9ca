"""The way of a wish to order: by which channel it comes, and with what chance it passes login, shipping and payment."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from lifeloop.base.money import EXPONENT
from lifeloop.simulate.basket import Shelf
from lifeloop.simulate.draws import Draws, Floats, Ints, pick
from lifeloop.simulate.goods import Goods
from lifeloop.simulate.people import People
from lifeloop.simulate.settings import WorldConfig

CHANNELS = ("web", "app", "store")
"""Where an order is placed, by number."""
STORE = 2
_LOYAL_TO_CHANNEL = 0.8
"""Chance to come by the channel one mostly comes by."""


class Checkout:
    """What stands between a wish to order and an order, and how much of it passes in expectation."""

    def __init__(self, config: WorldConfig, people: People, goods: Goods, shelf: Shelf, draws: Draws) -> None:
        self.config, self.people, self.goods, self.shelf, self.draws = config, people, goods, shelf, draws
        self.free_from = round(config.shop.shipping_free_from * 10 ** EXPONENT[config.shop.currency])
        """Goods worth this many minor units ship free."""
        own = config.customers
        overall = np.array([max(0.0, 1 - own.app - own.store), own.app, own.store])
        self.overall: Floats = overall / overall.sum()
        """Share of each channel."""

    def channels(self, who: Ints, day: int) -> Ints:
        """Return by which channel each comes today, mostly the usual one; places in CHANNELS."""
        today = pick(np.cumsum(self.overall), self.draws.uniform("channel", who, day))
        channel = np.where(self.draws.chance("as usual", who, _LOYAL_TO_CHANNEL, day), self._usual(who), today)
        return np.where(self.people.unnamed[who], STORE, channel)

    @cached_property
    def shares(self) -> Any:
        """Return how likely each person is to order on the web, in the app and in a store, shape (3, n)."""
        usual = self._usual(np.arange(len(self.people)))
        kept = np.arange(len(CHANNELS))[:, None] == usual
        shares = (1 - _LOYAL_TO_CHANNEL) * self.overall[:, None] + _LOYAL_TO_CHANNEL * kept
        return np.where(self.people.unnamed, (np.arange(len(CHANNELS)) == STORE)[:, None], shares)

    def _usual(self, who: Ints) -> Ints:
        return pick(np.cumsum(self.overall), self.draws.uniform("usual channel", who))

    @cached_property
    def completion(self) -> Floats:
        """Return each person's chance that a wish to order becomes an order, while the shelves are full."""
        return self.ends(np.arange(len(self.people)))[0]

    @cached_property
    def completion_new(self) -> Floats:
        """Return the same for who is not known yet."""
        return self.ends(np.arange(len(self.people)), new=True)[0]

    def ends(self, who: Ints, free: Any = 0.0, new: Any = False) -> tuple[Floats, Floats, Floats]:  # noqa: FBT002 - an array too
        """Return how wishes end, while shipping is free by chance `free`: shares of one wish, shelves full.

        The chance of an order; the share of the wish's worth that is ordered (small baskets stop at the cost of shipping
        more often); the chance of an order whose shipping the shop pays. Who is `new` has no account yet to be signed in with.
        """
        store = self.shares[2][who]
        online = np.where(new, self._passes[0][who], self._passes[1][who])
        stops, below = self.people.shipping_cost[who].astype(np.float64) * (1 - free), self.paid_shipping
        orders: Floats = store + online * (1 - stops * below)
        worth: Floats = store + online * (1 - stops * self.paid_worth)
        shipped: Floats = online * (1 - below * (1 - free))
        return orders, worth, shipped

    @cached_property
    def _passes(self) -> tuple[Floats, Floats]:
        """Return the chance that a wish passes login and payment online: of newcomers, and of who is known."""
        people, own = self.people, self.config
        web, app, _ = self.shares
        asked = web * (1 - own.dirt.signed_in * people.account) + app * ~people.account
        new = (web + app) * (1 - own.behaviour.login_wall) * (1 - people.slow_page)
        return new, (web + app - asked * own.behaviour.login_wall) * (1 - people.slow_page)

    @property
    def paid_shipping(self) -> float:
        """Return the share of baskets below the worth from which shipping is free."""
        return self._paid[0]

    @property
    def paid_worth(self) -> float:
        """Return the share of the worth of all baskets that is in these."""
        return self._paid[1]

    @cached_property
    def _paid(self) -> tuple[float, float]:
        """Return both shares, of a sample of baskets."""
        sample = np.arange(min(len(self.people), 4000))
        baskets = self.shelf.fill(sample, -1, np.full(len(self.goods), np.inf))
        worth = np.bincount(baskets.basket, self.goods.price_minor[baskets.product] * baskets.quantity, minlength=sample.size)
        below = worth < self.free_from
        return float(below.mean()), float(worth[below].sum() / worth.sum())
