"""Goods that come back: which lines, when, how many pieces, why; and the rows of `refund` and the events that tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lifeloop.schema import REFUND
from lifeloop.simulate.after.coming import RETURN, persons, rows
from lifeloop.simulate.after.experience import Experience, follows, several
from lifeloop.simulate.arrival import received
from lifeloop.simulate.deeds import Deeds, deeds, instants
from lifeloop.simulate.draws import Ints
from lifeloop.simulate.identity import customer_ids
from lifeloop.simulate.orders import Orders, declared

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

REASONS = ("changed_mind", "does_not_fit", "not_as_described", "late", "damaged", "wrong", "missing")
"""Why something comes back, by number; the last three are `experience.DEFECTS`."""
_FIRST_DEFECT = REASONS.index("damaged") - 1
_WHOLE = 0.6
"""Chance that all pieces of a line come back, where it has several."""
_OPENS, _OPEN_SECONDS = 7 * 3600, 10 * 3600
"""Refunds are booked from 7 to 17 o'clock UTC."""


def plan_returns(world: World, orders: Orders, found: Experience) -> tuple[Ints, Ints, Any]:
    """Return which lines of a day's orders will come back, on which days, and what is to be kept of them.

    Days are one plus the sum of two geometric counts, with the mean `aftersales.return_days`, at least 1; some lines take a
    log-normal factor of mean 1 longer or shorter, as `aftersales.return_days_sigma` says.
    """
    own, key, place = world.config.aftersales, found.key[orders.order], found.place
    back = world.draws.chance("return", key, follows("returned", own.returns, found.line), k=place)
    line = np.flatnonzero(back)
    key, place, quantity = key[line], place[line], orders.quantity[line]
    half: Any = max(own.return_days - 1, 0) / 2
    if own.return_days_sigma:
        spread = own.return_days_sigma * world.draws.normal("return: spread", key, k=place)
        half = half * np.exp(spread - own.return_days_sigma**2 / 2)
    wait = sum(world.draws.count("return: days", key, half, k=2 * place + step) for step in (0, 1))
    drawn = several(world.draws, "return: what", ("whole", "pieces", "reason"), key, place)
    fewer = 1 + np.floor(drawn["pieces"] * (quantity - 1)).astype(np.int64)
    pieces = np.where(drawn["whole"] < _WHOLE, quantity, np.minimum(fewer, quantity))
    reason = np.where(found.line[line] < -1, 2, np.where(drawn["reason"] < 0.7, 0, 1))
    reason = np.where(found.late[orders.order[line]] & (drawn["reason"] < 0.5), 3, reason)
    reason = np.where(found.defect[line] > 0, _FIRST_DEFECT + found.defect[line], reason)
    made = rows(
        line.size,
        kind=RETURN,
        key=key,
        said=orders.said[orders.order[line]],
        product=orders.product[line],
        place=place,
        pieces=pieces,
        amount=np.rint(orders.amount_minor[line] * (pieces / quantity)).astype(np.int64),
        satisfaction=found.line[line],
        about=reason,
    )
    return line, orders.day + 1 + np.asarray(wait, np.int64), made


def no_refunds(world: World) -> pa.Table:
    """Return no rows of `refund`."""
    return declared(REFUND, {}, world.currency, 0)


def tell_returns(world: World, day: int, due: Any, order_ids: Any) -> tuple[Deeds, pa.Table]:
    """Return the events and the rows of `refund` of what comes back today, by time, then id; sound pieces return.

    `order_ids` are the numbers of the orders, Arrow strings.
    """
    person, key, said = persons(due), due["key"], due["said"].astype(np.int64)
    sound = due["about"] <= _FIRST_DEFECT
    if world.config.products.stock_days:
        np.add.at(world.state.stock, due["product"][sound], due["pieces"][sound])
    refund = [f"R{order}-{place}" for order, place in zip(order_ids.to_pylist(), (due["place"] + 1).tolist(), strict=True)]
    opened = np.floor(world.draws.uniform("refund: when", key, k=due["place"]) * _OPEN_SECONDS).astype(np.int64)
    second = world.midnight(day) + _OPENS + opened
    product, amount = due["product"].astype(np.int64), due["amount"].copy()
    columns = {
        "refund_id": pa.array(refund, pa.string()),
        "line_no": np.ones(due.size, np.int32),
        "order_id": order_ids,
        "customer_id": customer_ids(world.people, person, said),
        "refunded_at": instants(second),
        "received_at": received(world.draws, "refund", key, second, due["place"]),
        "product_id": world.goods.product_id.take(pa.array(product)),
        "quantity": due["pieces"].astype(np.float64),
        "amount_minor": amount,
        "goods_minor": amount,
    }
    world.note(
        "return",
        lambda: {"refund_id": columns["refund_id"], "person": person, "reason": pa.array(REASONS).take(pa.array(due["about"]))},
    )
    extra = [f'"refund_id": "{one}", "quantity": {pieces}' for one, pieces in zip(refund, due["pieces"].tolist(), strict=True)]
    told = deeds(
        "Order Refunded",
        person,
        second,
        world.draws.ids("refund: message", key, k=due["place"]),
        customer=said,
        product=product,
        order=key.copy(),
        amount=amount,
        extra=pa.array(extra, pa.string()),
    )
    refunds = declared(REFUND, columns, world.currency, due.size)
    return told, refunds.sort_by([("refunded_at", "ascending"), ("refund_id", "ascending")]).combine_chunks()
