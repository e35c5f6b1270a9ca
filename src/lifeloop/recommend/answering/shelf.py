"""The shelf: what a model learned and what the catalogue says now, product by product, side by side.

The two need not know the same products: some vanished since the fit, others are newer. Everything that is answered speaks of
products by their place in the catalogue; what the model alone knows may still be what somebody looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from lifeloop.base.recommend_settings import PLACEMENTS, RecommendSettings
from lifeloop.recommend.answering.rules import RuleBook
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.histories import Flags, Floats, Ints, Products
from lifeloop.recommend.model import Model

Doubles = npt.NDArray[np.float64]
Kept = TypeVar("Kept")


class _Lately(Generic[Kept]):
    """The last two things worked out, each found again by the very objects it was worked out from.

    Two, so that requests under way while a newer catalogue comes up do not make each other work it out again.
    """

    def __init__(self) -> None:
        self._kept: tuple[tuple[tuple[object, ...], Kept], ...] = ()

    def get(self, made_from: tuple[object, ...], make: Callable[[], Kept]) -> Kept:
        for known, value in self._kept:
            if all(one is other for one, other in zip(known, made_from, strict=True)):
                return value
        value = make()
        self._kept = ((made_from, value), *self._kept[:1])
        return value


@dataclass(frozen=True)
class Alignment:
    """Where the products of a catalogue stand in a model."""

    of_model: Ints
    """Place in the model of each product of the catalogue, -1 of those it does not know, shape (catalogue,)."""

    @classmethod
    def of(cls, catalogue: Catalogue, products: Products) -> Alignment:
        """Return it for a catalogue and the products of a model."""
        places = products.places
        return cls(np.array([places.get(name, -1) for name in catalogue.products.ids], np.int32))

    @cached_property
    def is_known(self) -> Flags:
        """Which products of the catalogue the model knows."""
        return self.of_model >= 0

    @cached_property
    def is_same(self) -> bool:
        """Whether both know the same products, at the same places."""
        return bool(np.array_equal(self.of_model, np.arange(len(self.of_model))))


_BOOKS: _Lately[RuleBook] = _Lately()
_ALIGNMENTS: _Lately[Alignment] = _Lately()


@dataclass(frozen=True)
class Shelf:
    """A model beside a catalogue, under the rules of a shop."""

    model: Model
    catalogue: Catalogue
    settings: RecommendSettings
    book: RuleBook
    alignment: Alignment

    @classmethod
    def of(cls, model: Model, catalogue: Catalogue, settings: RecommendSettings) -> Shelf:
        """Return the shelf; masks and places are worked out once per catalogue, settings and products of the model."""
        book = _BOOKS.get((catalogue, settings), lambda: RuleBook(catalogue, settings))
        made_from = (catalogue, model.products)
        alignment = _ALIGNMENTS.get(made_from, lambda: Alignment.of(catalogue, model.products))
        return cls(model, catalogue, settings, book, alignment)

    def __len__(self) -> int:
        return len(self.catalogue)

    def prepare(self) -> Shelf:
        """Work out now what the first requests would have to wait for, and return the shelf."""
        for placement in PLACEMENTS:
            self.book.allowed(placement)
        _ = self.alignment.is_same, self.alignment.is_known, self.book.margin, self.model.together.matrix
        _ = self.catalogue.category_code, self.catalogue.brand_code, self.catalogue.near("")
        return self

    def spread(self, scores: Floats) -> Doubles:
        """Return scores of the model's products, shape (model,), as scores of the catalogue's; 0 of unknown ones."""
        if self.alignment.is_same and len(scores) == len(self):
            return scores.astype(np.float64)
        if not len(scores):
            return np.zeros(len(self))
        return np.where(self.alignment.is_known, scores[self.alignment.of_model], 0.0).astype(np.float64)

    def in_model(self, places: Ints) -> Ints:
        """Return the places in the model of products of the catalogue, -1 of unknown ones."""
        return self.alignment.of_model[places]

    @cached_property
    def people(self) -> Doubles:
        """How many had to do with each product, shape (catalogue,)."""
        return self.spread(self.model.people.astype(np.float32))

    def title(self, name: str) -> str:
        """Return what a product is called: its title, else its id."""
        place = self.catalogue.products.places.get(name)
        return (None if place is None else self.catalogue.title[place]) or name
