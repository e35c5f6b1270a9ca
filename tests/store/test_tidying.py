"""What nobody asks for any more goes; what somebody may ask for stays."""

from __future__ import annotations

from lifeloop.store import Store, jobs, leases
from lifeloop.store.idempotency import Answer, begin, finish
from lifeloop.store.tidying import JOBS_KEPT_DAYS, tidy
from lifeloop.testing.clock import after

DAY = 86_400.0


def test_old_answers_jobs_and_leases_go(store: Store) -> None:
    with store.writing() as connection:
        begin(connection, "key", "k1", "hash", after())
        finish(connection, "key", "k1", Answer(201, None, b""))
        job = jobs.ask(connection, "run", {}, after())
        jobs.claim(connection, ["run"], "ann", 60, after())
        jobs.finish(connection, job.job_id, "ann", after(1), answer={})
        leases.take(connection, "flow", "dead process", 60, after())

        assert tidy(connection, after((JOBS_KEPT_DAYS + 1) * DAY)) == 3
        assert jobs.list_jobs(connection) == []


def test_what_is_young_or_not_done_stays(store: Store) -> None:
    with store.writing() as connection:
        jobs.ask(connection, "run", {}, after(), job_id="waiting since long")
        young = after((JOBS_KEPT_DAYS + 1) * DAY)
        begin(connection, "key", "k1", "hash", young)
        leases.take(connection, "flow", "somebody", 60, young)

        assert tidy(connection, young) == 0
        assert [job.job_id for job in jobs.list_jobs(connection)] == ["waiting since long"]
