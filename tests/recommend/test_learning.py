"""What was done since the fit is counted as if the fit had known it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.lake import DuckEngine
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.learning import daily as learning
from lifeloop.recommend.learning.daily import followed, learned
from lifeloop.recommend.learning.fit import fit_model
from lifeloop.recommend.learning.reading import read_deeds, read_lately
from lifeloop.recommend.matrices import memory
from lifeloop.testing.shop import ShopBuilder
from lifeloop.unify.resolved import RESOLVED

FREE = RecommendSettings(threads=1)


@pytest.fixture
def shop(tmp_path: Path) -> ShopBuilder:
    """Ten days of twelve people who look at five products and buy some."""
    builder, draw = ShopBuilder(tmp_path), np.random.default_rng(3)
    for day in range(10):
        for number in range(12):
            if draw.random() < 0.5:
                builder.does(f"c{number}", "Product Viewed", day=day + number / 100, product=f"p{draw.integers(5)}")
        builder.orders(f"c{draw.integers(14)}", day=day + 0.3, products=(f"p{draw.integers(5)}",))
    return builder


@pytest.mark.parametrize("most_dense", [6_000, 0])
@pytest.mark.parametrize("day", [0, 5, 9, 10])
def test_what_was_learned_by_day_is_what_a_fit_of_all_counts(
    shop: ShopBuilder, monkeypatch: pytest.MonkeyPatch, most_dense: int, day: int
) -> None:
    monkeypatch.setattr(memory, "MOST_DENSE", most_dense)
    engine, end = DuckEngine(shop.lake, views=RESOLVED), shop.day(10) + timedelta(days=1)
    catalogue = Catalogue.read(engine, also=[f"p{number}" for number in range(5)])
    base = fit_model(read_deeds(engine, catalogue.products, shop.day(day)), catalogue, FREE, shop.day(day))
    whole = fit_model(read_deeds(engine, catalogue.products, end), catalogue, FREE, end)
    untouched = {name: array.copy() for name, array in base.following.arrays().items()}

    lately = read_lately(engine, catalogue.products, shop.day(day), end)
    now = learned(followed(base, lately), lately)

    expected = whole.following.arrays()
    for name, array in now.following.arrays().items():
        assert np.array_equal(array, expected[name]), name
    some = np.array([1, 3, 2], np.int32)
    ones = np.ones(3, np.float32)
    assert np.array_equal(now.following.matrix.scores(some, ones), whole.following.matrix.scores(some, ones))
    assert np.array_equal(now.visit.scores(some), whole.visit.scores(some))
    assert np.array_equal(now.people, whole.people)
    assert all(np.array_equal(array, untouched[name]) for name, array in base.following.arrays().items())


def test_where_solving_takes_long_it_waits_for_the_night(shop: ShopBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DuckEngine(shop.lake, views=RESOLVED)
    catalogue = Catalogue.read(engine)
    base = fit_model(read_deeds(engine, catalogue.products, shop.day(5)), catalogue, FREE, shop.day(5))
    lately = read_lately(engine, catalogue.products, shop.day(5), shop.day(11))
    monkeypatch.setattr(learning, "MOST_SOLVED", 3)

    assert followed(base, lately) is base
    assert learned(base, lately).trending is not base.trending


def test_nothing_done_is_nothing_learned(shop: ShopBuilder) -> None:
    engine = DuckEngine(shop.lake, views=RESOLVED)
    catalogue = Catalogue.read(engine)
    base = fit_model(read_deeds(engine, catalogue.products, shop.day(11)), catalogue, FREE, shop.day(11))
    lately = read_lately(engine, catalogue.products, shop.day(11), shop.day(12))

    assert learned(followed(base, lately), lately) is base
