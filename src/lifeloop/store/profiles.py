"""What was told of each name and of each device, before it is known which of them are one customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from lifeloop.store.bulk import insert_or_replace, rows_with
from lifeloop.store.tables import PROFILE

_C = PROFILE.c
DEVICE = "device:"
"""What the owner of a row begins with when it is a device and no name."""


class ProfileRow(NamedTuple):
    """What was told of one owner: the columns of `profile`. `traits` and the touches are JSON."""

    named: str
    first_seen_at: int
    last_seen_at: int
    email: str | None
    phone: str | None
    name_key: str | None
    traits: str
    first_touch: str | None
    last_touch: str | None


def read_profiles(connection: Connection, owners: Sequence[str]) -> dict[str, ProfileRow]:
    """Return what is kept of each owner of which anything is."""
    return {row.named: ProfileRow(*row) for row in rows_with(connection, PROFILE, ProfileRow._fields, _C.named, owners)}


def write_profiles(connection: Connection, rows: Sequence[ProfileRow]) -> None:
    """Keep rows in the place of those of the same owners."""
    insert_or_replace(connection, PROFILE, ProfileRow._fields, rows)


def owners_with(
    connection: Connection, *, email: str | None = None, phone: str | None = None, name_key: str | None = None, limit: int = 100
) -> list[str]:
    """Return the owners of whom all that is given was told last, in order."""
    query = select(_C.named).order_by(_C.named).limit(limit)
    for column, value in ((_C.email, email), (_C.phone, phone), (_C.name_key, name_key)):
        if value is not None:
            query = query.where(column == value)
    return list(connection.execute(query).scalars())


def all_profiles(connection: Connection, *, piece: int = 10_000) -> Iterator[list[ProfileRow]]:
    """Yield every row, those of devices too, in order of their owners, `piece` at a time."""
    last = ""
    while True:
        query = select(*(_C[name] for name in ProfileRow._fields)).where(_C.named > last).order_by(_C.named).limit(piece)
        rows = [ProfileRow(*row) for row in connection.execute(query)]
        if not rows:
            return
        yield rows
        last = rows[-1].named
