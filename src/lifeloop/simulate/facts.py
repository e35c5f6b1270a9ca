"""Rows of the declared tables: events, products, customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.schema import CUSTOMER, EVENT, PRODUCT
from lifeloop.simulate.deeds import NAMES, NUMBER, Deeds, braces, hex_or_null, instants, optional
from lifeloop.simulate.draws import Ints
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


@dataclass(frozen=True)
class NewCustomers:
    """People the shop heard of for the first time on a day, as columns of equal length."""

    person: Ints
    second: Ints
    """When, UTC; for customers from before the first day long ago."""
    said: Ints
    """As whom: see `identity`."""


def event_table(world: World, done: Deeds) -> pa.Table:
    """Return the rows of `event` that deeds leave, received two seconds later."""
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
        "received_at": instants(done.second + 2),
        "product_id": world.goods.product_id.take(optional(done.product)),
        "order_id": pa.array(order, pa.string()),
        "currency": pa.array([world.currency, None]).take(pa.array((done.amount < 0).astype(np.int64))),
        "amount_minor": optional(done.amount),
        "properties": braces(done.extra),
    }
    return declared(EVENT, columns, world.currency, len(done))


def product_table(world: World, day: int) -> pa.Table:
    """Return the rows of `product` put on sale on a day; on the first day the whole first catalogue."""
    goods = world.goods
    rows = np.flatnonzero(goods.launch == day) if day else np.flatnonzero(goods.launch <= 0)
    place = pa.array(rows)
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
        "updated_at": instants(np.full(rows.size, world.midnight(day))),
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
    """Return whom the shop hears of for the first time today: by an order or an account; at first, of those from before."""
    people, state = world.people, world.state
    opened = np.flatnonzero(told.name == NUMBER["Signed Up"])
    before = np.flatnonzero((people.arrival < 0) & ~people.unnamed) if orders.day == 0 else np.zeros(0, np.int64)
    age = np.floor(world.draws.uniform("customer since", before) * _EXISTING_DAYS).astype(np.int64) * 86_400
    named = np.flatnonzero(orders.said == SELF)
    who = np.concatenate([before, told.person[opened], orders.person[named]])
    second = np.concatenate([world.epoch - 1 - age, told.second[opened], orders.second[named]])
    person, first = np.unique(who, return_index=True)
    first = first[~state.known[person] | (first < before.size)]
    state.known[person] = True
    guests = _new_guests(world, orders)
    return NewCustomers(
        person=np.concatenate([who[first], orders.person[guests]]),
        second=np.concatenate([second[first], orders.second[guests]]),
        said=np.concatenate([np.full(first.size, SELF), orders.said[guests]]),
    )


def _new_guests(world: World, orders: Orders) -> Ints:
    """Return which of today's orders name a guest, other than the customer, for the first time; remember them."""
    guests, aliases = np.flatnonzero(orders.said >= GUEST), world.messages.aliases
    ids = customer_ids(world.people, orders.person[guests], orders.said[guests]).to_pylist()
    new = [row for row, one in zip(guests.tolist(), ids, strict=True) if one not in aliases]
    aliases.update(zip(ids, orders.person[guests].tolist(), strict=True))
    return np.array(new, np.int64)
