"""Rows of identity: sightings, e-mail uses, links, the merge log, rulings and blocked values. What they mean is for `unify`.

Every function works within the caller's transaction. Instants are microseconds since 1970 UTC.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Column, Select, Table, delete, func, or_, select, update
from sqlalchemy import Connection as Connection
from sqlalchemy.dialects import postgresql, sqlite

from lifeloop.store.tables import (
    BLOCKED_VALUE,
    EMAIL_USE,
    IDENTITY_CHANGE,
    IDENTITY_RULING,
    IDENTITY_TURN,
    LINK,
    SIGHTING,
)

_AT_ONCE = 500
_NAME = "identity"
Row = Mapping[str, Any]


class LinkRow(NamedTuple):
    """One row of `link`."""

    kind: str
    identifier: str
    since_at: int
    until_at: int | None
    customer_id: str
    rule: str
    evidence: str
    made_at: int


class ChangeRow(NamedTuple):
    """One row of `identity_change`: something that was linked, taken away, or ruled by an operator (`join`, `part`)."""

    change_id: int
    action: str
    kind: str
    identifier: str
    customer_id: str
    rule: str
    evidence: str | None
    actor: str
    made_at: int
    undone_at: int | None
    undone_by: str | None


class RulingRow(NamedTuple):
    """One row of `identity_ruling`."""

    kind: str
    identifier: str
    customer_id: str
    joined: bool
    actor: str
    made_at: int


def take_turn(connection: Connection) -> str:
    """Wait until nobody else changes who is who, for the rest of the transaction; returns the token the last one left."""
    row = select(IDENTITY_TURN.c.token).where(IDENTITY_TURN.c.name == _NAME).with_for_update()
    token = connection.scalar(row)
    if token is None:
        _put(connection, IDENTITY_TURN, [{"name": _NAME, "token": ""}], update_columns=())
        token = connection.scalar(row)
    return str(token)


def end_turn(connection: Connection) -> str:
    """Leave a new token, as something was changed, and return it."""
    token = secrets.token_hex(8)
    connection.execute(update(IDENTITY_TURN).where(IDENTITY_TURN.c.name == _NAME).values(token=token))
    return token


def sightings_on(connection: Connection, devices: Iterable[str]) -> Iterator[tuple[str, int, str, int, int, str]]:
    """Yield device, bucket, name, first, last and evidence of every sighting on some devices."""
    yield from _rows_in(connection, select(SIGHTING), SIGHTING.c.device, devices)


def put_sightings(connection: Connection, rows: Sequence[Row]) -> None:
    """Write sightings whole, in place of those of the same device, bucket and name."""
    _put(connection, SIGHTING, rows, update_columns=("first_at", "last_at", "evidence"))


def devices_naming(connection: Connection, names: Iterable[str]) -> set[str]:
    """Return the devices on which any of these names was seen."""
    return {row[0] for row in _rows_in(connection, select(SIGHTING.c.device).distinct(), SIGHTING.c.named, names)}


def uses_of(
    connection: Connection, *, guests: Iterable[str] = (), accounts: Iterable[str] = ()
) -> Iterator[tuple[str, str, int, str]]:
    """Yield guest, account, first instant and evidence of every use of these guests' e-mails, and by these accounts."""
    yield from _rows_in(connection, select(EMAIL_USE), EMAIL_USE.c.guest, guests)
    yield from _rows_in(connection, select(EMAIL_USE), EMAIL_USE.c.account, accounts)


def put_uses(connection: Connection, rows: Sequence[Row]) -> None:
    """Write e-mail uses whole, in place of those of the same guest and account."""
    _put(connection, EMAIL_USE, rows, update_columns=("first_at", "evidence"))


def links_of(connection: Connection, kind: str, identifiers: Iterable[str]) -> list[LinkRow]:
    """Return the links of some identifiers, in the order of time within each."""
    rows = _rows_in(connection, select(LINK).where(LINK.c.kind == kind), LINK.c.identifier, identifiers)
    return sorted(LinkRow(*row) for row in rows)


def links_to(connection: Connection, customers: Iterable[str]) -> list[LinkRow]:
    """Return every link to some customers, by kind, identifier and time."""
    return sorted(LinkRow(*row) for row in _rows_in(connection, select(LINK), LINK.c.customer_id, customers))


def all_links(connection: Connection) -> Iterator[LinkRow]:
    """Yield every link, by kind, identifier and time."""
    for row in connection.execute(select(LINK).order_by(LINK.c.kind, LINK.c.identifier, LINK.c.since_at)):
        yield LinkRow(*row)


def replace_links(connection: Connection, kind: str, gone: Iterable[str], rows: Sequence[LinkRow]) -> None:
    """Drop all links of some identifiers of a kind, and write others."""
    for some in _pieces(gone):
        connection.execute(delete(LINK).where(LINK.c.kind == kind, LINK.c.identifier.in_(some)))
    if rows:
        connection.execute(LINK.insert(), [row._asdict() for row in rows])


def log_changes(connection: Connection, rows: Sequence[Row]) -> None:
    """Append rows to the merge log."""
    if rows:
        connection.execute(IDENTITY_CHANGE.insert(), list(rows))


def log_ruling(connection: Connection, row: Row) -> int:
    """Append one row to the merge log and return its number."""
    return int(connection.execute(IDENTITY_CHANGE.insert().returning(IDENTITY_CHANGE.c.change_id), row).scalar_one())


def change(connection: Connection, change_id: int) -> ChangeRow | None:
    """Return one row of the merge log."""
    row = connection.execute(select(IDENTITY_CHANGE).where(IDENTITY_CHANGE.c.change_id == change_id)).one_or_none()
    return ChangeRow(*row) if row else None


def changes_about(
    connection: Connection, customers: Iterable[str], identifiers: Mapping[str, Iterable[str]]
) -> list[ChangeRow]:
    """Return what was logged about some customers or some identifiers, given by kind; oldest first."""
    own = IDENTITY_CHANGE.c
    rows = list(_rows_in(connection, select(IDENTITY_CHANGE), own.customer_id, customers))
    for kind, some in identifiers.items():
        rows += _rows_in(connection, select(IDENTITY_CHANGE).where(own.kind == kind), own.identifier, some)
    return sorted({ChangeRow(*row) for row in rows})


def mark_undone(connection: Connection, change_id: int, at: int, actor: str) -> None:
    """Note in the merge log that a change was undone."""
    row = update(IDENTITY_CHANGE).where(IDENTITY_CHANGE.c.change_id == change_id)
    connection.execute(row.values(undone_at=at, undone_by=actor))


def rulings_on(connection: Connection, kind: str, identifiers: Iterable[str] | None = None) -> list[RulingRow]:
    """Return what operators ruled about some identifiers of a kind, or about all."""
    query = select(IDENTITY_RULING).where(IDENTITY_RULING.c.kind == kind)
    rows: Iterable[Any]
    if identifiers is None:
        rows = connection.execute(query)
    else:
        rows = _rows_in(connection, query, IDENTITY_RULING.c.identifier, identifiers)
    return [RulingRow(*row) for row in rows]


def rulings_for(connection: Connection, customers: Iterable[str]) -> list[RulingRow]:
    """Return what operators ruled about some customers."""
    rows = _rows_in(connection, select(IDENTITY_RULING), IDENTITY_RULING.c.customer_id, customers)
    return [RulingRow(*row) for row in rows]


def put_ruling(connection: Connection, ruling: RulingRow) -> None:
    """Write a ruling in place of that on the same identifier and customer."""
    _put(connection, IDENTITY_RULING, [ruling._asdict()], update_columns=("joined", "actor", "made_at"))


def drop_ruling(connection: Connection, kind: str, identifier: str, customer_id: str) -> None:
    """Take a ruling back."""
    own = IDENTITY_RULING.c
    found = (own.kind == kind) & (own.identifier == identifier) & (own.customer_id == customer_id)
    connection.execute(delete(IDENTITY_RULING).where(found))


def blocked_among(connection: Connection, kind: str, identifiers: Iterable[str]) -> set[str]:
    """Return which of some identifiers name nobody because too many share them."""
    query = select(BLOCKED_VALUE.c.identifier).where(BLOCKED_VALUE.c.kind == kind)
    return {row[0] for row in _rows_in(connection, query, BLOCKED_VALUE.c.identifier, identifiers)}


def block(connection: Connection, rows: Sequence[Row]) -> None:
    """Note identifiers that name nobody; those noted before stay as they are."""
    _put(connection, BLOCKED_VALUE, rows, update_columns=())


def blocked(connection: Connection) -> list[tuple[str, str, str, int]]:
    """Return kind, identifier, reason and instant of everything blocked, newest first."""
    newest = BLOCKED_VALUE.c.made_at.desc()
    rows = connection.execute(select(BLOCKED_VALUE).order_by(newest, BLOCKED_VALUE.c.kind, BLOCKED_VALUE.c.identifier))
    return [(row.kind, row.identifier, row.reason, row.made_at) for row in rows]


def link_at(connection: Connection, kind: str, identifier: str, at: int) -> LinkRow | None:
    """Return the link of an identifier that holds at an instant."""
    holds = (LINK.c.since_at <= at) & or_(LINK.c.until_at.is_(None), LINK.c.until_at > at)
    query = select(LINK).where(LINK.c.kind == kind, LINK.c.identifier == identifier, holds)
    row = connection.execute(query.order_by(LINK.c.since_at.desc()).limit(1)).one_or_none()
    return LinkRow(*row) if row else None


def counts(connection: Connection) -> dict[str, int]:
    """Return how many links there are of each kind."""
    query = select(LINK.c.kind, func.count(func.distinct(LINK.c.identifier))).group_by(LINK.c.kind)
    return {kind: int(number) for kind, number in connection.execute(query)}


def _put(connection: Connection, table: Table, rows: Sequence[Row], *, update_columns: Sequence[str]) -> None:
    """Insert rows; where the primary key is taken, overwrite these columns, or keep what stands there if there are none."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    insert: Any = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    if update_columns:
        insert = insert.on_conflict_do_update(
            index_elements=keys, set_={name: insert.excluded[name] for name in update_columns}
        )
    else:
        insert = insert.on_conflict_do_nothing(index_elements=keys)
    connection.execute(insert, list(rows))


def _rows_in(connection: Connection, query: Select[Any], column: Column[Any], values: Iterable[str]) -> Iterator[Any]:
    for some in _pieces(values):
        yield from connection.execute(query.where(column.in_(some)))


def _pieces(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield values in lists that a database takes as parameters at once."""
    rest = iter(values)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
