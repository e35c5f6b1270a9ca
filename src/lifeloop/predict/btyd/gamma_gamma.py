"""Gamma-Gamma: what a customer spends per order, drawn towards the shop's mean the less is known of them.

Spend per order is Gamma(p, nu) with a rate nu of each customer's own, nu ~ Gamma(q, v). After x orders of mean m:

    ln L     = lnG(px+q) - lnG(px) - lnG(q) + q ln v + (px-1) ln m + px ln x - (px+q) ln(v + m x)
    E(value) = p (v + m x) / (p x + q - 1)

Source  Fader & Hardie (2013), The Gamma-Gamma model of monetary value
Limits  spend per order does not depend on how often somebody orders, nor on when
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from lifeloop.base.errors import NotEnoughData
from lifeloop.predict.btyd.bg_nbd import LEAST_REPEATERS
from lifeloop.predict.btyd.descent import lowest_within
from lifeloop.predict.columns import Floats

_LEAST_TAIL = 1.25
"""Lowest q: at q = 1 the mean over customers does not exist, and a newcomer's expected value with it."""

_BOUNDS = ((-4.0, 8.0), (float(np.log(_LEAST_TAIL)), 8.0), (-8.0, 14.0))
"""Of ln p, ln q and ln(v / mean spend)."""


@dataclass(frozen=True)
class GammaGamma:
    """A fitted shop; money in whatever unit the spend was given in."""

    p: float
    """Shape of one customer's spend per order: its coefficient of variation is 1/sqrt(p)."""
    q: float
    v: float
    """In units of money."""
    log_likelihood: float = float("nan")
    customers: int = 0
    regularised: bool = False
    """Too few customers returned: a middling spread around the shop's mean is assumed, nothing is fitted."""

    def expected_value(self, x: Floats, m: Floats) -> Floats:
        """Return the expected spend per order, shape (n,), after `x` orders of mean `m`; the shop's mean where x = 0 or m <= 0.

        >>> cdnow = GammaGamma(6.25, 3.744, 15.447)
        >>> cdnow.expected_value(np.array([0.0, 2.0]), np.array([0.0, 30.0])).round(2).tolist()
        [35.18, 30.93]
        """
        known = np.where(m > 0, x, 0.0)
        return self.p * (self.v + known * m) / (self.p * known + self.q - 1.0)

    def value_variation(self, x: Floats, m: Floats) -> Floats:
        """Return the squared coefficient of variation of what is not known of a customer's mean spend, shape (n,).

        The mean spend p/nu has an inverse gamma posterior of shape px+q, so this is 1/(px+q-2). It does not exist for
        shapes of 2 and less, and is held at 4 there.
        """
        shape = self.p * np.where(m > 0, x, 0.0) + self.q
        return 1.0 / np.maximum(shape - 2.0, 0.25)


def fit_gamma_gamma(x: Floats, m: Floats, *, mean: float | None = None) -> GammaGamma:
    """Fit by maximum likelihood on customers with x > 0 orders of mean m > 0; others are left out. Shapes (n,).

    Below `LEAST_REPEATERS` of those nothing is fitted: p = q = 4, a middling spread, with v such that a newcomer spends the
    shop's `mean` per order (that of `m` where none is given), and `regularised` is set. Raises NotEnoughData when neither
    is above 0.
    """
    used = (x > 0) & (m > 0) & np.isfinite(m)
    x, m = np.asarray(x[used], dtype=np.float64), np.asarray(m[used], dtype=np.float64)
    level = float(mean) if mean and mean > 0 else float(m.mean()) if m.size else 0.0
    if level <= 0.0:
        raise NotEnoughData(
            "cannot learn what customers spend per order", "no order has an amount above zero", "Import orders with amounts."
        )
    if m.size < LEAST_REPEATERS:
        return GammaGamma(4.0, 4.0, 0.75 * level, customers=int(m.size), regularised=True)
    level = float(m.mean())
    loss = _loss(x, m / level)
    at = lowest_within(loss, np.log([6.0, 4.0, 1.0]), _BOUNDS)
    p, q, v = (float(value) for value in np.exp(at))
    return GammaGamma(p, q, v * level, m.size * (-loss(at)[0] - float(np.log(level))), int(m.size))


def _loss(x: Floats, m: Floats) -> Callable[[Floats], tuple[float, Floats]]:
    """Return -ln L per customer and its gradient as a function of (ln p, ln q, ln v); gammas once per distinct x.

    d/dp = sum x (psi(px+q) - psi(px) + ln m + ln x - ln(v+mx)),  d/dq = sum psi(px+q) - psi(q) + ln v - ln(v+mx),
    d/dv = sum q/v - (px+q)/(v+mx)
    """
    distinct, group = np.unique(x, return_inverse=True)
    counts = np.bincount(group, minlength=distinct.size).astype(np.float64)
    log_m, log_x, total = np.log(m), np.log(distinct), m * x

    def loss(logs: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(logs)
        shape, log_rate = p * x + q, np.log(v + total)
        by_x = gammaln(p * distinct + q) - gammaln(p * distinct) - gammaln(q) + q * np.log(v) + p * distinct * log_x
        top = digamma(p * distinct + q)
        value = np.sum(counts * by_x) + np.sum((p * x - 1.0) * log_m - shape * log_rate)
        over_p = np.sum(counts * distinct * (top - digamma(p * distinct) + log_x)) + np.sum(x * (log_m - log_rate))
        over_q = np.sum(counts * (top - digamma(q) + np.log(v))) - np.sum(log_rate)
        over_v = x.size * q / v - np.sum(shape / (v + total))
        gradient = np.array([over_p * p, over_q * q, over_v * v])
        return -float(value) / x.size, -gradient / x.size

    return loss
