"""Every feature of a random shop, computed a second time in plain Python from the facts themselves."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.features import FEATURES, take_labels, take_snapshot
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import EVENT, ORDER, ORDER_LINE, REFUND, Table

Facts = dict[str, list[dict[str, Any]]]
TABLES: dict[str, Table] = {"orders": ORDER, "lines": ORDER_LINE, "refunds": REFUND, "events": EVENT}
AS_OF = datetime(2024, 4, 1, tzinfo=UTC)
PLACES = ("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe")


def random_shop(seed: int) -> Facts:
    rng = np.random.default_rng(seed)
    facts: Facts = defaultdict(list)
    names = [f"customer {n}" for n in range(40)] + [None]

    def moment() -> datetime:  # from 500 days before as_of to 60 days after it, on whole minutes
        return AS_OF + timedelta(minutes=int(rng.integers(-500 * 1440, 60 * 1440)))

    for number in range(400):
        who, when = names[int(41 * rng.random() ** 2)], moment()
        common = {"customer_id": who, "order_id": str(number), "placed_at": when, "received_at": when}
        bought = [
            {
                "line_no": position + 1,
                "product_id": None if rng.random() < 0.05 else f"product {int(12 * rng.random() ** 2)}",
                "quantity": float(rng.integers(1, 5)),
                "goods_minor": int(rng.integers(0, 5000)),
            }
            for position in range(int(rng.integers(1, 6)))
        ]
        facts["lines"] += [common | line for line in bought]
        facts["orders"].append(
            common
            | {
                "goods_minor": sum(line["goods_minor"] for line in bought),
                "quantity": sum(line["quantity"] for line in bought),
                "products": len({line["product_id"] for line in bought}),
            }
        )
    for number in range(60):
        who, when = names[int(rng.integers(len(names)))], moment()
        back = {"refund_id": str(number // 2), "goods_minor": int(rng.integers(0, 900)), "quantity": 1.0, "line_no": 1}
        facts["refunds"].append(back | {"customer_id": who, "refunded_at": when, "received_at": when})
    for number in range(300):
        who, when = rng.choice([*names, "only looking"]), moment()
        name = rng.choice(["Product Viewed", "Product Added", "Page"])
        seen = {"message_id": str(number), "type": "track", "name": str(name), "session_id": rng.choice(["a", "b", "c", None])}
        facts["events"].append(seen | {"customer_id": who, "occurred_at": when, "received_at": when})
    return facts


def engine_over(facts: Facts, folder: Path) -> DuckEngine:
    lake = Lake(folder / "lake")
    constant = {"source": "test", "currency": "EUR", "digest": "-", "total_minor": 0, "amount_minor": 0}
    for name, rows in facts.items():
        table = TABLES[name]
        lake.append(table, pa.Table.from_pylist([constant | row for row in rows], schema=table.arrow()))
    return DuckEngine(lake, threads=1)


@dataclass
class Person:
    """What was known of one customer, with local days and the wall-clock age of each fact."""

    orders: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    events: list[dict[str, Any]]
    last_day: int

    @property
    def values(self) -> list[int]:
        return [order["goods_minor"] for order in self.orders]

    @property
    def days(self) -> dict[int, int]:
        by_day: Counter[int] = Counter()
        for order in self.orders:
            by_day[order["day"]] += order["goods_minor"]
        return dict(sorted(by_day.items()))

    @property
    def gaps(self) -> list[int]:
        days = list(self.days)
        return [later - earlier for earlier, later in itertools.pairwise(days)]

    @property
    def weekdays(self) -> list[int]:
        return [(date(1970, 1, 1) + timedelta(days=day)).weekday() for day in self.days]

    def within(self, kind: str, days: int) -> list[dict[str, Any]]:
        return [fact for fact in getattr(self, kind) if fact["seconds_ago"] <= days * 86_400]


def people_at(facts: Facts, as_of: datetime, zone: str) -> dict[str, Person]:
    place = ZoneInfo(zone)
    wall = as_of.astimezone(place).replace(tzinfo=None)
    last_day = ((as_of - timedelta(microseconds=1)).astimezone(place).date() - date(1970, 1, 1)).days
    people: dict[str, Person] = {}
    for kind, rows in facts.items():
        for fact in rows:
            when, who = fact[TABLES[kind].time], fact["customer_id"]
            if who is None or when >= as_of:
                continue
            local = when.astimezone(place).replace(tzinfo=None)
            person = people.setdefault(who, Person([], [], [], [], last_day))
            seen = {"day": (local.date() - date(1970, 1, 1)).days, "seconds_ago": (wall - local).total_seconds()}
            getattr(person, kind).append(fact | seen)
    return people


def nth(values: list[int], position: int) -> int | None:
    return values[position] if -len(values) <= position < len(values) else None


def sd(values: list[Any]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None


def mean(values: list[Any]) -> float | None:
    return statistics.fmean(values) if values else None


def trend(days: dict[int, int]) -> float | None:
    if len(days) < 2 or len(set(days.values())) < 2:
        return None
    return statistics.correlation(list(days.values()), list(days))


def entropy(person: Person) -> float | None:
    shares = [n / len(person.lines) for n in Counter(line["product_id"] for line in person.lines).values()]
    return -sum(share * math.log(share) for share in shares) if shares else None


def prices(person: Person) -> list[float]:
    return [line["goods_minor"] / line["quantity"] for line in person.lines]


def over(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or not bottom else top / bottom


def velocity(person: Person, near: int, far: int, what: Callable[[dict[str, Any]], int]) -> float | None:
    recent = sum(map(what, person.within("orders", near)))
    return over(recent, sum(map(what, person.within("orders", far))) - recent)


def one(_: dict[str, Any]) -> int:
    return 1


def money(fact: dict[str, Any]) -> int:
    value: int = fact["goods_minor"]
    return value


EXPECTED: dict[str, Callable[[Person], float | None]] = {
    "recency_days": lambda p: p.last_day - max(p.days) if p.orders else None,
    "tenure_days": lambda p: p.last_day - min(p.days) if p.orders else None,
    "life_days": lambda p: max(p.days) - min(p.days) if p.orders else None,
    "orders": lambda p: len(p.orders),
    "goods_minor": lambda p: sum(p.values),
    "quantity": lambda p: sum(order["quantity"] for order in p.orders),
    "order_value_mean_minor": lambda p: mean(p.values),
    "order_value_sd_minor": lambda p: sd(p.values),
    "order_value_max_minor": lambda p: max(p.values, default=None),
    "order_value_min_minor": lambda p: min(p.values, default=None),
    "products_per_order_mean": lambda p: mean([order["products"] for order in p.orders]),
    "products_per_order_max": lambda p: max((order["products"] for order in p.orders), default=None),
    **{f"orders_{w}d": lambda p, w=w: len(p.within("orders", w)) for w in (7, 14, 30, 60, 90, 180, 365)},
    **{f"goods_{w}d_minor": lambda p, w=w: sum(map(money, p.within("orders", w))) for w in (7, 14, 30, 60, 90, 180, 365)},
    **{
        f"quantity_{w}d": lambda p, w=w: sum(order["quantity"] for order in p.within("orders", w))
        for w in (7, 14, 30, 60, 90, 180, 365)
    },
    "order_days": lambda p: len(p.days),
    "gap_mean_days": lambda p: mean(p.gaps),
    "gap_sd_days": lambda p: sd(p.gaps),
    "gap_min_days": lambda p: min(p.gaps, default=None),
    "gap_max_days": lambda p: max(p.gaps, default=None),
    "gap_median_days": lambda p: statistics.median(p.gaps) if p.gaps else None,
    "gap_last_days": lambda p: nth(p.gaps, -1),
    "gap_before_last_days": lambda p: nth(p.gaps, -2),
    "first_day_value_minor": lambda p: nth(list(p.days.values()), 0),
    "last_day_value_minor": lambda p: nth(list(p.days.values()), -1),
    "second_last_day_value_minor": lambda p: nth(list(p.days.values()), -2),
    "third_last_day_value_minor": lambda p: nth(list(p.days.values()), -3),
    "day_value_max_minor": lambda p: max(p.days.values(), default=None),
    "repeat_day_value_mean_minor": lambda p: mean(list(p.days.values())[1:]) or 0,
    "day_value_trend": lambda p: trend(p.days),
    "weekday_mean": lambda p: mean(p.weekdays),
    "weekday_sd": lambda p: sd(p.weekdays),
    "lines": lambda p: len(p.lines),
    "products": lambda p: len({line["product_id"] for line in p.lines} - {None}),
    "product_entropy": entropy,
    "unit_price_mean_minor": lambda p: mean(prices(p)),
    "unit_price_max_minor": lambda p: max(prices(p), default=None),
    "refunds": lambda p: len({refund["refund_id"] for refund in p.refunds}),
    "refunds_90d": lambda p: len({refund["refund_id"] for refund in p.within("refunds", 90)}),
    "refunded_minor": lambda p: sum(map(money, p.refunds)),
    "recency_over_gap": lambda p: over(p.last_day - max(p.days, default=0), mean(p.gaps)),
    "orders_30d_over_before": lambda p: velocity(p, 30, 90, one),
    "orders_90d_over_before": lambda p: velocity(p, 90, 180, one),
    "goods_90d_over_before": lambda p: velocity(p, 90, 180, money),
    "month": lambda p: 4,
    "event_recency_days": lambda p: p.last_day - max(event["day"] for event in p.events) if p.events else None,
    "events_30d": lambda p: len(p.within("events", 30)),
    "event_days_30d": lambda p: len({event["day"] for event in p.within("events", 30)}),
    "sessions_30d": lambda p: len({event["session_id"] for event in p.within("events", 30)} - {None}),
    "product_views_30d": lambda p: sum(event["name"] == "Product Viewed" for event in p.within("events", 30)),
    "cart_adds_30d": lambda p: sum(event["name"] == "Product Added" for event in p.within("events", 30)),
}


@pytest.mark.parametrize(("seed", "zone"), list(enumerate(PLACES)))
def test_every_feature_is_what_plain_python_says(tmp_path: Path, seed: int, zone: str) -> None:
    facts = random_shop(seed)
    as_of = AS_OF.replace(tzinfo=ZoneInfo(zone))  # midnight there
    people = people_at(facts, as_of, zone)

    snapshot = {row["customer_id"]: row for row in take_snapshot(engine_over(facts, tmp_path), as_of, zone=zone).to_pylist()}

    assert EXPECTED.keys() == FEATURES.keys()
    assert list(snapshot) == sorted(people)
    for who, person in people.items():
        for name, expected in EXPECTED.items():
            found, right = snapshot[who][name], expected(person)
            assert (found is None) == (right is None), (who, name, found, right)
            assert right is None or math.isclose(found, right, rel_tol=1e-6, abs_tol=1e-6), (who, name, found, right)


@pytest.mark.parametrize(("seed", "zone"), list(enumerate(PLACES)))
def test_every_label_is_what_plain_python_says(tmp_path: Path, seed: int, zone: str) -> None:
    facts = random_shop(seed)
    as_of = AS_OF.replace(tzinfo=ZoneInfo(zone))
    until = as_of + timedelta(days=45)  # on the wall clock

    labels = {row["customer_id"]: row for row in take_labels(engine_over(facts, tmp_path), as_of, 45, zone=zone).to_pylist()}

    before = {order["customer_id"] for order in facts["orders"] if order["placed_at"] < as_of} - {None}
    assert list(labels) == sorted(before)
    for who in before:
        after = [o for o in facts["orders"] if o["customer_id"] == who and as_of <= o["placed_at"] < until.astimezone(UTC)]
        days = {order["placed_at"].astimezone(ZoneInfo(zone)).date() for order in after}
        assert labels[who] == {
            "customer_id": who,
            "orders": len(after),
            "order_days": len(days),
            "revenue_minor": sum(map(money, after)),
            "churned": not after,
            "next_order_days": (min(days) - as_of.date()).days + 1 if days else None,
        }
