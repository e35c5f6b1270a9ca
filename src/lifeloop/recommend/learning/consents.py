"""Who agreed to personalisation, by what facts tell; the words are those that live events are understood by.

A purpose word (`[recommend] consent_purposes`) is looked for as a channel (`"consent": ["email", "personalization"]`) and as a
purpose (`"consent": {"web": {"personalization": "given"}}`, or `purpose` of `Consent Given` and `Consent Withdrawn`).
The last word counts; of two at one time the one that takes it back.

Limits  the lake keeps of a consent banner nothing but what stands in an event's properties or traits; the store knows it all
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.collect.live.heard import Heard
from lifeloop.lake import Engine
from lifeloop.recommend.learning.reading import BEGINNING
from lifeloop.recommend.names import CUSTOMER, VISITOR, Names
from lifeloop.schema import EVENT
from lifeloop.unify.consent import consents_in

if TYPE_CHECKING:
    from lifeloop.store.consents import ConsentRow
    from lifeloop.unify.people import Consent

GIVEN, SILENT, WITHDRAWN = 1, 0, -1

CONSENT_SQL = f"""
SELECT d.who AS who, CAST(coalesce(p.place, -1) AS INTEGER) AS place, d.type AS type, d.name AS name, d.told_at AS told_at,
    d.properties AS properties
FROM (
    SELECT CASE WHEN e.customer_id IS NOT NULL THEN concat('{CUSTOMER}', e.customer_id)
        ELSE concat('{VISITOR}', e.anonymous_id) END AS who,
        e.type AS type, e.name AS name, e.occurred_at AS told_at, e.properties AS properties
    FROM events AS e
    WHERE e.occurred_at >= $since AND e.occurred_at < $as_of AND e.properties IS NOT NULL AND NOT coalesce(e.is_bot, false)
) AS d
LEFT JOIN people AS p ON d.who = p.name
WHERE EXISTS (SELECT 1 FROM words AS w WHERE lower(d.properties) LIKE concat('%', w.word, '%'))
"""


class _Short(msgspec.Struct):
    """What most such events say: a list of channels, and nothing else of consent."""

    consent: list[str]
    channel: str | None = None
    purpose: str | None = None
    consents: msgspec.UnsetType = msgspec.UNSET
    marketing_consent: msgspec.UnsetType = msgspec.UNSET


_SHORT = msgspec.json.Decoder(_Short)
_OBJECT = msgspec.json.Decoder(dict[str, Any])


def verdict(told: Iterable[ConsentRow | Consent], purposes: Collection[str]) -> int:
    """Return GIVEN, WITHDRAWN, or SILENT where nothing was said of personalisation."""
    words = {word.lower() for word in purposes}
    last, state = -1, SILENT
    for one in told:
        if one.purpose.lower() in words or one.channel.lower() in words:
            said = GIVEN if one.state == "given" else WITHDRAWN if one.state == "withdrawn" else SILENT
            if (one.told_at, -said) > (last, -state):
                last, state = one.told_at, said
    return state


def allowed(state: int, rule: str) -> bool:
    """Return whether somebody's own history may be used; `rule` is [recommend] consent."""
    return state == GIVEN or (rule == "unless_withdrawn" and state == SILENT)


def read_consents(engine: Engine, names: Names, as_of: datetime, purposes: Collection[str]) -> npt.NDArray[np.int8]:
    """Return what each of `names` said before `as_of`, shape (names,). Raises LakeError."""
    words = frozenset(word.lower() for word in purposes)
    rows = _rows(engine, names, BEGINNING, as_of, words)
    consent = np.zeros(len(names), np.int8)
    for place, state in _last(rows, "place", words).items():
        if place >= 0:
            consent[place] = state
    return consent


def read_lately(engine: Engine, since: datetime, until: datetime, purposes: Collection[str]) -> dict[str, int]:
    """Return what people said in [since, until), by name; those who said nothing are left out. Raises LakeError."""
    words = frozenset(word.lower() for word in purposes)
    return _last(_rows(engine, Names.of(()), since, until, words), "who", words)


def _rows(engine: Engine, names: Names, since: datetime, until: datetime, words: frozenset[str]) -> pa.Table:
    places = np.arange(len(names), dtype=np.int32)
    people = pa.table({"name": names.column(places), "place": pa.array(places)})
    wanted = pa.table({"word": pa.array(sorted(words), pa.string())})
    return engine.query(CONSENT_SQL, {"events": EVENT, "people": people, "words": wanted}, since=since, as_of=until)


def _last(rows: pa.Table, whose: str, words: frozenset[str]) -> dict[Any, int]:
    """Return the last word of each."""
    last: dict[Any, tuple[int, int]] = {}
    columns = (rows[name].to_pylist() for name in (whose, "type", "name", "properties"))
    for told_at, who, kind, name, properties in zip(rows["told_at"].cast(pa.int64()).to_pylist(), *columns, strict=True):
        word = (told_at, -_state(kind, name, properties, words))
        if word[1] != SILENT and word > last.get(who, (-1, 0)):
            last[who] = word
    return {who: -state for who, (_, state) in last.items()}


def _state(kind: str, name: str | None, properties: str, words: frozenset[str]) -> int:
    """Return what one event says of personalisation."""
    try:
        short = _SHORT.decode(properties)
    except msgspec.MsgspecError:
        return _thoroughly(kind, name, properties, words)
    return _of_list(kind, name, tuple(short.consent), short.channel, short.purpose, words)


@lru_cache(4096)
def _of_list(
    kind: str, name: str | None, listed: tuple[str, ...], channel: str | None, purpose: str | None, words: frozenset[str]
) -> int:
    said = {"consent": list(listed), "channel": channel, "purpose": purpose}
    return _said(kind, name, {key: value for key, value in said.items() if value is not None}, words)


def _thoroughly(kind: str, name: str | None, properties: str, words: frozenset[str]) -> int:
    try:
        said = _OBJECT.decode(properties)
    except (msgspec.MsgspecError, RecursionError):
        return SILENT
    return _said(kind, name, said, words)


def _said(kind: str, name: str | None, said: dict[str, Any], words: frozenset[str]) -> int:
    place = "traits" if kind in ("identify", "group") else "properties"
    whole = {place: said, "context": said.get("context")}
    heard = Heard("", 0, "", kind, name, None, None, None, None, occurred_at=0, received_at=0, said=whole)
    return verdict(consents_in(heard, ""), words)
