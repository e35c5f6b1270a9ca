"""A day's visits: what people look at, put into the cart and order, and where and why those stop who do not.

A visit with the wish to order passes the shelf, the login, the cost of shipping and the payment page; the first that stops it
is the cause of the abandonment. Which events it leaves is told in the order of the shop's own pages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lifeloop.simulate.basket import Baskets
from lifeloop.simulate.deeds import NUMBER, SCREEN, Deeds, order_key
from lifeloop.simulate.draws import Floats, Ints, Keys, Mask, pick
from lifeloop.simulate.identity import NOBODY, SELF, ordering_as, visitors
from lifeloop.simulate.shown import NOTHING_SHOWN, PLACEMENTS, Noticed, Shown, notice, with_lines

if TYPE_CHECKING:
    from lifeloop.simulate.shop import World

CHANNELS = ("web", "app", "store")
"""Where an order is placed, by number."""
STORE = 2
CAUSES = ("", "out_of_stock", "login_wall", "shipping_cost", "slow_page")
"""Why a visit with the wish to order ended without one, by number; 0: it did not."""
_LOYAL_TO_CHANNEL = 0.8
"""Chance to come by the channel one mostly comes by."""
_CALM_STEPS = 65
"""Whoever takes more steps in a visit takes each the faster, so that the longest visit lasts 48 minutes."""
_LATEST = 86_400 - 3_000
"""No visit begins later in the day (UTC), so that none runs into the next."""
_MOST_VIEWS = 40
_LISTS = np.array([f', "list_id": "recommended: {name}"' for name in PLACEMENTS], object)
_SIGNS_UP = 0.25
"""Chance that someone who will have an account opens it in a visit without an order."""


@dataclass(frozen=True)
class Callers:
    """Who comes today, by what for."""

    buyers: Ints
    """Who wish to order."""
    sure: Mask
    """Which of them nothing stops: it is their first order."""
    again: Ints
    """The product each of them has used up; -1: none."""
    lookers: Ints
    """Who come to look."""


@dataclass(frozen=True)
class Visits:
    """Visits of one day as columns of equal length, and the baskets of those who wished to order."""

    person: Ints
    wish: Mask
    """Came with the wish to order."""
    channel: Ints
    """Place in CHANNELS."""
    second: Ints
    """When it began, UTC."""
    session: Keys
    visitor: Keys
    signed_in: Mask
    """Signed in from the beginning."""
    cause: Ints
    """Place in CAUSES."""
    baskets: Baskets
    """`baskets.basket` is the place among the visits with the wish to order."""
    ships_free: Mask
    sure: Mask
    """Nothing could stop them: it was their first order."""
    noticed: Noticed
    """Recommendations they were shown."""
    signs_up: Mask
    """Opens the account today: at the checkout, or after looking around."""

    @property
    def ordered(self) -> Mask:
        """Which visits ended with an order."""
        ordered: Mask = self.wish & (self.cause == 0)
        return ordered


def visits(world: World, day: int, callers: Callers, shown: Shown = NOTHING_SHOWN) -> Visits:
    """Draw the day's visits of people who wish to order and of people who come to look."""
    people, draws, config = world.people, world.draws, world.config
    buyers, sure = callers.buyers, callers.sure
    who = np.concatenate([buyers, callers.lookers])
    wish = np.arange(who.size) < buyers.size
    channel = _channels(world, who, wish, day)
    app = channel == 1
    noticed = notice(world, shown, who, wish, channel != STORE, day)
    baskets = with_lines(world.shelf.fill(buyers, day, world.state.stock, callers.again), noticed)
    named = ordering_as(people, draws, config.dirt, who, day) == SELF
    new = people.account[who] & ~world.state.known[who]
    signed_in = people.account[who] & ~new & (app | draws.chance("signed in", who, config.dirt.signed_in, day))
    free = _ships_free(world, buyers, channel[: buyers.size], baskets, day)
    baskets = _kept_anyway(baskets, sure)
    cause = np.zeros(who.size, np.int64)
    cause[: buyers.size] = np.where(
        sure, 0, _causes(world, buyers, channel[: buyers.size], baskets, signed_in[: buyers.size], free, day)
    )
    return Visits(
        person=who,
        wish=wish,
        channel=channel,
        second=begins(world, who, day),
        session=draws.bits("session", who, day),
        visitor=visitors(people, draws, config.dirt, who, day, app),
        signed_in=signed_in,
        cause=cause,
        baskets=baskets,
        ships_free=np.concatenate([free, np.ones(callers.lookers.size, np.bool_)]),
        sure=np.concatenate([sure, np.zeros(callers.lookers.size, np.bool_)]),
        noticed=noticed,
        signs_up=new & np.where(wish, named, draws.chance("sign up", who, _SIGNS_UP, day)),
    )


def channel_shares(world: World) -> Any:
    """Return how likely each person is to order on the web, in the app and in a store, shape (3, n)."""
    shares = _overall(world)
    usual = pick(np.cumsum(shares), world.draws.uniform("usual channel", np.arange(len(world.people))))
    return (1 - _LOYAL_TO_CHANNEL) * shares[:, None] + _LOYAL_TO_CHANNEL * (np.arange(len(CHANNELS))[:, None] == usual)


def _overall(world: World) -> Floats:
    own = world.config.customers
    shares = np.array([max(0.0, 1 - own.app - own.store), own.app, own.store])
    shares /= shares.sum()
    return shares


def _channels(world: World, who: Ints, wish: Mask, day: int) -> Ints:
    running = np.cumsum(_overall(world))
    usual = pick(running, world.draws.uniform("usual channel", who))
    today = pick(running, world.draws.uniform("channel", who, day))
    channel = np.where(world.draws.chance("as usual", who, _LOYAL_TO_CHANNEL, day), usual, today)
    channel = np.where(world.people.unnamed[who], STORE, channel)
    return np.where((channel == STORE) & ~wish, 0, channel)


def begins(world: World, who: Ints, day: int) -> Ints:
    """Return when people come today, by the hours of their own clocks; UTC seconds, 50 minutes before midnight or earlier."""
    hour = pick(world.hours, world.draws.uniform("hour", who, day))
    local = hour * 3600 + np.floor(world.draws.uniform("second", who, day) * 3600).astype(np.int64)
    second: Ints = world.midnight(day) + np.minimum((local - world.people.hours_east[who] * 3600) % 86_400, _LATEST)
    return second


def _ships_free(world: World, who: Ints, channel: Ints, baskets: Baskets, day: int) -> Mask:
    worth = np.bincount(
        baskets.basket, world.goods.price_minor[baskets.product] * baskets.quantity * ~baskets.missing, minlength=who.size
    )
    free: Mask = (channel == STORE) | (worth >= world.shipping_free_from) | world.holds_free_shipping(who, day)
    return free


def _kept_anyway(baskets: Baskets, sure: Mask) -> Baskets:
    """Let those whom nothing stops wait for what is out of stock where all they want is."""
    on_shelf = np.bincount(baskets.basket, ~baskets.missing, minlength=sure.size)
    waits = (sure & (on_shelf == 0))[baskets.basket]
    return replace(baskets, missing=baskets.missing & ~waits) if waits.any() else baskets


def _causes(world: World, who: Ints, channel: Ints, baskets: Baskets, signed_in: Mask, free: Mask, day: int) -> Ints:
    draws, own, online = world.draws, world.config.behaviour, channel != STORE
    on_shelf = np.bincount(baskets.basket, ~baskets.missing, minlength=who.size)
    cause = np.where(online & draws.chance("slow page", who, world.people.slow_page[who], day), 4, 0)
    cause = np.where(online & ~free & draws.chance("shipping cost", who, world.people.shipping_cost[who], day), 3, cause)
    cause = np.where(online & ~signed_in & draws.chance("login wall", who, own.login_wall, day), 2, cause)
    return np.where(on_shelf == 0, 1, cause)


def tell(world: World, seen: Visits, day: int, said: Ints, totals: Ints) -> Deeds:
    """Return the events of the visits; `said` and `totals` are as whom and for how much each order was placed.

    Both have one entry per visit that ordered, in order. Visits to a store leave the order's event alone.
    """
    online = np.flatnonzero(seen.channel != STORE)
    steps = _Steps(world, seen, day)
    steps.add(np.where(seen.channel[online] == 1, SCREEN, 0), online, 0.0)
    searches = world.draws.chance("search", seen.person[online], world.config.behaviour.search, day)
    wished = world.shelf.wish(seen.person[online], day, "interest")
    steps.add(np.where(searches, NUMBER["Products Searched"], NUMBER["Product List Viewed"]), online, 1.0, category=wished)
    _views(steps, world, seen, online, day)
    _recommended(steps, seen)
    _cart_and_checkout(steps, world, seen)
    orders = np.flatnonzero(seen.ordered)
    steps.add(np.full(orders.size, NUMBER["Order Completed"]), orders, 20.0, said=said, amount=totals, order=True)
    return steps.deeds()


def _views(steps: _Steps, world: World, seen: Visits, online: Ints, day: int) -> None:
    """Add the products looked at, and the cart of those who only look."""
    own, draws = world.config.behaviour, world.draws
    count = np.minimum(draws.count("views", seen.person[online], own.views, day), _MOST_VIEWS)
    visit = np.repeat(online, count)
    place = np.arange(visit.size) - np.repeat(np.cumsum(count) - count, count)
    product = world.shelf.wish(seen.person[visit], day, "view", place)
    rank = 2.0 + draws.uniform("view: when", seen.person[visit], day, place)
    steps.add(np.full(visit.size, NUMBER["Product Viewed"]), visit, rank, product=product)
    toys = np.flatnonzero((place == 0) & ~seen.wish[visit] & draws.chance("toy", seen.person[visit], own.cart, day))
    steps.add(np.full(toys.size, NUMBER["Product Added"]), visit[toys], rank[toys] + 0.001, product=product[toys], pieces=1)
    steps.add(np.full(toys.size, NUMBER["Cart Viewed"]), visit[toys], 4.0)


def _recommended(steps: _Steps, seen: Visits) -> None:
    """Add the lists recommended, one per placement, and what was clicked in them."""
    noticed = seen.noticed
    if not noticed.visit.size:
        return
    lists = np.unique(noticed.visit * len(PLACEMENTS) + noticed.shown.placement)
    visit, placement = lists // len(PLACEMENTS), lists % len(PLACEMENTS)
    steps.add(np.full(visit.size, NUMBER["Product List Viewed"]), visit, 1.5 + placement / 100, placement=placement)
    clicks = np.flatnonzero(noticed.clicked)
    visit, product, placement = noticed.visit[clicks], noticed.shown.product[clicks], noticed.shown.placement[clicks]
    rank = 1.6 + placement / 100 + noticed.shown.position[clicks] / 1e5
    steps.add(np.full(clicks.size, NUMBER["Product Clicked"]), visit, rank, product=product, placement=placement)
    steps.add(np.full(clicks.size, NUMBER["Product Viewed"]), visit, rank + 1e-6, product=product)


def _cart_and_checkout(steps: _Steps, world: World, seen: Visits) -> None:
    """Add the pages a visit with the wish to order passes until something stops it."""
    lines = np.flatnonzero(seen.channel[seen.baskets.basket] != STORE)
    visit, product = seen.baskets.basket[lines], seen.baskets.product[lines]
    rank = 3.0 + 0.9 * (np.arange(lines.size) - np.searchsorted(visit, visit)) / 64
    steps.add(np.full(lines.size, NUMBER["Product Viewed"]), visit, rank, product=product)
    kept = np.flatnonzero(~seen.baskets.missing[lines])
    pieces = seen.baskets.quantity[lines[kept]]
    steps.add(
        np.full(kept.size, NUMBER["Product Added"]), visit[kept], rank[kept] + 0.005, product=product[kept], pieces=pieces
    )
    buyer = seen.wish & (seen.channel != STORE)
    passed = np.where(seen.cause == 0, len(CAUSES), seen.cause)
    for name, rank_of, beyond in (
        ("Cart Viewed", 4.0, 1),
        ("Checkout Started", 5.0, 1),
        ("Signed In", 6.0, 2),
        ("Signed Up", 6.0, 2),
        ("Checkout Step Viewed", 7.0, 2),
        ("Checkout Step Completed", 8.0, 3),
        ("Payment Info Entered", 9.0, 3),
    ):
        there = buyer & (passed > beyond)
        if name == "Signed In":
            there &= world.people.account[seen.person] & ~seen.signed_in & ~seen.signs_up
        elif name == "Signed Up":
            there = seen.signs_up & (seen.channel != STORE) & (there | ~seen.wish)
        rows = np.flatnonzero(there)
        steps.add(np.full(rows.size, NUMBER[name]), rows, rank_of)


class _Steps:
    """Events of visits while they are gathered; `deeds` puts them in order and gives each its time."""

    def __init__(self, world: World, seen: Visits, day: int) -> None:
        self.world, self.seen, self.day = world, seen, day
        self.parts: dict[str, list[Any]] = {
            name: []
            for name in ("visit", "name", "rank", "product", "category", "placement", "pieces", "said", "amount", "order")
        }

    def add(self, name: Ints, visit: Ints, rank: Any, **given: Any) -> None:
        """Add one event per entry of `visit`."""
        n = visit.size
        blank = {"product": -1, "category": -1, "placement": -1, "pieces": -1, "said": -1, "amount": -1, "order": False}
        for key, value in {"visit": visit, "name": name, "rank": rank, **blank, **given}.items():
            dtype = np.float64 if key == "rank" else np.int64
            self.parts[key].append(np.broadcast_to(np.asarray(value, dtype), n))

    def deeds(self) -> Deeds:
        """Return the events, visit by visit, each some seconds behind the one before."""
        got = {key: np.concatenate(values) for key, values in self.parts.items()}
        order = np.lexsort((got["rank"], got["visit"]))
        got = {key: values[order] for key, values in got.items()}
        visit, seen, world = got["visit"], self.seen, self.world
        person = seen.person[visit]
        first = np.searchsorted(visit, visit)
        place = np.arange(visit.size) - first
        hurry = np.minimum(1.0, _CALM_STEPS / np.bincount(visit, minlength=1)[visit])
        pause = (4 + np.floor(world.draws.uniform("pause", person, self.day, place) * 40)) * hurry
        waited = np.cumsum(pause)
        second = seen.second[visit] + (waited - waited[first]).astype(np.int64) if visit.size else visit
        enters = (got["name"] == NUMBER["Signed In"]) | (got["name"] == NUMBER["Signed Up"])
        known = seen.signed_in[visit] | _behind(enters, first)
        online = seen.channel[visit] != STORE
        price = world.goods.price_minor[np.maximum(got["product"], 0)]
        amount = np.where((got["pieces"] > 0), price * got["pieces"], got["amount"])
        return Deeds(
            name=got["name"],
            person=person,
            second=second,
            message=world.draws.bits("visit: message", person, self.day, place),
            visitor=np.where(online, seen.visitor[visit], np.uint64(0)),
            session=np.where(online, seen.session[visit], np.uint64(0)),
            customer=np.where(got["said"] >= 0, got["said"], np.where(known, SELF, NOBODY)),
            product=got["product"],
            order=np.where(got["order"] > 0, order_key(self.day, person), -1),
            amount=amount,
            extra=self._extra(got, person),
        )

    def _extra(self, got: dict[str, Any], person: Ints) -> Any:
        """Return each event's further properties."""
        goods, language = self.world.goods, self.world.people.language[person]
        texts = np.full(person.size, "", object)
        context = np.array(
            [f'"channel": "{channel}", "locale": "{locale}"' for channel in CHANNELS for locale in ("en-GB", "zh-CN")], object
        )
        texts[:] = context[self.seen.channel[got["visit"]] * 2 + language]
        for number in (0, 1):
            rows = np.flatnonzero((got["product"] >= 0) & (language == number))
            fragment = self.world.fragments[number][got["product"][rows]]
            texts[rows] = texts[rows] + ", " + fragment
            rows = np.flatnonzero((got["category"] >= 0) & (language == number))
            key = np.where(got["name"][rows] == NUMBER["Products Searched"], '"query"', '"category"').astype(object)
            texts[rows] = (
                texts[rows] + ", " + key + ": " + self.world.category_text[number][goods.category[got["category"][rows]]]
            )
        rows = np.flatnonzero(got["placement"] >= 0)
        texts[rows] = texts[rows] + _LISTS[got["placement"][rows]]
        rows = np.flatnonzero(got["pieces"] > 0)
        texts[rows] = texts[rows] + ', "quantity": ' + got["pieces"][rows].astype("U6").astype(object)
        return pa.array(texts, pa.string())


def _behind(marks: Mask, first: Ints) -> Mask:
    """Return which events come behind a marked one of the same visit, or are it."""
    running = np.cumsum(marks)
    return np.asarray(running - running[first] + marks[first] > 0) if marks.size else marks
