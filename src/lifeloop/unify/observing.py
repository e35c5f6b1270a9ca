"""Taking in who was named where, as it is heard.

What was seen is kept once per device, name and half hour; only devices and guests about which something new was seen are linked
anew. The same person on the same device costs a look into a dictionary: what the store holds of devices lately seen is
remembered, for as long as nobody else has changed who is who (`identity_turn`).
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from lifeloop.base.clock import Clock
from lifeloop.store import identities
from lifeloop.store.identities import Connection, SightingRow, UseRow
from lifeloop.unify.linking import GUEST_PREFIX, Linking
from lifeloop.unify.policy import BUCKET_US, DAY_US, POLICY, Span

_ROWS = 120_000
"""Rows remembered in each of two generations: a device counts as three, a sighting as one, of about 400 bytes each."""
_NAMES = 50
"""A device on which so many names were seen is public, whatever comes; no more is kept of it."""

_EMAILS = 50
"""An account that named so many addresses speaks for others, whatever comes; no more is kept of what it names."""


class Sight(NamedTuple):
    """What one event tells of who is who; an event that names nobody tells nothing."""

    device: str | None
    """Its anonymous id."""
    account: str | None
    """The shop's own customer id."""
    guest: str | None
    """`customer_of_email` of the e-mail it names."""
    at: int
    """When it was done, microseconds since 1970 UTC."""
    message_id: str
    previous_id: str | None = None
    """Another anonymous id of the same device, as `alias` tells."""


class _Device:
    """What is known of one device."""

    __slots__ = ("names", "rows", "spans")

    def __init__(self) -> None:
        self.rows: dict[tuple[int, str], tuple[int, int, str]] = {}
        self.names: set[str] = set()
        self.spans: tuple[Span, ...] = ()

    def merge(self, key: tuple[int, str], first_at: int, last_at: int, evidence: str) -> bool:
        """Take in a sighting; returns whether it says anything new."""
        known = self.rows.get(key)
        if known is None:
            self.rows[key] = (first_at, last_at, evidence)
            self.names.add(key[1])
            return True
        merged = (*min((known[0], known[2]), (first_at, evidence)), max(known[1], last_at))
        now = (merged[0], merged[2], merged[1])
        self.rows[key] = now
        return now != known

    def settled(self, owner: str, first_at: int, last_at: int) -> bool:
        """Whether its only owner was seen again and nothing follows from it."""
        if len(self.spans) != 1:
            return False
        span = self.spans[0]
        return (
            span.rule == "only_owner"
            and span.customer_id == owner
            and first_at > span.since_at + POLICY.claim_days * DAY_US
            and span.until_at == max(span.until_at or 0, (last_at // DAY_US + 1 + POLICY.tail_days) * DAY_US)
        )


class _Memory:
    """What one process remembers of a store."""

    def __init__(self) -> None:
        self.token: str | None = None
        self.clear()

    def clear(self) -> None:
        self.young: dict[str, _Device] = {}
        self.old: dict[str, _Device] = {}
        self.rows = 0
        self.uses: dict[tuple[str, str], tuple[int, str]] = {}

    def device(self, name: str) -> _Device | None:
        found = self.young.get(name)
        if found is None and (found := self.old.get(name)) is not None:
            self.keep(name, found)
        return found

    def keep(self, name: str, device: _Device) -> None:
        self.young[name] = device
        self.rows += len(device.rows) + 3

    def turn_over(self) -> None:
        """Let go of what was not asked for of late."""
        if self.rows > _ROWS:
            self.young, self.old, self.rows = {}, self.young, 0
        if len(self.uses) > _ROWS:
            self.uses = {}


_memories: WeakKeyDictionary[Any, _Memory] = WeakKeyDictionary()
_finding = threading.Lock()


def observe(connection: Connection, sights: Iterable[Sight], clock: Clock) -> int:
    """Take in what a batch of events tells of who is who; returns how many devices and guests mean somebody else now.

    Works in the caller's transaction, which must be one that writes. The same sights twice, or in any order and any batches,
    end with the same links. Costs about a microsecond for an event of somebody known on a known device.
    """
    seen, uses = _gathered(sights)
    if not seen and not uses:
        return 0
    memory = _memory(connection)
    token = identities.take_turn(connection)
    if token != memory.token:
        memory.clear()
    memory.token = None  # until all of it has gone well
    new_uses = _new_uses(connection, memory, uses)
    changed, new_names = _new_sightings(connection, memory, seen)
    if new_uses or changed:
        count = _link(connection, memory, new_uses, changed, new_names, clock)
        token = identities.end_turn(connection)
    else:
        count = 0
    memory.token = token
    memory.turn_over()
    return count


def _memory(connection: Connection) -> _Memory:
    with _finding:
        return _memories.setdefault(connection.engine, _Memory())


def _gathered(
    sights: Iterable[Sight],
) -> tuple[dict[str, dict[tuple[int, str], list[Any]]], dict[tuple[str, str], tuple[int, str]]]:
    """Return the batch's sightings by device, then by bucket and name, as first, last and evidence; and its e-mail uses."""
    seen: defaultdict[str, dict[tuple[int, str], list[Any]]] = defaultdict(dict)
    uses: dict[tuple[str, str], tuple[int, str]] = {}
    for device, account, guest, at, message_id, previous_id in sights:
        named = account or guest
        if not named:
            continue
        if account and guest:
            use = uses.get((guest, account))
            if use is None or (at, message_id) < use:
                uses[guest, account] = (at, message_id)
        key = (at // BUCKET_US, named)
        for one in (device, previous_id) if previous_id else (device,):
            if not one:
                continue
            row = seen[one].get(key)
            if row is None:
                seen[one][key] = [at, at, message_id]
                continue
            if at > row[1]:
                row[1] = at
            if at < row[0] or (at == row[0] and message_id < row[2]):
                row[0], row[2] = at, message_id
    return seen, uses


def _new_uses(
    connection: Connection, memory: _Memory, uses: dict[tuple[str, str], tuple[int, str]]
) -> dict[tuple[str, str], bool]:
    """Write down e-mail uses that are new, or earlier than known; returns which, and whether as new ones."""
    known = memory.uses
    asked = {guest for guest, account in uses if (guest, account) not in known}
    for guest, account, first_at, evidence in identities.uses_of(connection, guests=sorted(asked)):
        known[guest, account] = (first_at, evidence)
    new = {key: key not in known for key, use in uses.items() if key not in known or use < known[key]}
    told = Counter(use.account for use in identities.uses_of(connection, accounts=sorted({account for _, account in new})))
    new = {key: is_new for key, is_new in new.items() if told[key[1]] < _EMAILS}
    rows = [UseRow(*key, *uses[key]) for key in sorted(new)]
    identities.put_uses(connection, rows)
    known.update((key, uses[key]) for key in new)
    return new


def _new_sightings(
    connection: Connection, memory: _Memory, seen: dict[str, dict[tuple[int, str], list[Any]]]
) -> tuple[dict[str, list[tuple[int, str]]], set[str]]:
    """Write down sightings that are new or reach further; returns which, by device, and the names of whom that tells more.

    Those are the names that are new to a device; all of a device on which there are so many now that it tells nothing; and
    guests seen again.
    """
    _remember(connection, memory, seen)
    changed: dict[str, list[tuple[int, str]]] = {}
    new_names: set[str] = set()
    rows = []
    for name in sorted(seen):
        device = memory.young[name]
        before = set(device.names)
        for key, (first_at, last_at, evidence) in seen[name].items():
            if len(device.names) >= _NAMES or not device.merge(key, first_at, last_at, evidence):
                continue
            changed.setdefault(name, []).append(key)
            if key[1].startswith(GUEST_PREFIX):
                new_names.add(key[1])
            rows.append(SightingRow._make((name, *key, *device.rows[key])))
        if len(device.names) > len(before):
            over = len(before) <= POLICY.names_together < len(device.names)
            new_names |= device.names if over else device.names - before
    identities.put_sightings(connection, rows)
    return changed, new_names


def _remember(connection: Connection, memory: _Memory, names: Iterable[str]) -> None:
    """Read what the store holds of devices that are not remembered."""
    missing = {name: _Device() for name in sorted(names) if memory.device(name) is None}
    for name, bucket, named, first_at, last_at, evidence in identities.sightings_on(connection, missing):
        missing[name].merge((bucket, named), first_at, last_at, evidence)
    for row in identities.links_of(connection, "device", missing):
        missing[row.identifier].spans += (Span(*row[2:7]),)
    for name, device in missing.items():
        memory.keep(name, device)


def _link(
    connection: Connection,
    memory: _Memory,
    new_uses: dict[tuple[str, str], bool],
    changed: dict[str, list[tuple[int, str]]],
    new_names: set[str],
    clock: Clock,
) -> int:
    """Link anew what new uses and sightings speak of."""
    linking = Linking(connection, clock)
    guests = linking.guests(linking.touched(new_uses, new_names)) if new_uses or new_names else set()
    linking.learn({named for keys in changed.values() for _, named in keys})
    touched = {name for name, keys in changed.items() if not _all_settled(memory.young[name], keys, linking.owners)}
    if guests:
        others = linking.devices_of(guests)
        _remember(connection, memory, others)
        touched |= others
    before = {name: memory.young[name].spans for name in touched}
    now = linking.devices({name: memory.young[name].rows for name in sorted(touched)})
    for name, spans in now.items():
        memory.young[name].spans = spans
    linking.block_devices(name for name in changed if len(memory.young[name].names) >= _NAMES)
    return len(guests) + sum(_who(before[name]) != _who(spans) for name, spans in now.items())


def _all_settled(device: _Device, keys: Iterable[tuple[int, str]], owners: dict[str, str]) -> bool:
    return all(device.settled(owners[key[1]], device.rows[key][0], device.rows[key][1]) for key in keys)


def _who(spans: tuple[Span, ...]) -> set[str]:
    return {span.customer_id for span in spans}
