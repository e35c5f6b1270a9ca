"""Rows of the declared tables: events, products, customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.schema import CUSTOMER, EVENT, PRODUCT
from lifeloop.simulate.arrival import received
from lifeloop.simulate.deeds import DAY, NAMES, NUMBER, Deeds, braces, hex_or_null, instants, optional
from lifeloop.simulate.dirt import AGENT, WEB_AGENTS
from lifeloop.simulate.draws import Ints, Mask
from lifeloop.simulate.identity import GUEST, SECOND, SELF, customer_ids
from lifeloop.simulate.orders import Orders, declared, order_numbers
from lifeloop.simulate.season import LANGUAGES
from lifeloop.simulate.words import goods as words

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

_EXISTING_DAYS = 730
"""Customers from before the first day came within as many days before it."""
_TYPE = pa.array([kind for kind, _ in NAMES])
_NAME = pa.array([name for _, name in NAMES])


_READ_IN = pa.array(["", *(f'{AGENT}"{one}", ' for one in WEB_AGENTS)])


@dataclass(frozen=True)
class NewCustomers:
    """People the shop heard of for the first time on a day, as columns of equal length."""

    person: Ints
    second: Ints
    """When, UTC; for customers from before the first day long ago."""
    said: Ints
    """As whom: see `identity`."""

    def take(self, rows: Ints) -> NewCustomers:
        """Return some of them."""
        return NewCustomers(self.person[rows], self.second[rows], self.said[rows])


def event_table(world: World, done: Deeds) -> pa.Table:
    """Return the rows of `event` that deeds leave. Pages of entry say which browser they were read in."""
    number = pa.array(done.name)
    ordered = np.flatnonzero(done.order >= 0)
    order = np.full(len(done), None, object)
    order[ordered] = order_numbers(world.draws, done.order[ordered], world.epoch).to_numpy(zero_copy_only=False)
    columns = {
        "message_id": hex_or_null(done.message),
        "type": _TYPE.take(number),
        "name": _NAME.take(number),
        "customer_id": customer_ids(world.people, done.person, done.customer),
        "anonymous_id": hex_or_null(done.visitor),
        "session_id": hex_or_null(done.session),
        "occurred_at": instants(done.second),
        "received_at": received(world.draws, "event", done.message, done.second),
        "product_id": world.goods.product_id.take(optional(done.product)),
        "order_id": pa.array(order, pa.string()),
        "currency": pa.array([world.currency, None]).take(pa.array((done.amount < 0).astype(np.int64))),
        "amount_minor": optional(done.amount),
        "properties": _properties(done),
    }
    return declared(EVENT, columns, world.currency, len(done))


def _properties(done: Deeds) -> Any:
    """Return the properties of events as JSON; null where there are none."""
    silent = (done.name != NUMBER["Home"]) | (done.visitor == 0)
    silent |= np.asarray(pc.fill_null(pc.starts_with(done.extra, AGENT), fill_value=False))
    place = np.where(silent, 0, 1 + (done.visitor & np.uint64(15)).astype(np.int64) % len(WEB_AGENTS))
    return braces(pc.binary_join_element_wise(_READ_IN.take(pa.array(place)), done.extra, ""))


def product_table(world: World, day: int) -> pa.Table:
    """Return the rows of `product` put on sale on a day; on the first day the whole first catalogue.

    The stock is what lies on the shelf now; nobody counts it in a world that never runs out.
    """
    goods = world.goods
    rows = np.flatnonzero(goods.launch == day) if day else np.flatnonzero(goods.launch <= 0)
    return _products(world, rows, np.full(rows.size, world.midnight(day)))


def product_list(world: World) -> pa.Table:
    """Return the row of `product` of everything on sale by now, in the order of launch, as of the last second lived."""
    launch = world.goods.launch
    order = np.argsort(launch, kind="stable")
    rows = order[launch[order] < world.state.day]
    return _products(world, rows, np.full(rows.size, world.midnight(world.state.day) - 1))


def _products(world: World, rows: Ints, second: Ints) -> pa.Table:
    goods, place = world.goods, pa.array(rows)
    shelf = np.maximum(world.state.stock[rows], 0.0)
    columns = {
        "product_id": goods.product_id.take(place),
        "title": goods.title[0].take(place),
        "category": pa.array([goods.categories[one][0] for one in goods.category[rows].tolist()], pa.string()),
        "description": pc.binary_join_element_wise(
            *(text[language].take(place) for language in (0, 1) for text in (goods.title, goods.description)), "\n"
        ),
        "brand": pa.array([words.BRANDS[one] for one in goods.brand[rows].tolist()], pa.string()),
        "price_minor": goods.price_minor[rows],
        "cost_minor": goods.cost_minor[rows],
        "stock": pa.array(shelf, mask=np.isinf(shelf)),
        "updated_at": instants(second),
    }
    return declared(PRODUCT, columns, world.currency, rows.size)


def customer_table(world: World, new: NewCustomers) -> pa.Table:
    """Return the rows of `customer` of those the shop heard of for the first time today."""
    people, person, second = world.people, new.person, instants(new.second)
    columns = {
        "customer_id": customer_ids(people, person, new.said),
        "first_seen_at": second,
        "last_seen_at": second,
        "email": pa.array(people.emails(person, second=new.said == SECOND), pa.string()),
        "language": pa.array(LANGUAGES).take(pa.array(people.language[person])),
        "country": pa.array(list(world.config.countries)).take(pa.array(people.country[person])),
    }
    return declared(CUSTOMER, columns, world.currency, person.size)


def hear(world: World, orders: Orders, told: Deeds) -> NewCustomers:
    """Return whom the shop hears of for the first time today: by an order or an account; at first, of those from before.

    By time, then customer id; one for each customer id.
    """
    people, state = world.people, world.state
    opened = np.flatnonzero(told.name == NUMBER["Signed Up"])
    before = np.flatnonzero((people.arrival < 0) & ~people.unnamed) if orders.day == 0 else np.zeros(0, np.int64)
    age = np.floor(world.draws.uniform("customer since", before) * _EXISTING_DAYS * DAY).astype(np.int64)
    named = np.flatnonzero(orders.said == SELF)
    who = np.concatenate([before, told.person[opened], orders.person[named]])
    second = np.concatenate([world.epoch - 1 - age, told.second[opened], orders.second[named]])
    heard = state.known.copy()
    heard[before] = False
    person, first = np.unique(who, return_index=True)
    first = first[~heard[person]]
    state.known[person] = True
    guests = np.flatnonzero(orders.said >= GUEST)
    new = NewCustomers(
        person=np.concatenate([who[first], orders.person[guests]]),
        second=np.concatenate([second[first], orders.second[guests]]),
        said=np.concatenate([np.full(first.size, SELF), orders.said[guests]]),
    )
    ids = customer_ids(people, new.person, new.said)
    order = pc.sort_indices(pa.table({"at": new.second, "id": ids}), [("at", "ascending"), ("id", "ascending")])
    return _first_of_each_name(world, new.take(order.to_numpy()), ids.take(order), heard)


def _first_of_each_name(world: World, new: NewCustomers, ids: Any, heard: Mask) -> NewCustomers:
    """Return those whose customer id is new to the shop: an e-mail is one customer, whoever uses it. Remember guests' ids.

    `ids` are their customer ids; `heard` says of everybody whether the shop had heard of them before today.
    """
    people, aliases = world.people, world.messages.aliases
    sharing = people.same_mailbox & ~people.account
    rows = np.flatnonzero((new.said != SELF) | sharing[new.person])
    given = np.isin(people.mailbox[new.person[rows]], people.mailbox[sharing & heard]) & (new.said[rows] != SECOND)
    keep, today = np.ones(new.person.size, np.bool_), set()
    for row, one, before in zip(rows.tolist(), ids.take(pa.array(rows)).to_pylist(), given.tolist(), strict=True):
        keep[row] = not before and one not in aliases and one not in today
        today.add(one)
        if new.said[row] != SELF:
            aliases.setdefault(one, int(new.person[row]))
    return new.take(np.flatnonzero(keep))
