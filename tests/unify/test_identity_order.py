"""Whatever order, batches, repetitions and restarts: the same things seen end with the same links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.clock import FixedClock
from lifeloop.store import Store, open_store
from lifeloop.store.identities import all_links
from lifeloop.store.tables import METADATA
from lifeloop.unify.identity import Sight, join, observe, part
from lifeloop.unify.linking import GUEST_PREFIX
from lifeloop.unify.observing import _memories
from lifeloop.unify.policy import (
    BUCKET_US,
    DAY_US,
    MINUTE_US,
    POLICY,
    Ruling,
    Sighting,
    Span,
    Use,
    are_apart,
    device_of,
    final_of,
    guest_of,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
BEGIN = 20_000 * 48 * BUCKET_US
Links: TypeAlias = dict[tuple[str, str], tuple[Span, ...]]
Said: TypeAlias = tuple[str, str, str, bool, int]
"""A ruling: kind, identifier, customer, joined, and when (seconds)."""

ACCOUNTS = [f"c{number}" for number in range(5)]
GUESTS = [f"{GUEST_PREFIX}{number}" for number in range(8)]
DEVICES = [f"d{number}" for number in range(4)]

sights = st.lists(
    st.builds(
        lambda device, account, guest, minutes, message, previous: Sight(
            device, account, guest, BEGIN + minutes * 7 * MINUTE_US, f"m{message}", previous
        ),
        st.none() | st.sampled_from(DEVICES),
        st.none() | st.sampled_from(ACCOUNTS),
        st.none() | st.sampled_from(GUESTS),
        st.integers(0, 60) | st.integers(0, 60_000),
        st.integers(0, 99),
        st.none() | st.none() | st.sampled_from(DEVICES),
    ),
    max_size=60,
)
pairs = [("guest", guest, one) for place, guest in enumerate(GUESTS) for one in [*ACCOUNTS, *GUESTS[place + 1 :]]]
pairs += [("device", device, one) for device in DEVICES for one in [*ACCOUNTS, *GUESTS]]
pairs += [("account", one, other) for place, one in enumerate(ACCOUNTS) for other in ACCOUNTS[place + 1 :]]
rulings = st.lists(st.tuples(st.sampled_from(pairs), st.booleans()), max_size=4, unique_by=lambda one: one[0])


@pytest.fixture(scope="module")
def shop_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('identity') / 'store.sqlite'}")
    yield opened
    opened.close()


def emptied(store: Store) -> Store:
    with store.writing() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.delete())
    _memories.clear()
    return store


def kept(store: Store) -> Links:
    found: defaultdict[tuple[str, str], tuple[Span, ...]] = defaultdict(tuple)
    with store.reading() as connection:
        for row in all_links(connection):
            found[row.kind, row.identifier] += (Span(*row[2:7]),)
    return dict(found)


def say(store: Store, said: Said) -> None:
    kind, identifier, customer, joined, second = said
    clock = FixedClock(START + timedelta(seconds=second))
    with store.writing() as connection:
        (join if joined else part)(connection, kind, identifier, customer, actor="olga", clock=clock)


def see(store: Store, some: Sequence[Sight]) -> None:
    with store.writing() as connection:
        observe(connection, some, FixedClock(START))


def see_and_fail(store: Store, sight: Sight) -> None:
    with store.writing() as connection:
        observe(connection, [sight], FixedClock(START))
        raise ZeroDivisionError


def by_the_rules(seen: Sequence[Sight], said: Sequence[Said]) -> Links:
    """All links that follow from a set of sights and rulings, worked out at once."""
    ruled: defaultdict[tuple[str, str], list[Ruling]] = defaultdict(list)
    for kind, identifier, customer, joined, second in said:
        ruled[kind, identifier].append(Ruling(customer, joined, second))
    finals = final_of({identifier: some for (kind, identifier), some in ruled.items() if kind == "account"})
    uses: defaultdict[str, dict[tuple[str, int, str], None]] = defaultdict(dict)
    emails: defaultdict[str, set[str]] = defaultdict(set)
    for sight in seen:
        if sight.account and sight.guest:
            account = finals.get(sight.account, sight.account)
            uses[sight.guest][account, sight.at, sight.message_id] = None
            emails[account].add(sight.guest)
    many = {account: len(some) for account, some in emails.items()}
    found: Links = {("account", one): (Span(0, None, final, "operator", ""),) for one, final in finals.items()}
    owner: Callable[[str], str] = lambda name: finals.get(name, name)  # noqa: E731
    devices, names = devices_seen(seen, lambda name: finals.get(name, name))
    for guest in reversed(GUESTS):  # a guest is joined to later ones only
        own = [one._replace(customer_id=owner(one.customer_id)) for one in ruled["guest", guest]]
        used = [Use(*use) for use in uses[guest]]
        own_accounts = {use.account for use in used if many[use.account] <= POLICY.emails}
        apart = len(own_accounts) == 1 and are_apart(devices[guest], {one for one, _ in devices[min(own_accounts)]}, names)
        if spans := guest_of(used, many, own, apart=apart).spans:
            found["guest", guest] = spans
            finals[guest] = spans[0].customer_id
    for device, sightings in sightings_by_device(seen, owner).items():
        own = [one._replace(customer_id=owner(one.customer_id)) for one in ruled["device", device]]
        if spans := device_of(sightings, own).spans:
            found["device", device] = spans
    return found


def devices_seen(seen: Sequence[Sight], final: Callable[[str], str]) -> tuple[dict[str, set[tuple[str, int]]], dict[str, int]]:
    """The devices and days each customer or guest was seen on, and how many names were seen on each device."""
    devices: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    names: defaultdict[str, set[str]] = defaultdict(set)
    for sight in seen:
        for device in {sight.device, sight.previous_id} - {None}:
            if named := sight.account or sight.guest:
                devices[final(named)].add((str(device), sight.at // DAY_US))
                names[str(device)].add(named)
    return devices, {device: len(some) for device, some in names.items()}


def sightings_by_device(seen: Sequence[Sight], owner: Callable[[str], str]) -> dict[str, list[Sighting]]:
    places: defaultdict[str, dict[tuple[int, str], list[Sight]]] = defaultdict(lambda: defaultdict(list))
    for sight in seen:
        for device in {sight.device, sight.previous_id} - {None}:
            if named := sight.account or sight.guest:
                places[str(device)][sight.at // BUCKET_US, named].append(sight)
    return {
        device: [
            Sighting(owner(named), first.at, max(one.at for one in some), first.message_id)
            for (_, named), some in places[device].items()
            if (first := min(some, key=lambda one: (one.at, one.message_id)))
        ]
        for device in DEVICES
    }


def scattered(
    store: Store, seen: Sequence[Sight], said: Sequence[Said], draw: Callable[[int], int], *, restarts: bool
) -> Links:
    """What a store ends with when it is told in some order, by batches, some of it twice, and perhaps forgets in between."""
    told: list[Sight | Said] = [*seen, *said]
    shuffled = sorted([*told, *seen[::3]], key=lambda one: draw(1_000_000))
    emptied(store)
    batch: list[Sight] = []
    for one in shuffled:
        if isinstance(one, Sight) and draw(4):
            batch.append(one)
            continue
        see(store, batch)
        batch = [one] if isinstance(one, Sight) else []
        if not isinstance(one, Sight):
            say(store, one)
        if restarts:
            _memories.clear()
    see(store, batch)
    return kept(store)


@given(seen=sights, ruled=rulings, random=st.randoms(use_true_random=False), restarts=st.booleans())
def test_any_order_of_arrival_gives_the_same_customers(
    shop_store: Store, seen: list[Sight], ruled: list[tuple[tuple[str, str, str], bool]], random: object, *, restarts: bool
) -> None:
    said: list[Said] = [(*pair, joined, second) for second, (pair, joined) in enumerate(ruled)]
    first = {said_of[:3] for said_of in said}
    draw: Callable[[int], int] = lambda below: random.randrange(below)  # type: ignore[attr-defined]  # noqa: E731

    assert len(first) == len(said)
    assert scattered(shop_store, seen, said, draw, restarts=restarts) == by_the_rules(seen, said)


@given(sights)
def test_the_same_sights_again_change_nothing(shop_store: Store, seen: list[Sight]) -> None:
    store = emptied(shop_store)
    see(store, seen)
    before = kept(store)

    with store.writing() as connection:
        assert observe(connection, seen[::-1], FixedClock(START)) == 0
    assert kept(store) == before


def test_what_was_taken_back_with_its_transaction_is_not_remembered(store: Store) -> None:
    sight = Sight("d1", "ann", None, BEGIN, "m1")
    with pytest.raises(ZeroDivisionError):
        see_and_fail(store, sight)
    assert not kept(store)

    see(store, [sight])

    assert ("device", "d1") in kept(store)


def test_another_process_s_ruling_is_seen_by_the_next_batch(store_url: str, tmp_path: Path) -> None:
    mine, other = open_store(store_url), open_store(store_url)
    see(mine, [Sight("d1", "ann", None, BEGIN, "m1")])
    say(other, ("account", "ann", "bea", True, 1))
    see(other, [Sight("d1", "cem", None, BEGIN + 3 * 48 * BUCKET_US, "m2")])
    see(mine, [Sight("d1", "ann", None, BEGIN + BUCKET_US, "m3")])

    assert {span.customer_id for span in kept(mine)["device", "d1"]} == {"bea", "cem"}
    mine.close()
    other.close()
