"""Reading who is who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import NamedTuple

import pyarrow as pa

from lifeloop.store import identities
from lifeloop.store.identities import ChangeRow, Connection

_INSTANT = pa.timestamp("us", tz=str(UTC))


class DeviceSpan(NamedTuple):
    """From `since_at` until before `until_at` (None: for good) what nobody in particular did on a device was this customer."""

    device: str
    since_at: int
    until_at: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """One customer and everything that means them."""

    customer_id: str
    accounts: tuple[str, ...] = ()
    """Other accounts that an operator joined to this one."""
    guests: tuple[str, ...] = ()
    """Ids made of e-mail addresses that only this customer uses."""
    devices: tuple[DeviceSpan, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every customer id that events of this customer carry."""
        return (self.customer_id, *self.accounts, *self.guests)


def resolve(connection: Connection, customer_id: str) -> Known:
    """Return the customer that an account or guest id stands for, with all that means the same one."""
    final = final_id(connection, customer_id)
    found: dict[str, list[identities.LinkRow]] = {"account": [], "guest": [], "device": []}
    for row in identities.links_to(connection, [final]):
        found[row.kind].append(row)
    return Known(
        final,
        tuple(row.identifier for row in found["account"]),
        tuple(row.identifier for row in found["guest"]),
        tuple(DeviceSpan(row.identifier, row.since_at, row.until_at) for row in found["device"]),
    )


def final_id(connection: Connection, named: str) -> str:
    """Return the customer an account or guest id stands for; itself where nothing is known of it."""
    for kind in ("guest", "account"):
        if link := identities.link_at(connection, kind, named, 0):
            return link.customer_id
    return named


def customer_of(
    connection: Connection, *, named: str | None = None, anonymous_id: str | None = None, at: int | None = None
) -> str | None:
    """Return the customer an event belongs to: whom it names, else whose device it was then; None: nobody known."""
    if named:
        return final_id(connection, named)
    if anonymous_id and at is not None and (link := identities.link_at(connection, "device", anonymous_id, at)):
        return link.customer_id
    return None


def history(connection: Connection, customer_id: str) -> list[ChangeRow]:
    """Return the merge log of a customer, oldest first: what was linked to any of its names, and taken away again."""
    known = resolve(connection, customer_id)
    own = {"guest": [customer_id, *known.guests], "account": [customer_id, *known.accounts]}
    return identities.changes_about(connection, sorted({customer_id, *known.names}), own)


def links(connection: Connection) -> pa.Table:
    """Return all links as a table: kind, identifier, since, until (UTC; null: for good), customer_id."""
    rows = list(identities.all_links(connection))
    return pa.table(
        {
            "kind": pa.array([row.kind for row in rows], pa.string()),
            "identifier": pa.array([row.identifier for row in rows], pa.string()),
            "since": pa.array([row.since_at for row in rows], pa.int64()).cast(_INSTANT),
            "until": pa.array([row.until_at for row in rows], pa.int64()).cast(_INSTANT),
            "customer_id": pa.array([row.customer_id for row in rows], pa.string()),
        }
    )
