"""The next order: when it comes, how sure that is, and when it may never come."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.features import take_labels, take_snapshot
from lifeloop.predict.btyd.waiting import RIGHT, Curve, Promise, kaplan_meier, learn_curve
from lifeloop.predict.columns import numbers
from lifeloop.predict.examples import Example
from lifeloop.predict.models.next_order import NextOrder, NextOrderConfig, fit
from lifeloop.schema import SCORE
from lifeloop.testing.lives import example_of, lives, with_visitor

NEEDED = (
    "orders order_days life_days tenure_days recency_days goods_minor repeat_day_value_mean_minor gap_mean_days gap_sd_days"
).split()


@pytest.fixture(scope="module")
def today() -> Example:
    return example_of(lives(2600, seed=1), at=580, horizon_days=180)


@pytest.fixture(scope="module")
def model(today: Example) -> NextOrder:
    return fit([example_of(lives(2600, seed=1), at=400, horizon_days=180)], present=today.snapshot)


def test_low_median_and_high_come_in_this_order_and_never_in_the_past(model: NextOrder, today: Example) -> None:
    scores = model.score(today.snapshot)
    low, median, high = (numbers(scores, name) for name in ("low", "value", "high"))

    assert scores.schema == SCORE.arrow()
    assert np.all(low[np.isfinite(median)] <= median[np.isfinite(median)])
    assert np.all(median[np.isfinite(high)] <= high[np.isfinite(high)])
    assert np.nanmin(low) >= 1
    assert np.nanmax(high) <= 730


def test_whoever_is_more_likely_gone_than_not_gets_no_median_and_hears_so(model: NextOrder, today: Example) -> None:
    scores = model.score(today.snapshot)
    assert model.level is not None
    order_days, life, tenure = (numbers(today.snapshot, name) for name in ("order_days", "life_days", "tenure_days"))
    alive = model.level.counts.p_alive(order_days - 1, life / 7, tenure / 7)
    gone = scores.filter(pa.array(alive < 0.5))

    assert 100 < gone.num_rows < scores.num_rows
    assert gone["value"].null_count == gone.num_rows
    assert all(json.loads(text)[0]["zh"].startswith("可能不会再来") for text in gone["reasons"].to_pylist())


def test_on_customers_who_live_by_the_book_half_come_by_the_median_and_most_within_the_interval(
    model: NextOrder, today: Example
) -> None:
    kept = model.promise(today)

    assert kept.customers == today.rows
    assert kept.came_by_median == pytest.approx(0.5, abs=0.06)
    assert 0.75 <= kept.came_within <= 0.85
    assert model.curves == {}  # nothing to correct


def regulars(customers: int, seed: int) -> list[list[tuple[int, int]]]:
    """Customers who order every 28 to 32 days, for some while."""
    rng = np.random.default_rng(seed)
    shops = []
    for _ in range(customers):
        day, days = int(rng.integers(60)), []
        while day < 900 and (not days or rng.random() > 0.03):
            days.append((day, 1000))
            day += int(rng.integers(28, 33))
        shops.append(days)
    return shops


def test_a_shop_of_regulars_is_corrected_by_how_its_past_forecasts_turned_out() -> None:
    past, today = (example_of(regulars(900, seed=4), at=at, horizon_days=120) for at in (300, 420))
    plain, learned = fit([], present=today.snapshot), fit([past], present=today.snapshot)

    assert "regular" in learned.curves
    assert abs(learned.promise(today).came_by_median - 0.5) < abs(plain.promise(today).came_by_median - 0.5)
    assert 0.75 <= learned.promise(today).came_within <= 0.85


def test_a_version_scores_as_the_model_it_was_saved_from(model: NextOrder, today: Example, tmp_path: Path) -> None:
    corrected = replace(model, curves={"few": Curve((0.0, 0.4, 1.0), (0.0, 0.5, 1.0))})
    corrected.save(tmp_path / "v1")
    back = NextOrder.load(tmp_path / "v1")

    assert back == replace(corrected, version="v1")
    assert back.score(today.snapshot)["value"] == corrected.score(today.snapshot)["value"]


def test_one_customer_scored_alone_gets_the_same_days(model: NextOrder, today: Example) -> None:
    whole, alone = model.score(today.snapshot), model.score(today.snapshot.slice(7, 1))

    assert [whole[name][7] for name in ("low", "value", "high")] == [alone[name][0] for name in ("low", "value", "high")]


def test_someone_who_never_ordered_gets_no_days(model: NextOrder, today: Example) -> None:
    visitor = model.score(with_visitor(today.snapshot.slice(0, 3))).to_pylist()[-1]

    assert visitor["customer_id"] == "visitor"
    assert [visitor[name] for name in ("low", "value", "high")] == [None] * 3
    assert "Has not ordered yet" in visitor["reasons"]


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_customers_get_an_honest_answer(rows: int, today: Example) -> None:
    few = today.snapshot.slice(0, rows)

    assert fit([], present=few).score(few).num_rows == rows


def test_a_shop_one_day_old_says_it_is_too_early(today: Example) -> None:
    snapshot = today.snapshot.slice(0, 5)
    for name, value in {"orders": 1, "order_days": 1, "life_days": 0, "tenure_days": 0, "recency_days": 0}.items():
        snapshot = snapshot.set_column(snapshot.column_names.index(name), name, pa.array([value] * 5))
    scores = fit([], present=snapshot).score(snapshot)

    assert scores["value"].null_count == 5
    assert "Too early" in scores["reasons"][0].as_py()


@given(st.lists(st.floats(0.01, 0.99), min_size=30, max_size=60), st.integers(0, 1000))
def test_a_curve_rises_and_turns_round(said: list[float], seed: int) -> None:
    values = np.array(said)
    came = np.random.default_rng(seed).random(values.size) < 0.7
    curve = learn_curve(values, came, least_events=5, least_at_risk=2)

    assert np.all(np.diff(curve.of(np.linspace(0, 1, 50))) >= 0)
    for level in (0.1, 0.5, 0.9):
        assert curve.of(np.array([curve.inverse(level)]))[0] == pytest.approx(level, abs=1e-9)


def test_forecasts_that_are_right_need_no_correction_although_many_are_still_waited_for() -> None:
    rng = np.random.default_rng(0)
    truth, watched = rng.random(20_000), rng.random(20_000)
    said, came = np.minimum(truth, watched), truth <= watched
    curve = learn_curve(said, came)

    assert curve.error < 0.03
    assert Promise.of(said, came).came_by_median == pytest.approx(0.5, abs=0.02)
    assert learn_curve(said[:50], came[:50]) is RIGHT


def test_without_anybody_waited_for_the_curve_is_the_plain_share() -> None:
    values, share = kaplan_meier(np.array([0.5, 0.1, 0.3]), np.array([True, True, True]))

    assert values.tolist() == [0.1, 0.3, 0.5]
    assert share == pytest.approx([1 / 3, 2 / 3, 1])


def of_real_shop(shop: Any, as_of: datetime, horizon_days: int) -> Example:
    snapshot = take_snapshot(shop.engine, as_of, features=NEEDED)
    return Example.of(snapshot, take_labels(shop.engine, as_of, horizon_days), horizon_days)


@pytest.mark.real
def test_on_cdnow_half_come_by_the_median_and_four_in_five_within_the_interval(cdnow: Any) -> None:
    past = of_real_shop(cdnow, datetime(1997, 7, 1, tzinfo=UTC), 180)
    today = of_real_shop(cdnow, datetime(1998, 1, 1, tzinfo=UTC), 180)
    kept = fit([past], present=today.snapshot).promise(today)

    assert kept.customers == 23_570
    assert 0.45 <= kept.came_by_median <= 0.55
    assert 0.75 <= kept.came_within <= 0.85


@pytest.mark.real
def test_on_online_retail_the_interval_holds_and_the_autumn_peak_shows_in_the_median(online_retail: Any) -> None:
    past = [of_real_shop(online_retail, datetime(2011, month, 1, tzinfo=UTC), 90) for month in (3, 4, 5, 6)]
    today = of_real_shop(online_retail, datetime(2011, 9, 6, tzinfo=UTC), 90)
    kept = fit(past, NextOrderConfig(), present=today.snapshot).promise(today)

    assert 0.75 <= kept.came_within <= 0.85
    assert 0.5 <= kept.came_by_median <= 0.62  # customers come sooner than told before Christmas
