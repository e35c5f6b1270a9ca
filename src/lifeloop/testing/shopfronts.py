"""Builders of what answers requests: a catalogue and a model of a few products, told by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.recommend.answering.answer import answer
from lifeloop.recommend.answering.ranker import Ranker
from lifeloop.recommend.asked import DEED_KINDS, Answer, Asked, Deed, DeedKind, Person
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.deeds import Deeds
from lifeloop.recommend.histories import Floats, Ints, Products
from lifeloop.recommend.matrices import Blend, DenseMatrix, ItemMatrix, Part, SparseMatrix
from lifeloop.recommend.model import Model
from lifeloop.recommend.trending import Trending, TrendingConfig

DAY = 86_400_000_000
"""Microseconds."""
NOW = 20_000 * DAY
"""The moment of every request, unless it says otherwise."""

Links = Mapping[tuple[str, str], float]
"""From one product to another, how strongly."""


def product(name: str, **told: Any) -> dict[str, Any]:
    """Return a product that is for sale: 10.00 EUR, of which half is cost; `told` says what is otherwise."""
    row = {"product_id": name, "title": name.capitalize(), "price_minor": 1000, "cost_minor": 500, "currency": "EUR"}
    return row | {"stock": 5, "updated_at": NOW} | told


def model(
    catalogue: Catalogue | Sequence[str],
    *,
    personal: Links | Floats | None = None,
    visit: Links | Floats | None = None,
    similar: Links | Floats | None = None,
    together: Links | Floats | None = None,
    content: Links | Floats | None = None,
    wanted: Mapping[str, int] | None = None,
    people: Mapping[str, int] | None = None,
    gaps: Mapping[str, float] | None = None,
    ranker: Ranker | None = None,
    version: str = "v1",
) -> Model:
    """Return a model of the products of a catalogue, or of other ones.

    Matrices are told as links or as arrays, `visit` as `personal` unless it says otherwise; `wanted` as deeds of today,
    `people` who had to do with a product (100 unless it says otherwise), `gaps` as days between two purchases.
    """
    products = catalogue.products if isinstance(catalogue, Catalogue) else Products(sorted(catalogue))
    places = products.places
    items = np.array([places[name] for name, count in (wanted or {}).items() for _ in range(count)], np.int32)
    known = np.full(len(products), 100, np.int32)
    between = np.full(len(products), np.nan, np.float32)
    for name, count in (people or {}).items():
        known[places[name]] = count
    for name, days in (gaps or {}).items():
        between[places[name]] = days
    next_one = Blend((Part(DenseMatrix(_matrix(products, personal))),))
    return Model(
        version=version,
        as_of=NOW,
        products=products,
        people=cast("Ints", known),
        gaps=between,
        taste=cast("Any", None),
        following=cast("Any", None),
        personal=next_one,
        visit=next_one if visit is None else Blend((Part(DenseMatrix(_matrix(products, visit))),)),
        similar=_sparse(products, similar),
        together=cast("Any", Rules(_sparse(products, together))),
        content=DenseMatrix(_matrix(products, content)),
        trending=_wanted(items, len(products)),
        deeds=Deeds.none(len(products)),
        ranker=ranker,
    )


def _wanted(items: Ints, products: int) -> Trending:
    at, kinds = np.full(len(items), NOW), np.zeros(len(items), np.int8)
    return Trending.fit(items, at, kinds, products=products, now=NOW, config=TrendingConfig(least_people=1))


@dataclass(frozen=True)
class Rules:
    """Stands for what is bought together, of which an answer needs the matrix alone."""

    matrix: ItemMatrix


@dataclass(frozen=True)
class Front:
    """A shop that answers."""

    model: Model
    catalogue: Catalogue
    settings: RecommendSettings

    @classmethod
    def of(cls, *rows: Mapping[str, Any], settings: RecommendSettings | None = None, **told: Any) -> Front:
        """Return a shop with these products; `told` is what `model` is told of them."""
        catalogue = Catalogue.of(rows)
        return cls(model(catalogue, **told), catalogue, settings or RecommendSettings(exploration=0.0))

    def answer(self, asked: Asked, person: Person | None = None, *, now: int = NOW, seed: int = 0) -> Answer:
        """Return what is recommended; to a stranger, unless it says otherwise."""
        return answer(
            self.model,
            self.catalogue,
            asked,
            person or Person(),
            settings=self.settings,
            now=now,
            generator=np.random.default_rng(seed),
        )

    def shown(self, asked: Asked, person: Person | None = None) -> list[str]:
        """Return the products that are recommended, in order."""
        return [one.product_id for one in self.answer(asked, person).products]


def customer(*deeds: tuple[str, DeedKind] | tuple[str, DeedKind, float], **told: Any) -> Person:
    """Return a customer who consented and did this, oldest first: (product, kind, days ago), an hour apart unless it says."""
    done = [
        Deed(deed[0], deed[1], NOW - round(float(deed[2]) * DAY) if len(deed) == 3 else NOW - (len(deeds) - number) * DAY // 24)
        for number, deed in enumerate(deeds)
    ]
    assert all(deed.kind in DEED_KINDS for deed in done)
    return Person(deeds=tuple(done), **{"is_known": True, "has_consent": True} | told)


def _matrix(products: Products, links: Links | Floats | None) -> Floats:
    cells = np.zeros((len(products), len(products)), np.float32)
    if isinstance(links, np.ndarray):
        return links.astype(np.float32)
    for (one, other), value in (links or {}).items():
        cells[products.places[one], products.places[other]] = value
    return cells


def _sparse(products: Products, links: Links | Floats | None) -> SparseMatrix:
    cells: npt.NDArray[np.float32] = _matrix(products, links)
    rows, columns = np.nonzero(cells)
    starts = np.searchsorted(rows, np.arange(len(products) + 1)).astype(np.int64)
    return SparseMatrix(starts, columns.astype(np.int32), cells[rows, columns])
