"""The level: what BG/NBD and Gamma-Gamma say of each customer of a snapshot, before anything is learned on top of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import ModelError, NotEnoughData
from lifeloop.predict.btyd import WEEK_DAYS, BgNbd, Summary, fit_bg_nbd, summary_of
from lifeloop.predict.columns import Floats, numbers
from lifeloop.predict.gamma_gamma import GammaGamma, fit_gamma_gamma


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
    """Orders per order day over all customers: BG/NBD counts days."""

    @classmethod
    def of(cls, snapshot: pa.Table) -> Level:
        """Fit to the customers of a snapshot, all of whom ordered. Raises NotEnoughData, ModelError."""
        known = summary_of(snapshot)
        counts = fit_bg_nbd(known.x, known.t_x, known.T)
        days = float(np.sum(known.x + 1.0))
        try:
            spending = fit_gamma_gamma(known.x, known.m, mean=float(known.spend.sum()) / days)
        except NotEnoughData:
            spending = None
        return cls(counts, spending, max(float(np.nansum(numbers(snapshot, "orders"))) / days, 1.0))

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
        return Outlook(
            summary=known,
            alive=alive,
            chance=alive * chance,
            orders_if_any=self.orders_per_day * np.maximum(orders / chance, 1.0),
            order_value=value / self.orders_per_day,
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
