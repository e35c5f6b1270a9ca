"""The people of the simulated shop, as columns of equal length in the order in which they arrive.

Source  Fader, Hardie & Lee (2005): order rates Gamma over people, a chance to leave after an order Beta over people.
        Radcliffe & Surry (1999), "Differential response analysis": persuadables, sure things, lost causes, sleeping dogs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.ids import customer_of_email
from lifeloop.simulate.draws import Draws, Floats, Floats32, Ints, Mask, hexadecimal
from lifeloop.simulate.settings import WorldConfig

RESPONSES = ("persuadable", "sure_thing", "lost_cause", "sleeping_dog")
"""Kinds of response to an offer, by number."""
FOREVER = np.iinfo(np.int32).max
"""A day that never comes."""
_HOUSEHOLD = 4
_PROSPECT_DAYS = 35.0
"""Mean days a prospect stays interested."""
_PROSPECT_RATE = 0.12
"""Order rate of a prospect against the rate the same person would have as a customer."""
_ZH = {"China": 1.0, "Singapore": 0.6, "Taiwan": 1.0, "Hong Kong": 0.9}
"""Weight of a country among Chinese readers; every other country has none, and 1 - weight among English readers."""
_HOURS_EAST = {"China": 8, "Singapore": 8, "Taiwan": 8, "Hong Kong": 8, "Germany": 1, "France": 1, "Japan": 9}


@dataclass(frozen=True)
class People:
    """Who there is. Arrays of shape (n,) unless said otherwise; days count from the first simulated day, 0."""

    arrival: Ints
    """Day of the first visit, for customers the day of the first order; -1: here before the first day."""
    prospect: Mask
    """Came to look only; may still order one day."""
    until: Ints
    """Day on which a prospect loses interest; never, for customers."""
    rate: Floats32
    """Orders a day on an average day, while active."""
    dropout: Floats32
    """Chance to leave for good after a repeat order."""
    language: Ints
    """0 English, 1 Chinese."""
    country: Ints
    """Place in `WorldConfig.countries`."""
    hours_east: Ints
    """Hours that the person's clock is ahead of UTC."""
    sensitivity: Floats32
    """Price sensitivity, 0..1."""
    taste: Any
    """Two favourite kinds of goods as numbers in 0..1, shape (n, 2); the catalogue makes categories of them."""
    generosity: Floats32
    """Factor on the number of products in an order, mean 1."""
    account: Mask
    """Has an account; the others order as guests."""
    unnamed: Mask
    """Buys in stores only and never says who that is."""
    source: Ints
    """Place in `WorldConfig.acquisition`."""
    household: Ints
    """The person whose first device one uses too; oneself where nobody shares."""
    mailbox: Ints
    """The person whose e-mail one uses; mostly oneself."""
    devices: Ints
    """1 to 3."""
    response: Ints
    """Place in RESPONSES."""
    effect: Any
    """Further orders by one opened message with an offer, shape (n, offers)."""
    opened: Any
    """Chance to open a message, shape (n, channels)."""
    consent: Any
    """Whether the person agreed to a channel, shape (n, channels)."""
    shipping_cost: Floats32
    """Chance to stop at the cost of shipping."""
    slow_page: Floats32
    """Chance to stop at a slow page."""
    life_day: Ints
    """Day of a move, wedding, baby; FOREVER: none."""
    draws: Draws
    """What names are made from."""

    def __len__(self) -> int:
        return self.arrival.size

    @cached_property
    def customer_id(self) -> Any:
        """What the shop calls each: account holders by number, in no order at all, others by e-mail; Arrow strings."""
        holders, guests = np.flatnonzero(self.account), np.flatnonzero(~self.account)
        width = max(6, len(str(holders.size)))
        number = self.draws.stream("account number").permutation(holders.size) + 1
        ids = np.empty(len(self), object)
        ids[holders] = [f"C{one:0{width}}" for one in number.tolist()]
        ids[guests] = [customer_of_email(one) for one in self.emails(guests)]
        return pa.array(ids, pa.string())

    @cached_property
    def same_mailbox(self) -> Mask:
        """Whose mailbox others use too."""
        shared: Mask = np.bincount(self.mailbox, minlength=len(self))[self.mailbox] > 1
        return shared

    def emails(self, who: Ints, *, second: Any = False) -> list[str]:
        """Return the address of each person, or the second one; a hash, so that it tells nothing of its owner."""
        bits = self.draws.ids("e-mail", self.mailbox[who], k=np.asarray(second, np.int64) + np.zeros(who.size, np.int64))
        return [f"{one[:12].decode()}@customer.example" for one in hexadecimal(bits).tolist()]


def make_people(config: WorldConfig, draws: Draws) -> People:
    """Draw everybody who will ever come. Each trait has its own stream: a new one changes no other."""
    own, days = config.customers, config.shop.days
    arrival, prospect, unnamed = _arrivals(config, draws)
    n = arrival.size
    kinds = list(config.acquisition.values())
    source = draws.stream("source").choice(len(kinds), n, p=_shares([kind.share for kind in kinds]))
    factor = np.array([kind.rate_factor for kind in kinds])
    factor /= _shares([kind.share for kind in kinds]) @ factor
    rate = draws.stream("rate").gamma(own.rate_shape, 1 / own.rate_scale, n) / 7 * factor[source]
    sensitivity = draws.stream("sensitivity").beta(2.0, 3.0, n)
    response = _responses(config, draws, rate, sensitivity)
    language = (draws.stream("language").random(n) < own.zh).astype(np.int64)
    country = _countries(config, draws, language)
    east = np.array([0 if config.season.one_clock else _HOURS_EAST.get(name, 0) for name in config.countries])
    life = draws.stream("life").exponential(365 / own.life_events, n) if own.life_events else np.full(n, np.inf)
    interest = draws.stream("interest").exponential(_PROSPECT_DAYS, n)
    return People(
        arrival=arrival,
        prospect=prospect,
        until=np.where(prospect, arrival + 1 + interest, FOREVER).astype(np.int64),
        rate=np.where(prospect, rate * _PROSPECT_RATE, rate).astype(np.float32),
        dropout=draws.stream("dropout").beta(own.dropout_a, own.dropout_b, n).astype(np.float32),
        language=language,
        country=country,
        hours_east=east[country],
        sensitivity=sensitivity.astype(np.float32),
        taste=draws.stream("taste").random((n, 2)),
        generosity=draws.stream("generosity")
        .gamma(config.basket.lines_shape, 1 / config.basket.lines_shape, n)
        .astype(np.float32),
        account=(draws.stream("account").random(n) < own.account) & ~unnamed,
        unnamed=unnamed,
        source=source,
        household=_households(draws, n, config.dirt.shared_device),
        mailbox=_mailboxes(draws, n, config.dirt.shared_email),
        devices=1 + (draws.stream("devices").random((n, 2)) < (config.dirt.devices - 1) / 2).sum(axis=1),
        response=response,
        effect=_effects(config, draws, response),
        opened=_opened(config, draws, n),
        consent=draws.stream("consent").random((n, len(config.messages.channels)))
        < np.array([channel.consent for channel in config.messages.channels.values()]),
        shipping_cost=np.minimum(config.behaviour.shipping_cost * sensitivity / 0.4, 0.9).astype(np.float32),
        slow_page=np.minimum(draws.stream("slow").exponential(config.behaviour.slow_page, n), 0.9).astype(np.float32),
        life_day=np.where(life < days, life, FOREVER).astype(np.int64),
        draws=draws,
    )


def _households(draws: Draws, n: int, share: float) -> Ints:
    """Return whose first device each uses too: this share of people is of the household of the one before in a shuffled row.

    A household has four people at most.
    """
    row = draws.stream("kin").permutation(n)
    shares = draws.stream("household").random(n) < share
    place = np.arange(n)
    head = np.maximum.accumulate(np.where(shares, 0, place))
    household = np.empty(n, np.int64)
    household[row] = row[place - (place - head) % _HOUSEHOLD]
    return household


def _mailboxes(draws: Draws, n: int, share: float) -> Ints:
    """Return whose e-mail each uses: this share of people that of the one before in a shuffled row."""
    row = draws.stream("mailbox kin").permutation(n)
    uses = row.copy()
    shares = draws.stream("mailbox").random(n - 1) < share
    uses[1:][shares] = row[:-1][shares]
    mailbox = np.empty(n, np.int64)
    mailbox[row] = uses
    return mailbox


def as_customer(people: People) -> Floats32:
    """Return everybody's order rate as a customer: prospects have more of it once they have bought."""
    return np.where(people.prospect, people.rate / np.float32(_PROSPECT_RATE), people.rate)


def _arrivals(config: WorldConfig, draws: Draws) -> tuple[Ints, Mask, Mask]:
    """Return sorted days of arrival, who only comes to look, and who never says their name."""
    own, customers = config.customers, config.shop.customers
    buyers = customers + round(customers * own.unnamed / (1 - own.unnamed))
    n = buyers + round(customers * own.prospects)
    weight = _arrivals_by_day(config)
    day = draws.stream("arrival").choice(weight.size, n, p=weight / weight.sum())
    place = np.arange(n)
    before = (place < buyers) & (draws.stream("existing").random(n) < own.existing)
    day[before] = -1
    order = np.argsort(day, kind="stable")
    shuffled = order[np.lexsort((draws.stream("place").random(n), day[order]))]
    return day[shuffled], place[shuffled] >= buyers, (place[shuffled] >= customers) & (place[shuffled] < buyers)


def _arrivals_by_day(config: WorldConfig) -> Floats:
    """Return weights of the days on which people arrive: by the months told or by growth, and by the day of the week."""
    shop, told = config.shop, config.customers.arrivals
    days = np.datetime64(shop.start, "D") + np.arange(shop.days)
    week = np.array(config.season.weekdays)[(days.astype(np.int64) + 3) % 7]
    if not told:
        grown: Floats = np.linspace(1.0, 1.0 + config.customers.growth, shop.days) * week
        return grown if grown.any() else np.ones(shop.days)
    months = days.astype("datetime64[M]").astype(np.int64)
    month = months - months[0]
    known = list(told)
    while len(known) <= month[-1]:
        known.append(known[-12] if len(known) >= 12 else known[-1])
    open_days = np.bincount(month, week)[month]
    weight: Floats = np.array(known)[month] * np.where(open_days > 0, week / np.maximum(open_days, 1e-12), 0.0)
    return weight if weight.any() else np.ones(shop.days)


def _shares(weights: list[float]) -> Floats:
    values: Floats = np.array(weights, np.float64)
    values /= values.sum()
    return values


def _countries(config: WorldConfig, draws: Draws, language: Ints) -> Ints:
    """Draw a country that fits the language, where any of the shop's countries does."""
    names = list(config.countries)
    shares = _shares(list(config.countries.values()))
    zh = np.array([_ZH.get(name, 0.0) for name in names])
    uniform = draws.stream("country").random(language.size)
    country = np.zeros(language.size, np.int64)
    for number, weights in enumerate((shares * (1 - zh), shares * zh)):
        running = np.cumsum(weights if weights.sum() else shares)
        country = np.where(language == number, np.searchsorted(running / running[-1], uniform, side="right"), country)
    return np.minimum(country, len(names) - 1)


def readers_of_chinese(languages: Mapping[str, float], countries: Mapping[str, float]) -> float:
    """Return which share of the customers reads Chinese: as their languages say, or, where none is known, their countries."""
    known = sum(languages.values())
    if known:
        return round(sum(share for name, share in languages.items() if name.lower().startswith("zh")) / known, 4)
    return round(sum(share * _ZH.get(name, 0.0) for name, share in countries.items()) / sum(countries.values()), 4)


def _responses(config: WorldConfig, draws: Draws, rate: Floats, sensitivity: Floats) -> Ints:
    """Draw kinds of response: sure things order often, lost causes seldom, persuadables mind the price.

    The tilt leaves the shares of the settings as they are: proportional fitting (Deming & Stephan, 1940).
    """
    told = config.messages
    shares = np.array([told.persuadable, told.sure_thing, 0.0, told.sleeping_dog])
    shares[2] = max(0.0, 1 - shares.sum())
    log_rate = np.log(rate + 1e-12)
    often = (log_rate - log_rate.mean()) / (log_rate.std() + 1e-12)
    minds = (sensitivity - sensitivity.mean()) / (sensitivity.std() + 1e-12)
    tilt = np.exp(np.clip(np.stack([0.6 * minds, 0.8 * often, -0.8 * often, -0.3 * minds], axis=1), -3, 3))
    weights = shares.copy()
    for _ in range(8):
        chances = tilt * weights
        chances /= chances.sum(axis=1, keepdims=True)
        weights = weights * np.where(shares > 0, shares / np.maximum(chances.mean(axis=0), 1e-12), 0.0)
    running = np.cumsum(tilt * weights, axis=1)
    drawn = draws.stream("response").random(rate.size)[:, None] * running[:, -1:]
    kind: Ints = np.minimum((running <= drawn).sum(axis=1), 3).astype(np.int64)
    return kind


def _effects(config: WorldConfig, draws: Draws, response: Ints) -> Any:
    """Return further orders by an opened message: above zero for persuadables, below for sleeping dogs."""
    appeal = np.array([offer.appeal for offer in config.offers.values()])
    size = draws.stream("effect").gamma(4.0, 0.25, (response.size, appeal.size)) * config.messages.effect
    sign = np.array([1.0, 0.0, 0.0, -0.5])[response]
    return (size * appeal * sign[:, None]).astype(np.float32)


def _opened(config: WorldConfig, draws: Draws, n: int) -> Any:
    """Return chances to open a message, spread over people around the channel's mean."""
    mean = np.array([channel.opened for channel in config.messages.channels.values()])
    spread = draws.stream("opened").beta(3.0, 3.0, (n, mean.size))
    return np.clip(mean + (spread - 0.5) * 2 * np.minimum(mean, 1 - mean), 0, 1).astype(np.float32)
