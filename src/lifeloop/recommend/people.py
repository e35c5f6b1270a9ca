"""People: what is known of somebody who asks: the model's history, what the lake and the store learned since, the last clicks.

A deed that several of these know is one. Of somebody who did not agree nothing is looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.base.text import LANGUAGES, Language
from lifeloop.lake import Engine
from lifeloop.recommend.asked import Deed, DeedKind, Person
from lifeloop.recommend.deeds import Deeds
from lifeloop.recommend.learning.consents import SILENT, allowed, last_word, weighed
from lifeloop.recommend.learning.reading import DONE
from lifeloop.recommend.model import Model
from lifeloop.recommend.names import CUSTOMER, customer, visitor
from lifeloop.schema import EXPOSURE
from lifeloop.unify.carts import product_of

if TYPE_CHECKING:
    from lifeloop.store import Connection, Store
    from lifeloop.store.consents import ConsentRow
    from lifeloop.store.timeline import Entry, Stay
    from lifeloop.unify.identity import Known
    from lifeloop.unify.people import Consent

LATEST_EVENTS = 200
"""Events of one person that are read from the store."""
SENT_DAYS = 30
"""What stood in a message so many days ago or less is not sent again."""
_STRENGTH: Mapping[DeedKind, int] = {"refund": 0, "view": 0, "wish": 1, "cart": 2, "order": 3}
_PROPERTIES = msgspec.json.Decoder(dict[str, Any])

SENT_SQL = """
SELECT DISTINCT x.product_id AS product_id FROM exposures AS x JOIN names AS n ON x.customer_id = n.name
WHERE x.placement = 'message' AND x.shown_at >= $since AND x.shown_at < $until ORDER BY product_id
"""


@dataclass(frozen=True)
class Since:
    """What the lake learned after the fit."""

    deeds: Deeds
    consents: Mapping[str, int] = field(default_factory=dict)
    """What people said of personalisation, by name; those who said nothing are left out."""


@dataclass(frozen=True)
class _Whose:
    """Under which names somebody's deeds stand, and on which devices until when."""

    names: tuple[str, ...]
    is_known: bool
    stays: tuple[Stay, ...] = ()
    known: Known | None = None
    """Of a customer, where there is a store."""

    @property
    def ids(self) -> tuple[str, ...]:
        """What facts call them as a customer."""
        return tuple(name[1:] for name in self.names if name.startswith(CUSTOMER))


@dataclass(frozen=True)
class People:
    """Everybody, as of a model and what was learned since."""

    model: Model
    since: Since
    settings: RecommendSettings
    store: Store | None = None

    def person(
        self, *, now: int, customer_id: str | None = None, anonymous_id: str | None = None, fresh: Sequence[Deed] = ()
    ) -> tuple[Person, tuple[str, ...]]:
        """Return what may be known of a customer, else of a visitor, and the ids that mean them as a customer.

        `fresh` is what was done a moment ago under these ids; of it counts what names them as a customer, or nobody. Raises
        StoreError. Cost: tens of microseconds, and a millisecond for the store.
        """
        if customer_id is None and anonymous_id is None:
            return Person(), ()
        if self.store is None:
            name = customer(customer_id) if customer_id is not None else visitor(str(anonymous_id))
            whose = _Whose((name,), is_known=customer_id is not None)
            told: list[Deed] | None = [] if allowed(self._state(whose), self.settings.consent) else None
        else:
            with self.store.reading() as connection:
                whose = _whose(connection, customer_id, anonymous_id, now)
                told = self._told(connection, whose)
        if told is None:
            return Person(is_known=whose.is_known), whose.ids
        own = [one for one in fresh if one.customer_id is None or one.customer_id in whose.ids]
        deeds = _merged(self._remembered(whose), [*told, *own], self.settings.history)
        source, language = self._last_told(whose)
        return Person(deeds=deeds, is_known=whose.is_known, has_consent=True, source=source, language=language), whose.ids

    def _told(self, connection: Connection, whose: _Whose) -> list[Deed] | None:
        """Return what the store knows they did after the fit; None where it may not be used."""
        from lifeloop.store.timeline import events_of

        word = last_word(_consents(connection, whose), self.settings.consent_purposes)
        if not allowed(weighed(word, self._state(whose), self.model.as_of), self.settings.consent):
            return None
        entries = events_of(connection, whose.ids, whose.stays, limit=LATEST_EVENTS)
        return [deed for deed in _deeds(entries) if deed.at >= self.model.as_of]

    def _state(self, whose: _Whose) -> int:
        """Return what the lake knows of their consent: the last word, of several names the most careful one."""
        late = [self.since.consents[name] for name in whose.names if name in self.since.consents]
        if late:
            return min(late)
        said = [int(self.model.deeds.consent[place]) for place in self.model.deeds.names.places(whose.names)]
        return min((one for one in said if one != SILENT), default=SILENT)

    def _remembered(self, whose: _Whose) -> Iterator[Deed]:
        """Yield what the model and the lake know they did; of their devices what was done while these were theirs."""
        for deeds in (self.model.deeds, self.since.deeds):
            for name in whose.names:
                yield from self._of(deeds, name)
            for device, since_at, until_at in whose.stays:
                some = self._of(deeds, visitor(device))
                yield from (one for one in some if one.at >= since_at and (until_at is None or one.at < until_at))

    def _of(self, deeds: Deeds, name: str) -> tuple[Deed, ...]:
        place = deeds.names.find(name)
        return deeds.of(place, self.model.products, LATEST_EVENTS) if place >= 0 else ()

    def _last_told(self, whose: _Whose) -> tuple[str | None, Language | None]:
        """Return the source of their last deed, and the language they read, as far as the lake knows."""
        for deeds in (self.since.deeds, self.model.deeds):
            for place in deeds.names.places(whose.names):
                first, last = deeds.histories.starts[place : place + 2].tolist()
                source = deeds.sources[int(deeds.source[last - 1])] if last > first else None
                code = int(deeds.language[place])
                language = deeds.languages[code] if code >= 0 else None
                return source, language if language in LANGUAGES else None
        return None, None


def sent_lately(engine: Engine, ids: Iterable[str], now: datetime) -> frozenset[str]:
    """Return what stood in messages to a customer lately. Raises LakeError."""
    names = pa.table({"name": pa.array(list(ids), pa.string())})
    since = now - timedelta(days=SENT_DAYS)
    rows = engine.query(SENT_SQL, {"exposures": EXPOSURE, "names": names}, since=since, until=now)
    return frozenset(rows["product_id"].to_pylist())


def _whose(connection: Connection, customer_id: str | None, anonymous_id: str | None, now: int) -> _Whose:
    from lifeloop.unify.identity import customer_of, resolve

    final = customer_id or customer_of(connection, anonymous_id=anonymous_id, at=now)
    if final is None:
        device = str(anonymous_id)
        return _Whose((visitor(device),), is_known=False, stays=((device, 0, None),))
    known = resolve(connection, final)
    return _Whose(tuple(customer(name) for name in known.names), is_known=True, stays=known.devices, known=known)


def _consents(connection: Connection, whose: _Whose) -> Sequence[ConsentRow | Consent]:
    """Return what was said of consent under their names, and on their devices while these were theirs."""
    from lifeloop.store.consents import consents_told
    from lifeloop.store.profiles import DEVICE
    from lifeloop.unify.people import consents_of

    if whose.known is not None:
        return consents_of(connection, whose.known)
    return consents_told(connection, [DEVICE + device for device, _, _ in whose.stays])


def _deeds(entries: Iterable[Entry]) -> Iterator[Deed]:
    """Yield what events of the store say was done, a deed for each product."""
    for entry in entries:
        kind = DONE.get(entry.name or "") if entry.type == "track" and not entry.is_bot else None
        if kind is None:
            continue
        named = [entry.product_id] if entry.product_id else _listed(entry.properties)
        for product in named:
            yield Deed(product, kind, entry.occurred_at)


def _listed(properties: str | None) -> list[str]:
    """Return the products that an order lists."""
    try:
        said = _PROPERTIES.decode(properties or "{}")
    except (msgspec.MsgspecError, RecursionError):
        return []
    listed = said.get("products") or said.get("items")
    inside = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [name for one in inside if (name := product_of(one)) is not None]


def _merged(remembered: Iterable[Deed], told: Iterable[Deed], most: int) -> tuple[Deed, ...]:
    """Return deeds each once, oldest first, runs with one product as one: the latest `most`, before them the last purchases.

    What was given back stands at the very beginning.
    """
    every = {*remembered, *told}
    given_back = sorted((one for one in every if one.kind == "refund"), key=_order)
    rest = sorted((one for one in every if one.kind != "refund"), key=_order)
    runs = [max(run, key=lambda one: (_STRENGTH[one.kind], one.at)) for _, run in groupby(rest, lambda one: one.product_id)]
    early = runs[: max(0, len(runs) - most)]
    bought = {one.product_id: one for one in early if one.kind == "order"}
    return (*given_back, *sorted(bought.values(), key=_order), *runs[len(early) :])


def _order(deed: Deed) -> tuple[int, str, int]:
    return deed.at, deed.product_id, _STRENGTH[deed.kind]
