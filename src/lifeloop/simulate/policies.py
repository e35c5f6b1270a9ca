"""Policies that act in a simulated shop, and the rehearsal that says what each would earn.

`RfmCoupon` is what a shop does without lifeloop; `Oracle` knows the truth and shows what is there to be won. A policy of one's
own is any object with `act`: it sees what the shop saw and returns what to do today.

Source  recency and frequency rules: Hughes, "Strategic database marketing" (1994)
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.base.money import EXPONENT
from lifeloop.base.progress import Progress, silent
from lifeloop.simulate.actions import MESSAGE, NONE, Actions, messages
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.shop import Seen
from lifeloop.simulate.truth import Truth, open_shop


class Policy(Protocol):
    """Decides, day by day, what is done."""

    def act(self, today: date, seen: Seen | None, /) -> Actions:
        """Return today's actions; `seen` is what the shop saw yesterday, None on the first day."""
        ...


class Silent:
    """Does nothing."""

    def act(self, _today: date, _seen: Seen | None, /) -> Actions:
        """Return no action."""
        return NONE


@dataclass
class RfmCoupon:
    """Every four weeks, the same coupon to everybody who bought before but not lately, and agreed to the channel."""

    offer: str = "coupon_10"
    channel: str = "email"
    every_days: int = 28
    from_days: int = 30
    """Who ordered more recently is left alone."""
    to_days: int = 180
    """Who ordered longer ago is given up."""
    orders: int = 1
    """Fewest orders."""
    _last: dict[str, date] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)
    _agreed: set[str] = field(default_factory=set)
    _day: int = 0

    def act(self, today: date, seen: Seen | None, /) -> Actions:
        """Note yesterday's orders and consents; on the day of the campaign, send."""
        if seen is not None:
            for customer in seen.order["customer_id"].to_pylist():
                if customer is not None:
                    self._last[customer] = seen.day
                    self._count[customer] = self._count.get(customer, 0) + 1
            self._hear(seen)
        self._day += 1
        if self._day % self.every_days:
            return NONE
        due = [
            customer
            for customer, last in self._last.items()
            if self.from_days <= (today - last).days <= self.to_days
            and self._count[customer] >= self.orders
            and customer in self._agreed
        ]
        return Actions(messages=messages(due, channel=self.channel, offer=self.offer)) if due else NONE

    def _hear(self, seen: Seen) -> None:
        """Note who agreed to the channel, and who unsubscribed."""
        told = zip(seen.customer["customer_id"].to_pylist(), seen.consent.to_pylist(), strict=True)
        self._agreed.update(customer for customer, consent in told if self.channel in json.loads(consent))
        gone = seen.event.filter(pc.equal(seen.event["name"], "Unsubscribed"))
        self._agreed.difference_update(gone["customer_id"].to_pylist())


@dataclass
class Oracle:
    """Sends each customer the message of the highest true margin, where one is above zero, and rests for `rest_days`.

    It knows the truth: a yardstick, never a rival.
    """

    truth: Truth
    horizon_days: int = 30
    every_days: int = 7
    rest_days: int = 14
    hour: int = 10
    _sent: dict[str, int] = field(default_factory=dict)
    _day: int = 0

    def act(self, _today: date, _seen: Seen | None, /) -> Actions:
        """Choose the best message for each customer, once a week."""
        self._day += 1
        if self._day % self.every_days:
            return NONE
        told = self.truth.uplift(self.horizon_days, hour=self.hour)
        told = told.filter(pc.and_(told["may_send"], pc.greater(told["margin_minor"], 0.0)))
        best = told.sort_by([("margin_minor", "descending"), ("customer_id", "ascending")])
        customer = best["customer_id"].to_numpy()
        _, first = np.unique(customer, return_index=True)
        rested = [row for row in first.tolist() if self._day - self._sent.get(customer[row], -self.rest_days) >= self.rest_days]
        self._sent.update(dict.fromkeys((customer[row] for row in rested), self._day))
        chosen = best.take(pa.array(rested, pa.int64()))
        columns = [chosen["customer_id"], chosen["channel"], chosen["offer"], pa.repeat(self.hour, chosen.num_rows)]
        return Actions(messages=pa.table([_whole(column) for column in columns], names=MESSAGE.names).cast(MESSAGE))


@dataclass(frozen=True)
class Rehearsal:
    """What a policy did and what the shop earned meanwhile, in minor units."""

    days: int
    messages: int
    refused: int
    unsubscribed: int
    orders: int
    goods_minor: int
    margin_minor: int
    """Goods less their cost, shipping given away and returns; the cost of messages taken off."""
    new_customers: int = 0
    """Customers whose first order was due in these days, whatever the policy."""
    acquisition_minor: int = 0
    """What it cost to win them; not taken off the margin, as every policy pays the same."""


POLICIES: dict[str, Callable[[Truth], Policy]] = {
    "none": lambda _: Silent(),
    "rfm_coupon": lambda _: RfmCoupon(),
    "oracle": Oracle,
}
"""Policies by name, made with the truth of the shop they act in; only the oracle looks at it."""


def rehearse(
    config: WorldConfig, policy: str | Policy | Callable[[Truth], Policy], *, after_days: int = 0, progress: Progress = silent
) -> Rehearsal:
    """Live through a world in which a policy acts after `after_days` days, and return what came of it.

    The policy is an object with `act`, the name of one of POLICIES, or a function of the truth that returns one. It sees the
    days before it acts, too; it is copied first, so that one object can be rehearsed in many worlds. Two rehearsals of one
    world differ in nothing but the policy: whom it never touched does the same in both.

    Raises UnknownName for a policy, and for an offer or channel the world does not have; SettingsError for `after_days`.
    """
    if not 0 <= after_days < config.shop.days:
        raise SettingsError(
            f"cannot let a policy act after {after_days} days", f"the world has {config.shop.days}", "Let it begin earlier."
        )
    shop, truth = open_shop(config, diary=False)
    acts = _made(policy, truth)
    till, seen = _Till(config), None
    for day in range(config.shop.days):
        actions = acts.act(shop.today, seen) or NONE
        seen = shop.step(actions=actions if day >= after_days else NONE)
        if day >= after_days:
            _check_names(config, seen, actions)
            till.ring(seen, actions.messages)
        else:
            till.learn(seen)
        progress("rehearsing", day + 1, config.shop.days)
    won, paid = acquired(truth, after_days, config.shop.days)
    return replace(till.sum(config.shop.days - after_days), new_customers=won, acquisition_minor=paid)


def _made(policy: str | Policy | Callable[[Truth], Policy], truth: Truth) -> Policy:
    """Return the policy that is meant, at its beginning."""
    if isinstance(policy, str):
        if policy not in POLICIES:
            raise UnknownName("policy", policy, POLICIES)
        return POLICIES[policy](truth)
    if isinstance(policy, type) or not hasattr(policy, "act"):
        return cast("Callable[[Truth], Policy]", policy)(truth)
    return copy.deepcopy(cast("Policy", policy))


def _check_names(config: WorldConfig, seen: Seen, actions: Actions) -> None:
    """Refuse a policy that names an offer or channel the world does not have. Raises UnknownName."""
    if not any(reason in ("no such offer", "no such channel") for _, reason in seen.refused):
        return
    for kind, known in (("offer", config.offers), ("channel", config.messages.channels)):
        for name in pc.unique(actions.messages[kind]).to_pylist():
            if name not in known:
                raise UnknownName(kind, str(name), known)


def acquired(truth: Truth, from_day: int, to_day: int) -> tuple[int, int]:
    """Return how many customers come first on the days `from_day` to `to_day` - 1, and what they cost in minor units.

    People who come to look only are none, also where they order later on: whom a policy wins costs nothing here.
    """
    world = truth._world  # noqa: SLF001 - same room
    people, sources = world.people, world.config.acquisition.values()
    new = ~people.prospect & (people.arrival >= from_day) & (people.arrival < to_day)
    cost = np.array([source.cost for source in sources]) * world.unit
    return int(new.sum()), round(float(cost[people.source[new]].sum()))


class _Till:
    """Counts money from what the shop sees."""

    def __init__(self, config: WorldConfig) -> None:
        unit = 10 ** EXPONENT[config.shop.currency]
        self.cost: dict[str, int] = {}
        self.shipping = round(config.shop.shipping * unit)
        self.message_cost = {name: one.cost * unit for name, one in config.messages.channels.items()}
        self.counts = dict.fromkeys(("messages", "refused", "unsubscribed", "orders", "goods_minor"), 0)
        self.margin = 0.0

    def learn(self, seen: Seen) -> None:
        """Note what products cost."""
        self.cost.update(zip(seen.product["product_id"].to_pylist(), seen.product["cost_minor"].to_pylist(), strict=True))

    def ring(self, seen: Seen, sent: pa.Table) -> None:
        """Add up a day."""
        self.learn(seen)
        order = seen.order
        goods = pc.sum(order["goods_minor"]).as_py() or 0
        shipped = pc.and_(pc.equal(order["shipping_minor"], 0), pc.not_equal(order["channel"], "store"))
        given_back = pc.sum(seen.refund["goods_minor"]).as_py() or 0
        cost = self._cost(seen.order_line) - self._cost(seen.refund)
        refused = {customer for customer, _ in seen.refused}
        went = [row["channel"] for row in sent.to_pylist() if row["customer_id"] not in refused]
        self.margin += goods - given_back - cost - self.shipping * (pc.sum(shipped).as_py() or 0)
        self.margin -= sum(self.message_cost[channel] for channel in went)
        unsubscribed = pc.sum(pc.equal(seen.event["name"], "Unsubscribed")).as_py() or 0
        told = (len(went), sent.num_rows - len(went), unsubscribed, order.num_rows, goods)
        self.counts = {name: self.counts[name] + more for name, more in zip(self.counts, told, strict=True)}

    def sum(self, days: int) -> Rehearsal:
        """Return what came together."""
        return Rehearsal(days=days, margin_minor=round(self.margin), **self.counts)

    def _cost(self, lines: pa.Table) -> float:
        pieces = zip(lines["product_id"].to_pylist(), lines["quantity"].to_pylist(), strict=True)
        return float(sum(self.cost.get(product, 0) * quantity for product, quantity in pieces))


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
