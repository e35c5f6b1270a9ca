"""80 % intervals of what one customer will do, from a mixture: nothing at all, or at least one order.

With a chance c of ordering at all, a figure is 0 with probability 1 - c. Its interval is
- [0, 0]                        where c <= .2: nothing at all is already more than 80 % likely
- [0, 80 % quantile]            where .2 < c <= .9
- [10 % quantile, 90 % quantile] above, where even the low end is an order
and is stretched to the expected value where the distribution is so skewed that the mean lies outside it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincinv, ndtri
from scipy.stats import nbinom

from lifeloop.predict.btyd.level import Level, Outlook
from lifeloop.predict.columns import Floats

LEVEL = 0.8

Interval = tuple[Floats, Floats]


def quantiles_if_any(chance: Floats) -> Interval:
    """Return the quantiles, among those who order at all, at which the interval begins and ends; 0 stands for nothing.

    >>> [values.round(3).tolist() for values in quantiles_if_any(np.array([0.1, 0.5, 1.0]))]
    [[0.0, 0.0, 0.1], [0.0, 0.6, 0.9]]
    """
    tail = (1.0 - LEVEL) / 2.0
    none, some = 1.0 - chance, np.maximum(chance, 1e-12)
    sure = none < tail
    low = np.where(sure, tail - none, 0.0) / some
    high = (np.where(sure, 1.0 - tail, LEVEL) - none) / some
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def stretched(value: Floats, interval: Interval) -> Interval:
    """Return the interval, made to contain the value."""
    return np.minimum(interval[0], value), np.maximum(interval[1], value)


def order_interval(chance: Floats, orders: Floats, shape: Floats) -> Interval:
    """Return the interval of the number of orders, all of shape (n,).

    Orders beyond the first are negative binomial: Poisson at a rate known to a gamma distribution of `shape` r+x.
    """
    further = np.maximum(orders / np.maximum(chance, 1e-12) - 1.0, 1e-9)
    ends = []
    for level in quantiles_if_any(chance):
        count = nbinom.ppf(np.minimum(level, 1.0 - 1e-9), shape, shape / (shape + further))
        ends.append(np.where(level > 0.0, 1.0 + count, 0.0))
    return stretched(orders, (ends[0], ends[1]))


def revenue_spread(level: Level, outlook: Outlook) -> Floats:
    """Return the standard deviation of the logarithm of revenue among those who order, shape (n,).

    From the compound of N orders of mean k and variance (k-1) + (k-1)^2/(r+x), each Gamma of shape p around a mean that is
    itself known only to 1/(px+q-2): squared variation (1/(kp) + E N^2/k^2) (1 + 1/(px+q-2)) - 1.
    """
    if level.spending is None:
        return np.zeros(outlook.chance.shape)
    known, k = outlook.summary, outlook.orders_if_any
    count = (k - 1.0) + (k - 1.0) ** 2 / (level.counts.r + known.x)
    about_mean = 1.0 + level.spending.value_variation(known.x, known.m)
    variation = (1.0 / (k * level.spending.p) + count / k**2 + 1.0) * about_mean - 1.0
    return np.sqrt(np.log1p(np.maximum(variation, 1e-6)))


def revenue_interval(chance: Floats, revenue: Floats, spread: Floats, widened: float = 1.0) -> Interval:
    """Return the interval of revenue, lognormal among those who order, all of shape (n,), `spread` as `revenue_spread`.

    `widened` moves both ends away from the median; the median stays, or a wider distribution of one mean would sink.
    """
    middle = revenue / np.maximum(chance, 1e-12) * np.exp(-(spread**2) / 2.0)
    ends = []
    for level in quantiles_if_any(chance):
        value = middle * np.exp(widened * spread * ndtri(np.clip(level, 1e-9, 1.0 - 1e-9)))
        ends.append(np.where(level > 0.0, value, 0.0))
    return stretched(revenue, (ends[0], ends[1]))


def chance_interval(level: Level, outlook: Outlook, horizon_days: int) -> Interval:
    """Return the chance of ordering were the customer's rate at its 10 % and at its 90 % quantile, shape (n,).

    Given that they still are a customer the chance is 1 - exp(-lambda t), with lambda ~ Gamma(r+x, alpha+T): wide for
    someone who ordered once, narrow after many orders. Whether they still are one stays as likely as it is: with that in,
    almost every interval would run from 0 to 1, which is true and of no use.
    """
    known, weeks = outlook.summary, horizon_days / 7.0
    low, high = (
        -np.expm1(-gammaincinv(level.counts.r + known.x, tail) / (level.counts.alpha + known.T) * weeks)
        for tail in ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0)
    )
    return outlook.alive * low, outlook.alive * high


def widening(
    chance: Floats, revenue: Floats, spread: Floats, came: Floats, *, least_rows: int = 100, least_chance: float = 0.5
) -> float:
    """Return by how much to widen the interval so that 80 % of what came lies inside, 1 to 3; all of shape (n,).

    Judged on customers more likely than not to order: below that, the zero decides. 1 when they are too few.
    """
    judged = (chance >= least_chance) & (revenue > 0.0)
    if int(judged.sum()) < least_rows:
        return 1.0
    chance, revenue, spread, came = chance[judged], revenue[judged], spread[judged], came[judged]
    factor = 1.0
    while factor < 3.0:
        low, high = revenue_interval(chance, revenue, spread, factor)
        if float(np.mean((came >= low) & (came <= high))) >= LEVEL:
            break
        factor += 0.1
    return round(factor, 1)
