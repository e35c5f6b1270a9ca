"""Builders of what a shop's clients send: events, requests and a spool that holds them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lifeloop.base.clock import micros
from lifeloop.collect.spool import Place, SpoolWriter, Stamp

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""When the events of a test begin."""


def said(message_id: str, *, after: float = 0, type: str = "track", **fields: Any) -> dict[str, Any]:  # noqa: A002 - Segment's
    """Return one event in Segment's form, done some seconds after NOON; names of fields are Segment's."""
    at = (NOON + timedelta(seconds=after)).isoformat().replace("+00:00", "Z")
    return {"type": type, "messageId": message_id, "timestamp": at, **fields}


def spooled(
    folder: Path, batches: Iterable[Sequence[dict[str, Any]]], *, source: str = "live", received_after: float = 3600
) -> list[Place]:
    """Put requests into a spool, one for each batch, all received some seconds after NOON; return where they lie."""
    stamp = Stamp("segment", source, micros(NOON + timedelta(seconds=received_after)))
    writer = SpoolWriter(folder)
    try:
        return [writer.append([(stamp, json.dumps({"batch": batch}).encode())])[0] for batch in batches]
    finally:
        writer.close()
