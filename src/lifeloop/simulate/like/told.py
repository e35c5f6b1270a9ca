"""What may be told of a real shop, for a world to be made like it. `lifeloop.measure.marginals` tells all of it."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Spread(Protocol):
    """How a figure is spread over rows."""

    @property
    def rows(self) -> int:
        """How many rows."""
        ...

    @property
    def mean(self) -> float:
        """Their mean."""
        ...

    @property
    def values(self) -> tuple[float, ...]:
        """Some of the values, rising."""
        ...

    @property
    def up_to(self) -> tuple[float, ...]:
        """Share of the rows at or below each of them."""
        ...

    def share_up_to(self, value: float, /) -> float:
        """Return the share of rows at or below a value."""
        ...

    def quantile(self, share: float, /) -> float:
        """Return the smallest value that at least `share` of the rows do not exceed."""
        ...


class SeasonFigures(Protocol):
    """When a shop sells."""

    @property
    def weekday(self) -> tuple[float, ...]:
        """Share of the orders by day of the week, shape (7,)."""
        ...

    @property
    def hour(self) -> tuple[float, ...]:
        """Share of the orders by hour of the shop's clock, shape (24,)."""
        ...

    @property
    def month(self) -> tuple[float, ...]:
        """Orders a day by month of the year over those of an average month, shape (12,)."""
        ...


class RateFigures(Protocol):
    """BG/NBD as fitted to a shop: r, alpha in weeks, a, b."""

    @property
    def r(self) -> float:
        """Shape of the rates."""
        ...

    @property
    def alpha(self) -> float:
        """Scale of the rates, weeks."""
        ...

    @property
    def a(self) -> float:
        """First parameter of the drop-out."""
        ...

    @property
    def b(self) -> float:
        """Second parameter of the drop-out."""
        ...


class Told(Protocol):
    """The figures of a shop. Shares are 0..1, money is minor units."""

    @property
    def first(self) -> date:
        """Day of the first order."""
        ...

    @property
    def last(self) -> date:
        """Day of the last order."""
        ...

    @property
    def days(self) -> int:
        """From the first to the last day."""
        ...

    @property
    def currency(self) -> str:
        """ISO 4217 code."""
        ...

    @property
    def customers(self) -> int:
        """Customers who ordered."""
        ...

    @property
    def unnamed_share(self) -> float:
        """Share of the orders nobody is named in."""
        ...

    @property
    def orders_per_customer(self) -> float:
        """Orders that name a customer, over customers."""
        ...

    @property
    def orders_histogram(self) -> tuple[float, ...]:
        """Share of customers with 1, 2, 3, 4, 5, 6-10, 11-20, more orders."""
        ...

    @property
    def once_share(self) -> float:
        """Share of customers with a single order."""
        ...

    @property
    def arrivals(self) -> tuple[float, ...]:
        """Share of customers by the month of their first order."""
        ...

    @property
    def gap_days(self) -> Spread | None:
        """Days between orders."""
        ...

    @property
    def seasons(self) -> SeasonFigures:
        """Week, day and year."""
        ...

    @property
    def lines_per_order(self) -> Spread:
        """Lines of an order."""
        ...

    @property
    def pieces_per_line(self) -> Spread | None:
        """Pieces of a line."""
        ...

    @property
    def price_minor(self) -> Spread | None:
        """Paid per piece, over lines."""
        ...

    @property
    def order_minor(self) -> Spread:
        """Goods of an order."""
        ...

    @property
    def products_sold(self) -> int:
        """Products that were ever sold."""
        ...

    @property
    def popularity(self) -> tuple[float, ...]:
        """Share of the lines that the best-selling shares POPULAR of the products make."""
        ...

    @property
    def returned_lines_share(self) -> float:
        """Share of the lines that came back."""
        ...

    @property
    def return_days(self) -> Spread | None:
        """Days from a purchase to its return."""
        ...

    @property
    def countries(self) -> tuple[tuple[str, float], ...]:
        """Countries with most customers, and their shares."""
        ...

    @property
    def languages(self) -> tuple[tuple[str, float], ...]:
        """The same of languages."""
        ...

    @property
    def margin_share(self) -> float | None:
        """Mean margin of the catalogue; None where costs are not known."""
        ...

    @property
    def btyd(self) -> RateFigures:
        """BG/NBD fitted to order days."""
        ...


POPULAR = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of the products at which `Told.popularity` is known."""
