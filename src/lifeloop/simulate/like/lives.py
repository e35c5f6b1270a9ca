"""When people order, without a shop around them: fast enough to try hundreds of settings.

The same rules as the shop's: Gamma rates, Beta drop-out after a repeat order, another chance after the first, seasons, at most
one order a day. What goods, visits and life events do to it is left out; `like` finds out how much that is.

Source  Fader, Hardie & Lee (2005) for the rates and the drop-out
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from scipy.special import betaincinv, gammaincinv

from lifeloop.simulate.draws import Draws, Floats, Ints
from lifeloop.simulate.season import season
from lifeloop.simulate.settings import WorldConfig

ORDER_BINS = (2, 3, 4, 5, 6, 11, 21)
"""Customers with fewer orders than each are counted."""
GAP_DAYS = (7, 14, 30, 60, 120, 240)
"""Gaps of at most so many days are counted."""
_PEOPLE, _ORDERS = 8000, 400
_GRID = 200


@dataclass(frozen=True)
class Habits:
    """How often people order, and when they leave."""

    rate_shape: float
    rate_scale: float
    dropout: float
    """Mean chance to leave after a repeat order: a / (a + b)."""
    width: float
    """a + b."""
    once: float


@dataclass(frozen=True)
class Counts:
    """What is seen of some lives."""

    orders_per_customer: float
    fewer: Floats
    """Share of customers with fewer orders than ORDER_BINS."""
    within: Floats
    """Share of gaps of at most GAP_DAYS."""
    seen: float
    """Share of those who were customers before the first day that is seen to order."""


class Lifetimes:
    """People who arrive as those of a world do; `lived` lets them live, always by the same draws."""

    def __init__(self, world: WorldConfig, new: Floats) -> None:
        """Take the share of the customers told who arrive in each month; the others were there before the first day."""
        draws, who = Draws(world.shop.seed), np.arange(_PEOPLE)
        self.days = world.shop.days
        level = [season(world.shop.start + timedelta(days=day), world.season)[0] for day in range(self.days)]
        self.running = np.concatenate([[0.0], np.cumsum(np.maximum(level, 1e-6))])
        """How many average days have gone by."""
        self.rate, self.leaves = draws.uniform("like: rate", who), draws.uniform("like: leaves", who)
        self.before, self.when = draws.uniform("like: before", who), draws.uniform("like: when", who)
        stream = draws.stream("like: orders")
        self.wait, self.stays = stream.exponential(size=(_PEOPLE, _ORDERS)), stream.random((_PEOPLE, _ORDERS))
        kinds = list(world.acquisition.values())
        shares, factor = (np.array([getattr(kind, name) for kind in kinds]) for name in ("share", "rate_factor"))
        shares = shares / shares.sum()
        source = np.searchsorted(np.cumsum(shares), draws.uniform("like: source", who) * 0.999999)
        self.factor = (factor / (shares @ factor))[source]
        self.new = float(new.sum())
        self.arrivals = _arrival_days(world, new)

    def lived(self, habits: Habits) -> Counts:
        """Return what is seen of people with these habits."""
        grid = (np.arange(_GRID) + 0.5) / _GRID
        shape = habits.rate_shape
        rates = np.interp(self.rate, grid, gammaincinv(shape, grid)) / habits.rate_scale / 7 * self.factor
        leaving = betaincinv(habits.dropout * habits.width, (1 - habits.dropout) * habits.width, grid)
        leaves = np.interp(self.leaves, grid, leaving)
        again = 1 - (habits.rate_scale / (habits.rate_scale + self.days / 7)) ** shape
        there = max(0.0, 1 - self.new) / max(again, 0.05)
        existing = self.before < there / (there + self.new)
        arrival = np.where(existing, -1, np.searchsorted(self.arrivals, self.when) if self.new else 0)
        return self._count(arrival.astype(np.int64), rates, leaves, habits.once)

    def _count(self, arrival: Ints, rate: Floats, leaves: Floats, once: float) -> Counts:
        orders = (arrival >= 0).astype(np.int64)
        who = np.flatnonzero((arrival < 0) | (self.stays[:, 0] >= once))
        clock, last = self.running[arrival[who] + 1], arrival[who]
        gaps = []
        for number in range(1, _ORDERS):
            clock = clock + self.wait[who, number] / rate[who]
            here = clock < self.running[-1]
            who, clock, last = who[here], clock[here], last[here]
            if not who.size:
                break
            day = np.searchsorted(self.running, clock, side="right") - 1
            fresh = day > last
            gaps.append((day - last)[fresh & (last >= 0)])
            orders[who] += fresh
            stays = ~fresh | (self.stays[who, number] >= leaves[who])
            who, clock, last = who[stays], clock[stays], day[stays]
        known, gap = orders[orders > 0], np.concatenate([*gaps, [0]])[:-1]
        before = arrival < 0
        return Counts(
            orders_per_customer=float(known.mean()) if known.size else 0.0,
            fewer=np.searchsorted(np.sort(known), ORDER_BINS) / max(known.size, 1),
            within=np.searchsorted(np.sort(gap), GAP_DAYS, side="right") / max(gap.size, 1),
            seen=float((orders[before] > 0).mean()) if before.any() else 1.0,
        )


def _arrival_days(world: WorldConfig, new: Floats) -> Floats:
    """Return the running share of the newcomers by day."""
    days = np.datetime64(world.shop.start, "D") + np.arange(world.shop.days)
    month = days.astype("datetime64[M]").astype(np.int64)
    month = np.minimum(month - month[0], new.size - 1)
    week = np.array(world.season.weekdays)[(days.astype(np.int64) + 3) % 7]
    open_days = np.maximum(np.bincount(month, week, new.size), 1e-12)
    running: Floats = np.cumsum(new[month] * week / open_days[month])
    return running / max(float(running[-1]), 1e-12)
