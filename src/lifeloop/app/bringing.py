"""Bringing documents of a shop in that nobody told: what is known in its version is passed over, the rest is heard.

It goes the way of webhooks, through a spool of its own that is read into store and lake before the next documents are looked
at. What an earlier time that broke off left there comes first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from lifeloop.base.clock import micros
from lifeloop.base.config import WebhookSettings
from lifeloop.base.errors import LakeError
from lifeloop.base.progress import Progress
from lifeloop.collect.rows import shorten
from lifeloop.collect.shops.document import fingerprint
from lifeloop.collect.shops.kept import Document
from lifeloop.collect.shops.pages import KINDS, TOPIC, Kind
from lifeloop.schema import EVENT, REJECTED

if TYPE_CHECKING:
    from lifeloop.app import App
    from lifeloop.collect.spool import Stamp

SPOOL = "reconcile"
"""The name of the spool, and of its folder among the spools of the home."""

_AT_ONCE = 500
_TRIES, _PAUSE_S = 60, 1.0
_HEARD_SQL = """
SELECT e.message_id AS message_id, e.properties AS properties
FROM events AS e JOIN asked AS a ON e.message_id = a.message_id WHERE e.source = $source
"""
_REJECTED_SQL = (
    "SELECT DISTINCT r.raw AS raw FROM rejected AS r JOIN asked AS a ON r.raw = a.raw WHERE r.reason = 'bad_document'"
)


@dataclass
class Counted:
    """How many documents of one kind were looked at, and what was known of them."""

    looked_at: int = 0
    never_told: int = 0
    """Nothing of it was known: every webhook of it was lost, or it is older than the connection.

    Each version of a customer or a product counts by itself.
    """
    told_older: int = 0
    """Only an older version of the order was known."""

    @property
    def brought_in(self) -> int:
        """How many were brought in."""
        return self.never_told + self.told_older


class Way:
    """The way of documents that were not told: a spool of their own, read into store and lake before it ends."""

    def __init__(self, app: App, shop: WebhookSettings, pause: Callable[[float], None]) -> None:
        from lifeloop.collect.flow import Flow
        from lifeloop.collect.spool import SpoolWriter
        from lifeloop.store.positions import read_positions
        from lifeloop.unify.indexer import Indexer

        self.counted: dict[str, Counted] = {kind: Counted() for kind in KINDS}
        self.refused = 0
        self._app, self._shop, self._pause = app, shop, pause
        self._folder = app.home.spool / SPOOL
        with app.store.reading() as connection:
            behind = max((segment for segment, _ in read_positions(connection, SPOOL).values()), default=0)
        self._writer = SpoolWriter(self._folder, first_segment=behind + 1)
        self._indexer = Indexer(app.store, self._folder, SPOOL, app.clock)
        home = app.home
        self._flow = Flow(app.lake, app.engine, app.store, self._folder, SPOOL, home.path, home.settings, app.clock)

    def __enter__(self) -> Way:
        """Begin with what an earlier reconciling that broke off left."""
        try:
            self._carry()
        except BaseException:
            self._writer.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the spool."""
        self._writer.close()

    def bring(self, found: Iterator[Document], progress: Progress) -> None:
        """Look at documents, some hundred at a time, and bring in those that are news."""
        done = 0
        while some := list(islice(found, _AT_ONCE)):
            entries = self._news(some)
            if entries:
                self._writer.append(entries)
                self._carry()
            done += len(some)
            progress("reconciling", done, done)

    def _news(self, some: Sequence[Document]) -> list[tuple[Stamp, bytes]]:
        """Return the documents that say something unknown, as deliveries."""
        deliveries = [self._delivery(kind, one) for kind, one in some]
        said = [_said_by(stamp, body) for stamp, body in deliveries]
        heard = self._heard(sorted({message for one in said if one for message in one}))
        kept = self._rejected([_raw(delivery) for delivery, one in zip(deliveries, said, strict=True) if one is None])
        news = []
        for (kind, _), delivery, one in zip(some, deliveries, said, strict=True):
            counted = self.counted[kind]
            counted.looked_at += 1
            if one is None:
                self.refused += 1
                if _raw(delivery) not in kept:
                    news.append(delivery)
                continue
            if _is_known(one, heard):
                continue
            if any(message in heard for message in one):
                counted.told_older += 1
            else:
                counted.never_told += 1
            news.append(delivery)
        return news

    def _delivery(self, kind: Kind, one: Mapping[str, Any]) -> tuple[Stamp, bytes]:
        from lifeloop.collect.spool import Stamp

        now, system = micros(self._app.clock.now()), self._shop.system
        topic = TOPIC[system].format(kind=kind)
        body = json.dumps(one, ensure_ascii=False).encode()
        number = f"reconcile-{fingerprint(one)}"
        return Stamp(system, self._shop.kept_under, now, topic=topic, delivery_id=number), body

    def _heard(self, messages: Sequence[str]) -> dict[str, str | None]:
        """Return what store and lake know of these messages: their versions."""
        import pyarrow as pa

        from lifeloop.store.webhooks import heard_lately

        source = self._shop.kept_under
        asked = pa.table({"message_id": pa.array(messages, pa.string())})
        rows = self._app.engine.query(_HEARD_SQL, {"events": EVENT, "asked": asked}, source=source).to_pylist()
        known = {row["message_id"]: row["properties"] for row in rows}
        with self._app.store.reading() as connection:
            known |= heard_lately(connection, source, messages)
        return {message: _version(properties) for message, properties in known.items()}

    def _rejected(self, raws: Sequence[str]) -> set[str]:
        """Return those of these documents that stand among the rejected already."""
        import pyarrow as pa

        if not raws:
            return set()
        asked = pa.table({"raw": pa.array(raws, pa.string())})
        return set(self._app.engine.query(_REJECTED_SQL, {"rejected": REJECTED, "asked": asked})["raw"].to_pylist())

    def _carry(self) -> None:
        """Read the spool to its end into store and lake, and make it empty. Raises LakeError while others keep the lake."""
        from lifeloop.collect.spool import newest, remove_before
        from lifeloop.store.positions import read_position

        end = newest(self._folder)
        for tried in range(_TRIES):
            while self._indexer.step().records:
                pass
            while self._flow.step().records:
                pass
            with self._app.store.reading() as connection:
                reached = min(read_position(connection, SPOOL, reader) for reader in ("indexer", "flow"))
            if reached >= end:
                remove_before(self._folder, end)
                return
            if tried < _TRIES - 1:
                self._pause(_PAUSE_S)
        raise LakeError(
            "cannot bring in what the shop has",
            "another import or run is writing in this home",
            "Wait until it has ended, then reconcile again: what was read is kept and comes first.",
        )


def _raw(delivery: tuple[Stamp, bytes]) -> str:
    """Return a document as the rejected keep it."""
    return shorten(delivery[1].decode())


def _said_by(stamp: Stamp, body: bytes) -> dict[str, str | None] | None:
    """Return the messages a document says, with their versions; None where it is no document that can be understood.

    Who it names may be told by another document, so that an `identify` beside an order is no news of the order.
    """
    from lifeloop.collect.live.hearing import heard
    from lifeloop.collect.spool import Place, Record

    said, refused = heard(Record(Place(0, 0), Place(0, 1), stamp, body))
    if refused:
        return None
    facts = [one for one in said if one.type != "identify"] or said
    return {one.message_id: _version_in(one.said.get("properties")) for one in facts}


def _is_known(said: Mapping[str, str | None], heard: Mapping[str, str | None]) -> bool:
    """Return whether all that a document says was heard, or any of it by this version of the document."""
    if all(message in heard for message in said):
        return True
    return any(version is not None and heard.get(message) == version for message, version in said.items())


def _version(properties: str | None) -> str | None:
    return _version_in(json.loads(properties)) if properties else None


def _version_in(properties: Any) -> str | None:
    found = properties.get("updated_at") if isinstance(properties, dict) else None
    return found if isinstance(found, str) else None
