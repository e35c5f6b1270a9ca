"""The level: what BG/NBD and Gamma-Gamma say of each customer of a snapshot, before anything is learned on top of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import ModelError, NotEnoughData
from lifeloop.predict.btyd.bg_nbd import WEEK_DAYS, BgNbd, Summary, fit_bg_nbd, summary_of
from lifeloop.predict.btyd.gamma_gamma import GammaGamma, fit_gamma_gamma
from lifeloop.predict.columns import Floats, numbers

_MOST_PER_DAY = 5.0
"""One customer with a hundred orders a day must not make a shop's habit."""

_DRAWN_TOWARDS_SHOP = 5.0
"""The shop's orders per day count as much as this many days of the customer's own."""


@dataclass(frozen=True)
class Outlook:
    """What the level says, each of shape (customers,)."""

    summary: Summary
    alive: Floats
    """P(still a customer)."""
    chance: Floats
    """P(an order within the horizon)."""
    orders_if_any: Floats
    """Expected orders of those who order at all; 1 or more."""
    order_value: Floats
    """Expected spend per order, minor units."""

    @property
    def orders(self) -> Floats:
        """Expected orders."""
        return self.chance * self.orders_if_any


@dataclass(frozen=True)
class Level:
    """One shop's fitted level. Times inside are weeks, money is minor units."""

    counts: BgNbd
    spending: GammaGamma | None
    """None where no order has an amount above zero."""
    orders_per_day: float
    """Orders per order day of a customer of whom nothing is known: BG/NBD counts days."""

    @classmethod
    def of(cls, snapshot: pa.Table) -> Level:
        """Fit to the customers of a snapshot, all of whom ordered. Raises NotEnoughData, ModelError."""
        known = summary_of(snapshot)
        counts = fit_bg_nbd(known.x, known.t_x, known.T)
        days = known.x + 1.0
        try:
            spending = fit_gamma_gamma(known.x, known.m, mean=float(known.spend.sum() / days.sum()))
        except NotEnoughData:
            spending = None
        per_day = np.clip(numbers(snapshot, "orders") / days, 1.0, _MOST_PER_DAY)
        return cls(counts, spending, float(per_day.mean()))

    @property
    def usual_order_value(self) -> float:
        """What a newcomer is expected to spend per order, minor units; 1 where nobody pays."""
        if self.spending is None:
            return 1.0
        nobody = np.zeros(1)
        return float(self.spending.expected_value(nobody, nobody)[0]) / self.orders_per_day

    def outlook(self, snapshot: pa.Table, horizon_days: int) -> Outlook:
        """Return what the level says of the customers of a snapshot, all of whom ordered. Raises ModelError."""
        known, weeks = summary_of(snapshot), horizon_days / WEEK_DAYS
        alive = self.counts.p_alive(known.x, known.t_x, known.T)
        chance = self.counts.chance_if_alive(weeks, known.x, known.T)
        orders = self.counts.orders_if_alive(weeks, known.x, known.T)
        value = np.zeros(known.x.shape) if self.spending is None else self.spending.expected_value(known.x, known.m)
        days = known.x + 1.0
        own = np.maximum(numbers(snapshot, "orders"), days) + _DRAWN_TOWARDS_SHOP * self.orders_per_day
        per_day = own / (days + _DRAWN_TOWARDS_SHOP)
        return Outlook(
            summary=known,
            alive=alive,
            chance=alive * chance,
            orders_if_any=per_day * np.maximum(orders / chance, 1.0),
            order_value=value / per_day,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the level as plain values."""
        spending = None if self.spending is None else _plain(asdict(self.spending))
        return {"counts": _plain(asdict(self.counts)), "spending": spending, "orders_per_day": self.orders_per_day}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Level:
        """Return the level `as_json` told. Raises ModelError."""
        try:
            spending = None if told["spending"] is None else GammaGamma(**_number(told["spending"]))
            return cls(BgNbd(**_number(told["counts"])), spending, float(told["orders_per_day"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError("cannot read a model's level", str(error), "Train it again: lifeloop run.") from error


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with null for what is not a number: JSON has no NaN."""
    return {name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in values.items()}


def _number(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float("nan") if value is None else value for name, value in values.items()}
