"""Webhooks that were accepted, so that a repeated one is known, and when the last one came."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select

from lifeloop.base.clock import Clock, micros
from lifeloop.store.tables import RECENT_EVENT, WEBHOOK
from lifeloop.store.upsert import insert_into

_C, _E = WEBHOOK.c, RECENT_EVENT.c
KEPT_DAYS = 7
"""Days a delivery is remembered. Shops repeat one for some hours; what comes again later says events that are known already."""

_DAY = 86_400_000_000
_AT_ONCE = 500


def is_known(connection: Connection, source: str, delivery_id: str) -> bool:
    """Return whether a delivery was accepted before."""
    query = select(_C.received_at).where(_C.source == source, _C.delivery_id == delivery_id)
    return connection.execute(query).one_or_none() is not None


def note(connection: Connection, source: str, delivery_id: str, topic: str, clock: Clock) -> bool:
    """Remember a delivery, and forget old ones. False when it was known."""
    now = micros(clock.now())
    connection.execute(delete(WEBHOOK).where(_C.source == source, _C.received_at < now - KEPT_DAYS * _DAY))
    insert = insert_into(connection, WEBHOOK).on_conflict_do_nothing(index_elements=["source", "delivery_id"])
    row = {"source": source, "delivery_id": delivery_id, "topic": topic, "received_at": now}
    return connection.execute(insert, row).rowcount == 1


def received(connection: Connection, source: str, since: int) -> dict[str, int]:
    """Return how many deliveries of each topic came since an instant, in microseconds; at most of the last seven days."""
    query = select(_C.topic, func.count()).where(_C.source == source, _C.received_at >= since).group_by(_C.topic)
    return {topic: int(count) for topic, count in connection.execute(query)}


def last_received(connection: Connection, source: str) -> int | None:
    """Return when the last delivery came, in microseconds since 1970 UTC; None where none is remembered."""
    found = connection.execute(select(func.max(_C.received_at)).where(_C.source == source)).scalar_one()
    return None if found is None else int(found)


def heard_lately(connection: Connection, source: str, message_ids: Sequence[str]) -> dict[str, str | None]:
    """Return of these messages those that are indexed and may not be in the lake yet, with their properties as JSON."""
    found: dict[str, str | None] = {}
    for start in range(0, len(message_ids), _AT_ONCE):
        asked = message_ids[start : start + _AT_ONCE]
        query = select(_E.message_id, _E.properties).where(_E.source == source, _E.message_id.in_(asked))
        found.update((row.message_id, row.properties) for row in connection.execute(query))
    return found
