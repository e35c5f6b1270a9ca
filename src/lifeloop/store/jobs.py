"""Jobs: imports and runs that somebody asked for, done by the worker one after another.

A worker claims a job by a lease and renews it while it works. When the worker dies the lease ends, and the next claim begins
the job again; after MAX_TRIES such deaths the job has failed, since it may be what kills them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Row, select, update

from lifeloop.base.clock import Clock, micros
from lifeloop.base.errors import UnknownName
from lifeloop.store import leases
from lifeloop.store.tables import JOB
from lifeloop.store.upsert import insert_into

JobState: TypeAlias = Literal["waiting", "running", "done", "failed"]

MAX_TRIES = 3

_C = JOB.c


@dataclass(frozen=True, slots=True)
class Job:
    """One job; instants are microseconds since 1970 UTC."""

    job_id: str
    kind: str
    state: JobState
    asked: dict[str, Any]
    answer: dict[str, Any] | None
    """What it has done so far, or why it failed."""
    made_at: int
    started_at: int | None
    ended_at: int | None
    tries: int
    """How often it was begun."""


def ask(connection: Connection, kind: str, asked: Mapping[str, Any], clock: Clock, *, job_id: str | None = None) -> Job:
    """Return a new waiting job, or the one there is under `job_id`: a night's run is asked for once."""
    job_id = job_id or f"job_{secrets.token_hex(8)}"
    row = {
        "job_id": job_id,
        "kind": kind,
        "state": "waiting",
        "asked": json.dumps(dict(asked)),
        "made_at": micros(clock.now()),
        "tries": 0,
    }
    connection.execute(insert_into(connection, JOB).on_conflict_do_nothing(index_elements=["job_id"]), row)
    return find(connection, job_id)


def find(connection: Connection, job_id: str) -> Job:
    """Return one job. Raises UnknownName."""
    row = connection.execute(select(JOB).where(_C.job_id == job_id)).one_or_none()
    if row is None:
        raise UnknownName("job", job_id, ())
    return _job(row)


def list_jobs(connection: Connection, *, kind: str | None = None, limit: int = 100) -> list[Job]:
    """Return the newest jobs, newest first."""
    query = select(JOB).order_by(_C.made_at.desc(), _C.job_id.desc()).limit(limit)
    return [_job(row) for row in connection.execute(query if kind is None else query.where(_C.kind == kind))]


def claim(connection: Connection, kinds: Sequence[str], holder: str, seconds: float, clock: Clock) -> Job | None:
    """Begin the oldest job that waits, or whose worker died, and hold it for `seconds`. None when there is none."""
    query = select(JOB).where(_C.state.in_(("waiting", "running")), _C.kind.in_(list(kinds))).order_by(_C.made_at, _C.job_id)
    for job in [_job(row) for row in connection.execute(query)]:
        begun = _begin(connection, job, holder, seconds, clock)
        if begun is not None:
            return begun
    return None


def renew(
    connection: Connection, job_id: str, holder: str, seconds: float, clock: Clock, *, answer: Mapping[str, Any] | None = None
) -> bool:
    """Hold a job `seconds` longer, and tell how far it is. False when it is lost to another worker: stop."""
    held = leases.renew(connection, _lease(job_id), holder, seconds, clock)
    if held and answer is not None:
        connection.execute(update(JOB).where(_C.job_id == job_id).values(answer=json.dumps(dict(answer))))
    return held


def finish(
    connection: Connection, job_id: str, holder: str, clock: Clock, *, answer: Mapping[str, Any], failed: bool = False
) -> bool:
    """End a job that `holder` claimed, with what came of it. False when it was lost to another worker, which will end it."""
    if leases.holder_of(connection, _lease(job_id), clock) != holder:
        return False
    _end(connection, job_id, holder, clock, state="failed" if failed else "done", answer=answer)
    return True


def put_back(connection: Connection, job_id: str, holder: str) -> None:
    """Let a job wait again, as if this try had never been: the process is asked to stop."""
    if leases.give_back(connection, _lease(job_id), holder):
        query = update(JOB).where(_C.job_id == job_id, _C.state == "running")
        connection.execute(query.values(state="waiting", tries=_C.tries - 1))


def _begin(connection: Connection, job: Job, holder: str, seconds: float, clock: Clock) -> Job | None:
    if leases.holder_of(connection, _lease(job.job_id), clock) is not None:
        return None
    if leases.take(connection, _lease(job.job_id), holder, seconds, clock) is None:
        return None
    if job.tries >= MAX_TRIES:
        _end(connection, job.job_id, holder, clock, state="failed", answer=_died(job))
        return None
    query = update(JOB).where(_C.job_id == job.job_id, _C.tries == job.tries, _C.state == job.state)
    begun = connection.execute(query.values(state="running", tries=job.tries + 1, started_at=micros(clock.now())))
    if begun.rowcount != 1:  # another worker did it between our look and our lease
        leases.give_back(connection, _lease(job.job_id), holder)
        return None
    return find(connection, job.job_id)


def _end(connection: Connection, job_id: str, holder: str, clock: Clock, *, state: JobState, answer: Mapping[str, Any]) -> None:
    query = update(JOB).where(_C.job_id == job_id)
    connection.execute(query.values(state=state, answer=json.dumps(dict(answer)), ended_at=micros(clock.now())))
    leases.give_back(connection, _lease(job_id), holder)


def _died(job: Job) -> dict[str, Any]:
    return {"error": f"its worker died {job.tries} times", "before": job.answer}


def _lease(job_id: str) -> str:
    return f"job:{job_id}"


def _job(row: Row[Any]) -> Job:
    return Job(
        job_id=row.job_id,
        kind=row.kind,
        state=row.state,
        asked=json.loads(row.asked),
        answer=None if row.answer is None else json.loads(row.answer),
        made_at=row.made_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        tries=row.tries,
    )
