"""Some events as they were heard, as rows that a source reads: what was found out while hearing them stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pyarrow as pa

from lifeloop.collect.dates import INSTANT
from lifeloop.collect.facts import Facts
from lifeloop.collect.live.heard import Heard
from lifeloop.collect.rows import Positions, Rows, shorten
from lifeloop.collect.spool.record import Place

_INDEX_BITS = 22
"""A body of 4 MB holds fewer than 2^22 events, of at least 2 bytes each."""
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
_BESIDE = ("original_at", "sent_at", "clock", "is_bot")


def line_of(place: Place, index: int) -> int:
    """Return the line of an event in its segment of the spool: the same whenever it is read, and greater behind it.

    >>> line_of(Place(1, 0), 0), line_of(Place(1, 2), 1)
    (1, 8388610)
    """
    return (place.offset << _INDEX_BITS) + index + 1


@dataclass
class Batch:
    """Events of one source in one segment of the spool, in the order they were accepted."""

    segment: int
    events: list[Heard] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, place: Place, events: Sequence[Heard]) -> None:
        """Add the events of the record at `place`."""
        self.events.extend(events)
        self.lines.extend(line_of(place, one.index) for one in events)

    def __len__(self) -> int:
        """Count the events."""
        return len(self.events)

    def halves(self) -> tuple[Batch, Batch]:
        """Return the first and the second half of them."""
        at = len(self) // 2
        return Batch(self.segment, self.events[:at], self.lines[:at]), Batch(self.segment, self.events[at:], self.lines[at:])

    def rows(self) -> Rows:
        """Return the events as rows."""
        events = self.events
        texts = {
            "message_id": [one.message_id for one in events],
            "type": [one.type for one in events],
            "name": [one.name for one in events],
            "customer_id": [one.named for one in events],
            "anonymous_id": [one.anonymous_id for one in events],
        }
        instants = {"happened_at": [one.occurred_at for one in events], "received_at": [one.received_at for one in events]}
        given = {name: pa.array(values, pa.string()) for name, values in texts.items()}
        given |= {name: pa.array(values, INSTANT) for name, values in instants.items()}
        objects = [one.said for one in events]

        def raw(positions: Positions) -> list[str]:
            return [shorten(_ENCODE(objects[position]).decode()) for position in positions.tolist()]

        return Rows(lines=np.array(self.lines, np.int64), columns={}, raw=raw, objects=objects, given=given)

    def with_clocks(self, facts: Facts) -> Facts:
        """Return facts of these rows, their events with what is known of their time and of who did them."""
        event = facts.tables["event"]
        at = np.searchsorted(np.array(self.lines, np.int64), event["line"].to_numpy())
        events = [self.events[position] for position in at.tolist()]
        found = {
            "original_at": pa.array([one.original_at for one in events], INSTANT),
            "sent_at": pa.array([one.sent_at for one in events], INSTANT),
            "clock": pa.array([one.clock for one in events], pa.string()),
            "is_bot": pa.array([one.is_bot for one in events], pa.bool_()),
        }
        for name in _BESIDE:
            event = event.set_column(event.schema.get_field_index(name), event.schema.field(name), found[name])
        return Facts({**facts.tables, "event": event}, facts.sources)
