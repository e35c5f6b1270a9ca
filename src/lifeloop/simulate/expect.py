"""What each person can be expected to do, worked out exactly from what the world knows: no draw is taken.

For person i and the days d = t, t+1, ... of the horizon, with a the chance to be active, w the chance to wish to order:

    w_d = 1 - (1 - r [d is a day of use-up]) exp(-max(0, rate_d season_d + boost_d))
    q_d = w_d c_d                                orders today; c is the chance that a wish becomes an order
    a_(d+1) = a_d (1 - q_d l_d)                  l is the chance to leave for good after an order
    E[orders] = sum a_d q_d,   P(no order) = prod (1 - q_d)

Prospects have a second state: who orders for the first time goes on as a customer. Uplift is the difference of two such sums,
with the message and without, times the chance that it is opened.

Source  the discrete form of Fader, Hardie & Lee (2005) with a rate that changes with time
Limits  stock-outs enter through the share of wishes and of goods they cost lately; the margin of an order is its expectation
        under the person's taste of today; a coupon is counted on the first order it is used for;
        who leaves upset after a conversation with the staff leaves at once with the order
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lifeloop.simulate.draws import Floats, Ints
from lifeloop.simulate.lives import LIFE_EVENT_DAYS
from lifeloop.simulate.orders import chance_to_redeem
from lifeloop.simulate.people import RESPONSES

if TYPE_CHECKING:
    from lifeloop.simulate.world import World


@dataclass(frozen=True)
class Outlook:
    """Expectations of some people over a horizon; arrays of shape (n,)."""

    orders: Floats
    """Orders."""
    any_order: Floats
    """Chance of at least one order."""
    revenue_minor: Floats
    """Paid for goods, after discount."""
    margin_minor: Floats
    """Goods less their cost, the shop's share of shipping, and what comes back."""


@dataclass(frozen=True)
class Reading:
    """A message opened by everybody today: what it does to each from tomorrow on."""

    boost: Floats
    """Further wishes tomorrow."""
    leaves: Floats
    """Chance to leave for good at once."""
    discount: float
    ships_free: bool
    days: int
    """Days the coupon is valid; 0: none was given."""


def outlook(world: World, who: Ints, horizon_days: int, *, given: Reading | None = None, share: Any = 1.0) -> Outlook:
    """Return what people will do in the next `horizon_days` days, from the state as it is; `given` adds a message.

    `share` is the chance that an order is placed under the name that is asked about; orders under other names are not counted.
    The horizon may reach behind the world's last day. Costs horizon x n operations.
    """
    paths = _Paths(world, who, given, share)
    for day in range(world.state.day, world.state.day + horizon_days):
        paths.live(day)
    return paths.outlook()


def reading(world: World, who: Ints, offer: int) -> Reading:
    """Return what opening a message with an offer does to people."""
    config, people, attention = world.config, world.people, world.messages.attention(who)
    given = list(config.offers.values())[offer]
    dog = people.response[who] == RESPONSES.index("sleeping_dog")
    return Reading(
        boost=people.effect[who, offer] * attention * (1 - world.messages.fade) / world.checkout.completion[who],
        leaves=np.where(dog, config.messages.leave, 0.0),
        discount=given.discount,
        ships_free=given.free_shipping,
        days=given.days if given.discount or given.free_shipping else 0,
    )


def uplifts(world: World, who: Ints, horizon_days: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield, offer by offer, further orders and further margin (minor units) of each if they opened it today."""
    without = outlook(world, who, horizon_days)
    for offer in range(len(world.config.offers)):
        read = outlook(world, who, horizon_days, given=reading(world, who, offer))
        yield read.orders - without.orders, read.margin_minor - without.margin_minor


def wish_worth(world: World, who: Ints, again: Ints | None = None, *, day: int | None = None) -> tuple[Floats, Floats]:
    """Return what each person's wish to order is worth in expectation, goods and margin of goods, in minor units.

    `again` names the product each has used up; -1, or None: the wish is of taste alone. The catalogue is that of `day`.
    """
    pieces = world.config.basket.quantity * (1 - world.state.thin)
    goods = world.shelf.expected(who, world.goods.price_minor, again, day=day) * pieces
    return goods, goods - world.shelf.expected(who, world.goods.cost_minor, again, day=day) * pieces


class _Paths:
    """The chances of everybody's path, day by day. Pairs are of customers and of prospects, shape (2, n)."""

    def __init__(self, world: World, who: Ints, given: Reading | None, share: Any) -> None:
        state, people = world.state, world.people
        self.world, self.who, self.given, self.start, self.share = world, who, given, state.day, share
        active = state.active[who] & (who < state.present)
        self.here: Any = np.stack([active & state.bought[who], active & ~state.bought[who]]).astype(np.float64)
        """Chances to be active."""
        self.fresh = self.here.copy()
        """Chances to be active without an order yet under the name asked about."""
        self.coupon = self.here * ((state.coupon_until[who] >= state.day) & (state.coupon[who] >= 0))
        """Chances to be active with a coupon not yet used."""
        self.any, self.orders, self.revenue, self.margin, self.given_away, self.shipped = np.zeros((6, who.size))
        self._price(state.day)
        self.boost: Floats = state.boost[who].astype(np.float64)
        self.lift = state.lift[who].astype(np.float64)
        own_rate = people.rate[who] / world.checkout.completion_new[who]
        self.rates = np.stack([world.intent[who], np.where(people.prospect[who], own_rate, 0.0)])
        upset = world.aftersales.leaves_upset
        leaves = np.stack([people.dropout[who], np.full(who.size, world.config.customers.once)]).astype(np.float64)
        self.leaves = 1 - (1 - leaves) * (1 - upset)
        self.new = np.stack([~state.known[who], np.ones(who.size, np.bool_)])
        self.due = state.due[who].copy()
        self.redeem = chance_to_redeem(people, who)

    def _price(self, day: int) -> None:
        """Work out what a wish is worth while the catalogue is that of a day: goods, and their margin."""
        self.goods, self.profit = wish_worth(self.world, self.who, day=day)
        self.goods_again, self.profit_again = wish_worth(self.world, self.who, self.world.habit[self.who], day=day)

    def live(self, day: int) -> None:
        """Move everybody's chances one day on."""
        world, state, who = self.world, self.world.state, self.who
        self._life(day)
        if day in world.shelf.launches:
            self._price(day)
        level = world.season(day)[world.people.language[who]]
        free = self._ships_free(day)
        both = [world.checkout.ends(who, free, new) for new in self.new]
        done, worth, shipped = (np.stack([ends[k] for ends in both]) * (1 - state.short) for k in range(3))
        used_up = np.where(self.due == day, world.config.customers.replenish, 0.0)
        wish = 1 - np.exp(-np.maximum(self.rates * self.lift * level + self.boost, 0))
        goods, profit = wish * self.goods, wish * self.profit
        goods[0] += used_up * (self.goods_again - goods[0])
        profit[0] += used_up * (self.profit_again - profit[0])
        wish[0] = 1 - (1 - used_up) * (1 - wish[0])
        self._lose_interest(day)
        self._redeem(day, wish * done, goods * worth)
        q = wish * done
        self._count(q, goods * worth, profit * worth, wish * shipped)
        orders = self.here * q
        self.here = self.here - orders * np.stack([self.leaves[0], np.ones(who.size)])
        self.here[0] += orders[1] * (1 - self.leaves[1])
        self.boost = self.boost * world.messages.fade
        self.due = np.where(self.due == day, self.due + world.cycle[who], self.due)
        if self.given is not None and day == self.start:
            self._read(self.given)

    def outlook(self) -> Outlook:
        """Return the sums."""
        kept = 1 - self.world.config.aftersales.returns
        margin = (self.margin - self.given_away) * kept - self.shipped * self.world.shipping_minor
        revenue = self.revenue - self.given_away
        return Outlook(orders=self.orders, any_order=self.any, revenue_minor=revenue, margin_minor=margin)

    def _read(self, given: Reading) -> None:
        """Let the message work, at the end of its day."""
        stays = 1 - given.leaves
        self.here, self.fresh, self.coupon = self.here * stays, self.fresh * stays, self.coupon * stays
        self.boost = self.boost + given.boost
        if given.days:
            self.coupon = self.here.copy()

    def _life(self, day: int) -> None:
        """Raise and lower rates with the life events to come."""
        state, who = self.world.state, self.who
        begins = state.life_next[who]
        over = (begins + LIFE_EVENT_DAYS == day) | (state.lift_until[who] == day)
        self.lift = np.where(over, 1.0, self.lift)
        here = self.world.people.arrival[who] <= begins
        self.lift = np.where((begins == day) & here, self.world.config.customers.life_event_lift, self.lift)

    def _offered(self, day: int) -> Reading | None:
        """Return the message whose coupon is the one held on a day; None: the one held before."""
        given = self.given
        return given if given is not None and given.days and day > self.start else None

    def _ships_free(self, day: int) -> Floats:
        """Return the chance that each, being active, still holds an offer that ships free."""
        given = self._offered(day)
        offers: Any = self.world.holds_free_shipping(self.who, day)
        if given is not None:
            offers = given.ships_free and day <= self.start + given.days
        active, held = self.here.sum(axis=0), self.coupon.sum(axis=0)
        free: Floats = np.divide(held, active, out=np.zeros_like(active), where=active > 0) * offers
        return free

    def _lose_interest(self, day: int) -> None:
        """Let prospects go whose interest ends today."""
        stays = (self.world.people.until[self.who] != day).astype(np.float64)
        for chances in (self.here, self.fresh, self.coupon):
            chances[1] *= stays

    def _redeem(self, day: int, q: Any, goods: Any) -> None:
        """Add up what coupons take off today's orders."""
        given = self._offered(day)
        discount: Any = self.world.held_discount(self.who, day)
        if given is not None:
            discount = given.discount if day <= self.start + given.days else 0.0
        self.given_away = self.given_away + (self.coupon * goods).sum(axis=0) * self.redeem * self.share * discount
        kept = 1 - self.redeem
        stays = 1 - q * (self.redeem + kept * np.stack([self.leaves[0], np.ones(self.who.size)]))
        turned = self.coupon[1] * q[1] * kept * (1 - self.leaves[1])
        self.coupon = self.coupon * stays
        self.coupon[0] += turned

    def _count(self, q: Any, goods: Any, profit: Any, shipped: Any) -> None:
        """Add up a day's orders under the name asked about."""
        share = self.share
        self.orders = self.orders + (self.here * q).sum(axis=0) * share
        self.revenue = self.revenue + (self.here * goods).sum(axis=0) * share
        self.margin = self.margin + (self.here * profit).sum(axis=0) * share
        self.shipped = self.shipped + (self.here * shipped).sum(axis=0) * share
        self.any = self.any + (self.fresh * q).sum(axis=0) * share
        other = q * (1 - share)
        turned = self.fresh[1] * other[1] * (1 - self.leaves[1])
        self.fresh = self.fresh * (1 - q + other * np.stack([1 - self.leaves[0], np.zeros(self.who.size)]))
        self.fresh[0] += turned
