"""What happened lately: the events that may not be in the lake yet, newest first for one customer.

An event is here once, by source and message id, and goes when the lake has it (`prune`). Instants are microseconds since
1970 UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, delete, func, or_, select

from lifeloop.store.bulk import give_room, insert_new
from lifeloop.store.tables import RECENT_EVENT

_C = RECENT_EVENT.c
_COLUMNS = tuple(column.name for column in RECENT_EVENT.columns if column.name != "seq")
_CONDITIONS = 100
"""Stays looked for at once: a statement of SQLite may be 1,000 conditions deep."""
_DAY_US = 86_400_000_000


class EventRow(NamedTuple):
    """One event as it is kept: the columns of `recent_event` behind its number."""

    source: str
    message_id: str
    spool: str
    segment: int
    offset: int
    named: str | None
    anonymous_id: str | None
    type: str
    name: str | None
    occurred_at: int
    received_at: int
    product_id: str | None
    order_id: str | None
    properties: str | None
    is_bot: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a timeline; `properties` is JSON."""

    source: str
    message_id: str
    type: str
    name: str | None
    occurred_at: int
    received_at: int
    named: str | None
    anonymous_id: str | None
    product_id: str | None
    order_id: str | None
    properties: str | None
    is_bot: bool


_SHOWN = ", ".join(f'"{field.name}"' for field in fields(Entry))
Stay: TypeAlias = tuple[str, int, int | None]
"""A device, and from when until before when (None: for good) what nobody in particular did on it was a customer's."""


def add_events(connection: Connection, rows: Sequence[EventRow]) -> int:
    """Keep the events that are not there yet; return how many that were."""
    give_room(connection)
    return insert_new(connection, RECENT_EVENT, _COLUMNS, rows)


def events_of(
    connection: Connection,
    names: Sequence[str],
    stays: Sequence[Stay] = (),
    *,
    limit: int = 100,
    before: tuple[int, str] | None = None,
) -> list[Entry]:
    """Return what was done under any of `names`, or by nobody in particular on a device during a stay, newest first.

    `before`: the (`occurred_at`, `message_id`) of the last one already seen, to go on behind it.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    place, own = ("?", "message_id") if is_sqlite else ("%s", 'message_id COLLATE "C"')  # by bytes, as Python does
    whose: list[tuple[str, tuple[Any, ...]]] = []
    if names:
        whose.append((f"named IN ({', '.join([place] * len(names))})", tuple(names)))
    for device, since_at, until_at in stays:
        mine = f"(anonymous_id = {place} AND named IS NULL AND occurred_at >= {place}"
        end = ")" if until_at is None else f" AND occurred_at < {place})"
        whose.append((mine + end, (device, since_at) if until_at is None else (device, since_at, until_at)))
    seen = "" if before is None else f" AND (occurred_at < {place} OR (occurred_at = {place} AND {own} < {place}))"
    seen_values = () if before is None else (before[0], *before)
    found: set[Entry] = set()
    for start in range(0, len(whose), _CONDITIONS):
        some = whose[start : start + _CONDITIONS]
        values = (*(value for _, given in some for value in given), *seen_values, limit)
        sql = (
            f'SELECT {_SHOWN} FROM "{RECENT_EVENT.name}" WHERE ({" OR ".join(text for text, _ in some)}){seen} '
            f"ORDER BY occurred_at DESC, {own} DESC, source LIMIT {place}"
        )
        found.update(Entry(*(*row[:-1], bool(row[-1]))) for row in connection.exec_driver_sql(sql, values))
    return sorted(found, key=lambda one: (one.occurred_at, one.message_id, one.source), reverse=True)[:limit]


def prune(connection: Connection, spool: str, place: tuple[int, int], *, received_before: int, most: int = 5000) -> int:
    """Delete up to `most` of the oldest events that lie before `place` of `spool` and came in before an instant.

    Looks at no more than that many: events are numbered in the order in which they lie in their spool. So what lies before one
    that is old is old too, whatever the clock said when it came in; and a day ahead of the instant no clock was right.
    """
    first = select(_C.seq, _C.segment, _C.offset, _C.received_at).where(_C.spool == spool).order_by(_C.seq).limit(most)
    old = seen = 0
    for seq, segment, offset, received_at in connection.execute(first):
        if (segment, offset) >= place:
            break
        seen, old = seq, seq if received_at < received_before else old
    mistimed = _C.received_at >= received_before + _DAY_US
    gone = delete(RECENT_EVENT).where(_C.spool == spool, _C.seq <= seen, or_(_C.seq <= old, mistimed))
    return connection.execute(gone).rowcount if seen else 0


def has_events(connection: Connection, named: str) -> bool:
    """Return whether anything was done lately under a name."""
    return connection.execute(select(_C.seq).where(_C.named == named).limit(1)).one_or_none() is not None


def event_count(connection: Connection) -> int:
    """Count the events that are kept here."""
    return int(connection.execute(select(func.count()).select_from(RECENT_EVENT)).scalar_one())
