"""Who agreed to personalisation, by what facts tell; the words are those that live events are understood by.

A purpose word (`[recommend] consent_purposes`) is looked for as a channel (`"consent": ["email", "personalization"]`) and as a
purpose (`"consent": {"web": {"personalization": "given"}}`, or `purpose` of `Consent Given` and `Consent Withdrawn`).
The last word counts; of two at one time the one that takes it back. A list that names nothing of personalisation takes back
what was given before it; where nothing was given, it says nothing.

Limits  the lake keeps of a consent banner nothing but what stands in an event's properties or traits; the store knows it all
        (`agreed`)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.collect.live.heard import Heard
from lifeloop.lake import Engine
from lifeloop.recommend.learning.reading import BEGINNING
from lifeloop.recommend.names import CUSTOMER, VISITOR, Names
from lifeloop.schema import EVENT
from lifeloop.unify.consent import LISTED, consents_in

if TYPE_CHECKING:
    from lifeloop.recommend.deeds import Deeds
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
WHERE lower(d.properties) LIKE '%consent%'
    OR EXISTS (SELECT 1 FROM words AS w WHERE lower(d.properties) LIKE concat('%', w.word, '%'))
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


class Word(NamedTuple):
    """The last word somebody said of personalisation. Instants are microseconds since 1970 UTC, -1 where there is none."""

    at: int = -1
    careful: int = -SILENT
    """How careful to be with them: the state with its sign turned, so that of words at one time the highest counts."""
    listed_at: int = -1
    """When they last said in a list to what they agree."""

    def also(self, other: Word) -> Word:
        """Return the last word where `other` was said as well."""
        return Word(*max(self[:2], other[:2]), max(self.listed_at, other.listed_at))

    @property
    def state(self) -> int:
        """GIVEN, SILENT or WITHDRAWN; what was given is taken back by a later list that does not name it."""
        return WITHDRAWN if self.careful == -GIVEN and self.listed_at > self.at else -self.careful


NOTHING_SAID = Word()
NOBODY: Mapping[str, Word] = MappingProxyType({})


def verdict(told: Iterable[ConsentRow | Consent], purposes: Collection[str]) -> int:
    """Return GIVEN, WITHDRAWN, or SILENT where nothing was said of personalisation."""
    return last_word(told, purposes).state


def last_word(told: Iterable[ConsentRow | Consent], purposes: Collection[str]) -> Word:
    """Return the last word said of personalisation; what somebody agrees to now counts with all that was said before."""
    words = frozenset(word.lower() for word in purposes)
    last = NOTHING_SAID
    for one in told:
        for row in getattr(one, "told", (one,)):
            last = last.also(word_of(row.channel, row.purpose, row.state, row.basis, row.told_at, words))
    return last


def word_of(channel: str, purpose: str, state: str, basis: str, told_at: int, words: frozenset[str]) -> Word:
    """Return what one row of consent says of personalisation, if anything; `words` are in lower case."""
    listed_at = told_at if basis == LISTED else -1
    if purpose.lower() not in words and channel.lower() not in words:
        return Word(listed_at=listed_at)
    said = GIVEN if state == "given" else WITHDRAWN if state == "withdrawn" else SILENT
    return Word(told_at, -said, listed_at)


def weighed(word: Word, known: int, as_of: int) -> int:
    """Return what counts: what the store says, else what is known from the facts as of `as_of`.

    What was given in the store before `as_of` has been weighed by then against what the facts say.
    """
    if word.state == SILENT:
        return WITHDRAWN if known == GIVEN and word.listed_at >= as_of else known
    return known if word.state == GIVEN and known == WITHDRAWN and word.at < as_of else word.state


def allowed(state: int, rule: str) -> bool:
    """Return whether somebody's own history may be used; `rule` is [recommend] consent."""
    return state == GIVEN or (rule == "unless_withdrawn" and state == SILENT)


def read_consents(
    engine: Engine, names: Names, as_of: datetime, purposes: Collection[str], told: Mapping[str, Word] = NOBODY
) -> npt.NDArray[np.int8]:
    """Return what each of `names` said before `as_of`, shape (names,).

    `told` are the words the store knows, by name: the later one counts, of two at one time the more careful one; they count
    whenever they were said, as consent is of today. Raises LakeError.
    """
    words = frozenset(word.lower() for word in purposes)
    last = _last(_rows(engine, names, BEGINNING, as_of, words), "place", words)
    for name, word in told.items():
        if (place := names.find(name)) >= 0:
            last[place] = word.also(last.get(place, NOTHING_SAID))
    consent = np.zeros(len(names), np.int8)
    for place, word in last.items():
        if place >= 0:
            consent[place] = word.state
    return consent


def read_lately(
    engine: Engine, since: datetime, until: datetime, purposes: Collection[str], *, before: Deeds | None = None
) -> dict[str, int]:
    """Return what people said in [since, until), by name; those who said nothing are left out.

    `before`: what was known of them until then, which a list may have taken back. Raises LakeError.
    """
    words = frozenset(word.lower() for word in purposes)
    found = {}
    for who, word in _last(_rows(engine, Names.of(()), since, until, words), "who", words).items():
        said = word.at >= 0
        place = before.names.find(who) if before is not None and not said else -1
        is_taken_back = before is not None and place >= 0 and int(before.consent[place]) == GIVEN
        if said or is_taken_back:
            found[who] = word.state if said else WITHDRAWN
    return found


def _rows(engine: Engine, names: Names, since: datetime, until: datetime, words: frozenset[str]) -> pa.Table:
    places = np.arange(len(names), dtype=np.int32)
    people = pa.table({"name": names.column(places), "place": pa.array(places)})
    wanted = pa.table({"word": pa.array(sorted(words), pa.string())})
    return engine.query(CONSENT_SQL, {"events": EVENT, "people": people, "words": wanted}, since=since, as_of=until)


def _last(rows: pa.Table, whose: str, words: frozenset[str]) -> dict[Any, Word]:
    """Return the last word of each who said any, or who told a list."""
    last: dict[Any, Word] = {}
    columns = (rows[name].to_pylist() for name in (whose, "type", "name", "properties"))
    for told_at, who, kind, name, properties in zip(rows["told_at"].cast(pa.int64()).to_pylist(), *columns, strict=True):
        said, is_list = _state(kind, name, properties, words)
        if said == SILENT and not is_list:
            continue
        word = Word(told_at if said != SILENT else -1, -said, told_at if is_list else -1)
        last[who] = word.also(last.get(who, NOTHING_SAID))
    return last


def _state(kind: str, name: str | None, properties: str, words: frozenset[str]) -> tuple[int, bool]:
    """Return what one event says of personalisation, and whether it lists what somebody agrees to."""
    try:
        short = _SHORT.decode(properties)
    except msgspec.MsgspecError:
        return _thoroughly(kind, name, properties, words)
    return _of_list(kind, name, tuple(short.consent), short.channel, short.purpose, words)


@lru_cache(4096)
def _of_list(
    kind: str, name: str | None, listed: tuple[str, ...], channel: str | None, purpose: str | None, words: frozenset[str]
) -> tuple[int, bool]:
    said = {"consent": list(listed), "channel": channel, "purpose": purpose}
    return _said(kind, name, {key: value for key, value in said.items() if value is not None}, words)


def _thoroughly(kind: str, name: str | None, properties: str, words: frozenset[str]) -> tuple[int, bool]:
    try:
        said = _OBJECT.decode(properties)
    except (msgspec.MsgspecError, RecursionError):
        return SILENT, False
    return _said(kind, name, said, words)


def _said(kind: str, name: str | None, said: dict[str, Any], words: frozenset[str]) -> tuple[int, bool]:
    place = "traits" if kind in ("identify", "group") else "properties"
    whole = {place: said, "context": said.get("context")}
    heard = Heard("", 0, "", kind, name, None, None, None, None, occurred_at=0, received_at=0, said=whole)
    word = last_word(consents_in(heard, ""), words)
    return -word.careful, word.listed_at >= 0
