"""What a batch of events says, gathered before the store is asked, and kept in one transaction.

Everything here is a join: of what is known and what is heard, whichever came first. So an event heard twice, in another batch
or in another order leaves the store as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from lifeloop.base.clock import Clock
from lifeloop.base.ids import customer_of_email
from lifeloop.collect.idents import clean_id
from lifeloop.collect.live.heard import Heard
from lifeloop.collect.spool import Place
from lifeloop.store import Connection
from lifeloop.store.carts import read_carts, write_carts
from lifeloop.store.consents import ConsentRow, add_consents
from lifeloop.store.identities import take_turn
from lifeloop.store.profiles import DEVICE, read_profiles, write_profiles
from lifeloop.store.suppressions import suppress
from lifeloop.store.timeline import EventRow, add_events
from lifeloop.unify import carts, profiles
from lifeloop.unify.carts import Cart, product_of
from lifeloop.unify.consent import Unreachable, consents_in, says_anything, unreachable_in
from lifeloop.unify.identity import Sight, observe
from lifeloop.unify.profiles import Told, owner_of, traits_in
from lifeloop.unify.told import inner, json_text, text_of
from lifeloop.unify.touch import touch_of

_LONGEST_ID = 255
"""A longer id of a device names none, as elsewhere: no index of PostgreSQL holds what is much longer."""
_guest = lru_cache(16_384)(customer_of_email)


class Gathered:
    """What some events say together."""

    def __init__(self, spool: str) -> None:
        self._spool = spool
        self.events: list[EventRow] = []
        self.sights: list[Sight] = []
        self.told: dict[str, Told] = {}
        self.carts: dict[str, Cart] = {}
        self.consents: dict[str, ConsentRow] = {}
        self.unreachable: dict[Unreachable, str] = {}

    def take(self, place: Place, events: Iterable[Heard]) -> None:
        """Take in the events of the record at `place`."""
        for heard in events:
            self.events.append(_row(self._spool, place, heard))
            owner = owner_of(heard)
            if owner is not None and (heard.named is not None or not heard.is_bot):
                self._of_person(heard, owner)

    def write(self, connection: Connection, clock: Clock) -> int:
        """Keep all of it; return how many of the events were new.

        What is kept of somebody is read, joined and written back. SQLite has one writer at a time; elsewhere another one, of
        another spool, could write in between, and its words would be lost: so each waits for its turn before it reads.
        """
        if connection.dialect.name != "sqlite":
            take_turn(connection)
        new = add_events(connection, self.events)
        if self.sights:
            observe(connection, self.sights, clock)
        self._write_profiles(connection)
        self._write_carts(connection)
        add_consents(connection, [self.consents[key] for key in sorted(self.consents)])
        for one, source in sorted(self.unreachable.items()):
            suppress(connection, one.channel, one.address, clock, reason=one.reason, source=source)
        return new

    def _of_person(self, heard: Heard, owner: str) -> None:
        said = heard.said
        told = self.told.get(owner)
        if told is None:
            told = self.told[owner] = Told()
        told.seen(heard.occurred_at)
        for name, word in traits_in(heard).items():
            told.trait(name, word)
        if touch := touch_of(said, heard.occurred_at):
            told.touched(touch)
        if heard.named is not None and not heard.is_bot:
            self._sight(heard)
        if heard.type == "track" and heard.name in carts.WORDS:
            self._cart(heard, owner)
        if says_anything(heard):
            self._consent(heard, owner)

    def _sight(self, heard: Heard) -> None:
        device, account, at = heard.anonymous_id, heard.account, heard.occurred_at
        guest = _guest(heard.email) if heard.email else None
        previous = clean_id(heard.said.get("previousId")) if heard.type == "alias" else None
        previous = None if previous is not None and len(previous) > _LONGEST_ID else previous
        if device or previous or (account and guest):
            self.sights.append(Sight(device, account, guest, at, heard.message_id, previous))

    def _cart(self, heard: Heard, owner: str) -> None:
        owners = [owner]
        if heard.name == carts.ORDERED and heard.named is not None and heard.anonymous_id is not None:
            owners.append(DEVICE + heard.anonymous_id)
        for one in owners:
            self.carts.setdefault(one, Cart()).hear(heard)

    def _consent(self, heard: Heard, owner: str) -> None:
        for row in consents_in(heard, owner):
            before = self.consents.get(row.consent_id)
            if before is None or (row.told_at, row.proof or "") > (before.told_at, before.proof or ""):
                self.consents[row.consent_id] = row
        self.unreachable.update((one, heard.source) for one in unreachable_in(heard))

    def _write_profiles(self, connection: Connection) -> None:
        owners = sorted(self.told)
        for owner, row in read_profiles(connection, owners).items():
            self.told[owner].join(profiles.told_of_row(row))
        write_profiles(connection, [profiles.row_of_told(owner, self.told[owner]) for owner in owners])

    def _write_carts(self, connection: Connection) -> None:
        owners = sorted(self.carts)
        for owner, row in read_carts(connection, owners).items():
            self.carts[owner].join(carts.cart_of_row(row))
        write_carts(connection, [carts.row_of_cart(owner, self.carts[owner]) for owner in owners])


def _row(spool: str, place: Place, heard: Heard) -> EventRow:
    said = heard.said
    properties: Any = inner(said, "traits" if heard.type in ("identify", "group") else "properties")
    return EventRow(
        heard.source,
        heard.message_id,
        spool,
        place.segment,
        place.offset,
        heard.named,
        heard.anonymous_id,
        heard.type,
        heard.name,
        heard.occurred_at,
        heard.received_at,
        product_of(properties) if properties else None,
        text_of(properties.get("order_id") or properties.get("transaction_id")) if properties else None,
        json_text(properties) if properties else None,
        heard.is_bot,
    )
