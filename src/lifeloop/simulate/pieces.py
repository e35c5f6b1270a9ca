"""How many pieces of a product an order takes: log-normal, rounded to whole pieces from 1, with the mean the settings ask for.

Dear products and large orders may take fewer or more of each: the median moves with the logarithms of the price and of the
number of products in the order, and the mean over all lines stays what was asked for.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtr
from scipy.stats import gamma

from lifeloop.simulate.draws import Draws, Floats, Ints
from lifeloop.simulate.goods import Goods
from lifeloop.simulate.settings import BasketSection

MOST_PIECES = 5000
"""No line has more pieces."""
_EDGES = np.log(np.arange(2, MOST_PIECES + 1) - 0.5)
_POINTS = 512
"""Places at which the mean is worked out; between them it is taken as straight."""
_BINS = 48
"""Into how many equally frequent kinds of lines prices and orders are sorted to find their mean."""


class Pieces:
    """Draws pieces for lines of orders, and knows their means."""

    def __init__(self, section: BasketSection, goods: Goods) -> None:
        self.section = section
        dear: Floats = np.log(goods.price_minor)
        self._by_price: Floats = section.quantity_by_price * (dear - goods.popularity @ dear)
        """How far the log median of each product lies from the middle one's."""
        self._large = np.log(section.lines)
        self._popularity = goods.popularity
        self.log_median = log_pieces(section) if self.even else self._solved()
        """Of a product of mean log price in an order of `section.lines` products."""

    @property
    def even(self) -> bool:
        """Whether neither prices nor large orders matter."""
        return not self.section.quantity_by_price and not self.section.quantity_by_lines

    def draw(self, draws: Draws, person: Ints, day: int, place: Ints, product: Ints, size: Ints) -> Ints:
        """Return the pieces of each line: the place-th of a person's order of `size` products on a day."""
        median: Any = self.log_median
        if not self.even:
            median = median + self._by_price[product] + self._by_size(size)
        spread = draws.normal("pieces", person, day, place) * self.section.quantity_sigma
        pieces: Ints = np.clip(np.rint(np.exp(median + spread)), 1, MOST_PIECES).astype(np.int64)
        return pieces

    @cached_property
    def of_product(self) -> Floats:
        """Mean pieces of each product over `section.quantity`, shape (p,); 1 while prices do not matter."""
        if self.even:
            return np.ones(self._popularity.size)
        sizes, weight = self._sizes
        shifts = self._by_price[:, None] + self._by_size(sizes)
        mean: Floats = self._mean(self.log_median + shifts) @ weight / self.section.quantity
        return mean

    def expected(self, generosity: Any) -> tuple[Floats, Floats]:
        """Return, per person, what an order holds in mean pieces: of its first product, and of all further ones together.

        Both over `section.quantity`, with products and sizes taken as independent.
        """
        further = (self.section.lines - 1) * generosity
        if self.even:
            return np.ones(generosity.size), further
        grid = np.linspace(0, max(float(generosity.max()), 1e-9), 64)
        size = 1 + _geometric((self.section.lines - 1) * grid[:, None], _middles(400))
        prices, weight = _bins(self._by_price, self._popularity)
        middle: Any = self._mean(self.log_median + self._by_size(size)[..., None] + prices) @ weight / self.section.quantity
        first, rest = middle.mean(axis=1), (middle * (size - 1)).mean(axis=1)
        return np.interp(generosity, grid, first), np.interp(generosity, grid, rest)

    def _by_size(self, size: Any) -> Any:
        return self.section.quantity_by_lines * (np.log(size) - self._large)

    @cached_property
    def _sizes(self) -> tuple[Floats, Floats]:
        """Sizes of the orders that lines are in, and the share of the lines in each."""
        own = self.section
        generosity = gamma.ppf(_middles(64), own.lines_shape) / own.lines_shape
        size = (1 + _geometric((own.lines - 1) * generosity[:, None], _middles(128))).ravel()
        logs, weight = _bins(np.log(size), size / size.sum())
        return np.exp(logs), weight

    @cached_property
    def _table(self) -> tuple[Floats, Floats]:
        """Log medians, and the mean pieces at each."""
        sigma = max(self.section.quantity_sigma, 1e-3)
        median = np.linspace(-20.0, np.log(MOST_PIECES) + 5 * sigma, _POINTS)
        return median, 1 + ndtr((median[:, None] - _EDGES) / sigma).sum(axis=1)

    def _mean(self, median: Any) -> Any:
        return np.interp(median, *self._table)

    def _solved(self) -> float:
        prices, by_price = _bins(self._by_price, self._popularity)
        sizes, by_size = self._sizes
        shifts = prices[:, None] + self._by_size(sizes)

        def mean(median: float) -> float:
            return float(by_price @ self._mean(median + shifts) @ by_size)

        return _where(mean, self.section.quantity)


def log_pieces(section: BasketSection) -> float:
    """Return the log median whose log-normal, rounded to whole pieces from 1, has the mean the settings ask for."""
    if section.quantity_sigma == 0:
        return float(np.log(section.quantity))
    return _where(lambda median: 1 + float(ndtr((median - _EDGES) / section.quantity_sigma).sum()), section.quantity)


def _where(mean: Any, wanted: float) -> float:
    """Return where a rising function of the log median reaches what is wanted."""
    low, high = -20.0, float(np.log(MOST_PIECES))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle) < wanted else (low, middle)
    return (low + high) / 2


def _middles(n: int) -> Floats:
    """Return the middles of n equal parts of 0..1."""
    return (np.arange(n) + 0.5) / n


def _geometric(mean: Any, uniform: Floats) -> Any:
    """Return counts 0, 1, 2, ... of these means at these places of their distributions."""
    ratio = np.maximum(mean / (1 + mean), 1e-300)
    return np.floor(np.log(uniform) / np.log(ratio))


def _bins(values: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the means of equally frequent parts of weighted values, and the weight of each part; they sum to 1."""
    order = np.argsort(values, kind="stable")
    running = np.cumsum(weight[order])
    place = np.minimum((running / running[-1] * _BINS).astype(np.int64), _BINS - 1)
    total = np.bincount(place, weight[order], _BINS)
    kept = total > 0
    return np.bincount(place, weight[order] * values[order], _BINS)[kept] / total[kept], total[kept] / total.sum()
