"""How sure an association is: an interval of its confidence, its chance under independence, and the share of false ones.

Source  Wilson (1927) for the interval; Fisher's exact test, one-sided, conditional on the margins within classes of orders
        (Birch 1964), bounded from above after Hoeffding (1956) as said at `chance_of_at_least`; Benjamini & Hochberg (1995)
        for the share of false rules
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

Z_95 = 1.959963984540054
"""Between -z and z lie 95 % of the standard normal distribution."""


def wilson(successes: npt.ArrayLike, trials: npt.ArrayLike, z: float = Z_95) -> tuple[Doubles, Doubles]:
    """Return both ends of the interval of a share, of the given shapes; without trials nothing is known: 0 and 1.

    With p = successes / trials = s / n:  (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).

    >>> low, high = wilson(8, 10)
    >>> low.round(3).item(), high.round(3).item()
    (0.49, 0.943)
    """
    s, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    known = np.maximum(n, 1.0)
    p, reach = s / known, z * z / known
    middle = (p + reach / 2) / (1 + reach)
    half = z * np.sqrt(p * (1 - p) / known + reach / (4 * known)) / (1 + reach)
    low = np.where((n > 0) & (s > 0), middle - half, 0.0)
    high = np.where((n > 0) & (s < n), middle + half, 1.0)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def chance_of_at_least(both: npt.ArrayLike, expected: npt.ArrayLike, most: npt.ArrayLike) -> Doubles:
    """Return an upper bound of the chance of `both` orders or more with a pair whose products are independent.

    Under independence and given the margins, the orders with both in one class of orders are hypergeometric. Such a number
    is distributed as a sum of independent yes-or-no draws of unequal chances (Vatutin & Mikhailov 1982), so that the sum over
    all classes is one as well, of at most `most` draws and of mean `expected`. Of all such sums the binomial one has the
    heaviest upper tail (Hoeffding 1956, theorem 4), from `expected` + 1 on:

        P(X >= both) <= P(Binomial(most, expected / most) >= both)

    Below `expected` + 1 the answer is 1: a rule needs more than that. Never too small; close to Fisher's where the products
    are rare among the orders, and too large by a factor that grows with their shares elsewhere.

    Args:
        both: orders with both products, shape (pairs,)
        expected: of them under independence: Σ over classes of (orders with one) (orders with the other) / orders
        most: how many there could be: Σ over classes of the lesser of the two

    >>> chance_of_at_least([3, 1], [0.5, 0.5], [5, 5]).round(4).tolist()
    [0.0086, 1.0]
    """
    from scipy.special import betainc

    k, mean, n = (np.asarray(given, np.float64) for given in (both, expected, most))
    rare = (k >= mean + 1) & (k <= n) & (k > 0)
    chance = np.where(k > n, 0.0, 1.0)
    seen, draws = k[rare], n[rare]
    chance[rare] = betainc(seen, draws - seen + 1, mean[rare] / draws)
    return chance


def benjamini_hochberg(p: npt.ArrayLike, tests: int) -> Doubles:
    """Return for each p-value the least share of false rules at which it is kept, shape as given.

    q of the r-th smallest p is the least over s >= r of p_s · tests / s. `tests` counts every test that could have been
    made, also those that `p` leaves out because their p is 1; it is never fewer than there are p-values.

    >>> benjamini_hochberg([0.01, 0.02, 0.5], tests=3).round(3).tolist()
    [0.03, 0.03, 0.5]
    >>> benjamini_hochberg([0.01, 0.02], tests=10).round(3).tolist()
    [0.1, 0.1]
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * max(tests, len(values)) / np.arange(1, len(values) + 1)
    q = np.empty_like(values)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q
