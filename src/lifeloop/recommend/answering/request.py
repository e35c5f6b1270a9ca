"""A request as it was understood: which products it speaks of, what is known of who asks, and what may be answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np

from lifeloop.base.recommend_settings import Placement
from lifeloop.base.text import Text
from lifeloop.recommend.answering.reasons import DONE, LINKS, Cause, Doubles
from lifeloop.recommend.answering.rules import Rules
from lifeloop.recommend.answering.shelf import Shelf
from lifeloop.recommend.answering.variants import kind_of
from lifeloop.recommend.asked import Asked, Deed, Person
from lifeloop.recommend.histories import Flags, Floats, Ints

MOST_ITEMS = 100
"""Products of a request that are looked at; further ones in a cart are only left out of the list."""
MOST_HITS = 1000
"""Hits of a search that are ranked."""
OF_THE_PAGE: frozenset[Placement] = frozenset({"product", "search", "cart"})
"""Where what a request names is the page itself, on which anybody may be answered; elsewhere it is what somebody did."""
STRANGER = Person()
"""Of somebody without consent no more is known than of nobody in particular."""

_DAY = 86_400_000_000
_STRENGTH = {"asked": 0, "view": 0, "wish": 1, "cart": 2, "order": 3}


@dataclass(frozen=True)
class Sources:
    """Products that scores come from, oldest first: a history, the product on the page, what lies in the cart."""

    places: Ints
    """In the model."""
    names: tuple[str, ...]
    deeds: tuple[str, ...]
    """What was done with each: a kind of deed, or `asked` where the request itself names it."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def ones(self) -> Floats:
        """Equal weights."""
        return np.ones(len(self), np.float32)

    @cached_property
    def once(self) -> Mapping[str, str]:
        """Each product once, with the strongest of what was done with it."""
        strongest: dict[str, str] = {}
        for name, deed in zip(self.names, self.deeds, strict=True):
            if name not in strongest or _STRENGTH[deed] > _STRENGTH[strongest[name]]:
                strongest[name] = deed
        return strongest

    def merged(self, amounts: Doubles) -> Doubles:
        """Return amounts of each source, shape (sources, n), as amounts of each product once, shape (products, n)."""
        if len(self.once) == len(self):
            return amounts
        row = {name: number for number, name in enumerate(self.once)}
        total = np.zeros((len(row), amounts.shape[1]))
        np.add.at(total, [row[name] for name in self.names], amounts)
        return total

    def causes(self, text: Text) -> Sequence[Cause]:
        """Return each product once as a cause: told as what was done with it, else as `text`."""
        kept = self._causes.get(text.en)
        if kept is None:
            kept = [Cause(DONE.get(deed, text), name) for name, deed in self.once.items()]
            if "asked" not in self.deeds:
                self._causes.update(dict.fromkeys((one.en for one in LINKS.values()), kept))
            self._causes[text.en] = kept
        return kept

    @cached_property
    def _causes(self) -> dict[str, list[Cause]]:
        return {}


@dataclass(frozen=True)
class Request:
    """One request on one shelf."""

    shelf: Shelf
    asked: Asked
    person: Person
    """Without consent: a stranger."""
    k: int
    items: tuple[str, ...]
    """The products asked about that are known, each once, in order."""
    now: int
    """Microseconds since 1970 UTC."""
    generator: np.random.Generator
    """Of chance."""

    @cached_property
    def rules(self) -> Rules:
        """The rules of the placement."""
        return self.shelf.book.rules(self.asked.placement)

    @cached_property
    def page(self) -> int | None:
        """Place in the catalogue of the product on the page."""
        is_page = self.asked.placement == "product" and self.items
        return self.shelf.catalogue.products.places.get(self.items[0]) if is_page else None

    @cached_property
    def context(self) -> Sources:
        """What the request itself names, as far as the model knows it: at most the last `MOST_ITEMS` of it."""
        names = self.items[:1] if self.asked.placement == "product" else self.items[-MOST_ITEMS:]
        deed = "view" if self.asked.placement in ("home", "message") else "asked"
        return self._sources([(name, deed) for name in names])

    @cached_property
    def history(self) -> Sources:
        """The latest deeds of the person, runs with one product as one, without what they gave back."""
        given_back = {deed.product_id for deed in self.person.deeds if deed.kind == "refund"}
        lately = self.person.deeds[-self.shelf.settings.history :]
        return self._sources(list(_runs(deed for deed in lately if deed.product_id not in given_back)))

    @cached_property
    def path(self) -> Sources:
        """The history, with what the request names as its latest step."""
        own, here = self.history, self.context
        return Sources(
            np.concatenate([own.places, here.places]).astype(np.int32), own.names + here.names, own.deeds + here.deeds
        )

    @cached_property
    def wanted(self) -> Doubles:
        """What many want now, where the visitor comes from and in their language, shape (catalogue,)."""
        shelf, asked, person = self.shelf, self.asked, self.person
        source, language = asked.source or person.source, person.language or asked.language
        return shelf.spread(shelf.model.wanted(source=source, language=language))

    @cached_property
    def allowed(self) -> Flags:
        """Which products of the catalogue may be answered, shape (catalogue,); not to be written to."""
        allowed = self.shelf.book.allowed(self.asked.placement, self.page)
        if self.asked.placement == "search":
            hits = self.shelf.catalogue.products.find(self.items)
            allowed, rule = np.zeros(len(allowed), np.bool_), allowed
            allowed[hits] = rule[hits]
        if self.asked.category is not None:
            allowed = allowed & self.shelf.book.below(self.asked.category)
        out = self.shelf.catalogue.products.find(self.held_back)
        if len(out):
            allowed = allowed.copy()
            allowed[out] = False
        return allowed

    @cached_property
    def held_back(self) -> set[str]:
        """Products that this request, not the shop's rules, keeps out: the page, the cart, what was bought or sent.

        What was only viewed or wished for is not kept out: people come back to it.
        """
        placement = self.asked.placement
        if placement == "search":
            return set()
        out = set(self.asked.items) if placement in ("product", "cart") else set()
        if placement == "message":
            out |= self.person.sent
        if placement == "home":
            out |= self.waiting
        return out | (self.bought.keys() - {name for name, _ in self.due})

    @cached_property
    def bought(self) -> dict[str, float]:
        """Days since each product was bought last; infinitely few since what was given back."""
        last = {deed.product_id: (self.now - deed.at) / _DAY for deed in self.person.deeds if deed.kind == "order"}
        return last | {deed.product_id: -np.inf for deed in self.person.deeds if deed.kind == "refund"}

    @cached_property
    def waiting(self) -> set[str]:
        """What was put into the cart and not ordered since: it stands in the cart already."""
        carts, orders = (
            {deed.product_id: deed.at for deed in self.person.deeds if deed.kind == kind} for kind in ("cart", "order")
        )
        return {name for name, at in carts.items() if orders.get(name, at - 1) < at}

    @cached_property
    def due(self) -> tuple[tuple[str, int], ...]:
        """Products bought as long ago as it takes others to buy them again, with their places in the model."""
        if not self.shelf.settings.repeats or not self.bought:
            return ()
        places, gaps = self.shelf.model.products.places, self.shelf.model.gaps
        known = [(name, places[name]) for name in self.bought if name in places]
        return tuple((name, place) for name, place in known if self.bought[name] >= gaps[place])

    @cached_property
    def in_cart(self) -> frozenset[tuple[str, str]]:
        """What the near variants of the things in the cart have in common, of the last `MOST_ITEMS`."""
        if self.asked.placement != "cart":
            return frozenset()
        places = self.shelf.catalogue.products.find(self.items[-MOST_ITEMS:])
        kinds = (kind_of(self.shelf.catalogue, int(place)) for place in places)
        return frozenset(kind for kind in kinds if kind is not None)

    def is_variant(self, place: int) -> bool:
        """Return whether a product of the catalogue is a near variant of something in the cart."""
        return bool(self.in_cart) and kind_of(self.shelf.catalogue, place) in self.in_cart

    def _sources(self, pairs: Sequence[tuple[str, str]]) -> Sources:
        known = self.shelf.model.products.places
        pairs = [(name, deed) for name, deed in pairs if name in known]
        places = np.array([known[name] for name, _ in pairs], np.int32)
        return Sources(places, tuple(name for name, _ in pairs), tuple(deed for _, deed in pairs))


def _runs(deeds: Iterable[Deed]) -> Iterator[tuple[str, str]]:
    """Join deeds that follow each other on one product; the strongest of them speaks for all."""
    for name, run in groupby(deeds, key=lambda deed: deed.product_id):
        yield name, max((deed.kind for deed in run), key=_STRENGTH.__getitem__)
