"""Leases: the right to do what only one process may do at a time, which ends by itself when its holder dies.

Whoever holds one renews it well before it ends. A lease keeps two processes from doing the same work at once; it cannot stop
one that slept past its end, so the work itself must bear being done twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select, update

from lifeloop.base.clock import Clock, micros
from lifeloop.store.tables import LEASE
from lifeloop.store.upsert import insert_into

_C = LEASE.c


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds what, until before `until_at` (microseconds since 1970 UTC)."""

    name: str
    holder: str
    until_at: int


def take(connection: Connection, name: str, holder: str, seconds: float, clock: Clock) -> Lease | None:
    """Return the lease when it was free, had ended, or is `holder`'s already; None while another holds it."""
    now = micros(clock.now())
    lease = Lease(name, holder, now + round(seconds * 1e6))
    insert = insert_into(connection, LEASE)
    taken = connection.execute(
        insert.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": insert.excluded.holder, "until_at": insert.excluded.until_at},
            where=or_(_C.until_at <= now, _C.holder == holder),
        ),
        {"name": name, "holder": holder, "until_at": lease.until_at},
    )
    return lease if taken.rowcount == 1 else None


def renew(connection: Connection, name: str, holder: str, seconds: float, clock: Clock) -> bool:
    """Hold it `seconds` longer from now. False when it is lost: the work must stop."""
    now = micros(clock.now())
    query = update(LEASE).where(_C.name == name, _C.holder == holder, _C.until_at > now)
    return connection.execute(query.values(until_at=now + round(seconds * 1e6))).rowcount == 1


def give_back(connection: Connection, name: str, holder: str) -> bool:
    """Let go of it. False when it was not held."""
    return connection.execute(delete(LEASE).where(_C.name == name, _C.holder == holder)).rowcount == 1


def holder_of(connection: Connection, name: str, clock: Clock) -> str | None:
    """Return who holds it now."""
    query = select(_C.holder).where(_C.name == name, _C.until_at > micros(clock.now()))
    return connection.execute(query).scalar_one_or_none()
