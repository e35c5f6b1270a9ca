"""Who is who, by rule: pure functions of what was seen, in whatever order it came.

The shop's own customer id is a strong key and is never merged with another by a rule. An e-mail address is a medium key: orders
placed by it alone belong to the one account that uses it, unless they keep coming from devices the account is never seen on: a
family may read one mailbox. A device is a weak key: what is done on it by nobody in particular
belongs to somebody only where nobody else could be meant. What an operator ruled stands above all of it.

Mixing two customers tells one of them about the other; losing a page view costs nothing. So every doubt ends with nobody.

Instants are microseconds since 1970 UTC; an interval ends before its `until_at`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
BUCKET_US = 30 * MINUTE_US
"""Sightings are kept once per device, name and half hour."""
BUCKETS_A_DAY = DAY_US // BUCKET_US


@dataclass(frozen=True)
class Policy:
    """How careful the rules are."""

    owners: int = 3
    """A device on which more people were named tells nothing about anybody."""
    claim_days: int = 30
    """How far before its first sighting the only owner of a device is taken to have used it."""
    tail_days: int = 90
    """How long after its last sighting the only owner of a device is taken to use it still."""
    near_minutes: int = 30
    """How near to a sighting what is done on a device that several use is taken to be done by whoever was seen."""
    emails: int = 5
    """An account that uses more e-mail addresses speaks for others: none is its own, and its word counts for nothing."""
    days_apart: int = 2
    """A guest seen on so many days (UTC), and never on a device of the account with the same address, is somebody else."""
    names_together: int = 6
    """A device on which more names were used does not tell that two of them are one person."""
    accounts_a_day: int = 20
    """An e-mail address that more accounts begin to use within one day (UTC) names nobody."""


POLICY = Policy()


class Sighting(NamedTuple):
    """Somebody was named on a device: `owner` is the customer that name stands for."""

    owner: str
    first_at: int
    last_at: int
    evidence: str
    """Message id of the first event."""


class Use(NamedTuple):
    """An account named an e-mail address, first at an instant."""

    account: str
    first_at: int
    evidence: str


class Span(NamedTuple):
    """From `since_at` until before `until_at` (None: for good), an identifier means a customer."""

    since_at: int
    until_at: int | None
    customer_id: str
    rule: str
    evidence: str


class Ruling(NamedTuple):
    """An operator said that an identifier is, or is not, a customer."""

    customer_id: str
    joined: bool
    made_at: int


class Found(NamedTuple):
    """What follows about one identifier, and why nothing does where nothing does."""

    spans: tuple[Span, ...]
    why_not: str | None


def guest_of(
    uses: Iterable[Use],
    emails_of: Mapping[str, int],
    rulings: Iterable[Ruling] = (),
    *,
    apart: bool = False,
    policy: Policy = POLICY,
) -> Found:
    """Return which account a guest is. `uses`: who named the guest's e-mail; `emails_of`: how many each of them names.

    `apart`: the guest keeps to devices on which the account is never seen (`are_apart`).

    >>> guest_of([Use("ann", 5, "m1")], {"ann": 1}).spans[0].customer_id
    'ann'
    >>> guest_of([Use("ann", 5, "m1"), Use("bob", 9, "m2")], {"ann": 1, "bob": 1})
    Found(spans=(), why_not='several_accounts')
    """
    ruled, parted = _ruled(rulings)
    if ruled:
        return Found((Span(0, None, ruled.customer_id, "operator", ""),), None)
    first: dict[str, Use] = {}
    for use in sorted(uses, key=lambda one: (one.first_at, one.evidence, one.account)):
        first.setdefault(use.account, use)
    if is_public(first.values(), policy):
        return Found((), "blocked_value")
    own = [use for use in first.values() if emails_of.get(use.account, 0) <= policy.emails]
    if len(own) != 1:
        return Found((), "several_accounts" if own else "too_many_emails" if first else None)
    (use,) = own
    if use.account in parted:
        return Found((), "operator")
    if apart:
        return Found((), "never_on_one_device")
    return Found((Span(0, None, use.account, "account_uses_email", use.evidence),), None)


def are_apart(guest: Set[tuple[str, int]], account: Set[str], names: Mapping[str, int], policy: Policy = POLICY) -> bool:
    """Whether a guest keeps to devices on which an account is never seen.

    `guest`: device and day of each of its sightings; `account`: its devices; `names`: how many were seen on each device. A
    device of many counts for nothing, and who was never seen on any cannot be kept apart.

    >>> are_apart({("d1", 7), ("d1", 9)}, {"d2"}, {"d1": 1, "d2": 1})
    True
    >>> are_apart({("d1", 7)}, {"d2"}, {"d1": 1, "d2": 1}), are_apart({("d1", 7), ("d2", 9)}, {"d2"}, {"d1": 1, "d2": 2})
    (False, False)
    """
    own = {(device, day) for device, day in guest if names[device] <= policy.names_together}
    other = {device for device in account if names[device] <= policy.names_together}
    days = {day for _, day in own}
    return len(days) >= policy.days_apart and bool(other) and other.isdisjoint(device for device, _ in own)


def is_public(uses: Iterable[Use], policy: Policy = POLICY) -> bool:
    """Return whether so many accounts began to use an e-mail address within one day that it names nobody."""
    days: defaultdict[int, set[str]] = defaultdict(set)
    for use in uses:
        days[use.first_at // DAY_US].add(use.account)
    return any(len(accounts) > policy.accounts_a_day for accounts in days.values())


def device_of(sightings: Iterable[Sighting], rulings: Iterable[Ruling] = (), policy: Policy = POLICY) -> Found:
    """Return whom what nobody in particular does on a device belongs to, and when.

    Of a device with one owner: from `claim_days` before the first sighting to `tail_days` after the last. With several:
    within `near_minutes` of a sighting, where no other owner is as near. With more than `owners`: never.

    >>> [span[:3] for span in device_of([Sighting("ann", 100 * DAY_US, 101 * DAY_US, "m1")]).spans]
    [(6048000000000, 16588800000000, 'ann')]
    """
    ruled, parted = _ruled(rulings)
    if ruled:
        return Found((Span(0, None, ruled.customer_id, "operator", ""),), None)
    seen = sorted(sightings, key=lambda one: (one.first_at, one.last_at, one.owner, one.evidence))
    owners = {one.owner for one in seen}
    if not owners:
        return Found((), None)
    if len(owners) > policy.owners:
        return Found((), "shared_device")
    spans = _alone(seen, policy) if len(owners) == 1 else _in_turns(seen, policy)
    kept = tuple(span for span in spans if span.customer_id not in parted)
    if kept or not spans:
        return Found(kept, None if kept else "owners_at_once")
    return Found((), "operator")


def final_of(joins: Mapping[str, Sequence[Ruling]]) -> dict[str, str]:
    """Return, of each account that operators joined to another, the one it stands for in the end.

    A circle, which `join` refuses to make, stands for its least id.

    >>> final_of({"a": [Ruling("b", True, 1)], "b": [Ruling("c", True, 2)]})
    {'a': 'c', 'b': 'c'}
    """
    step = {account: ruled.customer_id for account, rulings in joins.items() if (ruled := _ruled(rulings)[0])}
    return {account: _end(step, account) for account in step}


def _end(step: Mapping[str, str], account: str) -> str:
    way = [account]
    while (following := step.get(way[-1])) is not None:
        if following in way:
            return min(way[way.index(following) :])
        way.append(following)
    return way[-1]


def _ruled(rulings: Iterable[Ruling]) -> tuple[Ruling | None, set[str]]:
    """Return the last joining, and the customers parted."""
    joined, parted = [], set()
    for one in rulings:
        if one.joined:
            joined.append(one)
        else:
            parted.add(one.customer_id)
    return max(joined, key=lambda one: (one.made_at, one.customer_id), default=None), parted


def _alone(seen: Sequence[Sighting], policy: Policy) -> list[Span]:
    """Return the span of the only owner; its end moves by whole days, so that it is seldom written."""
    since = seen[0].first_at - policy.claim_days * DAY_US
    until = (max(one.last_at for one in seen) // DAY_US + 1 + policy.tail_days) * DAY_US
    return [Span(since, until, seen[0].owner, "only_owner", seen[0].evidence)]


def _in_turns(seen: Sequence[Sighting], policy: Policy) -> list[Span]:
    """Return the spans in which exactly one owner is near.

    Sweep over the ends of all surroundings: O(n log n) of n sightings.
    """
    near = policy.near_minutes * MINUTE_US
    edges = [(one.first_at - near, 1, one.owner) for one in seen] + [(one.last_at + near + 1, -1, one.owner) for one in seen]
    edges.sort()
    spans: list[Span] = []
    here: defaultdict[str, int] = defaultdict(int)
    evidence = _first_evidence(seen)
    for (at, step, owner), (following, _, _) in zip(edges, [*edges[1:], edges[-1]], strict=True):
        here[owner] += step
        if not here[owner]:
            del here[owner]
        if at == following or len(here) != 1:
            continue
        (alone,) = here
        if spans and spans[-1].until_at == at and spans[-1].customer_id == alone:
            spans[-1] = spans[-1]._replace(until_at=following)
        else:
            spans.append(Span(at, following, alone, "near_owner", evidence[alone]))
    return spans


def _first_evidence(seen: Sequence[Sighting]) -> dict[str, str]:
    evidence: dict[str, str] = {}
    for one in seen:
        evidence.setdefault(one.owner, one.evidence)
    return evidence
