"""What people agreed to and took back, each with its proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

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
