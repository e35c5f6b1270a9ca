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
        under the taste of the person and the catalogue of the day; a coupon is counted on the first order it is used for;
        who leaves upset after a conversation with the staff leaves at once with the order
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lifeloop.simulate.draws import Floats, Ints
from lifeloop.simulate.lives import LIFE_EVENT_DAYS
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
    """A message just opened by everybody: what it does to each."""

    boost: Floats
    """Further wishes today."""
    leaves: Floats
    """Chance to leave for good at once."""
    discount: float = 0.0
    ships_free: bool = False
    days: int = 0
    """Days the coupon is valid; 0: none was given."""


def outlook(world: World, who: Ints, horizon_days: int, reading: Reading | None = None) -> Outlook:
    """Return what people will do in the next `horizon_days` days, from the state as it is; `reading` adds a message.

    The horizon may reach behind the world's last day. Costs horizon x n operations.
    """
    paths = _Paths(world, who, reading)
    for day in range(world.state.day, world.state.day + horizon_days):
        paths.live(day)
    return paths.outlook()


def reading(world: World, who: Ints, offer: int) -> Reading:
    """Return what opening a message with an offer does to people today."""
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


def uplift(world: World, who: Ints, offer: int, channel: int, hour: int, horizon_days: int) -> tuple[Floats, Floats]:
    """Return further orders and further margin (minor units, the message's cost taken off) if each got this message today.

    Whoever may not be sent one counts as if they could.
    """
    without, read = outlook(world, who, horizon_days), outlook(world, who, horizon_days, reading(world, who, offer))
    opened = world.messages.chance_to_open(who, np.full(who.size, channel), np.full(who.size, hour))
    cost = list(world.config.messages.channels.values())[channel].cost * world.unit
    return opened * (read.orders - without.orders), opened * (read.margin_minor - without.margin_minor) - cost


def wish_worth(world: World, who: Ints) -> tuple[Floats, Floats]:
    """Return what each person's wish to order is worth in expectation, goods and margin of goods, in minor units."""
    pieces = world.config.basket.quantity * (1 - world.state.thin)
    goods = world.shelf.expected(who, world.goods.price_minor) * pieces
    return goods, goods - world.shelf.expected(who, world.goods.cost_minor) * pieces


class _Paths:
    """The chances of everybody's path, day by day."""

    def __init__(self, world: World, who: Ints, given: Reading | None) -> None:
        state, people = world.state, world.people
        self.world, self.who, self.given, self.start = world, who, given, state.day
        active = state.active[who] & (who < state.present)
        stays = 1.0 if given is None else 1 - given.leaves
        self.customer: Floats = np.where(active & state.bought[who], stays, 0.0)
        self.prospect: Floats = np.where(active & ~state.bought[who], stays, 0.0)
        self.fresh = np.stack([self.customer, self.prospect])
        """Chances to be active without an order yet, as customer and as prospect."""
        holds = (state.coupon_until[who] >= state.day) & (state.coupon[who] >= 0)
        self.coupon = self.fresh * (holds | (given is not None and given.days > 0))
        """Chances to be active with a coupon not yet used."""
        self.any: Floats = np.zeros(who.size)
        self.orders: Floats = np.zeros(who.size)
        self.worth: Floats = np.zeros(who.size)
        """Orders, each weighed by what its basket is worth against the average wish."""
        self.given_away: Floats = np.zeros(who.size)
        self.shipped: Floats = np.zeros(who.size)
        further: Any = 0.0 if given is None else given.boost
        self.boost: Floats = state.boost[who].astype(np.float64) + further
        self.lift = state.lift[who].astype(np.float64)
        self.rate = world.intent[who].astype(np.float64)
        self.prospect_rate = np.where(people.prospect[who], people.rate[who] / world.checkout.completion[who], 0.0)
        upset = world.aftersales.leaves_upset
        self.leaves = 1 - (1 - people.dropout[who].astype(np.float64)) * (1 - upset)
        self.leaves_first = 1 - (1 - world.config.customers.once) * (1 - upset)
        self.due = state.due[who].copy()
        self.redeem = world.chance_to_redeem(who)

    def live(self, day: int) -> None:
        """Move everybody's chances one day on."""
        world, state, people, who = self.world, self.world.state, self.world.people, self.who
        self._life(day)
        level = world.season(day)[people.language[who]]
        done, worth, shipped = (share * (1 - state.short) for share in world.checkout.ends(who, self._ships_free(day)))
        used_up = np.where(self.due == day, world.config.customers.replenish, 0.0)
        wish = 1 - (1 - used_up) * np.exp(-np.maximum(self.rate * self.lift * level + self.boost, 0))
        first_wish = 1 - np.exp(-np.maximum(self.prospect_rate * level + self.boost, 0))
        q, first = wish * done, first_wish * done
        self._lose_interest(day)
        self._redeem(day, q, first)
        self.any = self.any + self.fresh[0] * q + self.fresh[1] * first
        self.fresh = self.fresh * (1 - np.stack([q, first]))
        new, repeat = self.prospect * first, self.customer * q
        self.orders = self.orders + new + repeat
        wishes = self.prospect * first_wish + self.customer * wish
        self.worth = self.worth + wishes * worth
        self.shipped = self.shipped + wishes * shipped
        self.customer = self.customer - repeat * self.leaves + new * (1 - self.leaves_first)
        self.prospect = self.prospect - new
        self.boost = self.boost * world.messages.fade
        self.due = np.where(self.due == day, self.due + world.cycle[who], self.due)

    def outlook(self) -> Outlook:
        """Return the sums."""
        world, who = self.world, self.who
        goods, margin = wish_worth(world, who)
        kept = 1 - world.config.aftersales.returns
        revenue = (self.worth - self.given_away) * goods
        profit = (self.worth * margin - self.given_away * goods) * kept - self.shipped * world.shipping_minor
        return Outlook(orders=self.orders, any_order=self.any, revenue_minor=revenue, margin_minor=profit)

    def _life(self, day: int) -> None:
        """Raise and lower rates with the life events to come."""
        begins, config = self.world.people.life_day[self.who], self.world.config
        here = self.world.people.arrival[self.who] <= begins
        self.lift = np.where((begins == day) & here, config.customers.life_event_lift, self.lift)
        self.lift = np.where(begins + LIFE_EVENT_DAYS == day, 1.0, self.lift)

    def _ships_free(self, day: int) -> Floats:
        """Return the chance that each, being active, still holds an offer that ships free."""
        given = self.given
        if given is not None and given.days:
            offers: Any = given.ships_free and day < self.start + given.days
        else:
            offers = self.world.holds_free_shipping(self.who, day)
        active = self.customer + self.prospect
        held: Floats = np.divide(self.coupon.sum(axis=0), active, out=np.zeros_like(active), where=active > 0)
        free: Floats = held * offers
        return free

    def _lose_interest(self, day: int) -> None:
        """Let prospects go whose interest ends today."""
        stays = (self.world.people.until[self.who] != day).astype(np.float64)
        self.prospect = self.prospect * stays
        self.fresh[1] *= stays
        self.coupon[1] *= stays

    def _redeem(self, day: int, q: Floats, first: Floats) -> None:
        """Add up what coupons take off today's orders, as a share of an order."""
        given = self.given
        if given is not None and given.days:
            discount: Any = given.discount if day < self.start + given.days else 0.0
        else:
            discount = self.world.held_discount(self.who, day)
        uses = (self.coupon[0] * q + self.coupon[1] * first) * self.redeem
        self.given_away = self.given_away + uses * discount
        kept = 1 - self.redeem
        customer = self.coupon[0] * (1 - q * (self.redeem + kept * self.leaves))
        turned = self.coupon[1] * first * kept * (1 - self.leaves_first)
        self.coupon = np.stack([customer + turned, self.coupon[1] * (1 - first)])
