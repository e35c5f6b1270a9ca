"""A first small shop: BTYD customers, a catalogue, seasons, returns. Everything is drawn from one seed.

Source  Fader, Hardie & Lee (2005), "Counting your customers the easy way": purchases of a customer come at a rate of
        their own (Gamma over customers) until they drop out, with a chance of their own (Beta) after each purchase.
Limits  no behaviour between orders, no messages, no true effect of an offer yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from lifeloop.base.errors import SettingsError
from lifeloop.simulate.catalogue import Catalogue, make_catalogue

Floats: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]
Ints: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]

_COUNTRIES = (("United Kingdom", "en", 0.34), ("Germany", "en", 0.22), ("China", "zh", 0.30), ("Singapore", "zh", 0.14))
_WEEKDAY = np.array([1.05, 0.98, 0.95, 0.97, 1.08, 1.05, 0.92])
_SEASON_PEAK = 2.6
"""No day sells more than this many times an average day; rejection sampling needs the bound."""


@dataclass(frozen=True, kw_only=True)
class ShopConfig:
    """The shop to simulate. Rates are per week, as in the BTYD papers."""

    customers: int = 4000
    """People who order at least once."""
    products: int = 240
    """Products in the catalogue."""
    days: int = 730
    """Length of the history."""
    end: date = date(2026, 1, 1)
    """First day not simulated."""
    seed: int = 0
    """Seed of every draw."""
    rate_shape: float = 0.9
    """Gamma shape r of the purchase rates."""
    rate_scale: float = 4.5
    """Gamma rate alpha of the purchase rates: mean rate r/alpha a week."""
    dropout_a: float = 1.0
    """Beta a of the chance to drop out after a repeat order."""
    dropout_b: float = 7.0
    """Beta b of the chance to drop out after a repeat order."""
    return_share: float = 0.05
    """Share of order lines that come back."""
    growth: float = 0.6
    """How many more customers arrive a day at the end than at the start, as a share."""

    def __post_init__(self) -> None:
        """Refuse what no shop can be, naming the setting."""
        for name in ("customers", "products", "days", "rate_shape", "rate_scale", "dropout_a", "dropout_b"):
            if getattr(self, name) <= 0:
                raise SettingsError(
                    f"cannot simulate with {name} = {getattr(self, name)}", "it must be above zero", f"Set {name} higher."
                )
        if not 0 <= self.return_share <= 1:
            raise SettingsError(f"cannot simulate with return_share = {self.return_share}", "a share lies in 0..1", "Try 0.05.")


@dataclass(frozen=True)
class SimulatedShop:
    """What the shop would export, and the truth it never exports."""

    lines: pa.Table
    """One row per order line, goods that came back with a negative quantity."""
    products: pa.Table
    customers: pa.Table
    truth: pa.Table
    """customer_id, rate_per_week, dropout, alive at the end."""


def season(day_of_year: Ints, weekday: Ints) -> Floats:
    """Return how a day compares with an average one: a summer low, a December high, 11.11 and Black Friday peaks.

    >>> season(np.array([315]), np.array([0])).round(1).tolist()
    [2.4]
    """
    year = 1 + 0.28 * np.cos(2 * np.pi * (day_of_year - 340) / 365)
    singles_day = 1 + 0.8 * np.exp(-(((day_of_year - 315) / 1.2) ** 2))
    black_friday = 1 + 0.6 * np.exp(-(((day_of_year - 331) / 2.0) ** 2))
    level: Floats = year * singles_day * black_friday * _WEEKDAY[weekday]
    return np.minimum(level, _SEASON_PEAK)


def simulate(config: ShopConfig) -> SimulatedShop:
    """Draw the shop. The same config gives the same bytes. Raises SettingsError for a shop that cannot be."""
    rng = np.random.default_rng(config.seed)
    catalogue = make_catalogue(config.products, rng)
    weight = np.linspace(1.0, 1.0 + config.growth, config.days)
    arrival = np.sort(rng.choice(config.days, size=config.customers, p=weight / weight.sum())) + rng.random(config.customers)
    rate = rng.gamma(config.rate_shape, 1 / config.rate_scale, config.customers) / 7
    dropout = rng.beta(config.dropout_a, config.dropout_b, config.customers)

    who, when, alive = _purchases(config, arrival, rate, dropout, rng)
    people = _people(config, rng)
    lines = _lines(config, who, when, catalogue, people, rng)
    truth = pa.table({"customer_id": people["customer_id"], "rate_per_week": rate * 7, "dropout": dropout, "alive": alive})
    return SimulatedShop(lines=lines, products=catalogue.table(), customers=people, truth=truth)


def write_files(shop: SimulatedShop, folder: Path) -> dict[str, Path]:
    """Write `order_lines.csv`, `products.csv`, `customers.csv` and, aside, `truth.parquet`; return them by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"lines": "order_lines.csv", "products": "products.csv", "customers": "customers.csv"}
    for kind, name in files.items():
        pa_csv.write_csv(getattr(shop, kind), folder / name)
    pq.write_table(shop.truth, folder / "truth.parquet")
    return {kind: folder / name for kind, name in files.items()}


def _purchases(
    config: ShopConfig, arrival: Floats, rate: Floats, dropout: Floats, rng: np.random.Generator
) -> tuple[Ints, Floats, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return who ordered when (days from the start, sorted by time) and who is alive at the end.

    Rounds of one candidate purchase per living customer, thinned by the season (Lewis & Shedler, 1979).
    """
    start = config.end - timedelta(days=config.days)
    index = np.arange(config.customers)
    who, when = [index], [arrival]
    clock = arrival.copy()
    alive = np.ones(config.customers, np.bool_)
    active = index
    while active.size:
        clock[active] += rng.exponential(1 / (rate[active] * _SEASON_PEAK))
        active = active[clock[active] < config.days]
        days = (np.datetime64(start) + clock[active].astype(np.int64)).astype("datetime64[D]")
        of_year = (days - days.astype("datetime64[Y]")).astype(np.int64) + 1
        bought = active[rng.random(active.size) * _SEASON_PEAK < season(of_year, (days.astype(np.int64) + 3) % 7)]
        who.append(bought)
        when.append(clock[bought])
        alive[bought[rng.random(bought.size) < dropout[bought]]] = False
        active = active[alive[active]]
    customers, times = np.concatenate(who), np.concatenate(when)
    order = np.lexsort((customers, times))
    return customers[order], times[order], alive


def _people(config: ShopConfig, rng: np.random.Generator) -> pa.Table:
    shares = np.array([share for _, _, share in _COUNTRIES])
    country = rng.choice(len(_COUNTRIES), size=config.customers, p=shares)
    ids = [f"C{number:06d}" for number in range(1, config.customers + 1)]
    return pa.table(
        {
            "customer_id": ids,
            "email": [f"{name.lower()}@customer.example" for name in ids],
            "language": [_COUNTRIES[number][1] for number in country.tolist()],
            "country": [_COUNTRIES[number][0] for number in country.tolist()],
        }
    )


def _lines(
    config: ShopConfig, who: Ints, when: Floats, catalogue: Catalogue, people: pa.Table, rng: np.random.Generator
) -> pa.Table:
    """Fill each order with products of the customer's taste, and let some of them come back some days later."""
    taste = rng.integers(0, catalogue.category_no.max() + 1, config.customers)
    generosity = rng.gamma(6.0, 1 / 6.0, config.customers)
    size = 1 + rng.poisson(1.4 * generosity[who])
    order = np.repeat(np.arange(who.size), size)
    product = _choose(taste[who[order]], catalogue, rng)
    quantity = 1 + rng.poisson(0.35 * generosity[who[order]])

    start = datetime.combine(config.end, datetime.min.time(), UTC) - timedelta(days=config.days)
    seconds = np.floor(when).astype(np.int64) * 86_400 + np.floor(rng.beta(3, 2.2, who.size) * 86_399).astype(np.int64)
    back = np.flatnonzero(rng.random(order.size) < config.return_share)
    back_seconds = seconds[order[back]] + rng.integers(3, 21, back.size) * 86_400
    kept = back_seconds < config.days * 86_400
    back, back_seconds = back[kept], back_seconds[kept]

    row = np.concatenate([np.arange(order.size), back])
    time = np.concatenate([seconds[order], back_seconds])
    sign = np.concatenate([np.ones(order.size, np.int64), -np.ones(back.size, np.int64)])
    number = np.char.add(np.where(sign > 0, "S", "R"), (100_000 + order[row]).astype("U8"))
    stamp = np.datetime64(start.replace(tzinfo=None), "s") + time
    lines = pa.table(
        {
            "order_id": pa.array(number.tolist()),
            "order_date": pa.array(np.char.replace(stamp.astype(str), "T", " ").tolist()),
            "customer_id": people["customer_id"].take(pa.array(who[order[row]])),
            "product_id": pa.array(catalogue.product_id).take(pa.array(product[row])),
            "product": pa.array(catalogue.title).take(pa.array(product[row])),
            "quantity": pa.array(sign * quantity[row]),
            "unit_price": pa.array([f"{minor / 100:.2f}" for minor in catalogue.price_minor.tolist()]).take(
                pa.array(product[row])
            ),
            "currency": pa.repeat("EUR", row.size),
            "country": people["country"].take(pa.array(who[order[row]])),
        }
    )
    return lines.take(pa.array(np.argsort(time, kind="stable")))


def _choose(taste: Ints, catalogue: Catalogue, rng: np.random.Generator) -> Ints:
    """Draw one product per line: six in ten from the customer's favourite category, the rest from everything."""
    chosen = rng.choice(len(catalogue.product_id), size=taste.size, p=catalogue.popularity)
    by_taste = rng.random(taste.size) < 0.6
    for category in np.unique(catalogue.category_no):
        members = np.flatnonzero(catalogue.category_no == category)
        lines = np.flatnonzero(by_taste & (taste == category))
        share = catalogue.popularity[members]
        chosen[lines] = rng.choice(members, size=lines.size, p=share / share.sum())
    return chosen
