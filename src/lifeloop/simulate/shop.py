"""The simulated shop, day by day.

`World` knows everything; a `Shop` is what a policy may touch: it takes actions and gives back what a real shop would see.

Source  order rates and dropping out: Fader, Hardie & Lee (2005); a day is a Bernoulli trial of at most one visit a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import SettingsError
from lifeloop.base.money import EXPONENT
from lifeloop.simulate.actions import NONE, Actions
from lifeloop.simulate.aftersales import Aftermath, Aftersales
from lifeloop.simulate.basket import Shelf
from lifeloop.simulate.deeds import NOTHING, NUMBER, Deeds, hex_or_null, together
from lifeloop.simulate.dirt import Dirt
from lifeloop.simulate.draws import Draws, Floats, Ints, Mask, pick
from lifeloop.simulate.facts import NewCustomers, customer_table, event_table, product_table
from lifeloop.simulate.goods import Goods, make_goods
from lifeloop.simulate.identity import GUEST, SELF, customer_ids
from lifeloop.simulate.messages import Messages
from lifeloop.simulate.orders import Orders, chance_to_redeem, order_numbers, order_tables, place_orders
from lifeloop.simulate.people import as_customer, make_people
from lifeloop.simulate.returns import no_refunds
from lifeloop.simulate.season import hour_shares, season
from lifeloop.simulate.shown import read_shown
from lifeloop.simulate.state import State
from lifeloop.simulate.visits import CAUSES, Callers, Visits, channel_shares, tell, visits
from lifeloop.simulate.world import WorldConfig

_LIFE_EVENT_DAYS = 60
_EXISTING_DAYS = 730
"""Customers from before the first day came within as many days before it."""
_SHORT_DAYS = 60
"""Days over which the share of wishes lost to empty shelves is remembered."""
_PROSPECT_LOOKS = 0.12
"""Visits a day of an interested prospect."""


@dataclass(frozen=True)
class Seen:
    """What the shop saw on one day: rows of the declared tables, as received."""

    day: date
    event: pa.Table
    order: pa.Table
    order_line: pa.Table
    refund: pa.Table
    product: pa.Table
    customer: pa.Table
    refused: list[tuple[str, str]]
    """Actions that could not be done: what was asked for (a customer or a conversation) and why."""

    def tables(self) -> dict[str, pa.Table]:
        """Return the tables by name."""
        return {name: getattr(self, name) for name in ("event", "order", "order_line", "refund", "product", "customer")}


@dataclass(frozen=True)
class Today:
    """What happened on one day, before it is written down."""

    day: int
    visits: Visits
    orders: Orders
    deeds: list[Deeds]
    refund: pa.Table
    new: NewCustomers
    refused: list[tuple[str, str]]


class World:
    """Everything there is, the truth included. Deterministic: its settings decide every byte."""

    def __init__(self, config: WorldConfig) -> None:
        self.config = config
        self.draws = Draws(config.shop.seed)
        self.people = make_people(config, self.draws)
        self.goods: Goods = make_goods(config, self.draws)
        self.state = State(config, self.people, self.goods, self.draws)
        self.shelf = Shelf(config, self.people, self.goods, self.draws)
        self._season: dict[int, Floats] = {}
        self.hours = hour_shares(config.season)
        self.epoch = int(datetime.combine(config.shop.start, datetime.min.time(), UTC).timestamp())
        self.currency = config.shop.currency
        self.unit = 10 ** EXPONENT[self.currency]
        """Minor units of one unit of the currency."""
        self.shipping_minor = round(config.shop.shipping * self.unit)
        self.shipping_free_from = round(config.shop.shipping_free_from * self.unit)
        self.discount = np.array([*(offer.discount for offer in config.offers.values()), 0.0])
        self.free_shipping = np.array([*(offer.free_shipping for offer in config.offers.values()), False])
        self.intent: Any = as_customer(self.people) / self.completion
        """Wishes to order a day, of everybody as a customer: some of them stop on the way."""
        self.diary: defaultdict[str, list[pa.Table]] | None = None
        """Pages of what only the truth may tell, by name: visit, order, text, message, dirt. None: nobody keeps it."""
        self.habit, self.cycle = _habits(config, self.draws, self.goods, len(self.people))
        self.messages = Messages(self)
        self.aftersales = Aftersales(self)
        self.life_event_days = _LIFE_EVENT_DAYS
        self.dirt = Dirt(self)
        self._after_nothing = Aftermath([], no_refunds(self))
        self._by_life_day = np.argsort(self.people.life_day, kind="stable")

    @cached_property
    def completion(self) -> Floats:
        """Return each person's chance that a wish to order becomes an order, while the shelves are full."""
        return self.ends(np.arange(len(self.people)))[0]

    def ends(self, who: Ints, free: Any = 0.0) -> tuple[Floats, Floats, Floats]:
        """Return how wishes end, while shipping is free by chance `free`: shares of one wish, shelves full.

        The chance of an order; the share of the wish's worth that is ordered (small baskets stop at the cost of shipping
        more often); the chance of an order whose shipping the shop pays.
        """
        store, online = self._passes[0][who], self._passes[1][who]
        stops, below = self.people.shipping_cost[who].astype(np.float64) * (1 - free), self.paid_shipping
        orders: Floats = store + online * (1 - stops * below)
        worth: Floats = store + online * (1 - stops * self.paid_worth)
        shipped: Floats = online * (1 - below * (1 - free))
        return orders, worth, shipped

    @cached_property
    def _passes(self) -> tuple[Floats, Floats]:
        """Return the chance that a wish comes to a store, and that it passes login and payment online."""
        people, own = self.people, self.config
        web, app, store = channel_shares(self)
        asked = web * (1 - own.dirt.signed_in * people.account) + app * ~people.account
        return store, (web + app - asked * own.behaviour.login_wall) * (1 - people.slow_page)

    def wish_worth(self, who: Ints) -> tuple[Floats, Floats]:
        """Return what each person's wish to order is worth in expectation, goods and margin of goods, in minor units."""
        pieces = self.config.basket.quantity * (1 - self.state.thin)
        goods = self.shelf.expected(who, self.goods.price_minor) * pieces
        return goods, goods - self.shelf.expected(who, self.goods.cost_minor) * pieces

    @property
    def paid_shipping(self) -> float:
        """Return the share of baskets below the worth from which shipping is free."""
        return self._paid[0]

    @property
    def paid_worth(self) -> float:
        """Return the share of the worth of all baskets that is in these."""
        return self._paid[1]

    @cached_property
    def _paid(self) -> tuple[float, float]:
        """Return both shares, of a sample of baskets."""
        sample = np.arange(min(len(self.people), 4000))
        baskets = self.shelf.fill(sample, -1, np.full(len(self.goods), np.inf))
        worth = np.bincount(baskets.basket, self.goods.price_minor[baskets.product] * baskets.quantity, minlength=sample.size)
        below = worth < self.shipping_free_from
        return float(below.mean()), float(worth[below].sum() / worth.sum())

    @cached_property
    def fragments(self) -> tuple[Any, Any]:
        """Each product's part of an event's properties, by language; NumPy objects."""
        english, chinese = (texts.to_numpy(zero_copy_only=False) for texts in self.goods.fragment)
        return english, chinese

    @cached_property
    def category_text(self) -> tuple[Any, Any]:
        """The last part of each category's path as a JSON string, by language; NumPy objects."""
        english, chinese = (
            np.array([f'"{path[language].split(" > ")[1]}"' for path in self.goods.categories], object) for language in (0, 1)
        )
        return english, chinese

    def season(self, day: int) -> Floats:
        """Return how a day compares with an average one, for each language; any day, also behind the last."""
        if day not in self._season:
            self._season[day] = np.array(season(self.date(day), self.config.season))
        return self._season[day]

    def midnight(self, day: int) -> int:
        """Return the first second of a day, UTC."""
        return self.epoch + 86_400 * day

    def date(self, day: int) -> date:
        """Return a day's date."""
        return self.config.shop.start + timedelta(days=day)

    def titles(self, product: Ints, language: Ints) -> Any:
        """Return what products are called in each reader's language, Arrow strings."""
        english, chinese = (texts.to_numpy(zero_copy_only=False) for texts in self.goods.title)
        return pa.array(np.where(language == 1, chinese[product], english[product]), pa.string())

    def holds_free_shipping(self, who: Ints, day: int) -> Mask:
        """Return who holds an offer that ships free."""
        state = self.state
        free: Mask = self.free_shipping[state.coupon[who]] & (state.coupon_until[who] >= day)
        return free

    def held_discount(self, who: Ints, day: int) -> Floats:
        """Return the share that the coupon each holds takes off."""
        state = self.state
        return np.where(state.coupon_until[who] >= day, self.discount[state.coupon[who]], 0.0)

    def chance_to_redeem(self, who: Ints) -> Floats:
        """Return the chance that each uses a coupon held when ordering."""
        return chance_to_redeem(self.people, who)

    def wishes(self, day: int) -> tuple[Floats, Floats]:
        """Return the chance of everybody here to wish to order today, and to come to look only."""
        state, m = self.state, self.state.present
        level = self.season(day).astype(np.float32)[self.people.language[:m]]
        hazard = state.rate[:m] * level
        if state.touched:
            hazard = np.maximum(hazard + state.boost[:m] * state.active[:m], 0)
        wish = -np.expm1(-hazard)
        return wish, (1 - wish) * -np.expm1(-state.look[:m] * level)

    def note(self, page: str, columns: Callable[[], dict[str, Any]]) -> None:
        """Keep what only the truth may tell, where somebody keeps a diary; else nothing is worked out or kept."""
        if self.diary is not None:
            self.diary[page].append(pa.table(columns()))

    def live(self, actions: Actions = NONE, *, sales_only: bool = False) -> Today:
        """Live one day: who comes, what they order, who leaves. Changes the state; the day is over when it returns.

        With `sales_only` visits leave no events and nothing follows an order; each is dated as its visit began.
        """
        state, day = self.state, self.state.day
        self.shelf.open(day)
        fresh = self._arrive(day)
        self._life_events(day)
        sent = self.messages.deliver(actions.messages)
        shown, unshown = read_shown(self, actions.recommendations)
        seen = visits(self, day, self._visitors(day, fresh), shown)
        orders = place_orders(self, seen, day)
        told = NOTHING if sales_only else tell(self, seen, day, orders.said, orders.total_minor)
        if not sales_only:
            orders = orders.at(told.second[told.name == NUMBER["Order Completed"]])
        self._sell(orders, day)
        self._settle(orders, day)
        self._miss(seen, day)
        new = self._hear(orders, told)
        after = self._after_nothing if sales_only else self.aftersales.day(orders, actions.answers)
        self._note_visits(seen, orders)
        state.day += 1
        deeds = [*sent, told, *after.deeds]
        refused = [*self.messages.refused, *unshown, *after.refused]
        return Today(day=day, visits=seen, orders=orders, deeds=deeds, refund=after.refund, new=new, refused=refused)

    def _miss(self, seen: Visits, day: int) -> None:
        """Remember what empty shelves cost today: orders, and goods in the orders that came about."""
        state, memory = self.state, min(day + 1, _SHORT_DAYS)
        wished, lost = seen.wish & ~seen.sure, seen.cause == CAUSES.index("out_of_stock")
        worth = self.goods.price_minor[seen.baskets.product] * seen.baskets.quantity * seen.ordered[seen.baskets.basket]
        if wished.any():
            state.short += (float(lost.sum() / wished.sum()) - state.short) / memory
        if worth.any():
            state.thin += (float(worth[seen.baskets.missing].sum() / worth.sum()) - state.thin) / memory

    def _hear(self, orders: Orders, told: Deeds) -> NewCustomers:
        """Return whom the shop hears of for the first time today: by an order or an account; at first, of those from before."""
        people, state = self.people, self.state
        opened = np.flatnonzero(told.name == NUMBER["Signed Up"])
        before = np.flatnonzero((people.arrival < 0) & ~people.unnamed) if orders.day == 0 else np.zeros(0, np.int64)
        age = np.floor(self.draws.uniform("customer since", before) * _EXISTING_DAYS).astype(np.int64) * 86_400
        named = np.flatnonzero(orders.said == SELF)
        who = np.concatenate([before, told.person[opened], orders.person[named]])
        second = np.concatenate([self.epoch - 1 - age, told.second[opened], orders.second[named]])
        person, first = np.unique(who, return_index=True)
        first = first[~state.known[person]]
        state.known[person] = True
        guests = self._new_guests(orders)
        return NewCustomers(
            person=np.concatenate([who[first], orders.person[guests]]),
            second=np.concatenate([second[first], orders.second[guests]]),
            said=np.concatenate([np.full(first.size, SELF), orders.said[guests]]),
        )

    def _new_guests(self, orders: Orders) -> Ints:
        """Return which of today's orders name a guest, other than the customer, for the first time; remember them."""
        guests, aliases = np.flatnonzero(orders.said >= GUEST), self.messages.aliases
        ids = customer_ids(self.people, orders.person[guests], orders.said[guests]).to_pylist()
        new = [row for row, one in zip(guests.tolist(), ids, strict=True) if one not in aliases]
        aliases.update(zip(ids, orders.person[guests].tolist(), strict=True))
        return np.array(new, np.int64)

    def _note_visits(self, seen: Visits, orders: Orders) -> None:
        self.note(
            "visit",
            lambda: {
                "session_id": hex_or_null(seen.session),
                "anonymous_id": hex_or_null(seen.visitor),
                "person": seen.person,
                "wish": seen.wish,
                "cause": pa.array([cause or None for cause in CAUSES]).take(pa.array(seen.cause)),
            },
        )
        self.note("order", lambda: {"order_id": order_numbers(self.draws, orders.key, self.epoch), "person": orders.person})

    def _arrive(self, day: int) -> Ints:
        """Let today's newcomers in; return those who come to order."""
        people, state = self.people, self.state
        before = state.present
        state.present = int(np.searchsorted(people.arrival, day, side="right"))
        new = np.arange(before, state.present)
        prospect = people.prospect[new]
        state.rate[new] = np.where(prospect, people.rate[new] / self.completion[new], self.intent[new])
        state.look[new] = np.where(prospect, _PROSPECT_LOOKS, self.intent[new] * self.config.behaviour.visits_per_order)
        state.bought[new] = people.arrival[new] < 0
        lost = np.flatnonzero(
            people.prospect[: state.present] & (people.until[: state.present] == day) & ~state.bought[: state.present]
        )
        state.leave(lost, self.config.behaviour.visits_after)
        return new[~prospect & (people.arrival[new] >= 0)]

    def _life_events(self, day: int) -> None:
        """Raise the rates of those whose life changes today, and lower those whose change is over."""
        state, lift = self.state, self.config.customers.life_event_lift
        begins = self._whose_life_changes(day)
        begins = begins[(begins < state.present) & state.active[begins]]
        state.rate[begins] *= lift
        state.lift[begins] = lift
        ends = self._whose_life_changes(day - _LIFE_EVENT_DAYS)
        state.rate[ends] /= state.lift[ends]
        state.lift[ends] = 1

    def _whose_life_changes(self, day: int) -> Ints:
        days, order = self.people.life_day, self._by_life_day
        low, high = (np.searchsorted(days, day, side=side, sorter=order) for side in ("left", "right"))
        return order[low:high]

    def _visitors(self, day: int, fresh: Ints) -> Callers:
        """Return who wishes to order today, which of them nothing stops (their first order), and who comes to look."""
        wish, look = self.wishes(day)
        drawn = self.draws.stream("visit", day).random(wish.size, dtype=np.float32)
        wants = drawn < wish
        due = np.flatnonzero(self.state.due[: wish.size] == day)
        self.state.due[due] += self.cycle[due]
        due = due[self.draws.chance("replenish", due, self.config.customers.replenish, day)]
        wants[due] = True
        first = np.zeros(wish.size, np.bool_)
        first[fresh] = True
        again = np.full(wish.size, -1)
        again[due] = self.habit[due]
        buyers = np.flatnonzero(wants | first)
        return Callers(buyers, first[buyers], again[buyers], np.flatnonzero(~wants & ~first & (drawn < wish + look)))

    def _sell(self, orders: Orders, day: int) -> None:
        """Take what was sold off the shelf, order deliveries, and put up what arrives."""
        state, own = self.state, self.config.products
        if not own.stock_days:
            return
        for products, pieces in state.arriving.pop(day, []):
            state.stock[products] += pieces
            state.ordered[products] = False
        sold = np.bincount(orders.product, orders.quantity, minlength=len(self.goods))
        state.stock -= sold
        state.demand += (sold - state.demand) / 28
        low = np.flatnonzero((state.stock <= state.demand * own.lead_days * 1.2) & ~state.ordered & (self.goods.launch <= day))
        if low.size:
            state.ordered[low] = True
            late = self.draws.count("delivery", low, own.lead_days * 0.3, day)
            pieces = np.ceil(np.maximum(state.demand[low], 0.02) * own.stock_days) - np.minimum(state.stock[low], 0)
            for wait in np.unique(late).tolist():
                state.arriving[day + own.lead_days + wait].append((low[late == wait], pieces[late == wait]))

    def _settle(self, orders: Orders, day: int) -> None:
        """After the orders of a day: who becomes a customer, when what they use up is due, and who leaves."""
        state, people, own = self.state, self.people, self.config.customers
        who = orders.person
        first = ~state.bought[who]
        turned = who[first & people.prospect[who] & state.active[who]]
        state.rate[turned] = self.intent[turned] * state.lift[turned]
        state.look[turned] = self.intent[turned] * self.config.behaviour.visits_per_order
        state.bought[who] = True
        state.coupon[who[orders.coupon >= 0]] = -1
        begins = who[first & (self.cycle[who] > 0)]
        state.due[begins] = day + self.cycle[begins]
        chance = np.where(first, own.once, people.dropout[who])
        state.leave(who[self.draws.chance("leave", who, chance, day)], self.config.behaviour.visits_after)


def _habits(config: WorldConfig, draws: Draws, goods: Goods, n: int) -> tuple[Ints, Ints]:
    """Return the product each person uses up and buys again, and after how many days; -1 and 0 for who has none."""
    used_up = np.flatnonzero((goods.cycle > 0) & (goods.launch <= 0))
    if not used_up.size:
        return np.full(n, -1), np.zeros(n, np.int64)
    running = np.cumsum(goods.popularity[used_up])
    product = used_up[pick(running, draws.stream("habit").random(n))]
    days = np.maximum(3, np.rint(goods.cycle[product] * draws.stream("cycle").lognormal(0.0, 0.3, n))).astype(np.int64)
    has = draws.stream("has habit").random(n) < config.customers.habits
    return np.where(has, product, -1), np.where(has, days, 0)


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
    done = together(today.deeds)
    done = together([done, world.dirt.bots(today.day, done)])
    return Seen(
        day=world.date(today.day),
        event=world.dirt.deliver(today.day, event_table(world, done)),
        order=order,
        order_line=line,
        refund=today.refund,
        product=product_table(world, today.day),
        customer=customer_table(world, today.new),
        refused=today.refused,
    )
