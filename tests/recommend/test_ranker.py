"""The ranker learns an order from clicks where there is one to learn, and is not used where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.base.errors import ModelError, NotEnoughData
from lifeloop.base.recommend_settings import PLACEMENTS
from lifeloop.recommend.answering.ranker import SCORE, Ranker, RankerConfig, Shown, judged, learn_ranker, ndcg
from lifeloop.recommend.answering.signals import SIGNALS
from lifeloop.recommend.asked import Asked
from lifeloop.testing.shopfronts import Front, product

PRICE = SIGNALS.index("price")
LENGTH = 10


def shown(lists: int, *, by_price: float, by_score: float = 0.0, places: str = "log", seed: int = 1) -> Shown:
    """Return lists ordered by score; people look at a place the less the lower it is, and click what they like.

    `by_price` and `by_score` say how much cheapness and score make them like it.
    """
    chance = np.random.default_rng(seed)
    signals = chance.normal(size=(lists, LENGTH, len(SIGNALS))).astype(np.float32)
    signals[:, :, SIGNALS.index("placement")] = 0
    order = np.argsort(-signals[:, :, SCORE], axis=1)
    signals = np.take_along_axis(signals, order[:, :, None], axis=1)
    rank = np.arange(1, LENGTH + 1)
    looked = 1 / np.log2(1 + rank) if places == "log" else 1 / rank
    liked = 1 / (1 + np.exp(2 + by_price * signals[:, :, PRICE] - by_score * signals[:, :, SCORE]))
    clicked = chance.random((lists, LENGTH)) < looked * liked
    return Shown(
        starts=np.arange(0, lists * LENGTH + 1, LENGTH, dtype=np.int64),
        signals=signals.reshape(-1, len(SIGNALS)),
        gains=clicked.astype(np.float32).ravel(),
        ranks=np.tile(rank, lists).astype(np.int32),
    )


def test_it_learns_that_people_click_what_is_cheap() -> None:
    ranker, verdict = learn_ranker(shown(3000, by_price=1.5))

    assert verdict.is_better
    assert verdict.ranker > verdict.score + 0.1
    assert ranker is not None
    cheap, dear = np.zeros((2, len(SIGNALS)), np.float32)
    cheap[PRICE], dear[PRICE] = -1.5, 1.5
    assert ranker.rank(np.array([cheap, dear]))[0] > ranker.rank(np.array([cheap, dear]))[1]


@pytest.mark.parametrize("places", ["log", "steep"])
@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_not_used_where_clicks_say_nothing(places: str, seed: int) -> None:
    ranker, verdict = learn_ranker(shown(3000, by_price=0.0, places=places, seed=seed))

    assert ranker is None
    assert verdict.low < 0


def test_it_is_not_used_where_the_score_is_already_right() -> None:
    ranker, verdict = learn_ranker(shown(2500, by_price=0.0, by_score=1.5))

    assert ranker is None
    assert not verdict.is_better


def test_too_few_clicks_are_said_to_be_too_few() -> None:
    with pytest.raises(NotEnoughData, match="500 are needed"):
        learn_ranker(shown(100, by_price=1.0))


def test_lists_nobody_clicked_in_teach_nothing() -> None:
    lists = shown(900, by_price=1.5)
    silent = Shown(lists.starts, lists.signals, np.zeros_like(lists.gains), lists.ranks)
    starts = np.concatenate([lists.starts, silent.starts[1:] + lists.starts[-1]])
    both = Shown(
        starts,
        np.concatenate([lists.signals, silent.signals]),
        np.concatenate([lists.gains, silent.gains]),
        np.concatenate([lists.ranks, silent.ranks]),
    )

    assert learn_ranker(both)[1] == learn_ranker(lists)[1]


def test_searches_teach_nothing_for_their_order_stays_the_shop_s() -> None:
    lists = shown(900, by_price=1.5)
    lists.signals[:, SIGNALS.index("placement")] = PLACEMENTS.index("search")

    with pytest.raises(NotEnoughData, match="0 lists"):
        learn_ranker(lists)


def test_the_latest_lists_are_judged_and_not_learned_from() -> None:
    lists = shown(2000, by_price=1.5).useful()
    turned = Shown(lists.starts, lists.signals.copy(), lists.gains, lists.ranks)
    late = turned.starts[round(len(turned) * 0.7)]
    turned.signals[late:, PRICE] *= -1

    assert learn_ranker(lists)[1].is_better
    assert not learn_ranker(turned)[1].is_better


def test_a_saved_ranker_ranks_the_same_and_a_broken_one_says_so() -> None:
    ranker, _ = learn_ranker(shown(1500, by_price=1.5), RankerConfig(trees=10))
    assert ranker is not None
    some = shown(3, by_price=0.0).signals

    assert np.array_equal(Ranker.load(ranker.save()).rank(some), ranker.rank(some))
    with pytest.raises(ModelError, match="cannot read the ranker"):
        Ranker.load("nothing")
    with pytest.raises(ModelError, match="other signals"):
        Ranker.load(ranker.save().replace("same_brand", "same_colour"))


def test_a_shop_with_a_ranker_orders_by_it_but_never_its_search() -> None:
    ranker, _ = learn_ranker(shown(2000, by_price=1.5))
    dear, cheap = product("dear", price_minor=3), product("cheap", price_minor=1)
    shop = Front.of(dear, cheap, wanted={"dear": 9, "cheap": 8}, ranker=ranker)
    plain = Front.of(dear, cheap, wanted={"dear": 9, "cheap": 8})

    assert plain.shown(Asked(placement="home")) == ["dear", "cheap"]
    assert shop.shown(Asked(placement="home")) == ["cheap", "dear"]
    assert shop.shown(Asked(placement="search", items=("dear", "cheap"))) == ["dear", "cheap"]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 3)), min_size=1, max_size=14), min_size=1, max_size=5))
def test_ndcg_equals_its_formula_spelled_out(lists: list[list[tuple[float, int]]]) -> None:
    starts = np.cumsum([0, *(len(rows) for rows in lists)])
    scores = np.array([score for rows in lists for score, _ in rows])
    worth = np.array([float(gain) for rows in lists for _, gain in rows])

    def gained(rows: list[tuple[float, int]]) -> float:
        return sum(gain / np.log2(2 + place) for place, (_, gain) in enumerate(rows[:10]))

    expected = []
    for rows in lists:
        best = gained(sorted(rows, key=lambda row: -row[1]))
        own = gained(sorted(rows, key=lambda row: (-row[0], row[1])))
        expected.append(own / best if best else 0.0)
    np.testing.assert_allclose(ndcg(scores, worth, starts), expected, atol=1e-12)


def test_the_interval_of_the_verdict_holds_the_difference() -> None:
    lists = shown(1500, by_price=1.0)
    ranker, verdict = learn_ranker(lists)
    assert ranker is not None
    whole = judged(ranker, lists.useful())

    assert verdict.low < verdict.ranker - verdict.score < verdict.high
    assert whole.high - whole.low < verdict.high - verdict.low
