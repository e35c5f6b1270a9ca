"""Dirt happens at its set rate to the events it is drawn for, and to no others; the diary tells what really happened."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.simulate import Seen, Shop, World, WorldConfig
from lifeloop.simulate.deeds import hex_or_null
from lifeloop.simulate.dirt import BOT_AGENTS, BROKEN, LONGEST_DAYS, WEB_AGENTS, keys_of

CLEAN = {"duplicates": 0.0, "late": 0.0, "out_of_order": 0.0, "skewed": 0.0, "bots": 0.0, "malformed": 0.0}
DIRTY = {"duplicates": 0.05, "late": 0.04, "out_of_order": 0.2, "late_days": 2.5, "skewed": 0.1, "bots": 0.1, "malformed": 0.02}


def world_with(**dirt: float) -> World:
    world = World(WorldConfig().but(shop={"customers": 3000, "products": 80, "seed": 8}, dirt=dirt).lasting(60))
    world.diary = defaultdict(list)
    return world


def lived(world: World) -> list[Seen]:
    return list(Shop(world).history())


class Dirtied:
    """The same shop, once clean and once not."""

    def __init__(self) -> None:
        clean, self.world = world_with(**CLEAN), world_with(**DIRTY)
        self.clean_days, self.days = lived(clean), lived(self.world)
        self.clean = {row["message_id"]: row for row in pa.concat_tables([seen.event for seen in self.clean_days]).to_pylist()}
        self.rows = pa.concat_tables([seen.event for seen in self.days]).to_pylist()
        assert self.world.diary is not None
        self.told = pa.concat_tables(self.world.diary["dirt"]).to_pylist()

    def of(self, *kinds: str) -> dict[str, Any]:
        """Return the true times of what happened to people's events, by message id."""
        return {row["message_id"]: row["occurred_at"] for row in self.told if row["kind"] in kinds}

    def people(self, kind: str) -> int:
        return len(set(self.of(kind)) & set(self.clean))


@pytest.fixture(scope="module")
def dirtied() -> Dirtied:
    return Dirtied()


def is_near(found: int, share: float, n: int) -> bool:
    """Return whether a count lies within four standard deviations of a share of n."""
    return abs(found - share * n) <= 4 * (n * share * (1 - share)) ** 0.5


def test_with_all_rates_zero_every_event_arrives_as_it_was() -> None:
    world = world_with(**CLEAN)
    days = lived(world)
    assert world.diary is not None

    assert "dirt" not in world.diary
    for seen in days:
        assert pc.count_distinct(seen.event["message_id"]).as_py() == len(seen.event)
        assert set(pc.unique(seen.event["received_at"].cast(pa.date32())).to_pylist()) == {seen.day}


def test_a_clean_event_is_received_after_a_wait_of_its_own(dirtied: Dirtied) -> None:
    tables = [pa.concat_tables([seen.tables()[name] for seen in dirtied.clean_days]) for name in ("event", "order", "refund")]
    for table, at in zip(tables, ("occurred_at", "placed_at", "refunded_at"), strict=True):
        waits = np.asarray(pc.subtract(table["received_at"], table[at]).cast(pa.int64())) / 1e6
        assert waits.min() > 0
        assert np.median(waits) == pytest.approx(1.5, rel=0.15)
        assert np.unique(waits).size > 0.95 * waits.size
        assert waits.max() < 1800
    events = np.asarray(pc.subtract(tables[0]["received_at"], tables[0]["occurred_at"]).cast(pa.int64())) / 1e6
    assert np.mean(events > 60) == pytest.approx(0.001, rel=0.5)


def test_customers_from_before_the_first_day_came_at_any_second(dirtied: Dirtied) -> None:
    first = dirtied.days[0].customer["first_seen_at"].to_pylist()
    before = [at for at in first if at.date() < dirtied.days[0].day]

    assert len(before) > 100
    assert len({at.time() for at in before}) > 0.9 * len(before)


def test_what_nothing_happens_to_stays_as_it_was(dirtied: Dirtied) -> None:
    touched = {row["message_id"] for row in dirtied.told}
    untouched = {row["message_id"]: row for row in dirtied.rows if row["message_id"] and row["message_id"] not in touched}

    assert len(untouched) > 0.5 * len(dirtied.clean)
    assert untouched == {key: row for key, row in dirtied.clean.items() if key not in touched}


def test_orders_refunds_and_customers_stay_clean(dirtied: Dirtied) -> None:
    for clean, dirty in zip(dirtied.clean_days, dirtied.days, strict=True):
        for name in ("order", "order_line", "refund", "product", "customer"):
            assert clean.tables()[name].equals(dirty.tables()[name])


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        ("duplicate", 0.05),
        ("late", 0.04),
        ("out_of_order", (1 - 0.04) * 0.2),
        *((kind, 0.02 / 4) for kind in ("no_one", "torn")),
    ],
)
def test_each_kind_of_dirt_happens_at_its_rate(dirtied: Dirtied, kind: str, share: float) -> None:
    assert is_near(dirtied.people(kind), share, len(dirtied.clean))


def test_events_without_time_and_without_name_are_half_of_the_malformed(dirtied: Dirtied) -> None:
    assert is_near(dirtied.people("no_time") + dirtied.people("no_name"), 0.02 / 2, len(dirtied.clean))


def test_late_events_come_on_a_later_day_and_none_is_lost_before_the_end(dirtied: Dirtied) -> None:
    late = dirtied.of("late")
    torn, doubled = dirtied.of("torn"), dirtied.of("duplicate")
    came = {row["message_id"]: row["received_at"] for row in dirtied.rows if row["message_id"] in late}
    waits = [(came[one].date() - late[one].date()).days for one in came if one not in doubled]

    assert min(waits) == 1
    assert max(waits) < LONGEST_DAYS
    assert np.mean(waits) == pytest.approx(2.5, abs=0.15)
    last = dirtied.days[-1].day
    for message, at in late.items():
        assert message in came or message in torn or (last - at.date()).days < LONGEST_DAYS


def test_every_day_is_told_in_the_order_of_receiving(dirtied: Dirtied) -> None:
    for seen in dirtied.days:
        received = seen.event["received_at"].to_pylist()
        assert received == sorted(received)
        assert {at.date() for at in received} == {seen.day}
    occurred = [row["occurred_at"] for row in dirtied.rows if row["occurred_at"]]
    assert occurred != sorted(occurred)


def test_an_event_delivered_twice_is_the_same_row_received_twice(dirtied: Dirtied) -> None:
    times: dict[str, list[Any]] = defaultdict(list)
    for row in dirtied.rows:
        if row["message_id"]:
            times[row["message_id"]].append(row)
    doubled = dirtied.of("duplicate")

    twice = [rows for rows in times.values() if len(rows) == 2]
    assert max(map(len, times.values())) == 2
    assert len(twice) > 0.9 * len(doubled)
    for first, second in twice:
        assert first["message_id"] in doubled
        assert 2 <= (second["received_at"] - first["received_at"]).total_seconds() <= 25_000
        assert {**first, "received_at": None} == {**second, "received_at": None}


def test_a_wrong_clock_is_wrong_by_the_same_for_all_that_a_device_says(dirtied: Dirtied) -> None:
    off = dirtied.of("skewed")
    by_device: dict[str, set[Any]] = defaultdict(set)
    for row in dirtied.rows:
        if row["anonymous_id"] and row["occurred_at"] and row["message_id"] in dirtied.clean:
            error = row["occurred_at"] - dirtied.clean[row["message_id"]]["occurred_at"]
            by_device[row["anonymous_id"]].add(error)
            assert bool(error) == (row["message_id"] in off)
    wrong = [next(iter(errors)) for errors in by_device.values() if any(errors)]

    assert all(len(errors) == 1 for errors in by_device.values())
    assert is_near(len(wrong), 0.1, len(by_device))
    assert np.mean([abs(error.total_seconds()) for error in wrong]) == pytest.approx(5400, rel=0.3)
    assert {error.total_seconds() > 0 for error in wrong} == {True, False}


def test_a_malformed_row_lacks_what_it_is_said_to_lack(dirtied: Dirtied) -> None:
    kinds = {kind: dirtied.of(kind) for kind in BROKEN}
    for row in dirtied.rows:
        message = row["message_id"]
        if message is None:
            assert {name for name, value in row.items() if value is not None} == {"source", "received_at", "properties"}
            assert not row["properties"].endswith("}")
            continue
        assert (row["occurred_at"] is None) == (message in kinds["no_time"])
        assert (row["name"] is None) == (message in kinds["no_name"])
        named = any(row[name] for name in ("customer_id", "anonymous_id", "session_id"))
        assert named == (message not in kinds["no_one"])
        assert row["type"] == "track" or message not in kinds["no_name"]
    torn = sum(row["message_id"] is None for row in dirtied.rows)
    assert 0.9 * len(kinds["torn"]) <= torn <= 1.2 * len(kinds["torn"])


def test_bots_add_their_share_and_only_some_say_what_they_are(dirtied: Dirtied) -> None:
    bots = dirtied.of("bot")
    rows = [row for row in dirtied.rows if row["message_id"] in bots]

    assert len(bots) == pytest.approx(0.1 * len(dirtied.clean), rel=0.01)
    assert not set(bots) & set(dirtied.clean)
    assert {row["customer_id"] for row in rows} == {None}
    assert not {row["anonymous_id"] for row in rows} & ({row["anonymous_id"] for row in dirtied.clean.values()} - {None})
    honest = [any(one in row["properties"] for one in BOT_AGENTS) for row in rows if "user_agent" in row["properties"]]
    assert 0.5 < np.mean(honest) < 0.95


def test_bots_are_not_told_by_what_their_events_carry(dirtied: Dirtied) -> None:
    bots = dirtied.of("bot")
    read = [(row["message_id"] in bots, row) for row in dirtied.rows if row["message_id"] and row["properties"]]
    carries: dict[bool, set[tuple[str, bool]]] = {True: set(), False: set()}
    said: dict[bool, set[Any]] = {True: set(), False: set()}
    for is_bot, row in read:
        carries[is_bot].add((row["name"], "user_agent" in row["properties"]))
        if "user_agent" in row["properties"] and not any(one in row["properties"] for one in BOT_AGENTS):
            said[is_bot].add(json.loads(row["properties"])["user_agent"])
    locales = {json.loads(row["properties"])["locale"] for is_bot, row in read if is_bot}

    assert {name for name, _ in carries[True]} - {None} == {
        "Home",
        "Product List Viewed",
        "Products Searched",
        "Product Viewed",
    }
    assert carries[True] <= carries[False]
    assert said[True] <= said[False] == set(WEB_AGENTS)
    assert locales == {"en-GB", "zh-CN"}


def test_what_is_received_behind_the_last_day_is_never_seen(dirtied: Dirtied) -> None:
    assert all(day >= 60 for day in dirtied.world.dirt.under_way)
    assert not dirtied.world.dirt.under_way


def test_the_bits_of_an_id_are_read_back() -> None:
    keys = np.array([1, 2**64 - 1, 0, 0x0123456789ABCDEF], np.uint64)
    ids = hex_or_null(keys)

    assert keys_of(ids).tolist() == keys.tolist()
    assert keys_of(ids.slice(1, 2)).tolist() == keys[1:3].tolist()
    assert keys_of(pa.chunked_array([ids, ids])).tolist() == [*keys.tolist(), *keys.tolist()]
    assert keys_of(pa.array([], pa.string())).tolist() == []
