"""BG/NBD: how often a customer orders, and whether they still are one, from three numbers about each of them.

A customer orders at random at a rate of their own, lambda ~ Gamma(r, alpha) per week, and after each order after the
first drops out for good with a chance of their own, p ~ Beta(a, b). Known of each are x, the order days after the first;
t_x, weeks from the first to the last; T, weeks from the first to today. All else follows in closed form.

Source  Fader, Hardie & Lee (2005), "Counting your customers" the easy way: an alternative to the Pareto/NBD model;
        Fader & Hardie (2008), Computing P(alive) using the BG/NBD model
Limits  nobody drops out before their second order (P(alive) = 1 with x = 0: such a customer is merely rare); no seasons;
        rates do not change over a customer's life. docs/models/btyd.md has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.special import expit

from lifeloop.base.errors import NotEnoughData
from lifeloop.predict.btyd.descent import lowest_within
from lifeloop.predict.btyd.likelihood import Rows, compress, log_likelihood
from lifeloop.predict.btyd.quadrature import beta_nodes
from lifeloop.predict.columns import Floats, numbers

WEEK_DAYS = 7.0

LEAST_REPEATERS = 30
"""With fewer customers who ever returned, the fit leans on a weak prior and says so."""

_LEAST_DROPOUT = 1e-3
"""Mean drop-out chance per order below which the data show no drop-out at all."""

_BOUNDS = ((-12.0, 10.0),) * 4
"""Of the logarithms of the scaled parameters; a run that leaves them has lost its way on a flat ridge."""

_POINTS = 32
"""Quadrature nodes: relative error below 1e-7 for horizons up to 250 weeks, 1e-14 at half a year."""


@dataclass(frozen=True)
class Summary:
    """What BTYD models know of customers; all of shape (customers,), money in minor units."""

    x: Floats
    """Order days after the first."""
    t_x: Floats
    """Weeks from the first to the last order day."""
    T: Floats
    """Weeks from the first order day to the last known day."""
    m: Floats
    """Mean spend per order day, the first left out; 0 where x = 0."""
    spend: Floats
    """Spend on all order days."""


def summary_of(snapshot: pa.Table) -> Summary:
    """Return the order summary of a snapshot's customers, all of whom ordered at least once. Raises ModelError.

    >>> one = {"order_days": [3], "life_days": [14], "tenure_days": [28], "repeat_day_value_mean_minor": [500.0]}
    >>> summary = summary_of(pa.table(one | {"goods_minor": [1900]}))
    >>> summary.x.tolist(), summary.t_x.tolist(), summary.T.tolist(), summary.m.tolist()
    ([2.0], [2.0], [4.0], [500.0])
    """
    return Summary(
        x=np.maximum(numbers(snapshot, "order_days") - 1.0, 0.0),
        t_x=numbers(snapshot, "life_days") / WEEK_DAYS,
        T=numbers(snapshot, "tenure_days") / WEEK_DAYS,
        m=np.nan_to_num(numbers(snapshot, "repeat_day_value_mean_minor")),
        spend=np.nan_to_num(numbers(snapshot, "goods_minor")),
    )


@dataclass(frozen=True)
class BgNbd:
    """A fitted shop. Arrays are of shape (n,), times in weeks."""

    r: float
    alpha: float
    """Weeks: r/alpha is the mean rate of orders per week."""
    a: float
    b: float
    """a/(a+b) is the mean chance of dropping out after an order."""
    log_likelihood: float
    customers: int
    dropout_identifiable: bool = True
    """False where the data show no drop-out (a -> 0) or are too few: P(alive) then says nothing about this shop."""
    regularised: bool = False
    """Too few customers returned; the parameters lean on a weak prior."""

    def p_alive(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """Return the probability of still being a customer: 1 / (1 + [x>0] a/(b+x-1) ((alpha+T)/(alpha+t_x))^(r+x)).

        >>> cdnow = BgNbd(0.243, 4.414, 0.793, 2.426, -9582.4, 2357)
        >>> cdnow.p_alive(np.array([0.0, 2.0]), np.array([0.0, 30.43]), np.array([38.86, 38.86])).round(4).tolist()
        [1.0, 0.7266]
        """
        odds = np.log(self.a) - np.log(self.b + np.maximum(x, 1.0) - 1.0)
        odds = odds + (self.r + x) * (np.log(self.alpha + T) - np.log(self.alpha + t_x))
        return np.where(x > 0, expit(-odds), 1.0)

    def p_no_order(self, t: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """Return the probability of no order in the next `t` weeks.

            1 - P(alive) (1 - ((alpha+T)/(alpha+T+t))^(r+x))

        This is exact, although drop-out after an order within `t` does not appear in it: drop-out happens only right
        after an order, so whoever is a customer at T and orders not at all within `t` never had the occasion. Given that
        they are, lambda ~ Gamma(r+x, alpha+T), and E exp(-lambda t) is the power above.
        """
        return 1.0 - self.p_alive(x, t_x, T) * self.chance_if_alive(t, x, T)

    def chance_if_alive(self, t: float, x: Floats, T: Floats) -> Floats:
        """Return the probability of an order in the next `t` weeks of those who still are customers."""
        chance: Floats = -np.expm1((self.r + x) * (np.log(self.alpha + T) - np.log(self.alpha + T + t)))
        return chance

    def weeks_until(self, chance: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """Return the weeks by which the next order has come with probability `chance`; inf where it never is that likely.

        The inverse of 1 - p_no_order in t; `chance` broadcasts against the customers.
        """
        alive = self.p_alive(x, t_x, T)
        share = np.divide(chance, alive, out=np.full(np.broadcast(chance, alive).shape, np.inf), where=alive > 0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            weeks = (self.alpha + T) * np.expm1(-np.log1p(-share) / (self.r + x))
        return np.where(share < 1.0, weeks, np.inf)

    def expected_orders(self, t: float, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """Return the expected number of order days in the next `t` weeks."""
        return self.orders_if_alive(t, x, T) * self.p_alive(x, t_x, T)

    def orders_if_alive(self, t: float, x: Floats, T: Floats) -> Floats:
        """Return the same of those who still are customers.

        Given lambda and p it is (1 - exp(-lambda p t)) / p. Over lambda ~ Gamma(r+x, alpha+T) that is
        (1 - (1 + p t/(alpha+T))^-(r+x)) / p, and over p ~ Beta(a, b+x) a smooth integral on (0, 1), taken by quadrature. It
        equals the published form with the hypergeometric function 2F1, which divides by a-1 and overflows in double
        precision for customers with hundreds of orders; this form has neither weakness.
        """
        orders = np.empty(x.shape)
        distinct, group = np.unique(x, return_inverse=True)
        members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1]) if x.size else []
        for repeat, who in zip(distinct, members, strict=True):
            nodes, weights = beta_nodes(self.a, self.b + float(repeat), _POINTS)
            nodes = np.maximum(nodes, 1e-300)
            reach = t / (self.alpha + T[who])
            # node by node: (customers x nodes) at once would hold 256 bytes per customer
            orders[who] = sum(
                weight * -np.expm1(-(self.r + repeat) * np.log1p(node * reach)) / node
                for node, weight in zip(nodes, weights, strict=True)
            )
        return orders


def fit_bg_nbd(x: Floats, t_x: Floats, T: Floats, weights: Floats | None = None) -> BgNbd:
    """Fit by maximum likelihood. Shapes (n,), times in weeks, 0 <= t_x <= T; `weights` counts equal customers.

    Below `LEAST_REPEATERS` customers with x > 0 a weak normal prior on the logarithms of the parameters (centre: everybody
    orders at the shop's mean rate and drops out with chance 1/4; spread 1) keeps the answer finite, and `regularised` is set.
    Raises NotEnoughData without customers, or when all of them came on the last known day; ValueError on impossible rows.
    """
    x, t_x, T = (np.asarray(values, dtype=np.float64) for values in (x, t_x, T))
    _check(x, t_x, T)
    rows = compress(x, t_x, T, None if weights is None else np.asarray(weights, dtype=np.float64))
    regularised = rows.repeaters < LEAST_REPEATERS
    centre = _centre(rows)

    def loss(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, gradient = log_likelihood(parameters, rows)
        value, gradient = -value, -gradient * parameters
        if regularised:
            value, gradient = value + 0.5 * float(np.sum((logs - centre) ** 2)), gradient + logs - centre
        return value / rows.customers, gradient / rows.customers

    start = centre if regularised else np.zeros(4)
    parameters = np.exp(lowest_within(loss, start, _BOUNDS))
    r, alpha, a, b = (float(value) for value in parameters)
    value, _ = log_likelihood(parameters, rows)
    orders = float(rows.with_orders @ rows.orders)
    return BgNbd(
        r=r,
        alpha=alpha * rows.unit_weeks,
        a=a,
        b=b,
        log_likelihood=value - orders * float(np.log(rows.unit_weeks)),
        customers=round(rows.customers),
        dropout_identifiable=not regularised and a / (a + b) > _LEAST_DROPOUT,
        regularised=regularised,
    )


def _check(x: Floats, t_x: Floats, T: Floats) -> None:
    """Refuse what no shop can have."""
    asked = "cannot learn how often customers order"
    if x.ndim != 1 or not x.shape == t_x.shape == T.shape:
        raise ValueError(f"x, t_x and T must be one array each of one length, not {x.shape}, {t_x.shape}, {T.shape}")
    if not x.size:
        raise NotEnoughData(asked, "nobody has ordered yet", "Import orders first: lifeloop import FILE.")
    if not np.all(np.isfinite(x) & np.isfinite(t_x) & np.isfinite(T)):
        raise ValueError("x, t_x and T must be finite")
    if np.any((x < 0) | (x != np.rint(x)) | (t_x < 0) | (t_x > T + 1e-9) | ((x == 0) & (t_x > 0))):
        raise ValueError("each customer needs whole x >= 0 and 0 <= t_x <= T, with t_x = 0 where x = 0")
    if not np.any(T > 0):
        raise NotEnoughData(
            asked, "every customer's first order is on the last known day", "Wait a few days, or import older orders."
        )


def _centre(rows: Rows) -> Floats:
    """Return where the prior of a small shop stands, as logarithms of the scaled parameters."""
    weeks = float(rows.once @ rows.tenure + rows.weight @ rows.tenure[rows.T])
    orders = float(rows.with_orders @ rows.orders)
    return np.asarray(np.log([1.0, weeks / (orders + 0.5), 0.5, 1.5]))
