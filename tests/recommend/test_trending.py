"""What is wanted by many now."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.recommend.trending import UNIT, Trending, TrendingConfig

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


def fit(rows: Deeds) -> Trending:
    return Trending.fit(**columns(rows), products=PRODUCTS, now=NOW)


def same(one: Trending, other: Trending) -> bool:
    mine, theirs = one.arrays(), other.arrays()
    return mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)


def views(item: int, count: int, *, days_ago: float = 0, category: int = -1, source: int = -1, language: int = -1) -> Deeds:
    return [(item, int(days_ago * DAY), 0, category, source, language)] * count


@given(deeds, deeds)
def test_forgetting_leaves_exactly_what_the_others_did(kept: Deeds, gone: Deeds) -> None:
    assert same(fit(kept + gone).forget(**columns(gone)), fit(kept))


@given(deeds, deeds)
def test_what_is_learned_live_is_what_a_fit_would_have_counted(before: Deeds, after: Deeds) -> None:
    assert same(fit(before).learn(**columns(after)), fit(before + after))


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
