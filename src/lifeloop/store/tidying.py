"""Forgetting what nobody will ask for any more, so that the store does not grow with the days."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from lifeloop.base.clock import Clock, micros
from lifeloop.store import idempotency
from lifeloop.store.tables import JOB, LEASE

JOBS_KEPT_DAYS = 90
_DAY = 86_400_000_000


def tidy(connection: Connection, clock: Clock) -> int:
    """Forget answers kept for repeated writes, leases that ended and jobs done long ago; return how many rows went."""
    now = micros(clock.now())
    old_jobs = delete(JOB).where(JOB.c.state.in_(("done", "failed")), JOB.c.ended_at < now - JOBS_KEPT_DAYS * _DAY)
    old_leases = delete(LEASE).where(LEASE.c.until_at < now - _DAY)
    return (
        idempotency.forget_old(connection, clock)
        + connection.execute(old_jobs).rowcount
        + connection.execute(old_leases).rowcount
    )
