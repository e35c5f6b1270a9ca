"""A world like a real shop: settings under which a simulated shop has the marginals that were told of a real one.

What has a closed form is computed: seasons, countries, prices, popularity, lines, pieces and returns. How often people order
and when they leave has none: worlds are lived, measured like the real shop, and their settings moved until they agree.

Reads    Told: figures of a real shop, as lifeloop.measure.marginals computes them
Returns  a WorldConfig
Source   simulated moments: McFadden (1989); with a fitted model's parameters (here BG/NBD's) among them: Gourieroux, Monfort
         & Renault (1993), "Indirect inference"
Limits   each figure alone; what marginals do not tell is as in the world one begins with: visits, messages, offers, reviews,
         support, dirt of events. Nobody orders twice a day, and who never says their name buys as everybody does
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

import numpy as np
from scipy.special import expit, logit

from lifeloop.base.errors import NotEnoughData
from lifeloop.base.progress import Progress, silent
from lifeloop.simulate.draws import Floats
from lifeloop.simulate.like.baskets import baskets_like, goods_like, nearest, returns_like
from lifeloop.simulate.like.lives import GAP_DAYS, ORDER_BINS, Habits, Lifetimes
from lifeloop.simulate.like.told import Told
from lifeloop.simulate.people import readers_of_chinese
from lifeloop.simulate.settings import WorldConfig

LEAST_DAYS = 60
"""Days a shop must be known for: below, neither gaps nor seasons can be told."""
LEAST_GAPS = 100
"""Repeat orders on another day, below which nothing can be said of rates."""
PEOPLE = (15_000, 20_000)
"""Least and most customers of the worlds that are lived to find the settings of one."""
ROUNDS = 5
"""Worlds lived to find rates, drop-out, arrivals and months; after each the settings change."""
_CLOCK_DAYS = 120
"""Days lived to see by how much orders come later than their visits begin."""
_FEW = 0.02
"""Share of customers from before the first day, below which nothing is learned of them."""
_SLOWER = 1.2
"""Power of the orders too many by which waiting grows: a tenth longer makes some eight in a hundred fewer."""
_CAUTION = 0.4
"""By which power of the miss the unnamed become more: few people order for them, so that a miss is mostly chance."""
_WIDE = 2
"""Rounds in which one begins anew also with few and with many who leave after their first order."""
_ONCE = (0.03, 0.3)
_TRIES = 110
"""Settings of rates and drop-out that are tried in a round, without a shop around."""


class Measure(Protocol):
    """Lives a world and returns what would be told of a shop like that."""

    def __call__(self, world: WorldConfig, /, *, sales_only: bool) -> Told:
        """With `sales_only` nothing but orders matters, and those may be dated as their visits began."""
        ...


def fit(told: Told, base: WorldConfig, measure: Measure, *, progress: Progress = silent) -> WorldConfig:
    """Return the world whose marginals are those told; what they do not tell is as in `base`, its seed too. Deterministic.

    Raises NotEnoughData for a shop known for less than LEAST_DAYS, or with fewer than LEAST_GAPS repeat orders.
    """
    _enough(told)
    lives = _Lives(told, _plain(told, base), measure, progress)
    for _ in range(ROUNDS):
        lives.settle()
    world = returns_like(told, baskets_like(told, goods_like(told, lives.world)))
    return lives.on_time(lives.sized(world))


def _enough(told: Told) -> None:
    asked = "cannot make a world like this shop"
    if told.days < LEAST_DAYS:
        raise NotEnoughData(
            asked,
            f"it is known for {told.days} days, from {told.first} to {told.last}; {LEAST_DAYS} are needed",
            "Import more of its orders: lifeloop import FILE.",
        )
    gaps = told.gap_days.rows if told.gap_days else 0
    if gaps < LEAST_GAPS:
        raise NotEnoughData(
            asked,
            f"its customers came back {gaps} times; {LEAST_GAPS} are needed",
            "Import more of its orders, or describe a world yourself: lifeloop simulate --show-world.",
        )


def _plain(told: Told, base: WorldConfig) -> WorldConfig:
    """Return the world with all that can be read off the figures, and BG/NBD's settings to begin with."""
    known = dict(told.countries)
    if known and (rest := 1 - sum(known.values())) > 0.0005:
        known["Elsewhere"] = rest
    week = np.array(told.seasons.weekday)
    world = base.but(
        shop={
            "customers": told.customers,
            "start": told.first,
            "end": told.last + timedelta(days=1),
            "currency": told.currency,
        },
        season={
            "months": _rounded(told.seasons.month),
            "weekdays": _rounded(week * 7),
            "hours": _rounded(told.seasons.hour),
            "singles_day": 0.0,
            "black_friday": 0.0,
            "one_clock": True,
        },
        customers={
            "account": 1.0,
            "habits": 0.0,
            "prospects": 0.0,
            "unnamed": round(told.unnamed_share, 4),
            "zh": readers_of_chinese(dict(told.languages), known or base.countries),
        },
        dirt={"guest": 0.0, "second_email": 0.0, "shared_email": 0.0},
    )
    told_of = world.model_dump()
    told_of["countries"] = {name: round(share, 4) for name, share in known.items()} or base.countries
    return WorldConfig.of(told_of)


@dataclass
class _Lives:
    """How often people come and when they leave; `world` is what is known so far."""

    told: Told
    world: WorldConfig
    measure: Measure
    progress: Progress
    new: Floats = field(init=False)
    """Share of the customers who arrive in each month; those from before the first day make it up to one."""
    again: float = field(init=False)
    """Share of those that is seen to order again."""
    habits: Habits = field(init=False)
    done: int = 0

    def __post_init__(self) -> None:
        self.new = _newcomers(self.told)
        self.again = float(1 - (self.told.btyd.alpha / (self.told.btyd.alpha + self.told.days / 7)) ** self.told.btyd.r)
        fitted = self.told.btyd
        self.habits = Habits(fitted.r, fitted.alpha, fitted.a / (fitted.a + fitted.b), fitted.a + fitted.b, 0.1)
        self.habits = self._nearest([self.habits], _moments(self.told), _TRIES)
        self.world = self._with(self.world)

    def lived(self, world: WorldConfig, *, sales_only: bool = True) -> Told:
        """Live a world, and say how far we are."""
        self.progress("fitting", self.done, ROUNDS + 2)
        found = self.measure(world, sales_only=sales_only)
        self.done += 1
        self.progress("fitting", self.done, ROUNDS + 2)
        return found

    def settle(self) -> None:
        """Live the world as it is, and move its settings by as much as it missed what was told."""
        small = _sales_only(self.world)
        found = self.lived(small)
        missed = _moments(found) - _guessed(Lifetimes(self.world, self.new), self.habits)
        self._arrive(found, small.customers.existing, found.customers / small.shop.customers)
        starts = [self.habits]
        if self.done <= _WIDE:
            starts += [replace(self.habits, once=once) for once in _ONCE]
        self.habits = self._nearest(starts, _moments(self.told) - missed, _TRIES)
        self.world = self._with(self.world)

    def _arrive(self, found: Told, before: float, seen: float) -> None:
        """Move arrivals and months away from those of a world; `before` of its people were customers, `seen` ordered."""
        told = self.told
        size = min(len(told.arrivals), len(found.arrivals))
        self.new[:size] += np.subtract(told.arrivals[:size], found.arrivals[:size])
        self.new = np.maximum(self.new, 0.0)
        self.new /= max(1.0, self.new.sum())
        if before > _FEW:
            self.again = float(np.clip((seen - (1 - before)) / before, 0.2, 1.0))
        ratio = np.array(told.seasons.month) / np.maximum(found.seasons.month, 0.02)
        months = np.array(self.world.season.months) * np.clip(ratio, 0.5, 2.0)
        self.world = self.world.but(
            season={"months": _rounded(months / max(months.mean(), 1e-9))},
            customers={"unnamed": self._unnamed(found, _CAUTION)},
        )

    def _with(self, world: WorldConfig) -> WorldConfig:
        """Return a world with these habits and arrivals; the others were there before, some of them never seen again."""
        own, new = self.habits, float(self.new.sum())
        before = max(0.0, 1 - new) / self.again
        return world.but(
            customers={
                "arrivals": _rounded(self.new * 100),
                "existing": _short(before / (new + before)),
                "rate_shape": _short(own.rate_shape),
                "rate_scale": _short(own.rate_scale),
                "dropout_a": _short(own.dropout * own.width),
                "dropout_b": _short((1 - own.dropout) * own.width),
                "once": _short(own.once),
            },
            shop={"customers": max(1, round(self.told.customers * (new + before)))},
        )

    def _nearest(self, starts: list[Habits], wanted: Floats, tries: int) -> Habits:
        """Return the habits with which people alone come nearest to what is wanted, from one of some starts."""
        people = Lifetimes(self.world, self.new)

        def apart(point: Floats) -> Floats:
            return _guessed(people, _habits(point)) - wanted

        found = [nearest(apart, _point(start), tries if len(starts) == 1 else 2 * tries) for start in starts]
        return _habits(min(found, key=lambda point: float((apart(point) ** 2).sum())))

    def sized(self, world: WorldConfig) -> WorldConfig:
        """Return the world with as many people, and orders, as were told; by chance and empty shelves it would have fewer."""
        found = self.lived(world)
        slower = np.clip(found.orders_per_customer / self.told.orders_per_customer, 0.9, 1.1) ** _SLOWER
        return world.but(
            shop={"customers": max(1, round(world.shop.customers * self.told.customers / found.customers))},
            customers={"rate_scale": _short(world.customers.rate_scale * slower), "unnamed": self._unnamed(found, 1.0)},
        )

    def _unnamed(self, found: Told, power: float) -> float:
        """Return the share of those who never say their name, moved by a power of how much a world missed it."""
        missed = _odds(self.told.unnamed_share) / max(_odds(found.unnamed_share), 1e-9)
        odds = _odds(self.world.customers.unnamed) * missed**power
        return round(float(odds / (1 + odds)), 4)

    def on_time(self, world: WorldConfig) -> WorldConfig:
        """Return the world with visits as much earlier as orders come after them."""
        days = min(world.shop.days, _CLOCK_DAYS)
        found = self.lived(world.but(shop={"end": world.shop.start + timedelta(days=days)}), sales_only=False)
        hours = np.array(world.season.hours) + np.subtract(self.told.seasons.hour, found.seasons.hour)
        return world.but(season={"hours": _rounded(np.maximum(hours, 0.0))})


def _point(habits: Habits) -> tuple[float, ...]:
    """Return habits as numbers without bounds."""
    once = min(max(habits.once, 0.002), 0.95)
    return (
        float(np.log(habits.rate_shape)),
        float(np.log(habits.rate_scale)),
        float(logit(min(max(habits.dropout, 0.001), 0.95))),
        float(np.log(habits.width)),
        float(logit(once)),
    )


def _habits(point: Floats) -> Habits:
    shape, scale, width = np.exp(np.clip(np.array(point)[[0, 1, 3]], [-3.0, -2.0, -1.0], [3.0, 6.5, 4.5]))
    return Habits(float(shape), float(scale), float(expit(np.clip(point[2], -7, 3))), float(width), float(expit(point[4])))


def _odds(share: float) -> float:
    return min(share, 0.99) / (1 - min(share, 0.99))


def _moments(told: Told) -> Floats:
    """Return what rates and drop-out decide, each in units of how near it should come."""
    gaps, rates = told.gap_days, told.btyd
    fewer = np.cumsum(told.orders_histogram)[: len(ORDER_BINS)]
    within = [gaps.share_up_to(days) if gaps else 0.0 for days in GAP_DAYS]
    return _weighed(told.orders_per_customer, fewer, np.array(within), rates.r / rates.alpha, rates.a, rates.b)


def _guessed(people: Lifetimes, habits: Habits) -> Floats:
    """Return the same of people without a shop, their settings in place of those that BG/NBD would find."""
    seen = people.lived(habits)
    rate = habits.rate_shape / habits.rate_scale
    a, b = habits.dropout * habits.width, (1 - habits.dropout) * habits.width
    return _weighed(seen.orders_per_customer, seen.fewer, seen.within, rate, a, b)


def _weighed(orders: float, fewer: Floats, within: Floats, rate: float, a: float, b: float) -> Floats:
    """Return figures by weight: counts have much, BG/NBD's only keep in place what counts leave open."""
    kept = [np.log(rate) / 1.5, a / (a + b) / 0.03, np.log(np.clip(a + b, 0.3, 60)) / 1.0]
    return np.concatenate([[np.log(max(orders, 0.1)) / 0.006], fewer / 0.008, within / 0.01, kept])


def _sales_only(world: WorldConfig) -> WorldConfig:
    """Return a world whose people order when those of the other do, one product at a time, and do nothing else."""
    return world.but(
        shop={"customers": int(np.clip(world.shop.customers, *PEOPLE)), "products": 50},
        behaviour={"visits_per_order": 0.0},
        basket={"lines": 1.0, "quantity": 1.0, "quantity_sigma": 0.0, "quantity_by_price": 0.0, "quantity_by_lines": 0.0},
        products={"stock_days": 0.0},
    )


def _newcomers(told: Told) -> Floats:
    """Return which share of the customers arrived in each month; the rest were there before the first day.

    Who was there before shows up as Gamma rates tell: 1 - (alpha / (alpha + t))^r of them by t. Their number is what the first
    month has more than it should, as far as no later month then has less than nobody.
    """
    seen = np.array(told.arrivals)
    later = _later(told)
    months = np.concatenate([[0], later])
    shows = 1 - (told.btyd.alpha / (told.btyd.alpha + months)) ** told.btyd.r
    shows = np.diff(shows) / shows[-1]
    usual = seen[12] if seen.size > 13 else float(np.median(seen[1:])) if seen.size > 2 else seen[0]
    most = float(np.min(seen[: max(1, seen.size // 2)] / shows[: max(1, seen.size // 2)]))
    before = float(np.clip(min((seen[0] - usual) / shows[0], most), 0.0, 0.95))
    newcomers: Floats = np.maximum(seen - before * shows, 0.0)
    return newcomers


def _later(told: Told) -> Floats:
    """Return how many weeks after the first day each month ends, shape (months,)."""
    first = np.datetime64(told.first, "D")
    month = np.datetime64(told.first, "M") + 1 + np.arange(len(told.arrivals))
    ends = np.minimum(month.astype("datetime64[D]"), np.datetime64(told.last, "D") + 1)
    weeks: Floats = (ends - first).astype(np.float64) / 7
    return weeks


def _short(value: float) -> float:
    """Return a number with four digits that count."""
    return float(f"{float(value):.4g}")


def _rounded(values: Any) -> tuple[float, ...]:
    """Return numbers short enough to be read in a file."""
    return tuple(round(float(value), 4) for value in values)
