"""What the store knows of consent to personalisation, of everybody at once: as it is known of one who asks.

Words said under a name are those of the customer it is linked to; words said on a device are those of the customer whose it was
then, else of the visitor.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

from lifeloop.recommend.learning.consents import NOTHING_SAID, Word, word_of
from lifeloop.recommend.names import customer, visitor
from lifeloop.unify.consent import LISTED

if TYPE_CHECKING:
    from lifeloop.store import Connection, Store


class _Stay(NamedTuple):
    since_at: int
    until_at: int | None
    customer_id: str


class _Who(NamedTuple):
    """Who is who."""

    means: Mapping[str, str]
    """A guest or joined account -> the customer."""
    stays: Mapping[str, list[_Stay]]
    """A device -> whose it was, in order of time."""

    def name(self, owner: str, at: int) -> str:
        """Return whose word it is that was said under a name or on a device."""
        from lifeloop.store.profiles import DEVICE

        if not owner.startswith(DEVICE):
            return customer(self.means.get(owner, owner))
        device = owner.removeprefix(DEVICE)
        stays = self.stays.get(device, [])
        place = bisect_right(stays, at, key=lambda stay: stay.since_at) - 1
        if place >= 0 and ((until := stays[place].until_at) is None or at < until):
            return customer(stays[place].customer_id)
        return visitor(device)


def words_told(store: Store, purposes: Collection[str]) -> dict[str, Word]:
    """Return the last word of each who said any of personalisation, by name (`names`). Raises StoreError.

    Reads the links and the rows of consent that matter once: seconds for a million customers.
    """
    from lifeloop.store.consents import consents_about

    words = frozenset(word.lower() for word in purposes)
    last: dict[str, Word] = {}
    with store.reading() as connection:
        who = _who(connection)
        for rows in consents_about(connection, words, (LISTED,)):
            for row in rows:
                word = word_of(row.channel, row.purpose, row.state, row.basis, row.told_at, words)
                name = who.name(row.named, row.told_at)
                last[name] = word.also(last.get(name, NOTHING_SAID))
    return last


def _who(connection: Connection) -> _Who:
    from lifeloop.store.identities import all_links

    means: dict[str, str] = {}
    stays: defaultdict[str, list[_Stay]] = defaultdict(list)
    for link in all_links(connection):
        if link.kind == "device":
            stays[link.identifier].append(_Stay(link.since_at, link.until_at, link.customer_id))
        elif link.kind == "guest" or link.identifier not in means:
            means[link.identifier] = link.customer_id
    return _Who(means, stays)
