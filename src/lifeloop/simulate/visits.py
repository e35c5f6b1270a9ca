"""A day's visits: what people look at, put into the cart and order, and where and why those stop who do not.

A visit with the wish to order passes the shelf, the login, the cost of shipping and the payment page; the first that stops it
is the cause of the abandonment. Which events it leaves is told in the order of the shop's own pages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lifeloop.simulate.basket import Baskets
from lifeloop.simulate.checkout import STORE
from lifeloop.simulate.contact import first_campaigns
from lifeloop.simulate.draws import Ints, Keys, Mask, pick
from lifeloop.simulate.identity import SELF, ordering_as, visitors
from lifeloop.simulate.shown import NOTHING_SHOWN, Noticed, Shown, notice, with_lines

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

CAUSES = ("", "out_of_stock", "login_wall", "shipping_cost", "slow_page")
"""Why a visit with the wish to order ended without one, by number; 0: it did not."""
_LATEST = 86_400 - 3_000
"""No visit begins later in the day (UTC), so that none runs into the next."""
_LANDS = 8
"""Seconds within which the page opens that a click in a message leads to."""
_SIGNS_UP = 0.25
"""Chance that someone who will have an account opens it in a visit without an order."""


@dataclass(frozen=True)
class Callers:
    """Who comes today, by what for."""

    buyers: Ints
    """Who wish to order."""
    sure: Mask
    """Which of them nothing stops: it is their first order."""
    again: Ints
    """The product each of them has used up; -1: none."""
    lookers: Ints
    """Who come to look."""


@dataclass(frozen=True)
class Visits:
    """Visits of one day as columns of equal length, and the baskets of those who wished to order."""

    person: Ints
    wish: Mask
    """Came with the wish to order."""
    channel: Ints
    """Place in CHANNELS."""
    second: Ints
    """When it began, UTC."""
    session: Keys
    visitor: Keys
    signed_in: Mask
    """Signed in from the beginning."""
    cause: Ints
    """Place in CAUSES."""
    baskets: Baskets
    """`baskets.basket` is the place among the visits with the wish to order."""
    ships_free: Mask
    sure: Mask
    """Nothing could stop them: it was their first order."""
    noticed: Noticed
    """Recommendations they were shown."""
    signs_up: Mask
    """Opens the account today: at the checkout, or after looking around."""
    campaign: Ints
    """Where it came from, a place in `contact.campaigns`; -1: nothing is told."""

    @property
    def ordered(self) -> Mask:
        """Which visits ended with an order."""
        ordered: Mask = self.wish & (self.cause == 0)
        return ordered


def visits(world: World, day: int, callers: Callers, shown: Shown = NOTHING_SHOWN) -> Visits:
    """Draw the day's visits of people who wish to order and of people who come to look.

    Changes the state: they have come before from now on.
    """
    people, draws, config = world.people, world.draws, world.config
    buyers, sure = callers.buyers, callers.sure
    who = np.concatenate([buyers, callers.lookers])
    wish = np.arange(who.size) < buyers.size
    channel = world.checkout.channels(who, day)
    channel = np.where((channel == STORE) & ~wish, 0, channel)
    app = channel == 1
    noticed = notice(world, shown, who, wish, channel != STORE, day)
    baskets = with_lines(world.shelf.fill(buyers, day, world.state.stock, callers.again), noticed)
    named = ordering_as(people, draws, config.dirt, who, day) == SELF
    new = people.account[who] & ~world.state.known[who]
    signed_in = people.account[who] & ~new & (app | draws.chance("signed in", who, config.dirt.signed_in, day))
    free = _ships_free(world, buyers, channel[: buyers.size], baskets, day)
    baskets = _kept_anyway(baskets, sure)
    cause = np.zeros(who.size, np.int64)
    cause[: buyers.size] = np.where(
        sure, 0, _causes(world, buyers, channel[: buyers.size], baskets, signed_in[: buyers.size], free, day)
    )
    second, campaign = _lands(world, who, channel != STORE, day)
    return Visits(
        person=who,
        wish=wish,
        channel=channel,
        second=second,
        session=draws.ids("session", who, day),
        visitor=visitors(people, draws, config.dirt, who, day, app),
        signed_in=signed_in,
        cause=cause,
        baskets=baskets,
        ships_free=np.concatenate([free, np.ones(callers.lookers.size, np.bool_)]),
        sure=np.concatenate([sure, np.zeros(callers.lookers.size, np.bool_)]),
        noticed=noticed,
        signs_up=new & np.where(wish, named, draws.chance("sign up", who, _SIGNS_UP, day)),
        campaign=campaign,
    )


def begins(world: World, who: Ints, day: int) -> Ints:
    """Return when people come today, by the hours of their own clocks; UTC seconds, 50 minutes before midnight or earlier."""
    hour = pick(world.hours, world.draws.uniform("hour", who, day))
    local = hour * 3600 + np.floor(world.draws.uniform("second", who, day) * 3600).astype(np.int64)
    second: Ints = world.midnight(day) + np.minimum((local - world.people.hours_east[who] * 3600) % 86_400, _LATEST)
    return second


def _lands(world: World, who: Ints, online: Mask, day: int) -> tuple[Ints, Ints]:
    """Return when visits begin and by which campaign they come: of who clicked in a message, seconds after the click."""
    second, campaign, clicks = begins(world, who, day), first_campaigns(world, who, online), world.messages.clicks
    _, rows, of = np.intersect1d(np.where(online, who, -1), clicks.person, return_indices=True)
    wait = 2 + np.floor(world.draws.uniform("lands", who[rows], day) * _LANDS).astype(np.int64)
    second[rows] = np.minimum(clicks.second[of] + wait, world.midnight(day + 1) - 1)
    config = world.config
    campaign[rows] = len(config.acquisition) + clicks.channel[of] * len(config.offers) + clicks.offer[of]
    return second, campaign


def _ships_free(world: World, who: Ints, channel: Ints, baskets: Baskets, day: int) -> Mask:
    worth = np.bincount(
        baskets.basket, world.goods.price_minor[baskets.product] * baskets.quantity * ~baskets.missing, minlength=who.size
    )
    free: Mask = (channel == STORE) | (worth >= world.checkout.free_from) | world.holds_free_shipping(who, day)
    return free


def _kept_anyway(baskets: Baskets, sure: Mask) -> Baskets:
    """Let those whom nothing stops wait for what is out of stock where all they want is."""
    on_shelf = np.bincount(baskets.basket, ~baskets.missing, minlength=sure.size)
    waits = (sure & (on_shelf == 0))[baskets.basket]
    return replace(baskets, missing=baskets.missing & ~waits) if waits.any() else baskets


def _causes(world: World, who: Ints, channel: Ints, baskets: Baskets, signed_in: Mask, free: Mask, day: int) -> Ints:
    draws, own, online = world.draws, world.config.behaviour, channel != STORE
    on_shelf = np.bincount(baskets.basket, ~baskets.missing, minlength=who.size)
    cause = np.where(online & draws.chance("slow page", who, world.people.slow_page[who], day), 4, 0)
    cause = np.where(online & ~free & draws.chance("shipping cost", who, world.people.shipping_cost[who], day), 3, cause)
    cause = np.where(online & ~signed_in & draws.chance("login wall", who, own.login_wall, day), 2, cause)
    return np.where(on_shelf == 0, 1, cause)
