"""Writes that are done once, however often they are sent: the first answer to each Idempotency-Key is kept and given again.

The first answer is kept whatever it was, server errors included (Stripe's rule): whoever asks again learns what became of it.
Where the work and `finish` share a transaction, the work is done exactly once; else a process that dies between them leaves
the key busy for ABANDONED_SECONDS, and after that the write may be tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from lifeloop.base.clock import Clock, micros
from lifeloop.store.tables import IDEMPOTENCY
from lifeloop.store.upsert import insert_into

KEY_CHARACTERS = 255
"""How long an Idempotency-Key may be."""

ABANDONED_SECONDS = 300
"""After this long without an answer, whoever began is held for dead."""

KEPT_SECONDS = 7 * 86_400
"""How long answers are kept; Stripe promises a day."""

_C = IDEMPOTENCY.c


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    content_type: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """What to do with a request.

    `new`: do it, then `finish`. `answered`: give `answer` again. `busy`: the first is still being worked on. `other`: the key
    was used for another request.
    """

    state: Literal["new", "answered", "busy", "other"]
    answer: Answer | None = None


def begin(connection: Connection, key_id: str, idempotency_key: str, request_hash: str, clock: Clock) -> Begun:
    """Claim an Idempotency-Key of the API key `key_id` for a request, or say what there is under it already."""
    now = micros(clock.now())
    row = {"key_id": key_id, "idempotency_key": idempotency_key, "request_hash": request_hash, "made_at": now}
    insert = insert_into(connection, IDEMPOTENCY)
    claimed = connection.execute(
        insert.on_conflict_do_update(
            index_elements=["key_id", "idempotency_key"],
            set_={"made_at": insert.excluded.made_at},
            where=_C.status.is_(None)
            & (_C.request_hash == insert.excluded.request_hash)
            & (_C.made_at <= now - ABANDONED_SECONDS * 1_000_000),
        ),
        row,
    )
    if claimed.rowcount == 1:
        return Begun("new")
    known = connection.execute(select(IDEMPOTENCY).where(_this(key_id, idempotency_key))).one()
    if known.request_hash != request_hash:
        return Begun("other")
    if known.status is None:
        return Begun("busy")
    return Begun("answered", Answer(known.status, known.content_type, bytes(known.body)))


def finish(connection: Connection, key_id: str, idempotency_key: str, answer: Answer) -> bool:
    """Keep the answer to a request that was begun. False when one is kept already: that one counts."""
    query = update(IDEMPOTENCY).where(_this(key_id, idempotency_key), _C.status.is_(None))
    values = {"status": answer.status, "content_type": answer.content_type, "body": answer.body}
    return connection.execute(query.values(values)).rowcount == 1


def let_go(connection: Connection, key_id: str, idempotency_key: str) -> None:
    """Forget that a request was begun: nothing of it was done, and the key may be used again."""
    connection.execute(delete(IDEMPOTENCY).where(_this(key_id, idempotency_key), _C.status.is_(None)))


def forget_old(connection: Connection, clock: Clock) -> int:
    """Forget answers older than KEPT_SECONDS; return how many."""
    return connection.execute(delete(IDEMPOTENCY).where(_C.made_at < micros(clock.now()) - KEPT_SECONDS * 1_000_000)).rowcount


def _this(key_id: str, idempotency_key: str) -> ColumnElement[bool]:
    return and_(_C.key_id == key_id, _C.idempotency_key == idempotency_key)
