"""Rows of identity: sightings, e-mail uses, links, the merge log, rulings and blocked values. What they mean is for `unify`.

Every function works within the caller's transaction. Instants are microseconds since 1970 UTC.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection as Connection
from sqlalchemy import Table, delete, func, select, update

from lifeloop.store.bulk import insert_new, insert_or_replace
from lifeloop.store.tables import (
    BLOCKED_VALUE,
    EMAIL_USE,
    IDENTITY_CHANGE,
    IDENTITY_RULING,
    IDENTITY_TURN,
    LINK,
    SIGHTING,
)

_NAME = "identity"


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


class SightingRow(NamedTuple):
    """One row of `sighting`."""

    device: str
    bucket: int
    named: str
    first_at: int
    last_at: int
    evidence: str


class UseRow(NamedTuple):
    """One row of `email_use`."""

    guest: str
    account: str
    first_at: int
    evidence: str


class BlockedRow(NamedTuple):
    """One row of `blocked_value`."""

    kind: str
    identifier: str
    reason: str
    made_at: int


class NewChange(NamedTuple):
    """One row of `identity_change` to be written."""

    action: str
    kind: str
    identifier: str
    customer_id: str
    rule: str
    evidence: str | None
    actor: str
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
        insert_new(connection, IDENTITY_TURN, ("name", "token"), [(_NAME, "")])
        token = connection.scalar(row)
    return str(token)


def end_turn(connection: Connection) -> str:
    """Leave a new token, as something was changed, and return it."""
    token = secrets.token_hex(8)
    connection.execute(update(IDENTITY_TURN).where(IDENTITY_TURN.c.name == _NAME).values(token=token))
    return token


def sightings_on(connection: Connection, devices: Iterable[str]) -> Iterator[SightingRow]:
    """Yield every sighting on some devices."""
    yield from map(SightingRow._make, _rows(connection, SIGHTING, SightingRow._fields, "device", devices))


def put_sightings(connection: Connection, rows: Sequence[SightingRow]) -> None:
    """Write sightings whole, in place of those of the same device, bucket and name."""
    insert_or_replace(connection, SIGHTING, SightingRow._fields, rows)


def devices_naming(connection: Connection, names: Iterable[str]) -> set[str]:
    """Return the devices on which any of these names was seen."""
    return {row[0] for row in _rows(connection, SIGHTING, ("device",), "named", names, distinct=True)}


def places_by_name(connection: Connection, names: Iterable[str]) -> dict[str, set[tuple[str, int]]]:
    """Return the devices on which each of these names was seen, and in which half hours."""
    found: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for named, device, bucket in _rows(connection, SIGHTING, ("named", "device", "bucket"), "named", names):
        found[named].add((device, bucket))
    return dict(found)


def names_on(connection: Connection, devices: Iterable[str]) -> dict[str, int]:
    """Return how many names were seen on each of some devices."""
    return Counter(row[0] for row in _rows(connection, SIGHTING, ("device", "named"), "device", devices, distinct=True))


def uses_of(connection: Connection, *, guests: Iterable[str] = (), accounts: Iterable[str] = ()) -> Iterator[UseRow]:
    """Yield every use of these guests' e-mails, and by these accounts."""
    yield from map(UseRow._make, _rows(connection, EMAIL_USE, UseRow._fields, "guest", guests))
    yield from map(UseRow._make, _rows(connection, EMAIL_USE, UseRow._fields, "account", accounts))


def put_uses(connection: Connection, rows: Sequence[UseRow]) -> None:
    """Write e-mail uses whole, in place of those of the same guest and account."""
    insert_or_replace(connection, EMAIL_USE, UseRow._fields, rows)


def links_of(connection: Connection, kind: str, identifiers: Iterable[str]) -> list[LinkRow]:
    """Return the links of some identifiers, in the order of time within each."""
    return sorted(map(LinkRow._make, _rows(connection, LINK, LinkRow._fields, "identifier", identifiers, kind=kind)))


def links_to(connection: Connection, customers: Iterable[str]) -> list[LinkRow]:
    """Return every link to some customers, by kind, identifier and time."""
    return sorted(map(LinkRow._make, _rows(connection, LINK, LinkRow._fields, "customer_id", customers)))


def all_links(connection: Connection) -> Iterator[LinkRow]:
    """Yield every link, by kind, identifier and time."""
    for row in connection.execute(select(LINK).order_by(LINK.c.kind, LINK.c.identifier, LINK.c.since_at)):
        yield LinkRow(*row)


def replace_links(connection: Connection, kind: str, gone: Iterable[str], rows: Sequence[LinkRow]) -> None:
    """Drop all links of some identifiers of a kind, and write others."""
    if one_by_one := [(kind, identifier) for identifier in gone]:
        place = _place(connection)
        sql = f'DELETE FROM "{LINK.name}" WHERE kind = {place} AND identifier = {place}'
        connection.exec_driver_sql(sql, one_by_one)
    insert_or_replace(connection, LINK, LinkRow._fields, rows)


def log_changes(connection: Connection, rows: Sequence[NewChange]) -> None:
    """Append rows to the merge log."""
    insert_new(connection, IDENTITY_CHANGE, NewChange._fields, rows)


def log_ruling(connection: Connection, row: NewChange) -> int:
    """Append one row to the merge log and return its number."""
    added = IDENTITY_CHANGE.insert().returning(IDENTITY_CHANGE.c.change_id)
    return int(connection.execute(added, row._asdict()).scalar_one())


def change(connection: Connection, change_id: int) -> ChangeRow | None:
    """Return one row of the merge log."""
    row = connection.execute(select(IDENTITY_CHANGE).where(IDENTITY_CHANGE.c.change_id == change_id)).one_or_none()
    return ChangeRow(*row) if row else None


def changes_about(
    connection: Connection, customers: Iterable[str], identifiers: Mapping[str, Iterable[str]]
) -> list[ChangeRow]:
    """Return what was logged about some customers or some identifiers, given by kind; oldest first."""
    rows = list(_rows(connection, IDENTITY_CHANGE, ChangeRow._fields, "customer_id", customers))
    for kind, some in identifiers.items():
        rows += _rows(connection, IDENTITY_CHANGE, ChangeRow._fields, "identifier", some, kind=kind)
    return sorted(set(map(ChangeRow._make, rows)))


def mark_undone(connection: Connection, change_id: int, at: int, actor: str) -> None:
    """Note in the merge log that a change was undone."""
    row = update(IDENTITY_CHANGE).where(IDENTITY_CHANGE.c.change_id == change_id)
    connection.execute(row.values(undone_at=at, undone_by=actor))


def rulings_on(connection: Connection, kind: str, identifiers: Iterable[str] | None = None) -> list[RulingRow]:
    """Return what operators ruled about some identifiers of a kind, or about all."""
    rows: Iterable[Any]
    if identifiers is None:
        rows = connection.execute(select(IDENTITY_RULING).where(IDENTITY_RULING.c.kind == kind))
    else:
        rows = _rows(connection, IDENTITY_RULING, RulingRow._fields, "identifier", identifiers, kind=kind)
    return [_ruling(row) for row in rows]


def rulings_for(connection: Connection, customers: Iterable[str]) -> list[RulingRow]:
    """Return what operators ruled about some customers."""
    return [_ruling(row) for row in _rows(connection, IDENTITY_RULING, RulingRow._fields, "customer_id", customers)]


def put_ruling(connection: Connection, ruling: RulingRow) -> None:
    """Write a ruling in place of that on the same identifier and customer."""
    insert_or_replace(connection, IDENTITY_RULING, RulingRow._fields, [ruling])


def drop_ruling(connection: Connection, kind: str, identifier: str, customer_id: str) -> None:
    """Take a ruling back."""
    own = IDENTITY_RULING.c
    found = (own.kind == kind) & (own.identifier == identifier) & (own.customer_id == customer_id)
    connection.execute(delete(IDENTITY_RULING).where(found))


def blocked_among(connection: Connection, kind: str, identifiers: Iterable[str]) -> set[str]:
    """Return which of some identifiers name nobody because too many share them."""
    return {row[0] for row in _rows(connection, BLOCKED_VALUE, ("identifier",), "identifier", identifiers, kind=kind)}


def block(connection: Connection, rows: Sequence[BlockedRow]) -> None:
    """Note identifiers that name nobody; those noted before stay as they are."""
    insert_new(connection, BLOCKED_VALUE, BlockedRow._fields, rows)


def blocked(connection: Connection) -> list[BlockedRow]:
    """Return everything that is blocked, newest first."""
    newest = BLOCKED_VALUE.c.made_at.desc()
    rows = connection.execute(select(BLOCKED_VALUE).order_by(newest, BLOCKED_VALUE.c.kind, BLOCKED_VALUE.c.identifier))
    return [BlockedRow(*row) for row in rows]


def link_at(connection: Connection, kind: str, identifier: str, at: int) -> LinkRow | None:
    """Return the link of an identifier that holds at an instant. Every page a shop builds may ask, so it is plain SQL."""
    place, names = _place(connection), ", ".join(f'"{name}"' for name in LinkRow._fields)
    sql = (
        f'SELECT {names} FROM "{LINK.name}" WHERE kind = {place} AND identifier = {place} AND since_at <= {place} '
        f"AND (until_at IS NULL OR until_at > {place}) ORDER BY since_at DESC LIMIT 1"
    )
    row = connection.exec_driver_sql(sql, (kind, identifier, at, at)).one_or_none()
    return LinkRow(*row) if row else None


def counts(connection: Connection) -> dict[str, int]:
    """Return how many links there are of each kind."""
    query = select(LINK.c.kind, func.count(func.distinct(LINK.c.identifier))).group_by(LINK.c.kind)
    return {kind: int(number) for kind, number in connection.execute(query)}


def _ruling(row: Any) -> RulingRow:
    ruling = RulingRow(*row)
    return ruling._replace(joined=bool(ruling.joined))


def _rows(
    connection: Connection,
    table: Table,
    fields: Sequence[str],
    column: str,
    values: Iterable[str],
    *,
    kind: str | None = None,
    distinct: bool = False,
) -> Iterator[Any]:
    """Yield `fields` of the rows (of a kind) whose `column` has one of `values`, which are handed over as one parameter."""
    asked = list(values)
    if not asked:
        return
    is_sqlite = connection.dialect.name == "sqlite"
    place = _place(connection)
    names = ", ".join(f'"{name}"' for name in fields)
    found = f"IN (SELECT value FROM json_each({place}))" if is_sqlite else f"= ANY({place})"
    of_kind = "" if kind is None else f" AND kind = {place}"
    sql = f'SELECT {"DISTINCT " if distinct else ""}{names} FROM "{table.name}" WHERE "{column}" {found}{of_kind}'
    listed = msgspec.json.encode(asked).decode() if is_sqlite else asked
    yield from connection.exec_driver_sql(sql, (listed,) if kind is None else (listed, kind)).all()


def _place(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"
