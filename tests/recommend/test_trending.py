"""What is wanted by many now."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.lake import DuckEngine
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.deeds import timed
from lifeloop.recommend.learning.daily import learned
from lifeloop.recommend.learning.fit import fit_model, unfitted
from lifeloop.recommend.learning.reading import read_deeds, read_lately
from lifeloop.recommend.trending import UNIT, Trending, TrendingConfig
from lifeloop.testing.shop import ShopBuilder
from lifeloop.unify.resolved import RESOLVED

DAY = 86_400_000_000
NOW = 20_000 * DAY
PRODUCTS = 6

deeds = st.lists(
    st.tuples(
        st.integers(0, PRODUCTS - 1),
        st.integers(0, 60 * DAY),
        st.integers(0, 4),
        st.integers(-1, 2),
        st.integers(-1, 1),
        st.integers(-1, 1),
    ),
    max_size=40,
)
people = st.lists(deeds, max_size=8)
Deeds = list[tuple[int, int, int, int, int, int]]


def columns(rows: Deeds) -> dict[str, np.ndarray]:
    table = np.array(rows, np.int64).reshape(-1, 6)
    return {
        "items": table[:, 0].astype(np.int32),
        "at": NOW - table[:, 1],
        "kinds": table[:, 2].astype(np.int8),
        "category": table[:, 3].astype(np.int32),
        "source": table[:, 4].astype(np.int32),
        "language": table[:, 5].astype(np.int32),
    }


def nothing(least_people: int) -> Trending:
    none = columns([])
    config = TrendingConfig(least_people=least_people)
    return Trending.fit(none["items"], none["at"], none["kinds"], products=PRODUCTS, now=NOW, config=config)


def fit(rows: Deeds) -> Trending:
    """Everybody does one thing."""
    return nothing(1).learn(**columns(rows))


def by_people(lists: list[Deeds], first: int = 0) -> dict[str, np.ndarray]:
    who = np.repeat(np.arange(first, first + len(lists)), [len(one) for one in lists]).astype(np.int32)
    return columns([row for one in lists for row in one]) | {"who": who}


def counted(lists: list[Deeds]) -> Trending:
    return nothing(3).learn(**by_people(lists))


def same(one: Trending, other: Trending) -> bool:
    mine, theirs = one.arrays(), other.arrays()
    return mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)


def views(item: int, count: int, *, days_ago: float = 0, category: int = -1, source: int = -1, language: int = -1) -> Deeds:
    return [(item, int(days_ago * DAY), 0, category, source, language)] * count


@given(people, people)
def test_forgetting_leaves_exactly_what_the_others_did(kept: list[Deeds], gone: list[Deeds]) -> None:
    assert same(counted(kept + gone).forget(**by_people(gone)), counted(kept))


@given(people, people)
def test_what_is_learned_live_is_what_a_fit_would_have_counted(before: list[Deeds], after: list[Deeds]) -> None:
    assert same(counted(before).learn(**by_people(after, len(before))), counted(before + after))


@given(people)
def test_everybody_speaks_once_for_a_product_with_what_they_did_that_weighs_most(lists: list[Deeds]) -> None:
    weights = [1, 3, 2, 5, 0]  # view, cart, wish, order, refund
    worth = [dict.fromkeys(range(PRODUCTS), 0) for _ in lists]
    for number, rows in enumerate(lists):
        for item, age, kind, *_ in rows:
            worth[number][item] = max(worth[number][item], round(weights[kind] * 2 ** (-age / (7 * DAY)) * UNIT))

    trending = counted(lists)

    assert trending.amounts.tolist() == [sum(one[item] for one in worth) for item in range(PRODUCTS)]
    assert trending.people.tolist() == [sum(one[item] > 0 for one in worth) for item in range(PRODUCTS)]


def test_nobody_makes_a_trend_alone_however_much_they_do() -> None:
    crowd = [views(0, 1, days_ago=5, source=0)] * 3
    loud = [views(1, 200, source=0) + [(1, 0, 3, -1, 0, 0)] * 50]

    assert counted(crowd + loud).scores().tolist() == [1, 0, 0, 0, 0, 0]
    assert counted(crowd + loud * 2).scores(source=0).argmax() == 0
    assert counted(crowd + loud * 3).scores().argmax() == 1


def test_in_a_group_too_nobody_makes_a_trend_alone() -> None:
    crowd = [views(0, 1, source=0)] * 100 + [views(1, 1, source=0)] * 3

    trending = counted([*crowd, [(1, 0, 3, -1, 1, 0)]])

    assert trending.scores(source=1, language=0) == pytest.approx(trending.scores())


@given(deeds, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
def test_scores_are_finite_never_negative_and_0_for_what_nobody_wants(rows: Deeds, a: int, b: int, c: int) -> None:
    scores = fit(rows).scores(category=a, source=b, language=c)

    wanted = {row[0] for row in rows if row[2] != 4}
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()
    assert all(scores[item] == 0 for item in set(range(PRODUCTS)) - wanted)


def test_a_look_counts_half_after_a_week_and_an_order_counts_five_looks() -> None:
    week_old = fit(views(0, 1, days_ago=7) + views(1, 1) + [(2, 0, 3, -1, -1, -1)])

    assert week_old.amounts.tolist()[:3] == [UNIT // 2, UNIT, 5 * UNIT]


def test_what_was_wanted_long_ago_gives_way_to_what_is_wanted_now() -> None:
    scores = fit(views(0, 100, days_ago=60) + views(1, 3)).scores()

    assert scores[1] > scores[0]


def test_a_group_with_many_deeds_speaks_for_itself_and_one_with_few_says_what_all_say() -> None:
    rows = views(0, 600, source=0) + views(1, 400, source=1) + views(2, 1, source=2)

    trending = fit(rows)

    assert trending.scores(source=1).argmax() == 1
    assert trending.scores(source=0).argmax() == 0
    assert trending.scores(source=2).argmax() == 0
    assert trending.scores(source=7) == pytest.approx(trending.scores())


def test_category_source_and_language_are_weighed_together() -> None:
    rows = views(0, 300, category=0, language=0) + views(1, 300, category=0, language=1) + views(2, 300, category=1, language=1)

    trending = fit(rows)

    assert trending.scores(category=0, language=1).argmax() == 1
    assert trending.scores(category=1, language=1).argmax() == 2


def test_a_shop_where_nothing_happened_has_no_trends() -> None:
    assert fit([]).scores(category=0).tolist() == [0.0] * PRODUCTS


def test_what_was_counted_comes_back_from_its_arrays() -> None:
    trending = fit(views(0, 3, category=1) + views(2, 1, days_ago=3, language=0))

    assert same(Trending.of_arrays(trending.arrays(), TrendingConfig()), trending)


def test_a_deed_far_behind_the_fit_is_counted_without_running_over() -> None:
    later = fit(views(0, 1)).learn(
        np.array([1], np.int32), np.array([NOW + 4000 * DAY]), np.array([3], np.int8), source=np.array([0], np.int32)
    )

    assert later.scores().argmax() == 1


@pytest.fixture
def shop(tmp_path: Path) -> ShopBuilder:
    """Ten days of nine people who look at four products; the first is looked at most on the last days."""
    builder, draw = ShopBuilder(tmp_path), np.random.default_rng(5)
    for day in range(10):
        for number in range(9):
            product = f"p{0 if day > 7 else draw.integers(1, 4)}"
            builder.does(f"c{number}", "Product Viewed", day=day + number / 100, product=product)
    return builder


FREE = RecommendSettings(threads=1)


@pytest.mark.parametrize("days", [10, 30, 300, 3000])
def test_of_data_that_end_long_ago_what_was_wanted_last_is_trending(shop: ShopBuilder, days: int) -> None:
    engine, as_of = DuckEngine(shop.lake, views=RESOLVED), shop.day(days)
    catalogue = Catalogue.read(engine, also=[f"p{number}" for number in range(4)])

    model = fit_model(read_deeds(engine, catalogue.products, as_of), catalogue, FREE, as_of)

    _, at = timed(model.deeds.histories)
    assert model.trending.now == at.max() < int(shop.day(10).timestamp()) * 1_000_000
    assert model.wanted().argmax() == 0
    assert (model.wanted() > 0).all()


@pytest.mark.parametrize("day", [0, 3, 9])
def test_a_day_learned_makes_the_trends_that_a_fit_with_it_makes(shop: ShopBuilder, day: int) -> None:
    engine, end = DuckEngine(shop.lake, views=RESOLVED), shop.day(11)
    catalogue = Catalogue.read(engine, also=[f"p{number}" for number in range(4)])
    base = fit_model(read_deeds(engine, catalogue.products, shop.day(day)), catalogue, FREE, shop.day(day))
    whole = fit_model(read_deeds(engine, catalogue.products, end), catalogue, FREE, end)

    now = learned(base, read_lately(engine, catalogue.products, shop.day(day), end))

    assert now.trending.people.tolist() == whole.trending.people.tolist()
    assert now.wanted() == pytest.approx(whole.wanted(), rel=1e-4)


def test_before_the_first_run_too_one_visitor_makes_no_trend_and_three_do(tmp_path: Path) -> None:
    builder = ShopBuilder(tmp_path)
    for product in ("p1", "p1", "invented"):
        builder.does("loud", "Product Added", day=1, product=product)
    for number in range(3):
        builder.does(f"c{number}", "Product Viewed", day=1, product="p2")
    engine = DuckEngine(builder.lake, views=RESOLVED)
    catalogue = Catalogue.read(engine, also=["p1", "p2", "invented"])
    nobody = unfitted(catalogue, FREE, builder.day(0))

    model = learned(nobody, read_lately(engine, catalogue.products, builder.day(0), builder.day(3)))

    assert catalogue.products.ids == ["invented", "p1", "p2"]
    assert model.wanted().tolist() == [0, 0, 1]
