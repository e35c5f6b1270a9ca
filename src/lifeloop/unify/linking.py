"""From what was seen to links: the rules of `policy` applied to what the store holds, and what changed written down.

Links say the customer in the end: a device of a guest of an account that was joined to another points at that other one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypeAlias

from lifeloop.base.clock import EPOCH, Clock
from lifeloop.store import identities
from lifeloop.store.identities import BlockedRow, Connection, LinkRow, NewChange, RulingRow
from lifeloop.unify.policy import (
    BUCKETS_A_DAY,
    POLICY,
    Found,
    Ruling,
    Sighting,
    Span,
    Use,
    are_apart,
    device_of,
    final_of,
    guest_of,
    is_public,
)

_MICROSECOND = timedelta(microseconds=1)
RULE = "rule"
"""The actor of whatever no operator did."""
GUEST_PREFIX = "email-"
"""How the ids of `lifeloop.base.ids.customer_of_email` begin."""
Seen: TypeAlias = Mapping[tuple[int, str], tuple[int, int, str]]
"""The sightings on one device: bucket and name -> first, last, evidence."""


class Linking:
    """One change of who is who, within one transaction."""

    def __init__(self, connection: Connection, clock: Clock, *, actor: str = RULE) -> None:
        self.connection, self.actor = connection, actor
        self.at = (clock.now() - EPOCH) // _MICROSECOND
        self.finals = final_of(_by_identifier(identities.rulings_on(connection, "account")))
        self.owners: dict[str, str] = {}
        """Name -> the customer it stands for; empty where it names nobody."""
        self.silent: set[tuple[str, str, str]] = set()
        """Kind, identifier and customer of what the log has been told already."""

    def guests(self, guests: Iterable[str]) -> set[str]:
        """Link guests anew, and those that operators joined to one that changed; returns which mean somebody else now."""
        changed: set[str] = set()
        asked = set(guests)
        while asked:
            found, public = self._found_of_guests(sorted(asked))
            now = self._write("guest", found) | public
            self.forget(now)
            changed |= now
            rulings = identities.rulings_for(self.connection, sorted(now))
            asked = {one.identifier for one in rulings if one.kind == "guest" and one.joined}
        return changed

    def devices_of(self, names: set[str]) -> set[str]:
        """Return the devices whose owner may be another as names mean somebody else now."""
        ruled = identities.rulings_for(self.connection, sorted(names))
        return identities.devices_naming(self.connection, sorted(names)) | {
            one.identifier for one in ruled if one.kind == "device"
        }

    def _found_of_guests(self, asked: list[str]) -> tuple[dict[str, Found], set[str]]:
        """Return what follows about each guest, and who of them turned out to name nobody."""
        connection = self.connection
        uses: defaultdict[str, list[Use]] = defaultdict(list)
        for guest, account, first_at, evidence in identities.uses_of(connection, guests=asked):
            uses[guest].append(Use(self.finals.get(account, account), first_at, evidence))
        emails = self._emails_of({use.account for some in uses.values() for use in some})
        rulings, apart = self._rulings("guest", asked), self._apart(uses, emails)
        blocked = identities.blocked_among(connection, "guest", asked)
        public = {guest for guest in asked if guest not in blocked and is_public(uses[guest])}
        identities.block(connection, self._blocked("guest", sorted(public)))
        found = {}
        for guest in asked:
            is_blocked = guest in blocked or guest in public
            one = guest_of([] if is_blocked else uses[guest], emails, rulings.get(guest, []), apart=guest in apart)
            found[guest] = Found((), "blocked_value") if is_blocked and not one.spans else one
        return found, public

    def _apart(self, uses: Mapping[str, list[Use]], emails: Mapping[str, int]) -> set[str]:
        """Return the guests that keep to devices on which the one account that names them is never seen."""
        own = {guest: {use.account for use in some if emails[use.account] <= POLICY.emails} for guest, some in uses.items()}
        only = {guest: next(iter(accounts)) for guest, accounts in own.items() if len(accounts) == 1}
        same = self._same(only.values())
        places = identities.places_by_name(self.connection, sorted({*only, *same}))
        names = identities.names_on(self.connection, sorted({device for some in places.values() for device, _ in some}))
        devices: defaultdict[str, set[str]] = defaultdict(set)
        for account in same:
            devices[self.finals.get(account, account)] |= {device for device, _ in places.get(account, ())}
        return {
            guest
            for guest, account in only.items()
            if are_apart({(device, at // BUCKETS_A_DAY) for device, at in places.get(guest, ())}, devices[account], names)
        }

    def _same(self, customers: Iterable[str]) -> set[str]:
        """Return some customers with all accounts that were joined to them."""
        finals = set(customers)
        return finals | {account for account, final in self.finals.items() if final in finals}

    def devices(self, seen: Mapping[str, Seen]) -> dict[str, tuple[Span, ...]]:
        """Link devices anew, given all sightings on each, and return the spans of each."""
        self.learn({named for rows in seen.values() for _, named in rows})
        rulings = self._rulings("device", seen)
        found = {}
        for device, rows in seen.items():
            sightings = [
                Sighting(owner, first_at, last_at, evidence)
                for (_, named), (first_at, last_at, evidence) in rows.items()
                if (owner := self.owners[named])
            ]
            found[device] = device_of(sightings, rulings.get(device, []))
        self._write("device", found)
        return {device: one.spans for device, one in found.items()}

    def accounts(self, accounts: Iterable[str]) -> None:
        """Write down which customer each of some accounts stands for by rulings."""
        found = {}
        for account in accounts:
            final = self.finals.get(account, account)
            span = Span(0, None, final, "operator", "")
            found[account] = Found((span,) if final != account else (), "operator")
        self._write("account", found)

    def learn(self, names: Iterable[str]) -> None:
        """Find out whom names stand for."""
        new = sorted(name for name in set(names) if name not in self.owners)
        guests = [name for name in new if name.startswith(GUEST_PREFIX)]
        self.owners |= {name: self.finals.get(name, name) for name in new}
        self.owners |= {row.identifier: row.customer_id for row in identities.links_of(self.connection, "guest", guests)}
        linked = {name for name in guests if self.owners[name] != name}
        blocked = identities.blocked_among(self.connection, "guest", set(guests) - linked)
        self.owners |= dict.fromkeys(blocked, "")

    def touched(self, new_uses: Mapping[tuple[str, str], bool], new_names: Iterable[str]) -> set[str]:
        """Return the guests about whom something new was seen.

        That is guests in new e-mail uses (guest and account -> whether the account is new to it); all that an account names
        which names too many by now; and guests among new names, or whose account is among them.
        """
        new = Counter(self.finals.get(account, account) for (_, account), is_new in new_uses.items() if is_new)
        emails = self._emails_of(set(new))
        over = {one for one, number in new.items() if emails[one] - number <= POLICY.emails < emails[one]}
        names = set(new_names)
        accounts = self._same(over | {self.finals.get(name, name) for name in names})
        about = identities.uses_of(self.connection, guests=sorted(names), accounts=sorted(accounts))
        return {guest for guest, _ in new_uses} | {use.guest for use in about}

    def block_devices(self, devices: Iterable[str]) -> None:
        """Report devices on which so many were named that nothing more is kept of them."""
        rows = [BlockedRow("device", one, "too many people were named on it", self.at) for one in devices]
        identities.block(self.connection, rows)

    def forget(self, names: Iterable[str]) -> None:
        """Let go of what is known about names that mean somebody else now."""
        for name in names:
            self.owners.pop(name, None)

    def _rulings(self, kind: str, identifiers: Iterable[str]) -> dict[str, list[Ruling]]:
        """Return the rulings on some identifiers, each on the customer its own stands for."""
        rulings = _by_identifier(identities.rulings_on(self.connection, kind, identifiers))
        self.learn({one.customer_id for some in rulings.values() for one in some})
        return {
            identifier: [one._replace(customer_id=self.owners[one.customer_id] or one.customer_id) for one in some]
            for identifier, some in rulings.items()
        }

    def _emails_of(self, finals: set[str]) -> dict[str, int]:
        """Return how many e-mails each of some customers names, under all accounts that stand for it."""
        accounts = self._same(finals)
        emails: defaultdict[str, set[str]] = defaultdict(set)
        for guest, account, _, _ in identities.uses_of(self.connection, accounts=sorted(accounts)):
            emails[self.finals.get(account, account)].add(guest)
        return {customer: len(some) for customer, some in emails.items()}

    def _blocked(self, kind: str, found: Iterable[str]) -> list[BlockedRow]:
        reason = f"more than {POLICY.accounts_a_day} accounts began to use it within a day"
        return [BlockedRow(kind, one, reason, self.at) for one in found]

    def _write(self, kind: str, found: Mapping[str, Found]) -> set[str]:
        """Replace the links of identifiers where they differ, log who gained and who lost them; returns those that differ."""
        before: defaultdict[str, list[LinkRow]] = defaultdict(list)
        for row in identities.links_of(self.connection, kind, found):
            before[row.identifier].append(row)
        changed, rows, log = [], [], []
        for identifier, one in found.items():
            spans = tuple(span._replace(customer_id=self.finals.get(span.customer_id, span.customer_id)) for span in one.spans)
            old = before.get(identifier, [])
            if spans == tuple(Span(*row[2:7]) for row in old):
                continue
            changed.append(identifier)
            since = {row.customer_id: row.made_at for row in old}
            rows += [LinkRow(kind, identifier, *span, since.get(span.customer_id, self.at)) for span in spans]
            log += self._log(kind, identifier, since, spans, one.why_not)
        identities.replace_links(self.connection, kind, [one for one in changed if one in before], rows)
        identities.log_changes(self.connection, log)
        return set(changed)

    def _log(
        self, kind: str, identifier: str, before: Mapping[str, int], spans: tuple[Span, ...], why_not: str | None
    ) -> list[NewChange]:
        now = {span.customer_id: span for span in reversed(spans)}
        lost = [("unlink", one, why_not or (spans[0].rule if spans else "operator"), None) for one in before if one not in now]
        gained = [("link", one, span.rule, span.evidence or None) for one, span in now.items() if one not in before]
        return [
            NewChange(action, kind, identifier, customer, rule, evidence, self.actor, self.at)
            for action, customer, rule, evidence in [*sorted(lost), *sorted(gained, key=str)]
            if (kind, identifier, customer) not in self.silent
        ]


def _by_identifier(rows: Iterable[RulingRow]) -> dict[str, list[Ruling]]:
    found: defaultdict[str, list[Ruling]] = defaultdict(list)
    for row in rows:
        found[row.identifier].append(Ruling(row.customer_id, row.joined, row.made_at))
    return dict(found)
