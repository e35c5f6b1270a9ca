"""What is in the orders of a world like a real shop: goods and prices, lines and pieces, returns. Nothing is lived for it.

Each part draws a sample with the world's own rules and moves a few settings until its shares lie nearest to those told
(least squares over cumulative shares; Nelder & Mead, 1965).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import gamma

from lifeloop.base.money import EXPONENT
from lifeloop.simulate.basket import Shelf
from lifeloop.simulate.draws import Draws, Floats
from lifeloop.simulate.goods import make_goods, prices
from lifeloop.simulate.like.told import POPULAR, Spread, Told
from lifeloop.simulate.people import make_people
from lifeloop.simulate.pieces import MOST_PIECES
from lifeloop.simulate.settings import WorldConfig

MOST_PRODUCTS = 50_000
_SAMPLE = 4000
"""Orders drawn to see what they are worth."""
_PLACES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
"""Shares at whose quantiles two distributions are compared."""
_FEWER = 0.02
"""Weight of exponents of price and size against shares: they stay near 0 where orders do not ask for them."""


def goods_like(told: Told, world: WorldConfig) -> WorldConfig:
    """Return the world with as many products, as popular and as dear as was told."""
    own = world.products
    changes: dict[str, Any] = {}
    if told.margin_share is not None and 0 < told.margin_share < 1:
        changes["margin"] = round(told.margin_share, 4)
    if told.popularity:
        exponent, cut = _popularity(told, own.launches)
        changes |= {"popularity": round(exponent, 3), "popularity_cut": round(cut, 3)}
    products = int(np.clip(told.products_sold, 1, MOST_PRODUCTS))
    world = world.but(shop={"products": products}, products=changes)
    return _prices(told.price_minor, world) if told.price_minor else world


def _prices(told: Spread, world: WorldConfig) -> WorldConfig:
    """Return the world with a level and a spread of prices that make lines as dear as was told."""
    draws = Draws(world.shop.seed)
    unit = 10 ** EXPONENT[world.shop.currency]
    plain = make_goods(world.but(products={"price_level": 1000.0, "price_sigma": 0.0}), draws)
    kinds, at_told = plain.price_minor / unit / 1000, _told(told)

    def changed(point: Floats) -> WorldConfig:
        level, sigma = np.exp(np.clip(point[0], -12, 12)), abs(point[1])
        return world.but(products={"price_level": _short(level), "price_sigma": round(float(sigma), 3)})

    def apart(point: Floats) -> Floats:
        cost = prices(changed(point), draws, kinds)
        order = np.argsort(cost, kind="stable")
        running = np.concatenate([[0.0], np.cumsum(plain.popularity[order])])
        off: Floats = running[np.searchsorted(cost[order], at_told[0], side="right")] - at_told[1]
        return off

    middle = float(np.exp(plain.popularity @ np.log(kinds))) * unit
    return changed(nearest(apart, (float(np.log(max(told.quantile(0.5), 1) / middle)), 0.6)))


def _popularity(told: Told, launches: float) -> tuple[float, float]:
    """Return exponent and cut of popularity by rank; a share of the products is sold for a part of the time only."""
    p = max(told.products_sold, 2)
    rank = np.arange(1, p + 1)
    drawn = Draws(0).stream("like: launches").random((p, 2))
    time = np.where(drawn[:, 0] < launches, drawn[:, 1], 1.0)

    def apart(point: Floats) -> Floats:
        exponent, cut = np.abs(point)
        weight = np.exp(-cut * (rank - 1) / (p - 1)) / rank**exponent * time
        running = np.concatenate([[0.0], np.cumsum(-np.sort(-weight))])
        off: Floats = np.interp(POPULAR, np.arange(p + 1) / p, running / running[-1]) - np.array(told.popularity)
        return off

    exponent, cut = np.abs(nearest(apart, (0.5, 2.0)))
    return float(exponent), float(cut)


def baskets_like(told: Told, world: WorldConfig) -> WorldConfig:
    """Return the world with as many lines an order and pieces a line as was told, so that orders are worth as much."""
    world = world.but(basket=_lines(told.lines_per_order))
    if told.pieces_per_line is None:
        return world
    small = world.but(shop={"customers": _SAMPLE})
    draws = Draws(world.shop.seed)
    goods, people = make_goods(small, draws), make_people(small, draws)
    shelf = Shelf(small, people, goods, draws)
    filled = shelf.fill(np.arange(_SAMPLE), 0, np.full(len(goods), np.inf))
    logs: Floats = np.log(goods.price_minor)
    dear = (logs - goods.popularity @ logs)[filled.product]
    large = np.log(np.bincount(filled.basket)[filled.basket] / world.basket.lines)
    noise = Draws(1).normal("like: pieces", np.arange(dear.size))
    cost = goods.price_minor[filled.product]
    pieces_at, pieces_told = _told(told.pieces_per_line)
    worth_at, worth_told = _told(told.order_minor)

    def pieces(point: Floats) -> Floats:
        median, log_sigma, by_price, by_lines = point
        wished = median + np.exp(np.clip(log_sigma, -4, 1.5)) * noise + by_price * dear + by_lines * large
        taken: Floats = np.clip(np.rint(np.exp(np.clip(wished, -20, 9))), 1, MOST_PIECES)
        return taken

    def apart(point: Floats) -> Floats:
        taken = pieces(point)
        worth = np.bincount(filled.basket, taken * cost)
        return np.concatenate(
            [_shares(taken, pieces_at) - pieces_told, _shares(worth, worth_at) - worth_told, _FEWER * point[2:]]
        )

    start = (np.log(max(told.pieces_per_line.quantile(0.5), 0.8)), 0.0, -0.1, -0.05)
    point = nearest(apart, start)
    return world.but(
        basket={
            "quantity": _short(max(float(pieces(point).mean()), 1.0)),
            "quantity_sigma": round(float(np.exp(np.clip(point[1], -4, 1.5))), 3),
            "quantity_by_price": round(float(np.clip(point[2], -3, 3)), 3),
            "quantity_by_lines": round(float(np.clip(point[3], -3, 3)), 3),
        }
    )


def _lines(told: Spread) -> dict[str, float]:
    """Return mean and shape of the lines of an order: geometric, with a Gamma factor per customer."""
    at, shares = _told(told)
    middle = (np.arange(200) + 0.5) / 200

    def apart(point: Floats) -> Floats:
        mean, shape = np.exp(np.clip(point[0], -12, 9)), np.exp(np.clip(point[1], -1.6, 3.5))
        means = gamma.ppf(middle, shape) / shape * mean
        ratio = means / (1 + means)
        found: Floats = 1 - (ratio ** at[:, None]).mean(axis=1)
        return found - shares

    point = nearest(apart, (np.log(max(told.mean - 1, 0.01)), 1.5))
    return {"lines": _short(1 + np.exp(np.clip(point[0], -12, 9))), "lines_shape": _short(np.exp(np.clip(point[1], -1.6, 3.5)))}


def returns_like(told: Told, world: WorldConfig) -> WorldConfig:
    """Return the world with as many returns, after as many days."""
    world = world.but(aftersales={"returns": round(min(told.returned_lines_share, 1.0), 4)})
    if told.return_days is None:
        return world
    at, shares = _told(told.return_days)
    draws, who = Draws(1), np.arange(_SAMPLE)
    uniform = np.log(np.stack([draws.uniform(f"like: return {step}", who) for step in (0, 1)]))
    noise, clock = draws.normal("like: return", who), draws.normal("like: clock", who) * 0.13

    def apart(point: Floats) -> Floats:
        sigma = abs(point[1])
        half = np.exp(np.clip(point[0], -9, 9) + sigma * noise - sigma**2 / 2)
        wait = np.floor(uniform / np.log(half / (1 + half))).sum(axis=0)
        return _shares(np.floor(1 + wait + clock), at) - shares

    point = nearest(apart, (np.log(max(told.return_days.mean / 2, 0.1)), 0.7))
    days = 1 + 2 * float(np.exp(np.clip(point[0], -9, 9)))
    return world.but(aftersales={"return_days": _short(days), "return_days_sigma": round(float(abs(point[1])), 3)})


def _told(spread: Spread) -> tuple[Floats, Floats]:
    """Return values at which distributions are compared, and the share told to lie at or below each."""
    at = np.unique([spread.quantile(share) for share in _PLACES])
    return at, np.array([spread.share_up_to(value) for value in at.tolist()])


def _shares(values: Any, at: Floats) -> Floats:
    """Return the share of values at or below each place."""
    shares: Floats = np.searchsorted(np.sort(values), at, side="right") / values.size
    return shares


def nearest(apart: Callable[[Floats], Floats], start: tuple[float, ...], tries: int | None = None) -> Floats:
    """Return where the sum of squares is least, near the start, after so many tries; by default 120 for each number."""
    from scipy.optimize import minimize

    begun = np.array(start)
    corners = np.concatenate([begun[None], begun + np.diag(np.full(begun.size, 0.4))])

    def squares(point: Any) -> float:
        return float((apart(point) ** 2).sum())

    found: Floats = minimize(
        squares,
        begun,
        method="Nelder-Mead",
        options={"initial_simplex": corners, "maxfev": tries or 120 * begun.size, "xatol": 1e-3, "fatol": 1e-7},
    ).x
    return found


def _short(value: Any) -> float:
    """Return a number with four digits that count."""
    return float(f"{float(value):.4g}")
