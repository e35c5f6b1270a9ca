"""Value says how likely, how often and how much, and the three agree."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.base.errors import ModelError
from lifeloop.features import take_labels, take_snapshot
from lifeloop.predict.columns import Floats, numbers
from lifeloop.predict.examples import Example
from lifeloop.predict.metrics import Amounts, Binary
from lifeloop.predict.models.value import Value, ValueConfig, fit
from lifeloop.schema import SCORE
from lifeloop.testing.lives import example_of, lives, with_visitor

NEEDED = (
    "orders order_days life_days tenure_days recency_days goods_minor repeat_day_value_mean_minor first_day_value_minor "
    "last_day_value_minor"
).split()

TARGETS = ("p_buy", "orders", "revenue_minor")


@pytest.fixture(scope="module")
def past() -> Example:
    return example_of(lives(2600, seed=1), at=400, horizon_days=180)


@pytest.fixture(scope="module")
def today() -> Example:
    return example_of(lives(2600, seed=1), at=580, horizon_days=180)


@pytest.fixture(scope="module")
def model(past: Example, today: Example) -> Value:
    return fit([past], present=today.snapshot)


def told(scores: pa.Table, target: str) -> pa.Table:
    return scores.filter(pc.equal(scores["target"], target))


def column(scores: pa.Table, target: str, name: str) -> Floats:
    return numbers(told(scores, target), name)


def test_chance_orders_and_revenue_agree_customer_by_customer(model: Value, today: Example) -> None:
    scores = model.score(today.snapshot)
    chance, orders, revenue = (column(scores, target, "value") for target in TARGETS)

    assert scores.schema == SCORE.arrow()
    assert np.all((chance >= 0) & (chance <= 1))
    assert np.all(orders >= chance)
    assert np.all((revenue > 0) & (orders > 0))  # so a value per order is always defined


def test_every_interval_holds_its_figure_and_begins_at_nothing_or_above(model: Value, today: Example) -> None:
    scores = model.score(today.snapshot)

    for target in TARGETS:
        low, value, high = (column(scores, target, name) for name in ("low", "value", "high"))
        assert np.all((low >= 0) & (low <= value) & (value <= high))
    assert np.all(column(scores, "p_buy", "high") <= 1)


def test_the_less_is_known_the_wider_the_interval(model: Value, today: Example) -> None:
    scores = model.score(today.snapshot)
    days = numbers(today.snapshot, "order_days")
    value, low, high = (column(scores, "revenue_minor", name) for name in ("value", "low", "high"))
    likely = column(scores, "p_buy", "value") > 0.6
    width = (high - low) / value

    assert np.median(width[likely & (days >= 12)]) < 0.9 * np.median(width[likely & (days <= 4)])
    low, high = (column(scores, "p_buy", name) for name in ("low", "high"))
    assert np.median((high - low)[days >= 12]) < 0.5 * np.median((high - low)[days == 2])


def test_on_customers_who_live_by_the_book_the_level_is_right_and_intervals_hold_what_came(
    model: Value, today: Example
) -> None:
    scores, came = model.score(today.snapshot), today.label("revenue_minor")
    low, high = (column(scores, "revenue_minor", name) for name in ("low", "high"))

    assert Amounts(came, column(scores, "revenue_minor", "value")).measure()["total_ratio"] == pytest.approx(1, abs=0.1)
    assert Amounts(today.label("orders"), column(scores, "orders", "value")).measure()["total_ratio"] == pytest.approx(
        1, abs=0.1
    )
    assert 0.75 < np.mean((came >= low) & (came <= high)) < 0.95


def test_a_version_scores_as_the_model_it_was_saved_from(model: Value, today: Example, tmp_path: Path) -> None:
    model.save(tmp_path / "v1")
    back = Value.load(tmp_path / "v1")
    few = today.snapshot.slice(0, 50)

    assert back == replace(model, version="v1")
    assert back.score(few).drop_columns(["version"]) == model.score(few).drop_columns(["version"])
    assert set(back.score(few)["version"].to_pylist()) == {"v1"}


def test_a_damaged_version_is_an_error_that_says_so(model: Value, tmp_path: Path) -> None:
    model.save(tmp_path / "v1")
    (tmp_path / "v1" / "chance.txt").write_text("tree\n")

    with pytest.raises(ModelError, match="not as it was written"):
        Value.load(tmp_path / "v1")


def test_one_customer_scored_alone_gets_the_same_figures_as_among_all(model: Value, today: Example) -> None:
    whole, alone = model.score(today.snapshot), model.score(today.snapshot.slice(7, 1))

    for target in TARGETS:
        assert told(whole, target).slice(7, 1) == told(alone, target)


def test_someone_who_never_ordered_gets_no_figure_and_is_told_why(model: Value, today: Example) -> None:
    scores = model.score(with_visitor(today.snapshot.slice(0, 3)))
    visitor = scores.filter(pc.equal(scores["customer_id"], "visitor")).to_pylist()

    assert [row["target"] for row in visitor] == list(TARGETS)
    assert [row["value"] for row in visitor] == [None] * 3
    assert json.loads(visitor[0]["reasons"])[0]["zh"] == "还没有下过单，无从推算。"
    assert column(scores, "p_buy", "value").tolist()[:3] == column(model.score(today.snapshot), "p_buy", "value").tolist()[:3]


def test_reasons_come_strongest_first_in_both_languages(model: Value, today: Example) -> None:
    for text in told(model.score(today.snapshot.slice(0, 200)), "revenue_minor")["reasons"].to_pylist():
        reasons: list[dict[str, Any]] = json.loads(text)
        effects = [abs(reason["effect"]) for reason in reasons]
        assert 0 < len(reasons) <= 3
        assert effects == sorted(effects, reverse=True)
        assert all(reason["en"] and reason["zh"] and reason["feature"] in today.snapshot.column_names for reason in reasons)


def test_someone_who_orders_often_hears_of_that(model: Value, today: Example) -> None:
    often = int(np.argmax(numbers(today.snapshot, "order_days")))
    reasons = json.loads(told(model.score(today.snapshot.slice(often, 1)), "revenue_minor")["reasons"][0].as_py())
    reason = next(reason for reason in reasons if reason["feature"] == "order_days")

    assert reason["effect"] > 0
    assert reason["en"].startswith(f"Ordered on {numbers(today.snapshot, 'order_days')[often]:.0f} different days so far (×")


def test_a_young_shop_is_answered_by_the_level_alone_and_told_so(past: Example) -> None:
    few = past.take(np.arange(300))
    model = fit([few], present=few.snapshot)

    assert model.of_chance is None
    assert model.learned_from == 0
    assert any("statistical model alone" in note.en for note in model.notes)
    assert np.all(np.isfinite(column(model.score(few.snapshot), "revenue_minor", "value")))


def test_a_shop_without_any_past_is_answered_too(past: Example) -> None:
    scores = fit([]).score(past.snapshot.slice(0, 400))

    assert scores.num_rows == 1200
    assert pc.all(pc.is_valid(scores["value"])).as_py()


@pytest.mark.parametrize("case", ["everyone ordered once", "one customer", "one day only", "nobody paid", "nobody at all"])
def test_a_shop_of_which_little_is_known_gets_an_honest_answer(case: str, past: Example) -> None:
    snapshot = past.snapshot.slice(0, 300)
    amounts = [name for name in snapshot.column_names if name.endswith("_minor")]
    changes: dict[str, dict[str, int]] = {
        "everyone ordered once": {"orders": 1, "order_days": 1, "life_days": 0},
        "one day only": {"orders": 1, "order_days": 1, "life_days": 0, "tenure_days": 0, "recency_days": 0},
        "nobody paid": dict.fromkeys(amounts, 0),
    }
    for name, value in changes.get(case, {}).items():
        values = pa.array([value] * snapshot.num_rows).cast(snapshot.schema.field(name).type)
        snapshot = snapshot.set_column(snapshot.column_names.index(name), name, values)
    rows = {"one customer": 1, "nobody at all": 0}.get(case, snapshot.num_rows)
    snapshot = snapshot.slice(0, rows)

    model = fit([], present=snapshot)
    scores = model.score(snapshot)
    revenue, high = column(scores, "revenue_minor", "value"), column(scores, "revenue_minor", "high")

    assert scores.num_rows == 3 * rows
    if case == "one day only":
        assert scores["value"].null_count == scores.num_rows
        assert "为时尚早" in scores["reasons"][0].as_py()
    elif case == "nobody paid":
        assert np.all(revenue == 0)
    else:
        assert np.all(np.isfinite(revenue) & (high >= revenue))
        if rows:
            assert any("lean on" in note.en for note in model.notes)


def test_one_customer_with_a_hundred_thousand_orders_does_not_move_the_others(past: Example) -> None:
    snapshot, horizon = past.snapshot.slice(0, 400), ValueConfig()
    rows = snapshot.to_pydict()
    rows["orders"][0] = 100_000
    odd = pa.table(rows, schema=snapshot.schema)
    before, after = (fit([], horizon, present=shop).estimate(shop) for shop in (snapshot, odd))

    assert np.isfinite(after.orders[0])
    assert after.orders[0] > 1000 * before.orders[0]
    np.testing.assert_allclose(after.orders[1:], before.orders[1:], rtol=0.02)
    np.testing.assert_allclose(after.revenue, before.revenue, rtol=0.02)


def test_examples_of_another_horizon_are_refused(past: Example) -> None:
    with pytest.raises(ModelError, match="look \\[180\\] days ahead"):
        fit([past], ValueConfig(horizon_days=30))


def test_learning_twice_gives_the_same_model(past: Example, today: Example, model: Value) -> None:
    assert fit([past], present=today.snapshot) == model


def of_real_shop(shop: Any, as_of: datetime, horizon_days: int) -> Example:
    snapshot = take_snapshot(shop.engine, as_of, features=NEEDED)
    return Example.of(snapshot, take_labels(shop.engine, as_of, horizon_days), horizon_days)


@pytest.mark.real
def test_on_cdnow_rank_level_and_deciles_hold_half_a_year_ahead(cdnow: Any) -> None:
    past = of_real_shop(cdnow, datetime(1997, 7, 1, tzinfo=UTC), 182)
    today = of_real_shop(cdnow, datetime(1998, 1, 1, tzinfo=UTC), 182)
    model = fit([past], ValueConfig(horizon_days=182), present=today.snapshot)
    figures, came = model.estimate(today.snapshot), today.label("revenue_minor")
    revenue = Amounts(came, figures.revenue).measure()

    assert today.rows == 23_570
    assert revenue["gini"] >= 0.75
    assert 0.9 <= revenue["total_ratio"] <= 1.1
    assert revenue["decile_mape"] <= 0.20
    assert 0.9 <= Amounts(today.label("orders"), figures.orders).measure()["total_ratio"] <= 1.1
    assert Binary(today.label("orders") > 0, figures.chance).measure()["ece"] <= 0.025
    scores = model.score(today.snapshot)
    low, high = (column(scores, "revenue_minor", name) for name in ("low", "high"))
    likely = figures.chance > 0.2
    assert 0.7 <= np.mean((came >= low) & (came <= high)) <= 0.9
    assert 0.7 <= np.mean(((came >= low) & (came <= high))[likely]) <= 0.9
