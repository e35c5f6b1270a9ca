"""The nightly part of recommending at a shop's size: CPU seconds and peak memory of each step, and what forgetting one costs.

Prints one JSON line. A synthetic shop (histories of geometric length, popularity rank^-.6, 20 tastes, two of them everybody's)
is written into a lake of its own, then read, learned from and recommended to, all customers at once; then one customer is
forgotten, and a thousand are answered in process. `cpu_s` counts all threads; `peak_mb` is the process's own, mapped files too.

    python bench/bench_recommend_night.py --customers 1000000 --products 1000
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.config import Settings
from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.lake import DuckEngine, Lake
from lifeloop.recommend.asked import Asked
from lifeloop.recommend.learning import nightly
from lifeloop.recommend.learning.forget import forget_customer
from lifeloop.recommend.shopfront import Shopfront
from lifeloop.schema import EVENT, ORDER_LINE, PRODUCT, Table
from lifeloop.unify.resolved import RESOLVED

START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 180
AT_ONCE = 100_000
TASTES = 20
VIEWS, ORDERS, LINES = 16.4, 1.6, 2.5
"""Mean deeds with products, orders, and lines of an order, of each customer."""
STEPS = ("read_catalogue", "read_deeds", "read_consents", "read_shown", "fit_model", "save_model", "load_model", "read_sent")


class Shop:
    """Draws a shop's facts."""

    def __init__(self, products: int) -> None:
        self.rng = np.random.default_rng(1)
        self.ids = pa.array([f"sku-{number:06d}" for number in range(products)])
        weights = (np.arange(products) + 1.0) ** -0.6
        self.taste = self.rng.integers(0, TASTES, products)
        self.of_taste = [np.flatnonzero(self.taste == one) for one in range(TASTES)]
        self.cumulative = np.cumsum(weights) / weights.sum()
        self.within = [np.cumsum(weights[own]) / weights[own].sum() for own in self.of_taste]

    def products(self) -> pa.Table:
        count = len(self.ids)
        listed = {
            "source": pa.repeat("web", count),
            "product_id": self.ids,
            "title": pa.array([f"Thing {number}" for number in range(count)]),
            "category": pa.array([f"Shelf {one} > Part {number % 5}" for number, one in enumerate(self.taste)]),
            "brand": pa.array([f"Brand {number % 50}" for number in range(count)]),
            "updated_at": pa.repeat(pa.scalar(START, pa.timestamp("us", tz="UTC")), count),
        }
        return _table(PRODUCT, listed, count)

    def facts(self, first: int, count: int) -> Iterator[tuple[Table, pa.Table]]:
        """Yield the events and order lines of some customers."""
        rng, names = self.rng, pa.array([f"customer-{number:08d}" for number in range(first, first + count)])
        tastes = rng.integers(0, TASTES, (count, 2))
        who = np.repeat(np.arange(count), rng.geometric(1 / VIEWS, count))
        kinds = pa.array((rng.random(len(who)) > 0.85).astype(np.int8))
        said = pa.DictionaryArray.from_arrays(kinds, pa.array(["Product Viewed", "Product Added"])).cast(pa.string())
        seen = {"name": said, "product_id": self.ids.take(pa.array(self._drawn(tastes[who])))}
        yield EVENT, self._events(f"v{first}", names.take(pa.array(who)), seen)
        agreed = np.flatnonzero(rng.random(count) < 0.8)
        given = {
            "name": pa.repeat("Signed Up", len(agreed)),
            "properties": pa.repeat('{"consent": ["personalization"]}', len(agreed)),
        }
        yield EVENT, self._events(f"c{first}", names.take(pa.array(agreed)), given)
        yield ORDER_LINE, self._lines(first, names, tastes)

    def _events(self, mark: str, who: pa.Array, said: dict[str, Any]) -> pa.Table:
        count, at = len(who), self._moments(len(who))
        told = {"source": pa.repeat("web", count), "type": pa.repeat("track", count), "customer_id": who, **said}
        numbers = pa.array([f"{mark}-{number}" for number in range(count)])
        return _table(EVENT, {**told, "message_id": numbers, "occurred_at": at, "received_at": at}, count)

    def _lines(self, first: int, names: pa.Array, tastes: Any) -> pa.Table:
        whose = np.repeat(np.arange(len(names)), self.rng.poisson(ORDERS, len(names)))
        lines = self.rng.geometric(1 / LINES, len(whose))
        order = np.repeat(np.arange(len(whose)), lines)
        at, count = self._moments(len(whose)).take(pa.array(order)), len(order)
        sold = {
            "source": pa.repeat("web", count),
            "order_id": pa.array([f"o{first}-{number}" for number in range(len(whose))]).take(pa.array(order)),
            "line_no": pa.array(np.arange(count) - np.repeat(np.cumsum(lines) - lines, lines) + 1, pa.int32()),
            "customer_id": names.take(pa.array(whose[order])),
            "placed_at": at,
            "received_at": at,
            "product_id": self.ids.take(pa.array(self._drawn(tastes[whose[order]]))),
            "quantity": pa.array(np.ones(count)),
            "currency": pa.repeat("EUR", count),
            "amount_minor": pa.array(np.full(count, 1000)),
            "goods_minor": pa.array(np.full(count, 1000)),
        }
        return _table(ORDER_LINE, sold, count)

    def _moments(self, count: int) -> pa.Array:
        return pa.array(micros(START) + self.rng.integers(0, DAYS * 86_400_000_000, count), pa.timestamp("us", tz="UTC"))

    def _drawn(self, tastes: Any) -> Any:
        """Return a product for each row: of one of two tastes three times of five."""
        count = len(tastes)
        taste = tastes[np.arange(count), self.rng.integers(0, 2, count)]
        drawn = np.searchsorted(self.cumulative, self.rng.random(count)).clip(max=len(self.ids) - 1)
        own, place = self.rng.random(count) < 0.6, self.rng.random(count)
        for one in range(TASTES):
            rows = np.flatnonzero(own & (taste == one))
            drawn[rows] = self.of_taste[one][
                np.searchsorted(self.within[one], place[rows]).clip(max=len(self.of_taste[one]) - 1)
            ]
        return drawn


def _table(table: Table, columns: dict[str, Any], count: int) -> pa.Table:
    schema = table.arrow()
    return pa.table({field.name: columns.get(field.name, pa.nulls(count, field.type)) for field in schema}, schema=schema)


def measured(steps: dict[str, Any], name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return `work`, which notes what it took."""

    def noted(*given: Any, **named: Any) -> Any:
        cpu, wall = time.process_time(), time.perf_counter()
        done = work(*given, **named)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        took = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall, "peak_mb": peak}
        steps[name] = {key: round(value, 2) for key, value in took.items()}
        return done

    return noted


def main() -> None:
    """Make the shop, run its night, forget one customer, answer a thousand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=1000)
    asked = parser.parse_args()
    steps: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        lake, shop = Lake(Path(folder) / "lake"), Shop(asked.products)
        lake.append(PRODUCT, shop.products())
        for first in range(0, asked.customers, AT_ONCE):
            for table, rows in shop.facts(first, min(AT_ONCE, asked.customers - first)):
                lake.append(table, rows)
        engine, models = DuckEngine(lake, views=RESOLVED), Path(folder) / "models"
        settings, as_of = Settings(recommend=RecommendSettings()), START + timedelta(days=DAYS)
        for name in STEPS:
            setattr(nightly, name, measured(steps, name, getattr(nightly, name)))
        night = measured(steps, "all", nightly.recommend_all)
        done = night(lake, engine, models, as_of, settings=settings)
        front = Shopfront(lake, engine, models, settings, clock=FixedClock(as_of))
        measured(steps, "first_look", front.refresh)()
        draw, took = np.random.default_rng(2), []
        for _ in range(1000):
            who, before = f"customer-{draw.integers(asked.customers):08d}", time.perf_counter()
            front.answer(Asked(placement="home"), customer_id=who, generator=draw)
            took.append(time.perf_counter() - before)
        steps["answer_ms"] = {"p50": round(1e3 * np.median(took), 3), "p99": round(1e3 * np.quantile(took, 0.99), 3)}
        forget = measured(steps, "forget", forget_customer)
        forget(models, "customer-00000001", catalogue=front.catalogue, settings=settings.recommend)
        models_mb = sum(file.stat().st_size for file in models.rglob("*") if file.is_file()) / 1e6
    print(json.dumps({"deeds": done.deeds, "messages_to": done.customers, "models_mb": round(models_mb), "steps": steps}))


if __name__ == "__main__":
    main()
