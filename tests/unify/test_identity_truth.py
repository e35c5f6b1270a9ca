"""Against shops whose truth is known: events fall to the right person, and no two people end up as one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.base.clock import FixedClock
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool import Place, Record, Stamp
from lifeloop.simulate.files.wire import write_wire
from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.truth import Truth, open_shop
from lifeloop.store import Store, open_store
from lifeloop.store.identities import all_links
from lifeloop.testing.hard_shop import HardShop
from lifeloop.unify.gathered import Gathered
from lifeloop.unify.identity import Sight, observe

CLOCK = FixedClock(datetime(2030, 1, 1, tzinfo=UTC))
BATCH = 5_000
WORLD = WorldConfig().but(shop={"customers": 500, "products": 40}).lasting(240)


class Done(NamedTuple):
    """One event: what it names, the customer it fell to, and who did it."""

    named: str | None
    customer: str | None
    person: int


@dataclass
class Judged:
    """Figures over events."""

    precision: float
    """Of all pairs of events that fell to one customer, the share made by one person."""
    recall: float
    """Of all pairs of events of one person, the share that fell to one customer."""
    mixed: list[set[int]]
    """People named under one customer, where they are several."""
    astray: float
    """Of the events that name nobody and fell to a customer, the share made by somebody else."""


def judge(events: Sequence[Done]) -> Judged:
    customers, people, both = Counter[str](), Counter[int](), Counter[tuple[str, int]]()
    named: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for one in events:
        people[one.person] += 1
        if one.customer:
            customers[one.customer] += 1
            both[one.customer, one.person] += 1
            if one.named:
                named[one.customer][one.person] += 1
    own = {customer: who.most_common(1)[0][0] for customer, who in named.items()}
    claimed = [one for one in events if one.customer and not one.named]
    return Judged(
        pairs(both) / pairs(customers),
        pairs(both) / pairs(people),
        [set(who) for who in named.values() if len(who) > 1],
        sum(own[str(one.customer)] != one.person for one in claimed) / len(claimed),
    )


def pairs(groups: Counter[str] | Counter[int] | Counter[tuple[str, int]]) -> float:
    sizes = np.fromiter(groups.values(), np.float64)
    return float((sizes * (sizes - 1) / 2).sum())


def customers_of(store: Store, sights: Iterable[tuple[str | None, str | None, int]]) -> list[str | None]:
    """The customer of each event, given the name and the device it carries, and when."""
    names: dict[str, str] = {}
    spans: defaultdict[str, list[tuple[int, float, str]]] = defaultdict(list)
    with store.reading() as connection:
        for row in all_links(connection):
            if row.kind == "device":
                spans[row.identifier].append((row.since_at, row.until_at or np.inf, row.customer_id))
            else:
                names[row.identifier] = row.customer_id
    return [
        names.get(named, named)
        if named
        else next((customer for since, until, customer in spans[device or ""] if since <= at < until), None)
        for named, device, at in sights
    ]


def watch(store: Store, sights: Sequence[Sight]) -> None:
    for start in range(0, len(sights), BATCH):
        with store.writing() as connection:
            observe(connection, sights[start : start + BATCH], CLOCK)


def lived(config: WorldConfig, store: Store, folder: Path) -> tuple[Truth, dict[str, pa.Table], list[tuple[Done, str]]]:
    """Live in a simulated shop, hear of it over the wire as it arrives; returns every event of a visit with its visit."""
    shop, truth = open_shop(config)
    files = write_wire(shop, folder)
    pages = truth.pages()
    person_of = dict(zip(pages["visit"]["session_id"].to_pylist(), pages["visit"]["person"].to_pylist(), strict=True))
    sights: list[Sight] = []
    events: list[tuple[str | None, str | None, int, str]] = []
    stamp = Stamp("segment", "live", int(CLOCK.now().timestamp()) * 1_000_000)
    for path in sorted(path for path in files.values() if path.suffix == ".jsonl"):
        lines = path.read_bytes().splitlines()
        for start in range(0, len(lines), 1_000):
            body = b'{"batch":[' + b",".join(line for line in lines[start : start + 1_000] if line.endswith(b"}")) + b"]}"
            found, _ = heard(Record(Place(1, start), Place(1, start + 1), stamp, body))
            gathered = Gathered("live")
            gathered.take(Place(1, start), found)
            sights += gathered.sights
            events += [
                (one.named, one.anonymous_id, one.occurred_at, session)
                for one in found
                if (session := one.said.get("context", {}).get("sessionId")) in person_of
            ]
    watch(store, sights)
    customers = customers_of(store, [one[:3] for one in events])
    done = [
        (Done(named, customer, person_of[session]), session)
        for (named, _, _, session), customer in zip(events, customers, strict=True)
    ]
    return truth, pages, done


def checked(config: WorldConfig, folder: Path) -> tuple[Truth, Judged, dict[str, float]]:
    store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
    truth, pages, done = lived(config, store, folder)
    store.close()
    profiles = [one.customer or f"nobody {place}" for place, (one, _) in enumerate(done)]
    table = pa.table({"session_id": [session for _, session in done], "profile": profiles})
    verdicts = {one.figure: one.ours for one in truth.compare(table, pages=pages)}
    return truth, judge([one for one, _ in done]), verdicts


@pytest.mark.parametrize("seed", [1, 2])
def test_in_a_shop_without_shared_mailboxes_no_two_people_become_one(seed: int, tmp_path: Path) -> None:
    world = WORLD.but(shop={"seed": seed}, dirt={"shared_email": 0, "shared_device": 0.3})
    _, judged, verdicts = checked(world, tmp_path)

    assert judged.mixed == []
    assert judged.precision >= 0.96
    assert judged.recall >= 0.75
    assert judged.astray <= 0.04
    assert verdicts["pair_precision"] == pytest.approx(judged.precision)


def test_in_a_usual_shop_nobody_is_taken_for_another_but_who_uses_the_same_mailbox(tmp_path: Path) -> None:
    truth, judged, verdicts = checked(WORLD.but(shop={"seed": 3}, dirt={"shared_email": 0.1}), tmp_path)
    mailbox = truth._world.people.mailbox

    assert verdicts["pair_precision"] >= 0.96
    assert judged.mixed
    assert all(np.unique(mailbox[list(who)]).size == 1 for who in judged.mixed)


@pytest.mark.parametrize("seed", [7, 8])
def test_shared_and_public_devices_mix_nobody(seed: int, tmp_path: Path) -> None:
    told = HardShop(people=2_000, seed=seed).events()
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    watch(store, [one.sight for one in told])
    named = [one.sight.account or one.sight.guest for one in told]
    customers = customers_of(store, [(name, one.sight.device, one.sight.at) for name, one in zip(named, told, strict=True)])
    store.close()
    judged = judge([Done(*row, one.person) for *row, one in zip(named, customers, told, strict=True)])

    assert judged.mixed == []
    assert judged.precision >= 0.96
    assert judged.recall >= 0.4
    assert judged.astray <= 0.04


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_in_the_default_world_events_fall_to_the_right_person(seed: int, tmp_path: Path) -> None:
    _, judged, verdicts = checked(WorldConfig().but(shop={"seed": seed}, dirt={"shared_email": 0}), tmp_path)

    assert judged.mixed == []
    assert verdicts["pair_precision"] >= 0.96
    assert verdicts["pair_recall"] >= 0.75
