"""How people come to the shop, change, and leave it: arrivals, life events, habits, and what an order changes.

The functions change the state of the world they are given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lifeloop.simulate.draws import Draws, Ints, pick
from lifeloop.simulate.goods import Goods
from lifeloop.simulate.orders import Orders
from lifeloop.simulate.people import FOREVER
from lifeloop.simulate.settings import WorldConfig

if TYPE_CHECKING:
    from lifeloop.simulate.state import State
    from lifeloop.simulate.world import World

LIFE_EVENT_DAYS = 60
"""Days a life event is felt."""
_NOBODY = np.zeros(0, np.int64)
_PROSPECT_LOOKS = 0.12
"""Visits a day of an interested prospect."""


def arrive(world: World, day: int) -> Ints:
    """Let today's newcomers in; return those who come to order."""
    people, state = world.people, world.state
    before = state.present
    state.present = int(np.searchsorted(people.arrival, day, side="right"))
    new = np.arange(before, state.present)
    prospect = people.prospect[new]
    state.rate[new] = np.where(prospect, people.rate[new] / world.checkout.completion_new[new], world.intent[new])
    state.look[new] = np.where(prospect, _PROSPECT_LOOKS, world.intent[new] * world.config.behaviour.visits_per_order)
    state.bought[new] = people.arrival[new] < 0
    old = new[state.bought[new] & (world.cycle[new] > 0)]
    state.due[old] = day + np.floor(world.draws.uniform("first due", old) * world.cycle[old]).astype(np.int64)
    lost = np.flatnonzero(
        people.prospect[: state.present] & (people.until[: state.present] == day) & ~state.bought[: state.present]
    )
    state.leave(lost, world.config.behaviour.visits_after)
    return new[~prospect & (people.arrival[new] >= 0)]


def life_events(world: World, day: int) -> None:
    """Change the lives of some today: they order more, and other things; and end what began LIFE_EVENT_DAYS ago."""
    state, lift = world.state, world.config.customers.life_event_lift
    ends = state.life_ends.pop(day, _NOBODY)
    state.rate[ends] /= state.lift[ends]
    state.lift[ends] = 1
    world.shelf.favourites[ends, 0] = world.shelf.usual[ends]
    begins = state.life_begins.pop(day, _NOBODY)
    here = begins[(begins < state.present) & state.active[begins]]
    state.rate[here] *= lift
    state.lift[here] = lift
    state.lift_until[here] = day + LIFE_EVENT_DAYS
    world.shelf.favourites[here, 0] = world.shelf.wanted_for(world.draws.bits("life event: kind", here, day))
    state.life_ends[day + LIFE_EVENT_DAYS] = here
    if world.config.customers.life_events:
        wait = -np.log(world.draws.uniform("life event: next", begins, day)) * 365 / world.config.customers.life_events
        plan_lives(state, begins, day + LIFE_EVENT_DAYS + 1 + np.floor(wait).astype(np.int64), world.config.shop.days)


def plan_lives(state: State, who: Ints, day: Ints, days: int) -> None:
    """Note on which day the lives of people change next, where that lies within the world's days."""
    state.life_next[who] = np.minimum(day, FOREVER)
    soon = np.flatnonzero(day < days)
    order = soon[np.argsort(day[soon], kind="stable")]
    for one, group in zip(*_groups(day[order], who[order]), strict=True):
        state.life_begins[one] = np.concatenate([state.life_begins.get(one, _NOBODY), group])


def _groups(keys: Ints, values: Ints) -> tuple[list[int], list[Ints]]:
    """Return the different keys, which are sorted, and the values of each."""
    different, first = np.unique(keys, return_index=True)
    return different.tolist(), np.split(values, first[1:]) if different.size else []


def settle(world: World, orders: Orders, day: int) -> None:
    """After the orders of a day: who becomes a customer, when what they use up is due, and who leaves."""
    state, people, own = world.state, world.people, world.config.customers
    who = orders.person
    first = ~state.bought[who]
    turned = who[first & people.prospect[who] & state.active[who]]
    state.rate[turned] = world.intent[turned] * state.lift[turned]
    state.look[turned] = world.intent[turned] * world.config.behaviour.visits_per_order
    state.bought[who] = True
    state.coupon[who[orders.coupon >= 0]] = -1
    begins = who[first & (world.cycle[who] > 0)]
    state.due[begins] = day + world.cycle[begins]
    chance = np.where(first, own.once, people.dropout[who])
    state.leave(who[world.draws.chance("leave", who, chance, day)], world.config.behaviour.visits_after)


def habits(config: WorldConfig, draws: Draws, goods: Goods, n: int) -> tuple[Ints, Ints]:
    """Return the product each person uses up and buys again, and after how many days; -1 and 0 for who has none."""
    used_up = np.flatnonzero((goods.cycle > 0) & (goods.launch <= 0))
    if not used_up.size:
        return np.full(n, -1), np.zeros(n, np.int64)
    running = np.cumsum(goods.popularity[used_up])
    product = used_up[pick(running, draws.stream("habit").random(n))]
    days = np.maximum(3, np.rint(goods.cycle[product] * draws.stream("cycle").lognormal(0.0, 0.3, n))).astype(np.int64)
    has = draws.stream("has habit").random(n) < config.customers.habits
    return np.where(has, product, -1), np.where(has, days, 0)
