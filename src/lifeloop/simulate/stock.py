"""What is on the shelf: sales take from it, deliveries fill it, and empty shelves are remembered.

The functions change the state of the world they are given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lifeloop.simulate.orders import Orders
from lifeloop.simulate.visits import CAUSES, Visits

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

_SHORT_DAYS = 60
"""Days over which the share of wishes lost to empty shelves is remembered."""


def sell(world: World, orders: Orders, day: int) -> None:
    """Take what was sold off the shelf, order deliveries, and put up what arrives."""
    state, own = world.state, world.config.products
    if not own.stock_days:
        return
    for products, pieces in state.arriving.pop(day, []):
        state.stock[products] += pieces
        state.ordered[products] = False
    sold = np.bincount(orders.product, orders.quantity, minlength=len(world.goods))
    state.stock -= sold
    state.demand += (sold - state.demand) / 28
    low = np.flatnonzero((state.stock <= state.demand * own.lead_days * 1.2) & ~state.ordered & (world.goods.launch <= day))
    if low.size:
        state.ordered[low] = True
        late = world.draws.count("delivery", low, own.lead_days * 0.3, day)
        pieces = np.ceil(np.maximum(state.demand[low], 0.02) * own.stock_days) - np.minimum(state.stock[low], 0)
        for wait in np.unique(late).tolist():
            state.arriving[day + own.lead_days + wait].append((low[late == wait], pieces[late == wait]))


def miss(world: World, seen: Visits, day: int) -> None:
    """Remember what empty shelves cost today: orders, and goods in the orders that came about."""
    state, memory = world.state, min(day + 1, _SHORT_DAYS)
    wished, lost = seen.wish & ~seen.sure, seen.cause == CAUSES.index("out_of_stock")
    worth = world.goods.price_minor[seen.baskets.product] * seen.baskets.quantity * seen.ordered[seen.baskets.basket]
    if wished.any():
        state.short += (float(lost.sum() / wished.sum()) - state.short) / memory
    if worth.any():
        state.thin += (float(worth[seen.baskets.missing].sum() / worth.sum()) - state.thin) / memory
