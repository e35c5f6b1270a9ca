"""How far each reader of a spool has come. A position moves on in the transaction that keeps what was read."""

from __future__ import annotations

from sqlalchemy import Connection, select, tuple_

from lifeloop.base.clock import Clock, micros
from lifeloop.base.errors import StoreError
from lifeloop.store.tables import SPOOL_POSITION
from lifeloop.store.upsert import insert_into

START = (0, 0)
"""Where a reader stands that has read nothing: segment, offset."""

_C = SPOOL_POSITION.c


def read_position(connection: Connection, spool: str, reader: str) -> tuple[int, int]:
    """Return (segment, offset): `reader` has done everything of `spool` before it; START when it has not begun."""
    query = select(_C.segment, _C.offset).where(_C.spool == spool, _C.reader == reader)
    row = connection.execute(query).one_or_none()
    return (row.segment, row.offset) if row else START


def read_positions(connection: Connection, spool: str) -> dict[str, tuple[int, int]]:
    """Return the position of every reader of `spool` that has begun, by its name."""
    query = select(_C.reader, _C.segment, _C.offset).where(_C.spool == spool)
    return {row.reader: (row.segment, row.offset) for row in connection.execute(query)}


def read_places(connection: Connection, reader: str) -> dict[str, tuple[int, int]]:
    """Return the position of `reader` in every spool it has begun, by the name of the spool."""
    query = select(_C.spool, _C.segment, _C.offset).where(_C.reader == reader).order_by(_C.spool)
    return {row.spool: (row.segment, row.offset) for row in connection.execute(query)}


def advance(
    connection: Connection, spool: str, reader: str, place: tuple[int, int], clock: Clock, *, came_from: tuple[int, int]
) -> None:
    """Move `reader` from `came_from`, where this transaction began to read, to `place`.

    Raises StoreError when it stands elsewhere by now: a second process reads as the same reader, and what this transaction
    wrote must not be kept twice. A position never moves back.
    """
    if place < came_from:
        raise ValueError(f"a position never moves back, here from {came_from} to {place}")
    insert = insert_into(connection, SPOOL_POSITION)
    row = {"spool": spool, "reader": reader, "segment": place[0], "offset": place[1], "moved_at": micros(clock.now())}
    moved = connection.execute(
        insert.on_conflict_do_update(
            index_elements=["spool", "reader"],
            set_={name: insert.excluded[name] for name in ("segment", "offset", "moved_at")},
            where=tuple_(_C.segment, _C.offset) == tuple_(*came_from),
        ),
        row,
    )
    if moved.rowcount != 1:
        found = f"it stands at {read_position(connection, spool, reader)} by now, not at {came_from}"
        raise StoreError(f"cannot move the reader '{reader}' of spool '{spool}'", found, "Let one process run as this reader.")
