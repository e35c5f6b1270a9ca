"""The BG/NBD likelihood and its gradient, on rows compressed so that a million customers cost what a hundred thousand do.

Per customer with x repeat order days, the last of them t_x and today T after the first (weeks):

    ln L = lnG(r+x) - lnG(r) + r ln alpha + lnB(a, b+x) - lnB(a, b) + ln( e^A3 + [x>0] e^A4 )
    A3   = -(r+x) ln(alpha+T)                                   still a customer
    A4   = ln a - ln(b+x-1) - (r+x) ln(alpha+t_x)               dropped out right after the last order

Three things make it cheap. Customers with equal (x, t_x, T) in days are one row with a weight: where dates are days this
loses nothing. Gamma terms depend on x alone and logarithms of time on the day alone: both are evaluated once per distinct
value. And what remains per row is one exponential, because e^A3 is taken out: ln(...) = A3 + ln(1 + e^(A4-A3)).

Source  Fader, Hardie & Lee (2005), "Counting your customers" the easy way; the gradient is our own, checked against
        finite differences in tests/predict/test_btyd.py
Cost    sorting one 64-bit key per customer; then about 40 bytes and 60 ns per distinct row and evaluation, about 20
        evaluations
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

from lifeloop.predict.columns import Floats

Index = npt.NDArray[np.int32]

_BITS = 21
_LIMIT = 1 << _BITS
"""Days (5,700 years) and orders per customer that still fit into a third of the key."""

SCALED_SPAN = 10.0
"""Time is scaled so that the longest tenure is this long: the four parameters are then of one size."""


@dataclass(frozen=True)
class Rows:
    """Customers grouped by equal (x, t_x, T). Times are scaled: 1 scaled unit = `unit_weeks` weeks."""

    orders: Floats
    """Distinct x, shape (k,)."""
    with_orders: Floats
    """Customers with each of them, shape (k,)."""
    last: Floats
    """Distinct t_x of customers who returned, scaled, shape (l,)."""
    tenure: Floats
    """Distinct T, scaled, shape (m,)."""
    once: Floats
    """Customers with x = 0 by tenure, shape (m,)."""
    x: Index
    t_x: Index
    T: Index
    """Where each row's x, t_x, T stand in `orders`, `last`, `tenure`; rows with x > 0 only, shape (n,)."""
    weight: Floats
    """Customers in each row, shape (n,)."""
    customers: float
    repeaters: float
    unit_weeks: float


def compress(x: Floats, t_x: Floats, T: Floats, weights: Floats | None = None) -> Rows:
    """Group customers by equal (x, t_x, T); shapes (n,), times in weeks, some T > 0.

    >>> rows = compress(np.array([1.0, 1.0, 0.0]), np.array([2.0, 2.0, 0.0]), np.array([4.0, 4.0, 4.0]))
    >>> rows.weight.tolist(), rows.once.tolist(), rows.customers
    ([2.0], [1.0], 3.0)
    """
    x, t_x, T, weight = _merged(x, t_x, T, weights)
    unit = float(T.max()) / SCALED_SPAN
    orders, at_x = np.unique(x, return_inverse=True)
    tenure, at_T = np.unique(T, return_inverse=True)
    back = x > 0
    last, at_last = np.unique(t_x[back], return_inverse=True)
    return Rows(
        orders=orders,
        with_orders=_sums(at_x, weight, orders.size),
        last=last / unit,
        tenure=tenure / unit,
        once=_sums(at_T[~back], weight[~back], tenure.size),
        x=at_x[back].astype(np.int32),
        t_x=at_last.astype(np.int32),
        T=at_T[back].astype(np.int32),
        weight=weight[back],
        customers=float(weight.sum()),
        repeaters=float(weight[back].sum()),
        unit_weeks=unit,
    )


def _merged(x: Floats, t_x: Floats, T: Floats, weights: Floats | None) -> tuple[Floats, Floats, Floats, Floats]:
    """Return distinct rows with their weights; rows whose times are no whole days are left as they are."""
    days_last, days = t_x * 7.0, T * 7.0
    whole_last, whole = np.rint(days_last), np.rint(days)
    is_whole = bool(np.all(np.abs(days_last - whole_last) < 1e-6) and np.all(np.abs(days - whole) < 1e-6))
    if not is_whole or days.max() >= _LIMIT or x.max() >= _LIMIT:
        return x, t_x, T, np.ones(x.size) if weights is None else weights
    key = (x.astype(np.int64) << 2 * _BITS) | (whole_last.astype(np.int64) << _BITS) | whole.astype(np.int64)
    if weights is None:
        key.sort()
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
        weight = np.diff(np.append(starts, key.size)).astype(np.float64)
        key = key[starts]
    else:
        key, group = np.unique(key, return_inverse=True)
        weight = _sums(group, weights, key.size)
    low = _LIMIT - 1
    return (
        (key >> 2 * _BITS).astype(np.float64),
        ((key >> _BITS) & low).astype(np.float64) / 7.0,
        (key & low).astype(np.float64) / 7.0,
        weight,
    )


def log_likelihood(parameters: Floats, rows: Rows) -> tuple[float, Floats]:
    """Return ln L and its gradient with respect to (r, alpha, a, b), shape (4,); alpha in scaled time.

    With w4 = e^A4 / (e^A3 + e^A4) and w3 = 1 - w4 (x = 0: w3 = 1), psi the digamma function:

        d/dr     = sum[ -w3 ln(alpha+T) - w4 ln(alpha+t_x) ] + sum[ psi(r+x) - psi(r) + ln alpha ]
        d/dalpha = sum[ -(r+x) (w3/(alpha+T) + w4/(alpha+t_x)) ] + N r/alpha
        d/da     = sum[ w4/a ] + sum[ psi(a+b) - psi(a+b+x) ]
        d/db     = sum[ -w4/(b+x-1) ] + sum[ psi(a+b) + psi(b+x) - psi(b) - psi(a+b+x) ]
    """
    r, alpha, a, b = (float(value) for value in parameters)
    log_last, log_tenure = np.log(alpha + rows.last), np.log(alpha + rows.tenure)
    value, gradient = _by_orders(r, alpha, a, b, rows)
    value -= r * _dot(rows.once, log_tenure)
    gradient[0] -= _dot(rows.once, log_tenure)
    gradient[1] -= r * _dot(rows.once, 1.0 / (alpha + rows.tenure))

    shape = r + rows.orders[rows.x]
    after_last = b + np.maximum(rows.orders, 1.0) - 1.0
    at_tenure, at_last = log_tenure[rows.T], log_last[rows.t_x]
    difference = (np.log(a) - np.log(after_last))[rows.x] + shape * (at_tenure - at_last)
    small = np.exp(-np.abs(difference))
    value += _dot(rows.weight, np.maximum(difference, 0.0) + np.log1p(small) - shape * at_tenure)

    w4 = rows.weight * np.where(difference > 0.0, 1.0, small) / (1.0 + small)
    w3 = rows.weight - w4
    gradient[0] -= _dot(w3, at_tenure) + _dot(w4, at_last)
    gradient[1] -= _dot(w3 * shape, (1.0 / (alpha + rows.tenure))[rows.T])
    gradient[1] -= _dot(w4 * shape, (1.0 / (alpha + rows.last))[rows.t_x])
    dropped = _sums(rows.x, w4, rows.orders.size)
    gradient[2] += float(dropped.sum()) / a
    gradient[3] -= _dot(dropped, 1.0 / after_last)
    return value, gradient


def _by_orders(r: float, alpha: float, a: float, b: float, rows: Rows) -> tuple[float, Floats]:
    """Return the part that depends on x alone, and its gradient: every gamma function is evaluated once per distinct x."""
    x, count = rows.orders, rows.with_orders
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    value += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    lost = digamma(a + b) - digamma(a + b + x)
    gradient = np.array(
        [
            _dot(count, digamma(r + x) - digamma(r) + np.log(alpha)),
            rows.customers * r / alpha,
            _dot(count, lost),
            _dot(count, lost + digamma(b + x) - digamma(b)),
        ]
    )
    return _dot(count, value), gradient


def _sums(group: npt.NDArray[np.integer], weights: Floats, groups: int) -> Floats:
    """Return the sum of weights by group, shape (groups,)."""
    return np.bincount(group, weights, groups).astype(np.float64, copy=False)


def _dot(left: Floats, right: Floats) -> float:
    """Return the inner product in one thread: BLAS would wake others for vectors this short, and burn more than it saves."""
    return float(np.einsum("i,i->", left, right))
