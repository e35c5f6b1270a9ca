"""Forgetting what nobody will ask for any more, so that the store does not grow with the days.

Visitors who never said who they are leave a profile, perhaps a cart and a word on cookies, under the name of their device. They
go when the device was silent for DEVICES_KEPT_DAYS and means nobody: a customer claims what was done on a device at most 30
days before they were named on it. Who was seen where stays, of silent devices too: each sighting may say of another device, or
of an e-mail, that it is shared.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from lifeloop.base.clock import Clock, micros
from lifeloop.store import idempotency
from lifeloop.store.bulk import PIECE
from lifeloop.store.identities import links_of, take_turn
from lifeloop.store.profiles import DEVICE
from lifeloop.store.signs import read_signs, say
from lifeloop.store.tables import CART, CONSENT, JOB, LEASE, PROFILE

JOBS_KEPT_DAYS = 90
DEVICES_KEPT_DAYS = 400
"""By the time of what was done last. Longer than a year, so that who comes for each Christmas is the same visitor."""
SIGN = "tidying"
"""The sign whose detail is the profile looked at last."""
_AT_ONCE = 20_000
"""Profiles looked at each time, in the order of their names, round and round."""
_DAY = 86_400_000_000


def tidy(connection: Connection, clock: Clock) -> int:
    """Forget answers kept for repeated writes, leases that ended, jobs done long ago, and silent devices; return how many rows.

    Of the devices it looks at some each time it is called.
    """
    now = micros(clock.now())
    old_jobs = delete(JOB).where(JOB.c.state.in_(("done", "failed")), JOB.c.ended_at < now - JOBS_KEPT_DAYS * _DAY)
    old_leases = delete(LEASE).where(LEASE.c.until_at < now - _DAY)
    return (
        idempotency.forget_old(connection, clock)
        + connection.execute(old_jobs).rowcount
        + connection.execute(old_leases).rowcount
        + _forget_silent_devices(connection, clock)
    )


def _forget_silent_devices(connection: Connection, clock: Clock) -> int:
    if connection.dialect.name != "sqlite":
        take_turn(connection)  # an indexer may be about to write what it read of a profile
    before = micros(clock.now()) - DEVICES_KEPT_DAYS * _DAY
    sign = read_signs(connection).get(SIGN)
    own = PROFILE.c.named
    query = select(own, PROFILE.c.last_seen_at).where(own > (sign.detail if sign else "")).order_by(own).limit(_AT_ONCE)
    rows = connection.execute(query).all()
    say(connection, SIGN, clock, detail=rows[-1].named if len(rows) == _AT_ONCE else "")
    silent = [row.named for row in rows if row.last_seen_at < before and row.named.startswith(DEVICE)]
    linked = {DEVICE + link.identifier for link in links_of(connection, "device", (one.removeprefix(DEVICE) for one in silent))}
    gone = [one for one in silent if one not in linked]
    count = 0
    for start in range(0, len(gone), PIECE):
        some = gone[start : start + PIECE]
        for column in (PROFILE.c.named, CART.c.owner, CONSENT.c.named):
            count += connection.execute(delete(column.table).where(column.in_(some))).rowcount
    return count
