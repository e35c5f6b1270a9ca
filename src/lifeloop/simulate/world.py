"""The simulated world, day by day: everything there is, the truth included.

Source  order rates and dropping out: Fader, Hardie & Lee (2005); a day is a Bernoulli trial of at most one visit a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.money import EXPONENT
from lifeloop.simulate.actions import NONE, Actions
from lifeloop.simulate.after.returns import no_refunds
from lifeloop.simulate.after.sales import Aftermath, Aftersales
from lifeloop.simulate.basket import Shelf
from lifeloop.simulate.checkout import Checkout
from lifeloop.simulate.deeds import DAY, NOTHING, NUMBER, Deeds, hex_or_null
from lifeloop.simulate.dirt import Dirt
from lifeloop.simulate.draws import Draws, Floats, Ints, Mask
from lifeloop.simulate.facts import NewCustomers, hear
from lifeloop.simulate.goods import Goods, make_goods
from lifeloop.simulate.lives import arrive, habits, life_events, plan_lives, settle
from lifeloop.simulate.messages import Messages
from lifeloop.simulate.orders import Orders, order_numbers, place_orders
from lifeloop.simulate.pages import tell
from lifeloop.simulate.people import as_customer, make_people
from lifeloop.simulate.season import hour_shares, season
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.shown import read_shown
from lifeloop.simulate.state import State
from lifeloop.simulate.stock import miss, sell
from lifeloop.simulate.visits import CAUSES, Callers, Visits, visits


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
        self.discount = np.array([*(offer.discount for offer in config.offers.values()), 0.0])
        self.free_shipping = np.array([*(offer.free_shipping for offer in config.offers.values()), False])
        self.checkout = Checkout(config, self.people, self.goods, self.shelf, self.draws)
        self.intent: Any = as_customer(self.people) / self.checkout.completion
        """Wishes to order a day, of everybody as a customer: some of them stop on the way."""
        self.diary: defaultdict[str, list[pa.Table]] | None = None
        """Pages of what only the truth may tell, by name: visit, order, text, message, dirt. None: nobody keeps it."""
        self.habit, self.cycle = habits(config, self.draws, self.goods, len(self.people))
        self.messages = Messages(self)
        self.aftersales = Aftersales(self)
        self.dirt = Dirt(self)
        self._after_nothing = Aftermath([], no_refunds(self))
        plan_lives(self.state, np.arange(len(self.people)), self.people.life_day, config.shop.days)

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
        return self.epoch + DAY * day

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
        fresh = arrive(self, day)
        life_events(self, day)
        sent = self.messages.send(actions.messages)
        shown, unshown = read_shown(self, actions.recommendations)
        seen = visits(self, day, self._visitors(day, fresh), shown)
        orders = place_orders(self, seen, day)
        told = NOTHING if sales_only else tell(self, seen, day, orders.said, orders.total_minor)
        if not sales_only:
            orders = orders.at(told.second[told.name == NUMBER["Order Completed"]])
        sell(self, orders, day)
        settle(self, orders, day)
        miss(self, seen, day)
        new = hear(self, orders, told)
        after = self._after_nothing if sales_only else self.aftersales.day(orders, actions.answers)
        self._note_visits(seen, orders)
        self.messages.act()
        state.day += 1
        deeds = [*sent, told, *after.deeds]
        refused = [*self.messages.refused, *unshown, *after.refused]
        return Today(day=day, visits=seen, orders=orders, deeds=deeds, refund=after.refund, new=new, refused=refused)

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
        looks = drawn < wish + look
        looks[self.messages.clicks.person] = True
        return Callers(buyers, first[buyers], again[buyers], np.flatnonzero(~wants & ~first & looks))
