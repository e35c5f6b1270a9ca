"""A backtest trains on what was complete, tests on what came after, and says plainly who is better."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.errors import NotEnoughData, SettingsError, UnknownName
from lifeloop.predict.backtest import Backtest, backtest, split_origins
from lifeloop.predict.churn.learners import BASELINES
from lifeloop.predict.judge.intervals import Measured
from lifeloop.predict.judge.origins import default_origins, origins_between
from lifeloop.predict.judge.verdict import Found, verdict
from lifeloop.predict.metrics import BINARY
from lifeloop.testing import ShopBuilder

DAY = timedelta(days=1)


def overlaps(training: list[datetime], tests: list[datetime], horizon_days: int) -> bool:
    """Return whether a label window of training reaches into one of testing."""
    return any(one + horizon_days * DAY > test for one in training for test in tests)


@pytest.fixture(scope="module")
def shop(known_past: Any, tmp_path_factory: pytest.TempPathFactory) -> ShopBuilder:
    """700 customers of the made-up past, in a lake."""
    built = ShopBuilder(tmp_path_factory.mktemp("shop"))
    for number, days in enumerate(known_past.order_days[:700]):
        for day in days.tolist():
            built.orders(f"c{number}", day=day, spent=10 + number % 7)
    return built


@pytest.fixture(scope="module")
def churn(shop: ShopBuilder) -> Backtest:
    origins = [shop.day(day) for day in range(150, 360, 15)]
    return backtest(shop.engine, origins=origins, horizon_days=30, test_origins=2, replicates=50, threads=1)


@given(st.lists(st.integers(0, 500), min_size=2, max_size=30), st.integers(1, 90), st.integers(1, 6))
def test_no_label_of_training_reaches_into_a_test(days: list[int], horizon_days: int, test_origins: int) -> None:
    origins = [datetime(2024, 1, 1, tzinfo=UTC) + day * DAY for day in days]

    try:
        training, tests = split_origins(origins, horizon_days, test_origins)
    except NotEnoughData:
        return

    assert training
    assert 1 <= len(tests) <= test_origins
    assert not overlaps(training, tests, horizon_days)


def test_a_split_that_leaks_is_seen_as_one() -> None:
    origins = [datetime(2024, 1, 1, tzinfo=UTC) + 7 * number * DAY for number in range(12)]

    leaking = origins[:-4], origins[-4:]

    assert overlaps(*leaking, 30)
    assert not overlaps(*split_origins(origins, 30, 4), 30)


def test_nothing_is_learned_where_orders_are_pure_chance(tmp_path_factory: pytest.TempPathFactory) -> None:
    built = ShopBuilder(tmp_path_factory.mktemp("chance"))
    rng = np.random.default_rng(0)
    for number in range(450):
        built.orders(f"c{number}", day=0)
        for day in (1 + np.flatnonzero(rng.uniform(size=219) < 0.02)).tolist():
            built.orders(f"c{number}", day=day)
    origins = [built.day(day) for day in range(60, 200, 10)]

    found = backtest(built.engine, origins=origins, horizon_days=20, test_origins=3, replicates=50, threads=1)

    auc = found.measured["blend"].estimate("auc")
    assert auc.low < 0.52
    assert auc.high < 0.60  # a model that saw the future would be far above
    assert "no better than RFM" in found.verdict.en
    assert "不比 RFM 好" in found.verdict.zh.replace("并", "")


def test_every_model_stands_beside_the_baselines(churn: Backtest) -> None:
    told = churn.as_json()

    assert [one["name"] for one in told["models"]] == ["blend", "lightgbm", "logistic", *BASELINES]
    assert [one["name"] for one in told["models"] if one["baseline"]] == list(BASELINES)
    for one in told["models"]:
        assert set(one["figures"]) == set(BINARY)
        assert one["answered_by"] == one["name"]
        assert ("against_rfm" in one) == (one["name"] != "rfm")
    auc = told["models"][0]["figures"]["auc"]
    assert auc["low"] < auc["value"] < auc["high"]


def test_the_result_says_what_it_was_made_of(churn: Backtest) -> None:
    told = json.loads(json.dumps(churn.as_json(), allow_nan=False))

    assert told["rows"] == sum(one["rows"] for one in told["per_origin"]) == sum(one["rows"] for one in told["calibration"])
    assert told["settings"]["seed"] == 0
    assert told["population"] == "everyone who ordered before the origin"
    assert len(told["origins"]) == 2
    assert not overlaps(list(churn.training), list(churn.origins), 30)
    assert 0 < told["training_mean"] < 1
    assert told["customers"] <= 700


def test_the_same_seed_finds_the_same(shop: ShopBuilder, churn: Backtest) -> None:
    origins = [shop.day(day) for day in range(150, 360, 15)]

    again = backtest(shop.engine, origins=origins, horizon_days=30, test_origins=2, replicates=50, threads=1)

    assert again.as_json() == churn.as_json()


def test_value_is_judged_beside_its_baselines(shop: ShopBuilder) -> None:
    origins = [shop.day(day) for day in (150, 180, 210, 300)]

    told = backtest(
        shop.engine, question="value", origins=origins, horizon_days=60, test_origins=1, replicates=20, threads=1
    ).as_json()

    assert [one["name"] for one in told["models"]] == ["value", *BASELINES]
    assert told["models"][0]["figures"]["gini"]["value"] > 0.3
    predicted = [one["predicted"] for one in told["deciles"]]
    assert predicted == sorted(predicted, reverse=True)
    assert sum(one["customers"] for one in told["deciles"]) == told["rows"]


def test_progress_is_told_from_nothing_to_everything(shop: ShopBuilder) -> None:
    seen: list[tuple[float, float]] = []

    backtest(
        shop.engine,
        origins=[shop.day(200), shop.day(240)],
        horizon_days=30,
        test_origins=1,
        models=["btyd"],
        replicates=5,
        progress=lambda step, done, total: seen.append((done, total)),
    )

    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_too_little_past_is_said_and_btyd_answers(tmp_path_factory: pytest.TempPathFactory) -> None:
    built = ShopBuilder(tmp_path_factory.mktemp("small"))
    for number in range(40):
        for day in range(number % 9, 120, 5 + number % 17):
            built.orders(f"c{number}", day=day)

    found = backtest(
        built.engine, origins=[built.day(day) for day in (40, 50, 90)], horizon_days=30, test_origins=1, replicates=20
    )

    assert found.stood_in["blend"] == "btyd"
    assert found.verdict.en.startswith("There was too little past to train blend: BG/NBD answered in its place.")


def test_one_outcome_alone_cannot_be_ranked(tmp_path_factory: pytest.TempPathFactory) -> None:
    built = ShopBuilder(tmp_path_factory.mktemp("one"))
    for number in range(20):
        for day in range(0, 120, 7):
            built.orders(f"c{number}", day=day)

    found = backtest(built.engine, origins=[built.day(day) for day in (40, 80)], horizon_days=30, test_origins=1, replicates=10)

    assert "no model can be judged" in found.verdict.en
    assert json.dumps(found.as_json(), allow_nan=False)


def test_a_shop_too_young_for_the_horizon_is_an_error(shop: ShopBuilder) -> None:
    with pytest.raises(NotEnoughData, match="none of 2 moments lies 90 days before another"):
        backtest(shop.engine, origins=[shop.day(200), shop.day(240)], horizon_days=90)


def test_one_day_of_orders_is_not_enough(tmp_path_factory: pytest.TempPathFactory) -> None:
    built = ShopBuilder(tmp_path_factory.mktemp("day")).orders("ann", day=0).orders("bob", day=0)

    with pytest.raises(NotEnoughData, match="the orders span 1 days"):
        default_origins(built.day(0), built.day(0.5), 30)
    with pytest.raises(NotEnoughData):
        backtest(built.engine, origins=[built.day(0), built.day(40)], horizon_days=30)


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"question": "chrn"}, UnknownName, "did you mean 'churn'"),
        ({"models": ["blnd"]}, UnknownName, "did you mean 'blend'"),
        ({"horizon_days": 0}, SettingsError, "at least 1"),
    ],
)
def test_a_wrong_setting_is_told(shop: ShopBuilder, settings: dict[str, Any], error: type[Exception], says: str) -> None:
    asked: dict[str, Any] = {"origins": [shop.day(200), shop.day(240)], "horizon_days": 30}

    with pytest.raises(error, match=says):
        backtest(shop.engine, **asked | settings)


def test_default_origins_are_weekly_in_a_first_year_and_monthly_later() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)

    year = default_origins(start, start + 372.5 * DAY, 30)
    years = default_origins(start, start + 800.5 * DAY, 30)

    assert year[-1] == start + 343 * DAY  # day 373 begins the unknown; 30 days before it
    assert {later - earlier for earlier, later in itertools.pairwise(year)} == {7 * DAY}
    assert {later - earlier for earlier, later in itertools.pairwise(years)} == {30 * DAY}
    assert year[0] >= start + 90 * DAY
    assert len(years) <= 24


def test_default_origins_are_midnights_of_the_shop_across_summer_time() -> None:
    start = datetime(2024, 9, 1, 8, tzinfo=UTC)

    origins = default_origins(start, start + 300 * DAY, 30, zone="America/New_York")

    assert {origin.astimezone(UTC).hour for origin in origins} == {4, 5}


def test_origins_by_calendar_month_keep_the_day_or_the_months_last() -> None:
    months = origins_between(datetime(2023, 12, 31, tzinfo=UTC), datetime(2024, 4, 30, tzinfo=UTC))

    assert [moment.strftime("%m-%d") for moment in months] == ["12-31", "01-31", "02-29", "03-31", "04-30"]
    assert len(origins_between(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 29, tzinfo=UTC), step_days=7)) == 5
    with pytest.raises(SettingsError):
        origins_between(datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))


def measured(auc: float, *, brier: float = 0.2, ece: float = 0.01, slope: float = 1.0, bias: float = 0.0) -> Measured:
    figures = {"auc": auc, "brier": brier, "ece": ece, "slope": slope, "bias": bias}
    shake = np.linspace(-0.01, 0.01, 21)
    draws = {name: np.full(21, value) for name, value in figures.items()} | {"auc": auc + shake}
    return Measured(figures, draws)


@pytest.mark.parametrize(
    ("auc", "brier", "says"),
    [
        (0.80, 0.2, "ranks customers better than RFM: AUC 0.800 against 0.700"),
        (0.705, 0.2, "may be nothing. The simpler one will do."),
        (0.705, 0.1, "may be nothing. But its percentages are closer"),
        (0.60, 0.2, "worse than RFM: AUC 0.600 against 0.700 (difference -0.100 to -0.100). Use RFM."),
    ],
)
def test_the_verdict_follows_the_interval_of_the_difference(auc: float, brier: float, says: str) -> None:
    ours = measured(auc, brier=brier)
    if auc == 0.705:
        ours.draws["auc"] = ours.draws["auc"][::-1]

    found = verdict(Found("churn", "blend", {"blend": ours, "rfm": measured(0.7)}, "rfm", {}, 0.5))

    assert says in found.en


def test_a_model_that_says_too_much_is_told_so() -> None:
    ours = measured(0.8, ece=0.08, slope=0.6, bias=0.07)

    found = verdict(Found("churn", "blend", {"blend": ours, "rfm": measured(0.7)}, "rfm", {}, 0.5))

    assert "off by 8.0 points on average and too high by 7.0 points (slope 0.60)" in found.en
    assert "整体偏高 7.0 个百分点" in found.zh
