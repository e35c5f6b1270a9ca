"""Reconciling: webhooks get lost, so that the shop is asked what it has, and what was not told is brought in.

Documents come from pages of the shop's API or from a file of them; each says its events exactly as its webhook would. What is
known in that version already is passed over. The rest goes the way of webhooks: through a spool of its own, into store and
lake. An export as CSV is imported instead, under the same source, where the same order is the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from lifeloop.app.bringing import Counted, Way
from lifeloop.base.errors import UnknownName
from lifeloop.base.progress import Progress, silent
from lifeloop.collect.shops.kept import Document, documents_in, holds_documents
from lifeloop.collect.shops.pages import KINDS, ShopApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from lifeloop.app import App
    from lifeloop.collect import ImportReport

DAYS = 30
"""How far back the shop is asked, unless told otherwise."""


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
    told = [file for file in files if holds_documents(file)]
    exports = [file for file in files if file not in told]
    if exports:
        result.imported = app.import_files(exports, source=shop.kept_under, progress=progress)
    if told or not files:
        api = None if files else ShopApi.of(name, shop, pause)
        found = documents_in(told) if api is None else _from_api(api, result.since)
        with Way(app, shop, pause) as way:
            way.bring(found, progress)
            result.documents, result.refused = way.counted, way.refused
        result.untold = api.untold(name) if api is not None else ()
    return result


def _from_api(api: ShopApi, since: datetime | None) -> Iterator[Document]:
    assert since is not None
    for kind in KINDS:
        yield from ((kind, one) for one in api.documents(kind, since))
