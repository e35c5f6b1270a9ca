"""Addresses nothing is sent to: who unsubscribed, complained, or cannot be reached. They outlive the erasure of a customer.

Only the hash of an address is kept, so the list shows no addresses. It stays personal data: a guess can be tried against it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from lifeloop.base.clock import Clock, micros
from lifeloop.store.tables import SUPPRESSION
from lifeloop.store.upsert import insert_into

_C = SUPPRESSION.c


@dataclass(frozen=True, slots=True)
class Suppression:
    """One address of one channel, and why; `made_at` in microseconds since 1970 UTC."""

    channel: str
    address_hash: str
    reason: str
    source: str
    made_at: int


def address_hash(channel: str, address: str) -> str:
    """Return the hash of an address, however it is spelled: outer blanks and case, and the signs within a phone number.

    >>> address_hash("email", " Ann@Example.com") == address_hash("email", "ann@example.com")
    True
    >>> address_hash("sms", "+49 (151) 234-567") == address_hash("sms", "0049151234567")
    True
    """
    plain = address.strip().lower()
    if "@" not in plain:
        plain = re.sub(r"^00", "+", re.sub(r"[^0-9+]", "", plain)) or plain
    return hashlib.sha256(f"{channel}\x1f{plain}".encode(errors="replace")).hexdigest()


def suppress(connection: Connection, channel: str, address: str, clock: Clock, *, reason: str, source: str) -> bool:
    """Send nothing to this address from now on. False when that was so already: the first reason stays."""
    row = {
        "channel": channel,
        "address_hash": address_hash(channel, address),
        "reason": reason,
        "source": source,
        "made_at": micros(clock.now()),
    }
    insert = insert_into(connection, SUPPRESSION).on_conflict_do_nothing(index_elements=["channel", "address_hash"])
    return connection.execute(insert, row).rowcount == 1


def allow(connection: Connection, channel: str, address: str) -> bool:
    """Take an address off the list. False when it was not on it."""
    query = delete(SUPPRESSION).where(_C.channel == channel, _C.address_hash == address_hash(channel, address))
    return connection.execute(query).rowcount == 1


def find_suppression(connection: Connection, channel: str, address: str) -> Suppression | None:
    """Return why nothing is sent to this address; None where it may be written to."""
    query = select(SUPPRESSION).where(_C.channel == channel, _C.address_hash == address_hash(channel, address))
    row = connection.execute(query).one_or_none()
    return Suppression(*row) if row else None


def list_suppressions(connection: Connection, *, limit: int = 1000, after: tuple[str, str] | None = None) -> list[Suppression]:
    """Return a page of the list, by channel and hash; `after`: the channel and hash the page before ended with."""
    query = select(SUPPRESSION).order_by(_C.channel, _C.address_hash).limit(limit)
    if after is not None:
        channel, digest = after
        query = query.where((_C.channel > channel) | ((_C.channel == channel) & (_C.address_hash > digest)))
    return [Suppression(*row) for row in connection.execute(query)]
