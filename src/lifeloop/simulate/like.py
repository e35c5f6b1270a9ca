"""A world like a real shop: settings under which a simulated shop has the marginals that were told of a real one.

What has a closed form is computed: seasons, countries, prices, popularity, lines, pieces and returns. How often people order
and when they leave has none: worlds are lived, measured like the real shop, and their settings moved until they agree.

Reads    Told: figures of a real shop, as lifeloop.measure.marginals computes them
Returns  a WorldConfig
Source   simulated moments: McFadden (1989); with a fitted model's parameters (here BG/NBD's) among them: Gourieroux, Monfort
         & Renault (1993), "Indirect inference"; steps after Levenberg (1944) and Broyden (1965)
Limits   each figure alone; what marginals do not tell is as in the world one begins with: visits, messages, offers, reviews,
         support, dirt of events. Nobody orders twice a day, and who never says their name buys as everybody does
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import numpy as np
from scipy.special import expit, logit

from lifeloop.base.errors import NotEnoughData
from lifeloop.base.progress import Progress, silent
from lifeloop.simulate.draws import Floats
from lifeloop.simulate.like_baskets import baskets_like, goods_like, returns_like
from lifeloop.simulate.people import readers_of_chinese
from lifeloop.simulate.told import Told
from lifeloop.simulate.world import WorldConfig

LEAST_DAYS = 60
"""Days a shop must be known for: below, neither gaps nor seasons can be told."""
LEAST_GAPS = 100
"""Repeat orders on another day, below which nothing can be said of rates."""
PEOPLE = (12_000, 20_000)
"""Least and most customers of the worlds that are lived to find the settings of one."""
ROUNDS, STEPS = 3, 4
"""Worlds lived to set arrivals and months right; to find rates and drop-out, beside one for each of their settings."""
_CLOCK_DAYS = 120
"""Days lived to see by how much orders come later than their visits begin."""
_MOVES = np.array([0.15, 0.2, 0.3, 0.5, 0.3])
"""By how much each of `_Lives.point` is moved to see what that does."""
_FAR = 3.0
"""No step goes farther than so many of these moves."""
_TOWARDS_ORDERS = 0.75
"""Exponent by which rates follow orders per customer in the end; 1.5 would reach them, and leave the gaps behind."""
_FEW = 0.02
"""Share of customers from before the first day, below which nothing is learned of them."""
_GAPS = (7, 14, 30, 60, 120, 240)


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
    lives.descend()
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
    began = told.btyd
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
            "rate_shape": float(np.clip(began.r, 0.05, 20)),
            "rate_scale": float(np.clip(began.alpha, 0.2, 500)),
            "dropout_a": float(np.clip(began.a, 0.01, 20)),
            "dropout_b": float(np.clip(began.b, 0.1, 200)),
            "once": 0.05,
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
    """How often people come and when they leave; `world` is the best so far."""

    told: Told
    world: WorldConfig
    measure: Measure
    progress: Progress
    new: Floats = field(init=False)
    """Share of the customers who arrive in each month; those from before the first day make it up to one."""
    again: float = field(init=False)
    """Share of those that is seen to order again."""
    found: Told = field(init=False)
    """What was told of the last world lived."""
    done: int = 0

    def __post_init__(self) -> None:
        self.new = _newcomers(self.told)
        self.again = float(1 - (self.told.btyd.alpha / (self.told.btyd.alpha + self.told.days / 7)) ** self.told.btyd.r)
        self.world = self._arriving()

    def lived(self, world: WorldConfig, *, sales_only: bool = True) -> Told:
        """Live a world, and say how far we are."""
        total = ROUNDS + _MOVES.size + STEPS + 2
        self.progress("fitting", self.done, total)
        self.found = self.measure(world, sales_only=sales_only)
        self.done += 1
        self.progress("fitting", self.done, total)
        return self.found

    def settle(self) -> None:
        """Live the world as it is, and move arrivals and months towards what was told."""
        small = _sales_only(self.world)
        self._settle(small.customers.existing, self.lived(small).customers / small.shop.customers)

    def _settle(self, before: float, seen: float) -> None:
        """Move arrivals and months of a world of which `before` were customers already and `seen` were seen to order."""
        told, found = self.told, self.found
        size = min(len(told.arrivals), len(found.arrivals))
        self.new[:size] += np.subtract(told.arrivals[:size], found.arrivals[:size])
        self.new = np.maximum(self.new, 0.0)
        self.new /= max(1.0, self.new.sum())
        if before > _FEW:
            self.again = float(np.clip((seen - (1 - before)) / before, 0.2, 1.0))
        ratio = np.array(told.seasons.month) / np.maximum(found.seasons.month, 0.02)
        months = np.array(self.world.season.months) * np.clip(ratio, 0.5, 2.0)
        self.world = self._arriving().but(season={"months": _rounded(months / max(months.mean(), 1e-9))})

    def _arriving(self) -> WorldConfig:
        """Return the world with the newcomers of each month; the others were there before, some of them never seen again."""
        new = float(self.new.sum())
        before = max(0.0, 1 - new) / self.again
        return self.world.but(
            customers={"arrivals": _rounded(self.new * 100), "existing": _short(before / (new + before))},
            shop={"customers": max(1, round(self.told.customers * (new + before)))},
        )

    @property
    def point(self) -> Floats:
        """The settings to be found: ln rate_shape, ln rate_scale, logit of the mean drop-out, ln (a + b), logit of `once`."""
        own = self.world.customers
        mean, width = own.dropout_a / (own.dropout_a + own.dropout_b), own.dropout_a + own.dropout_b
        return np.array(
            [
                np.log(own.rate_shape),
                np.log(own.rate_scale),
                logit(mean),
                np.log(width),
                logit(np.clip(own.once, 0.005, 0.9)),
            ]
        )

    def at(self, point: Floats) -> WorldConfig:
        """Return the world with these settings."""
        mean, width = expit(point[2]), np.exp(np.clip(point[3], -1.0, 5.0))
        shape, scale = np.exp(np.clip(point[:2], -4, 8))
        values = (shape, scale, mean * width, (1 - mean) * width, expit(point[4]))
        names = ("rate_shape", "rate_scale", "dropout_a", "dropout_b", "once")
        return self.world.but(customers={name: _short(value) for name, value in zip(names, values, strict=True)})

    def descend(self) -> None:
        """Find rates and drop-out: a step along what single moves did, then steps that learn from each other."""
        best, wanted = self.point, _moments(self.told)
        apart = _moments(self.found) - wanted
        moved = [self._at(best + move) for move in np.diag(_MOVES)]
        slopes = np.stack([(one - wanted - apart) / by for one, by in zip(moved, _MOVES, strict=True)], axis=1)
        least, damping = float(apart @ apart), 0.3
        for _ in range(STEPS):
            step = _step(slopes, apart, damping)
            now = self._at(best + step) - wanted
            slopes = slopes + np.outer(now - apart - slopes @ step, step) / max(float(step @ step), 1e-12)
            if now @ now < least:
                best, least, apart, damping = best + step, float(now @ now), now, damping / 3
                self.world = self.at(best)
                small = _sales_only(self.world)
                self._settle(small.customers.existing, self.found.customers / small.shop.customers)
            else:
                damping *= 4

    def _at(self, point: Floats) -> Floats:
        return _moments(self.lived(_sales_only(self.at(point))))

    def sized(self, world: WorldConfig) -> WorldConfig:
        """Return the world with as many people as give the customers told, who order about as often as was told."""
        small = _sales_only(self.world)
        seen = self.lived(small).customers / small.shop.customers
        told, found, unnamed = self.told, self.found, world.customers.unnamed
        slower = float(found.orders_per_customer / told.orders_per_customer) ** _TOWARDS_ORDERS
        if 0 < found.unnamed_share < 1:
            odds = _odds(unnamed) * _odds(told.unnamed_share) / _odds(found.unnamed_share)
            unnamed = odds / (1 + odds)
        return world.but(
            shop={"customers": max(1, round(told.customers / seen))},
            customers={"rate_scale": _short(world.customers.rate_scale * slower), "unnamed": round(unnamed, 4)},
        )

    def on_time(self, world: WorldConfig) -> WorldConfig:
        """Return the world with visits as much earlier as orders come after them."""
        days = min(world.shop.days, _CLOCK_DAYS)
        found = self.lived(world.but(shop={"end": world.shop.start + timedelta(days=days)}), sales_only=False)
        hours = np.array(world.season.hours) + np.subtract(self.told.seasons.hour, found.seasons.hour)
        return world.but(season={"hours": _rounded(np.maximum(hours, 0.0))})


def _odds(share: float) -> float:
    return share / (1 - share)


def _step(slopes: Any, apart: Floats, damping: float) -> Floats:
    """Return where least squares would go, in a neighbourhood where slopes can be trusted."""
    inner = slopes.T @ slopes
    step: Floats = -np.linalg.solve(inner + damping * np.diag(_MOVES**-2.0 + np.diag(inner) * 0.05), slopes.T @ apart)
    return step / max(float(np.abs(step / _MOVES).max()) / _FAR, 1.0)


def _moments(told: Told) -> Floats:
    """Return what the settings of rates and drop-out decide, each in units of how near it should come."""
    gaps, rates = told.gap_days, told.btyd
    up_to = np.cumsum(told.orders_histogram)
    return np.concatenate(
        [
            [np.log(told.orders_per_customer) / 0.02, told.once_share / 0.01],
            up_to[[1, 2, 4, 5, 6]] / 0.02,
            [(gaps.share_up_to(days) if gaps else 0.0) / 0.02 for days in _GAPS],
            [np.log(rates.r / rates.alpha) / 0.08, rates.a / (rates.a + rates.b) / 0.01],
        ]
    )


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
