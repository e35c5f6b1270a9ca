"""Signs of life: the last word of each part of the process, for readiness and metrics."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from lifeloop.base.clock import Clock, micros
from lifeloop.store.tables import SEEN
from lifeloop.store.upsert import insert_into


@dataclass(frozen=True, slots=True)
class Sign:
    """What a part said last."""

    what: str
    """The part, such as `indexer`, or one figure of it, such as `indexer.lag_seconds`."""
    detail: str
    figure: float | None
    seen_at: int
    """Microseconds since 1970 UTC."""


def say(connection: Connection, what: str, clock: Clock, *, detail: str = "", figure: float | None = None) -> None:
    """Keep the present word of `what`; the one before is forgotten."""
    insert = insert_into(connection, SEEN)
    update = insert.on_conflict_do_update(
        index_elements=["what"], set_={name: insert.excluded[name] for name in ("detail", "figure", "seen_at")}
    )
    connection.execute(update, {"what": what, "detail": detail, "figure": figure, "seen_at": micros(clock.now())})


def read_signs(connection: Connection) -> dict[str, Sign]:
    """Return the last word of every part, by its name."""
    rows = connection.execute(select(SEEN.c.what, SEEN.c.detail, SEEN.c.figure, SEEN.c.seen_at))
    return {row.what: Sign(*row) for row in rows}
