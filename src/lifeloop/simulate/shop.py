"""The simulated shop as its owner sees it: a policy acts, a day goes by, and comes back as rows of the declared tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from lifeloop.base.errors import SettingsError
from lifeloop.simulate.actions import NONE, Actions
from lifeloop.simulate.contact import consent_given, consents
from lifeloop.simulate.deeds import together
from lifeloop.simulate.facts import customer_table, event_table, product_list, product_table
from lifeloop.simulate.orders import order_tables
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.world import Today, World


@dataclass(frozen=True)
class Seen:
    """What the shop saw on one day: rows of the declared tables, as received."""

    day: date
    event: pa.Table
    order: pa.Table
    order_line: pa.Table
    refund: pa.Table
    product: pa.Table
    """What was put on sale today, with what is left of it in the evening."""
    customer: pa.Table
    consent: Any
    """The channels each new customer agreed to, as JSON lists, in the order of `customer`; Arrow strings."""
    refused: list[tuple[str, str]]
    """Actions that could not be done: what was asked for (a customer or a conversation) and why."""

    def tables(self) -> dict[str, pa.Table]:
        """Return the tables by name."""
        return {name: getattr(self, name) for name in ("event", "order", "order_line", "refund", "product", "customer")}


class Shop:
    """A simulated shop as its owner sees it."""

    def __init__(self, world: World | WorldConfig) -> None:
        self._world = world if isinstance(world, World) else World(world)

    @property
    def today(self) -> date:
        """The day to come."""
        return self._world.date(self._world.state.day)

    @property
    def days_left(self) -> int:
        """Days from the one to come to the world's end."""
        return self._world.config.shop.days - self._world.state.day

    def products(self) -> pa.Table:
        """Return the shop's product list as of the evening of the last day: rows of `product`, with what is on the shelf."""
        return product_list(self._world)

    def step(self, day: date | None = None, actions: Actions = NONE) -> Seen:
        """Live one day in which a policy acts, and return what the shop sees of it.

        `day` must be `today`; leave it out to take the next one. Raises SettingsError for any other, or behind the last day.
        """
        world = self._world
        if day is not None and day != self.today:
            raise SettingsError(f"cannot live {day}", f"the shop is at {self.today}", "Days follow one another.")
        if world.state.day >= world.config.shop.days:
            raise SettingsError(
                f"cannot live {self.today}", f"the world ends on {world.config.shop.end}", "Set shop.end later."
            )
        return write_down(world, world.live(actions))

    def history(self, days: int | None = None) -> Iterator[Seen]:
        """Live the next `days` days (all that are left) without acting, and yield what is seen day by day.

        Memory is bounded: nothing of a day is kept but the state.
        """
        for _ in range(self.days_left if days is None else days):
            yield self.step()


def write_down(world: World, today: Today) -> Seen:
    """Return the rows of the declared tables that a day leaves."""
    order, line = order_tables(world, today.orders)
    done = together([consent_given(world, today.day), *today.deeds])
    done = together([done, world.dirt.bots(today.day, done)])
    return Seen(
        day=world.date(today.day),
        event=world.dirt.deliver(today.day, event_table(world, done)),
        order=order,
        order_line=line,
        refund=today.refund,
        product=product_table(world, today.day),
        customer=customer_table(world, today.new),
        consent=pa.array(consents(world, today.new.person), pa.string()),
        refused=today.refused,
    )
