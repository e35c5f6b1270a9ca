"""What people agreed to and took back, each with its proof."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select, tuple_

from lifeloop.store.bulk import insert_or_replace, rows_with
from lifeloop.store.tables import CONSENT


class ConsentRow(NamedTuple):
    """What one name or device said of one channel and purpose: the columns of `consent`. `proof` is JSON."""

    consent_id: str
    named: str
    channel: str
    purpose: str
    state: str
    basis: str
    proof: str | None
    source: str
    told_at: int
    received_at: int


def add_consents(connection: Connection, rows: Sequence[ConsentRow]) -> None:
    """Keep what was said. The same id again only moves the time on, where that is later."""
    newer = "(excluded.told_at, excluded.proof) > (consent.told_at, consent.proof)"
    insert_or_replace(connection, CONSENT, ConsentRow._fields, rows, only_if=newer)


def consents_told(connection: Connection, names: Sequence[str]) -> list[ConsentRow]:
    """Return all that was said under any of `names`, oldest first."""
    rows = [ConsentRow(*row) for row in rows_with(connection, CONSENT, ConsentRow._fields, CONSENT.c.named, names)]
    return sorted(rows, key=lambda row: (row.told_at, row.consent_id))


def consents_about(
    connection: Connection, words: Collection[str], bases: Collection[str] = (), *, piece: int = 10_000
) -> Iterator[list[ConsentRow]]:
    """Yield what anybody said of channels or purposes in `words` (lower case), or on `bases`; by name, `piece` rows a time."""
    own, last = CONSENT.c, ("", "")
    found = or_(func.lower(own.channel).in_(words), func.lower(own.purpose).in_(words), own.basis.in_(bases))
    columns = [own[name] for name in ConsentRow._fields]
    query = select(*columns).where(found).order_by(own.named, own.consent_id).limit(piece)
    while True:
        later = tuple_(own.named, own.consent_id) > last
        rows = [ConsentRow(*row) for row in connection.execute(query.where(later))]
        if not rows:
            return
        yield rows
        last = rows[-1].named, rows[-1].consent_id
