"""Reconciling: webhooks get lost, so that the shop is asked what it has, and what was not told is brought in.

Documents come from pages of the shop's API or from a file of them; each says its events exactly as its webhook would. What is
known in that version already is passed over. The rest goes the way of webhooks: through a spool of its own, into store and
lake. An export as CSV is imported instead, under the same source, where the same order is the same order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lifeloop.base.clock import micros
from lifeloop.base.config import WebhookSettings
from lifeloop.base.errors import LakeError, SourceError, UnknownName
from lifeloop.base.progress import Progress, silent
from lifeloop.collect.rows import shorten
from lifeloop.collect.shops.document import fingerprint
from lifeloop.collect.shops.pages import KINDS, TOPIC, Kind, ShopApi
from lifeloop.schema import EVENT, REJECTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from lifeloop.app import App
    from lifeloop.collect import ImportReport
    from lifeloop.collect.spool import Stamp

SPOOL = "reconcile"
"""The name of the spool, and of its folder among the spools of the home."""

DAYS = 30
"""How far back the shop is asked, unless told otherwise."""

_AT_ONCE = 500
_TRIES, _PAUSE_S = 60, 1.0
_HEARD_SQL = """
SELECT e.message_id AS message_id, e.properties AS properties
FROM events AS e JOIN asked AS a ON e.message_id = a.message_id WHERE e.source = $source
"""
_REJECTED_SQL = (
    "SELECT DISTINCT r.raw AS raw FROM rejected AS r JOIN asked AS a ON r.raw = a.raw WHERE r.reason = 'bad_document'"
)

Document: TypeAlias = tuple[Kind, dict[str, Any]]


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


@dataclass
class Reconciliation:
    """What reconciling came to."""

    name: str
    system: str
    source: str
    since: datetime | None
    documents: dict[str, Counted] = field(default_factory=lambda: {kind: Counted() for kind in KINDS})
    refused: int = 0
    """Documents that are not what they should be; they stand in `rejected`."""
    imported: ImportReport | None = None
    """Of an export as CSV."""
    untold: tuple[str, ...] = ()
    """Topics the shop should tell by webhook and does not, where it says which it does."""

    @property
    def brought_in(self) -> int:
        """How many documents were brought in."""
        return sum(counted.brought_in for counted in self.documents.values())


def reconcile(
    app: App,
    name: str,
    *,
    pause: Callable[[float], None],
    since: datetime | None = None,
    files: Sequence[Path] = (),
    progress: Progress = silent,
) -> Reconciliation:
    """Bring in what the shop `[webhooks.NAME]` has and nobody told; twice is as good as once.

    `since` speaks of the last change of a document and of the API alone; unset: 30 days ago. `pause` waits some seconds.
    Raises UnknownName, SettingsError, SourceError, and what writing raises.
    """
    known = app.home.settings.webhooks
    if name not in known:
        raise UnknownName("webhook", name, known)
    shop = known[name]
    result = Reconciliation(
        name, shop.system, shop.kept_under, None if files else since or app.clock.now() - timedelta(days=DAYS)
    )
    told = [file for file in files if _holds_documents(file)]
    exports = [file for file in files if file not in told]
    if exports:
        result.imported = app.import_files(exports, source=shop.kept_under, progress=progress)
    if told or not files:
        api = None if files else ShopApi.of(name, shop, pause)
        found = _from_files(told) if api is None else _from_api(api, result.since)
        with _Way(app, shop, pause) as way:
            way.bring(found, result, progress)
        result.untold = api.untold(name) if api is not None else ()
    return result


def _from_api(api: ShopApi, since: datetime | None) -> Iterator[Document]:
    assert since is not None
    for kind in KINDS:
        yield from ((kind, one) for one in api.documents(kind, since))


def _holds_documents(file: Path) -> bool:
    """Return whether a file holds documents as the API has them, not rows of an export."""
    try:
        with file.open("rb") as stream:
            return stream.read(256).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    except OSError as error:
        raise SourceError(f"cannot read {file}", error.strerror or str(error), "Check its path and rights.") from error


def _from_files(files: Iterable[Path]) -> Iterator[Document]:
    """Yield the documents of files: answers of the API, lists of documents, or one document on each line."""
    for file in files:
        with file.open(encoding="utf-8-sig") as lines:
            first = lines.readline()
            if _is_json(first):
                for number, line in enumerate(chain([first], lines), 1):
                    yield from _documents_in(_line(file, number, line)) if line.strip() else ()
            else:
                yield from _documents_in(_line(file, 1, first + lines.read()))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _line(file: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        fix = "Write the API's answers, a list of documents, or one document on each line."
        raise SourceError(f"cannot read {file}", f"what begins in line {number} is no JSON", fix) from error


def _documents_in(found: Any) -> Iterator[Document]:
    if isinstance(found, list):
        for one in found:
            yield from _documents_in(one)
    elif isinstance(found, dict):
        pages = [kind for kind in KINDS if isinstance(found.get(f"{kind}s"), list) and "id" not in found]
        for kind in pages:
            yield from ((kind, one) for one in found[f"{kind}s"] if isinstance(one, dict))
        if not pages:
            yield _kind_of(found), found


def _kind_of(one: Mapping[str, Any]) -> Kind:
    """Return what a document is by what only such a one has."""
    if "line_items" in one:
        return "order"
    return "product" if "variants" in one or "regular_price" in one or "body_html" in one else "customer"


class _Way:
    """The way of documents that were not told: a spool of their own, read into store and lake before it ends."""

    def __init__(self, app: App, shop: WebhookSettings, pause: Callable[[float], None]) -> None:
        from lifeloop.collect.flow import Flow
        from lifeloop.collect.spool import SpoolWriter
        from lifeloop.store.positions import read_positions
        from lifeloop.unify.indexer import Indexer

        self._app, self._shop, self._pause = app, shop, pause
        self._folder = app.home.spool / SPOOL
        with app.store.reading() as connection:
            behind = max((segment for segment, _ in read_positions(connection, SPOOL).values()), default=0)
        self._writer = SpoolWriter(self._folder, first_segment=behind + 1)
        self._indexer = Indexer(app.store, self._folder, SPOOL, app.clock)
        home = app.home
        self._flow = Flow(app.lake, app.engine, app.store, self._folder, SPOOL, home.path, home.settings, app.clock)

    def __enter__(self) -> _Way:
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

    def bring(self, found: Iterator[Document], result: Reconciliation, progress: Progress) -> None:
        """Look at documents, some hundred at a time, and bring in those that are news."""
        done = 0
        while some := list(islice(found, _AT_ONCE)):
            entries = self._news(some, result)
            if entries:
                self._writer.append(entries)
                self._carry()
            done += len(some)
            progress("reconciling", done, done)

    def _news(self, some: Sequence[Document], result: Reconciliation) -> list[tuple[Stamp, bytes]]:
        """Return the documents that say something unknown, as deliveries."""
        deliveries = [self._delivery(kind, one) for kind, one in some]
        said = [_said_by(stamp, body) for stamp, body in deliveries]
        heard = self._heard(sorted({message for one in said if one for message in one}))
        kept = self._rejected([_raw(delivery) for delivery, one in zip(deliveries, said, strict=True) if one is None])
        news = []
        for (kind, _), delivery, one in zip(some, deliveries, said, strict=True):
            counted = result.documents[kind]
            counted.looked_at += 1
            if one is None:
                result.refused += 1
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
