"""Deeds: what everybody did before one moment, as arrays. Everything the model counts is counted from here, and kept here.

So whoever is forgotten can be taken out of every count exactly, without looking at the lake again.

Limits  the latest `MOST` deeds of one person and their order: who does more is a robot or a counter terminal
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.asked import DEED_KINDS, Deed
from lifeloop.recommend.histories import Flags, Histories, Ints, Longs, Products
from lifeloop.recommend.names import CUSTOMER, Names

MOST = 1000
"""Latest deeds of one person that count."""
ORDERED = DEED_KINDS.index("order")
Bytes = npt.NDArray[np.int8]
Shorts = npt.NDArray[np.int16]

KIND_WEIGHTS: Mapping[str, float] = {"view": 1.0, "cart": 2.0, "wish": 1.5, "order": 2.0, "refund": 0.0}
"""What a deed says of what somebody likes, by its kind; a view is one."""
_STRENGTH = np.array([0, 2, 1, 3, 0], np.int8)
"""Of deeds with one product in a row the strongest stands for all: view, wish, cart, order."""


@dataclass(frozen=True, kw_only=True)
class Deeds:
    """What everybody did; people are in the order of `names`, products are places in the model's."""

    names: Names
    histories: Histories
    """Oldest first, with times and kinds; several deeds in a row with one product are one."""
    source: Shorts
    """Where each deed was told: a place in `sources`, shape (deeds,)."""
    sources: tuple[str, ...]
    language: Shorts
    """Of each person: a place in `languages`, -1 where not known, shape (people,)."""
    languages: tuple[str, ...]
    consent: Bytes
    """What facts say each person agreed to: 1 personalisation, -1 took it back, 0 nothing said; shape (people,)."""
    orders: Histories
    """The products of each order."""
    owner: Ints
    """Whose each order is, -1 of nobody's, shape (orders,)."""
    ordered_at: Longs
    """When, microseconds since 1970 UTC, shape (orders,)."""
    refunds: Histories
    """What each person gave back, and when; shape (people,) histories."""
    taught: Flags
    """Whether the ranker learned from what a person was shown, shape (people,)."""

    @property
    def is_customer(self) -> Flags:
        """Who is a customer and not a visitor, shape (people,)."""
        if not len(self.names):
            return np.zeros(0, np.bool_)
        flags: Flags = self.names.text[self.names.starts[:-1]] == ord(CUSTOMER)
        return flags

    def of(self, place: int, products: Products, most: int) -> tuple[Deed, ...]:
        """Return the last `most` deeds of one person, oldest first; before these when they last bought anything else.

        What they gave back stands at the very beginning.
        """
        first, last = self.histories.starts[place : place + 2].tolist()
        items = self.histories.items[first:last].tolist()
        kinds, at = timed(self.histories)
        kind, when = kinds[first:last].tolist(), at[first:last].tolist()
        late = max(0, len(items) - most)
        bought = {items[number]: number for number in range(late) if kind[number] == ORDERED}
        chosen = [*sorted(bought.values()), *range(late, len(items))]
        deeds = [Deed(products.ids[items[number]], DEED_KINDS[kind[number]], when[number]) for number in chosen]
        first, last = self.refunds.starts[place : place + 2].tolist()
        _, given_back_at = timed(self.refunds)
        returned = zip(self.refunds.items[first:last].tolist(), given_back_at[first:last].tolist(), strict=True)
        return (*(Deed(products.ids[item], "refund", moment) for item, moment in returned), *deeds)

    def without(self, gone: Flags) -> Deeds:
        """Return what is left without some people, shape (people,), and without their orders."""
        keep = ~gone
        number = np.cumsum(keep) - 1
        by_deed = np.repeat(keep, np.diff(self.histories.starts))
        names = self.names.kept(keep)
        stays = (self.owner < 0) | keep[self.owner] if len(keep) else np.ones(len(self.owner), np.bool_)
        owner = self.owner[stays]
        return replace(
            self,
            names=names,
            histories=replace(chosen(self.histories, keep), names=names),
            source=self.source[by_deed],
            language=self.language[keep],
            consent=self.consent[keep],
            orders=chosen(self.orders, stays),
            refunds=chosen(self.refunds, keep),
            owner=np.where(owner < 0, -1, number[owner] if len(keep) else owner).astype(np.int32),
            ordered_at=self.ordered_at[stays],
            taught=self.taught[keep],
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays it is made of, by name; `sources` and `languages` are texts and kept elsewhere."""
        kinds, at = timed(self.histories)
        refunded, refunded_at = timed(self.refunds)
        return {
            **{f"names.{name}": one for name, one in self.names.arrays().items()},
            "starts": self.histories.starts,
            "items": self.histories.items,
            "kinds": kinds,
            "at": at,
            "source": self.source,
            "language": self.language,
            "consent": self.consent,
            "orders.starts": self.orders.starts,
            "orders.items": self.orders.items,
            "owner": self.owner,
            "ordered_at": self.ordered_at,
            "refunds.starts": self.refunds.starts,
            "refunds.items": self.refunds.items,
            "refunds.kinds": refunded,
            "refunds.at": refunded_at,
            "taught": self.taught,
        }

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], *, products: int, sources: tuple[str, ...], languages: tuple[str, ...]
    ) -> Deeds:
        """Return what `arrays` were made of; they may be mapped from files, and are not copied."""
        names = Names.of_arrays({name: arrays[f"names.{name}"] for name in ("starts", "text")})
        starts, items, at, kinds = (arrays[f"refunds.{name}"] for name in ("starts", "items", "at", "kinds"))
        told = {name: arrays[name] for name in ("source", "language", "consent", "owner", "ordered_at", "taught")}
        return cls(
            names=names,
            histories=Histories(arrays["starts"], arrays["items"], products, arrays["at"], arrays["kinds"], names),
            orders=Histories(arrays["orders.starts"], arrays["orders.items"], products),
            refunds=Histories(starts, items, products, at, kinds),
            sources=sources,
            languages=languages,
            **told,
        )

    @classmethod
    def none(cls, products: int) -> Deeds:
        """Return what is known of a shop in which nobody did anything."""
        nobody = Names.of(())
        empty = Histories(np.zeros(1, np.int64), np.zeros(0, np.int32), products)
        no_deeds = replace(empty, at=np.zeros(0, np.int64), kinds=np.zeros(0, np.int8), names=nobody)
        return cls(
            names=nobody,
            histories=no_deeds,
            refunds=no_deeds,
            source=np.zeros(0, np.int16),
            sources=(),
            language=np.zeros(0, np.int16),
            languages=(),
            consent=np.zeros(0, np.int8),
            orders=empty,
            owner=np.zeros(0, np.int32),
            ordered_at=np.zeros(0, np.int64),
            taught=np.zeros(0, np.bool_),
        )


def chosen(histories: Histories, keep: Flags) -> Histories:
    """Return the histories where `keep`, shape (users,), is true; without names."""
    lengths = np.diff(histories.starts)
    by_deed = np.repeat(keep, lengths)
    starts = np.zeros(int(np.count_nonzero(keep)) + 1, np.int64)
    np.cumsum(lengths[keep], out=starts[1:])
    at = None if histories.at is None else histories.at[by_deed]
    kinds = None if histories.kinds is None else histories.kinds[by_deed]
    return Histories(starts, histories.items[by_deed], histories.products, at, kinds)


def between(histories: Histories, first: int, last: int) -> Histories:
    """Return histories number `first` to `last` - 1, views of them; without names."""
    starts = histories.starts[first : last + 1]
    rows = slice(starts[0], starts[-1])
    at = None if histories.at is None else histories.at[rows]
    kinds = None if histories.kinds is None else histories.kinds[rows]
    return Histories(starts - starts[0], histories.items[rows], histories.products, at, kinds)


def latest(histories: Histories, most: int) -> tuple[Histories, Flags]:
    """Return the latest `most` deeds of each, and which deeds those are, shape (deeds,)."""
    lengths = np.diff(histories.starts)
    from_end = np.repeat(histories.starts[1:], lengths) - np.arange(len(histories.items))
    keep: Flags = from_end <= most
    starts = np.zeros(len(histories) + 1, np.int64)
    np.cumsum(np.minimum(lengths, most), out=starts[1:])
    at = None if histories.at is None else histories.at[keep]
    kinds = None if histories.kinds is None else histories.kinds[keep]
    return Histories(starts, histories.items[keep], histories.products, at, kinds, histories.names), keep


def runs(who: Ints, items: Ints) -> Longs:
    """Return where each run of deeds of one person with one product begins; both are in order of person and time."""
    if not len(who):
        return np.zeros(0, np.int64)
    new = np.ones(len(who), np.bool_)
    np.not_equal(items[1:], items[:-1], out=new[1:])
    new[1:] |= who[1:] != who[:-1]
    return np.flatnonzero(new)


def strongest(first: Longs, kinds: Bytes, at: Longs) -> tuple[Bytes, Longs]:
    """Return of each run, which begins at `first`, the strongest kind, and when that was done last."""
    if not len(first):
        return kinds[:0], at[:0]
    strength = _STRENGTH[kinds]
    most = np.maximum.reduceat(strength, first)
    is_most = strength == np.repeat(most, np.diff(np.append(first, len(kinds))))
    told = np.maximum.reduceat(np.where(is_most, at, np.iinfo(np.int64).min), first)
    return np.array([0, 2, 1, 3], np.int8)[most], told


def timed(histories: Histories) -> tuple[Bytes, Longs]:
    """Return kinds and times of histories that have them."""
    if histories.kinds is None or histories.at is None:
        raise ValueError("these histories have no kinds or no times")
    return histories.kinds, histories.at
