"""Orders: what was paid for what, with which coupon; and their rows in the declared tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lifeloop.schema import ORDER, ORDER_LINE, TABLES
from lifeloop.simulate.arrival import received as receipt
from lifeloop.simulate.checkout import CHANNELS, STORE
from lifeloop.simulate.deeds import instants, order_key, texts
from lifeloop.simulate.draws import Draws, Floats, Ints, Keys, Mask, mixed
from lifeloop.simulate.identity import customer_ids, ordering_as
from lifeloop.simulate.people import RESPONSES, People
from lifeloop.simulate.visits import Visits

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

SHOP = "shop"
"""The source of everything the simulated shop tells."""
COMPUTED = ("digest", "told", "told_at", "original_at", "sent_at", "clock", "is_bot")
"""Columns of an order that whoever imports it computes."""
_SURE_REDEEMS = 0.9
_HALF, _HALF_MASK, _REST = np.uint64(16), np.uint64(0xFFFF), np.uint64(48)
_TURNS = 6
_TENS = np.uint64(10) ** np.arange(9, -1, -1, dtype=np.uint64)


@dataclass(frozen=True)
class Orders:
    """Orders of one day as columns of equal length, and their lines."""

    person: Ints
    day: int
    second: Ints
    channel: Ints
    said: Ints
    """As whom it was placed: see `identity`."""
    coupon: Ints
    """The offer redeemed, by number; -1: none."""
    goods_minor: Ints
    discount_minor: Ints
    shipping_minor: Ints
    order: Ints
    """Of each line, its order's place; lines are sorted by it."""
    product: Ints
    quantity: Ints
    amount_minor: Ints
    """Paid for each line."""

    def __len__(self) -> int:
        return self.person.size

    @property
    def key(self) -> Ints:
        """Order keys."""
        return order_key(self.day, self.person)

    @property
    def total_minor(self) -> Ints:
        """Paid for goods and shipping."""
        return self.goods_minor + self.shipping_minor

    def take(self, rows: Ints) -> Orders:
        """Return the orders at these places (each once, all of them), with their lines in the same order."""
        place = np.argsort(rows)[self.order]
        lines = np.argsort(place, kind="stable")
        by_order = ("person", "second", "channel", "said", "coupon", "goods_minor", "discount_minor", "shipping_minor")
        columns = {name: getattr(self, name)[rows] for name in by_order}
        columns |= {name: getattr(self, name)[lines] for name in ("product", "quantity", "amount_minor")}
        return replace(self, order=place[lines], **columns)

    def at(self, second: Ints) -> Orders:
        """Return the same orders, confirmed at these times."""
        return replace(self, second=second)


def place_orders(world: World, seen: Visits, day: int) -> Orders:
    """Return the orders of the visits that end with one, in the order of the visits; their time is the visit's."""
    visit = np.flatnonzero(seen.ordered)
    person = seen.person[visit]
    coupon = np.where(redeems(world, person, day), world.state.coupon[person], -1)
    rank = np.full(seen.person.size, -1)
    rank[visit] = np.arange(visit.size)
    lines = np.flatnonzero((rank[seen.baskets.basket] >= 0) & ~seen.baskets.missing)
    order, product, quantity = rank[seen.baskets.basket[lines]], seen.baskets.product[lines], seen.baskets.quantity[lines]
    listed = world.goods.price_minor[product] * quantity
    amount = np.rint(listed * (1 - world.discount[coupon[order]])).astype(np.int64)
    goods = np.bincount(order, amount, minlength=visit.size).astype(np.int64)
    return Orders(
        person=person,
        day=day,
        second=seen.second[visit],
        channel=seen.channel[visit],
        said=ordering_as(world.people, world.draws, world.config.dirt, person, day),
        coupon=coupon,
        goods_minor=goods,
        discount_minor=np.bincount(order, listed, minlength=visit.size).astype(np.int64) - goods,
        shipping_minor=np.where(
            seen.ships_free[visit] & (seen.channel[visit] != STORE) | (seen.channel[visit] == STORE), 0, world.shipping_minor
        ),
        order=order,
        product=product,
        quantity=quantity,
        amount_minor=amount,
    )


def redeems(world: World, who: Ints, day: int) -> Mask:
    """Return who uses the coupon held: sure things nearly always, the others the more the more they mind the price."""
    people, state = world.people, world.state
    holds = (state.coupon[who] >= 0) & (state.coupon_until[who] >= day)
    return holds & world.draws.chance("redeem", who, chance_to_redeem(people, who), day)


def chance_to_redeem(people: People, who: Ints) -> Floats:
    """Return the chance that each uses a coupon held when ordering."""
    chance = 0.4 + 0.5 * people.sensitivity[who].astype(np.float64)
    return np.where(people.response[who] == RESPONSES.index("sure_thing"), _SURE_REDEEMS, chance)


def order_numbers(draws: Draws, keys: Ints, epoch: int) -> Any:
    """Return the shop's order numbers of order keys: the date and ten digits that tell nothing of the person; Arrow strings."""
    if not keys.size:
        return pa.array([], pa.string())
    days, place = np.unique(keys >> 32, return_inverse=True)
    dates = (np.datetime64(epoch, "s") + days.astype("timedelta64[D]")).astype("datetime64[D]").astype("U10")
    dates = np.char.replace(dates, "-", "").astype("S8")[place].view(np.uint8).reshape(-1, 8)
    digits = scrambled(draws, keys)[:, None] // _TENS % np.uint64(10) + np.uint64(ord("0"))
    dashes = np.full((keys.size, 1), ord("-"), np.uint8)
    return texts(np.concatenate([dates, dashes, digits.astype(np.uint8)], axis=1).view("S19")[:, 0])


def scrambled(draws: Draws, keys: Ints) -> Keys:
    """Return a number below 2^32 for each order key; within a day no two are alike, whoever the persons are.

    Of each day's 2^32 places a permutation of its own: a Feistel network (Luby & Rackoff, 1988) over two halves of 16 bits.
    """
    days, place = np.unique(keys >> 32, return_inverse=True)
    person = keys.astype(np.uint64)
    left, right = person >> _HALF & _HALF_MASK, person & _HALF_MASK
    for turn in range(_TURNS):
        secret = draws.ids("order number", days, k=turn)[place]
        left, right = right, left ^ mixed(right + secret) >> _REST
    return left << _HALF | right


def order_tables(world: World, placed: Orders) -> tuple[pa.Table, pa.Table]:
    """Return the rows of `order` and `order_line` by time, then number, without what the importer computes."""
    placed = placed.take(np.lexsort((scrambled(world.draws, placed.key), placed.second)))
    number = order_numbers(world.draws, placed.key, world.epoch)
    customer = customer_ids(world.people, placed.person, placed.said)
    at, received = instants(placed.second), receipt(world.draws, "order", placed.key, placed.second)
    n, line = len(placed), placed.order
    orders = {
        "order_id": number,
        "customer_id": customer,
        "placed_at": at,
        "received_at": received,
        "total_minor": placed.total_minor,
        "discount_minor": placed.discount_minor,
        "shipping_minor": placed.shipping_minor,
        "goods_minor": placed.goods_minor,
        "quantity": np.bincount(line, placed.quantity, minlength=n).astype(np.float64),
        "products": _distinct(line, placed.product, n).astype(np.int32),
        "channel": pa.array(CHANNELS).take(pa.array(placed.channel)),
        "coupon": pa.array([*world.config.offers, None]).take(pa.array(placed.coupon % (len(world.config.offers) + 1))),
        "country": pa.array(list(world.config.countries)).take(pa.array(world.people.country[placed.person])),
    }
    rows = pa.array(line)
    first = np.searchsorted(line, line)
    lines = {
        "order_id": number.take(rows),
        "line_no": (np.arange(line.size) - first + 1).astype(np.int32),
        "customer_id": customer.take(rows),
        "placed_at": at.take(rows),
        "received_at": received.take(rows),
        "product_id": world.goods.product_id.take(pa.array(placed.product)),
        "title": world.titles(placed.product, world.people.language[placed.person[line]]),
        "quantity": placed.quantity.astype(np.float64),
        "amount_minor": placed.amount_minor,
        "goods_minor": placed.amount_minor,
    }
    return declared(ORDER, orders, world.currency, n), declared(ORDER_LINE, lines, world.currency, line.size)


def declared(table: Any, columns: dict[str, Any], currency: str, n: int) -> pa.Table:
    """Return n rows of a declared table: `source` and `currency` filled in, what is not given null, COMPUTED left out."""
    schema = _schema(table.name)
    given = {
        "source": pa.repeat(SHOP, n),
        **({"currency": pa.repeat(currency, n)} if "currency" in schema.names else {}),
        **columns,
    }
    arrays = []
    for field in schema:
        values = given.get(field.name)
        if values is None:
            values = pa.nulls(n, field.type)
        arrays.append(values.cast(field.type) if isinstance(values, pa.Array) else pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


@cache
def _schema(name: str) -> pa.Schema:
    """Return a declared table's columns, all of them nullable: dirt may take any value away."""
    return pa.schema([field.with_nullable(True) for field in TABLES[name].arrow() if field.name not in COMPUTED])  # noqa: FBT003


def _distinct(group: Ints, value: Ints, n: int) -> Ints:
    """Return how many different values each group 0..n - 1 has."""
    pairs = np.unique(np.stack([group, value], axis=1), axis=0)
    return np.bincount(pairs[:, 0], minlength=n)
