"""What the day's visits leave behind: the events of the pages people pass, in the order of the shop's own pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lifeloop.simulate.checkout import CHANNELS, STORE
from lifeloop.simulate.contact import campaigns, consents
from lifeloop.simulate.deeds import NUMBER, SCREEN, Deeds, order_key
from lifeloop.simulate.draws import Floats, Ints, Mask
from lifeloop.simulate.identity import NOBODY, SELF
from lifeloop.simulate.shown import PLACEMENTS
from lifeloop.simulate.visits import CAUSES, Visits

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

_MOST_VIEWS = 40
_REMOVED = 4.5
"""Rank of taking something out: behind the look at the cart, before the checkout."""
_BLANK = dict.fromkeys(("product", "category", "placement", "pieces", "said", "amount", "campaign"), -1) | {"order": False}
_LISTS = np.array([f', "list_id": "recommended: {name}"' for name in PLACEMENTS], object)


def tell(world: World, seen: Visits, day: int, said: Ints, totals: Ints) -> Deeds:
    """Return the events of the visits; `said` and `totals` are as whom and for how much each order was placed.

    Both have one entry per visit that ordered, in order. Visits to a store leave the order's event alone.
    """
    online = np.flatnonzero(seen.channel != STORE)
    steps = _Steps(world, seen, day)
    steps.add(np.where(seen.channel[online] == 1, SCREEN, 0), online, 0.0, campaign=seen.campaign[online])
    searches = world.draws.chance("search", seen.person[online], world.config.behaviour.search, day)
    wished = world.shelf.wish(seen.person[online], day, "interest")
    steps.add(np.where(searches, NUMBER["Products Searched"], NUMBER["Product List Viewed"]), online, 1.0, category=wished)
    _views(steps, world, seen, online, day)
    _recommended(steps, seen)
    _cart_and_checkout(steps, world, seen)
    _second_thoughts(steps, world, seen, day)
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
    out = toys[draws.chance("second thoughts", seen.person[visit[toys]], own.removes, day)]
    steps.add(np.full(out.size, NUMBER["Product Removed"]), visit[out], _REMOVED, product=product[out], pieces=1)


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


def _second_thoughts(steps: _Steps, world: World, seen: Visits, day: int) -> None:
    """Add what buyers look at, put into the cart, and take out again before the checkout; nothing they go on to order."""
    draws, p = world.draws, len(world.goods)
    buyers = np.flatnonzero(seen.wish & (seen.channel != STORE))
    buyers = buyers[draws.chance("second thoughts", seen.person[buyers], world.config.behaviour.removes, day)]
    product = world.shelf.wish(seen.person[buyers], day, "second thoughts")
    other = ~np.isin(buyers * p + product, seen.baskets.basket * p + seen.baskets.product)
    visit, product = buyers[other], product[other]
    for name, rank, pieces in (("Product Viewed", 3.9, -1), ("Product Added", 3.901, 1), ("Product Removed", _REMOVED, 1)):
        steps.add(np.full(visit.size, NUMBER[name]), visit, rank, product=product, pieces=pieces)


class _Steps:
    """Events of visits while they are gathered; `deeds` puts them in order and gives each its time."""

    def __init__(self, world: World, seen: Visits, day: int) -> None:
        self.world, self.seen, self.day = world, seen, day
        self.parts: dict[str, list[Any]] = {name: [] for name in ("visit", "name", "rank", *_BLANK)}

    def add(self, name: Ints, visit: Ints, rank: Any, **given: Any) -> None:
        """Add one event per entry of `visit`."""
        n = visit.size
        for key, value in {"visit": visit, "name": name, "rank": rank, **_BLANK, **given}.items():
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
        pause = 4 + np.floor(world.draws.uniform("pause", person, self.day, place) * 40)
        second = seen.second[visit] + self._passed(visit, first, np.cumsum(pause))
        enters = (got["name"] == NUMBER["Signed In"]) | (got["name"] == NUMBER["Signed Up"])
        known = seen.signed_in[visit] | _behind(enters, first)
        online = seen.channel[visit] != STORE
        price = world.goods.price_minor[np.maximum(got["product"], 0)]
        amount = np.where((got["pieces"] > 0), price * got["pieces"], got["amount"])
        return Deeds(
            name=got["name"],
            person=person,
            second=second,
            message=world.draws.ids("visit: message", person, self.day, place),
            visitor=np.where(online, seen.visitor[visit], np.uint64(0)),
            session=np.where(online, seen.session[visit], np.uint64(0)),
            customer=np.where(got["said"] >= 0, got["said"], np.where(known, SELF, NOBODY)),
            product=got["product"],
            order=np.where(got["order"] > 0, order_key(self.day, person), -1),
            amount=amount,
            extra=self._extra(got, person),
        )

    def _passed(self, visit: Ints, first: Ints, waited: Floats) -> Ints:
        """Return the seconds of its visit that each event comes at; where the day ends before the visit it goes faster."""
        passed = waited - waited[first] if visit.size else waited
        whole = passed[np.searchsorted(visit, visit, side="right") - 1] if visit.size else waited
        left = self.world.midnight(self.day + 1) - 1 - self.seen.second[visit]
        return np.floor(passed * np.minimum(1.0, left / np.maximum(whole, 1))).astype(np.int64)

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
        rows = np.flatnonzero(got["campaign"] >= 0)
        texts[rows] = texts[rows] + ", " + campaigns(self.world.config)[got["campaign"][rows]]
        rows = np.flatnonzero((got["name"] == NUMBER["Signed Up"]) | ((got["order"] > 0) & (got["said"] > 0)))
        texts[rows] = texts[rows] + ', "consent": ' + consents(self.world, person[rows])
        return pa.array(texts, pa.string())


def _behind(marks: Mask, first: Ints) -> Mask:
    """Return which events come behind a marked one of the same visit, or are it."""
    running = np.cumsum(marks)
    return np.asarray(running - running[first] + marks[first] > 0) if marks.size else marks
