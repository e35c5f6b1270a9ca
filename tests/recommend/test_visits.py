"""Within a visit, what was seen may come again; a known customer is told what comes next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.recommend.kitchen import shop

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.lake import DuckEngine
from lifeloop.recommend.asked import Asked, Person
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.histories import Histories
from lifeloop.recommend.learning.fit import fit_model
from lifeloop.recommend.learning.keep import load_model, save_model
from lifeloop.recommend.learning.reading import read_deeds
from lifeloop.recommend.matrices import Following, FollowingConfig, memory, visit_blend
from lifeloop.recommend.peers import PEERS
from lifeloop.testing.shop import ShopBuilder
from lifeloop.testing.shopfronts import customer
from lifeloop.unify.resolved import RESOLVED

FREE = RecommendSettings(threads=1)


def test_a_known_customer_is_served_what_comes_next_and_everybody_else_the_visit() -> None:
    front = shop(personal={("tea", "pot"): 0.5}, visit={("tea", "cup"): 0.5, ("tea", "tea"): 0.4})
    home = Asked(placement="home", k=2)
    known = customer(("tea", "view"))

    assert front.shown(home, known)[0] == "pot"
    assert front.shown(home, replace(known, is_known=False)) == ["cup", "tea"]
    assert front.shown(replace(home, items=("tea",)), Person(has_consent=True)) == ["cup", "tea"]
    assert front.shown(replace(home, items=("tea",)), customer()) == ["cup", "tea"]


def test_reasons_of_a_visit_add_up_to_what_it_says() -> None:
    front = shop(personal={("tea", "pot"): 0.9}, visit={("tea", "cup"): 0.5, ("jam", "cup"): 0.25})
    said = front.answer(Asked(placement="home", k=1, items=("tea", "jam")), customer()).products[0]

    assert said.product_id == "cup"
    assert {one.because_of for one in said.reasons} <= {"tea", "jam"}
    assert sum(one.contribution for one in said.reasons) == pytest.approx(1.0)


@pytest.mark.parametrize("most_dense", [5_000, 0])
def test_a_fitted_shop_serves_a_visit_what_is_measured_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_dense: int
) -> None:
    monkeypatch.setattr(memory, "MOST_DENSE", most_dense)
    builder, draw = ShopBuilder(tmp_path / "lake"), np.random.default_rng(1)
    for number in range(30):
        builder.does(f"c{number % 9}", "Product Viewed", day=number / 10, product=f"p{draw.integers(6)}")
    engine = DuckEngine(builder.lake, views=RESOLVED)
    catalogue = Catalogue.read(engine, also=[f"p{number}" for number in range(6)])
    model = fit_model(read_deeds(engine, catalogue.products, builder.day(9)), catalogue, FREE, builder.day(9))
    peer = PEERS["lifeloop_visit"]()
    peer.fit(model.deeds.histories)
    expected = peer.top(model.deeds.histories, 4, drop_seen=False)

    folder = save_model(tmp_path / "models", model)
    for one in (model, load_model(folder, threads=1)):
        assert np.array_equal(one.visit.top(model.deeds.histories, 4, drop_seen=False, threads=1)[0], expected)
    told = {file.name for file in folder.rglob("*")}
    assert any("counted" in name for name in told) == (most_dense > 0), "kept only where it is not what follows itself"


def test_where_counts_are_sparse_a_visit_costs_sixteen_bytes_a_product_more() -> None:
    visits = Histories.of([[0, 1, 0], [2, 299]], products=300)
    following = Following.fit(visits, FollowingConfig(memory_mb=1, threads=1))
    blend = visit_blend(following)

    assert not following.is_solved
    assert blend.parts[0].matrix is following.matrix
    assert blend.nbytes - following.matrix.nbytes == 16 * 300 + 8
