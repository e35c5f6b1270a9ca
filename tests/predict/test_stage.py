"""Every customer stands in exactly one stage, by rules that follow the shop's own rhythm."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.errors import ModelError
from lifeloop.predict.btyd.bg_nbd import BgNbd
from lifeloop.predict.models.stage import Stage, StageConfig, fit
from lifeloop.predict.stage.rhythm import Rhythm
from lifeloop.predict.stage.rules import STAGES, transition_table
from lifeloop.schema import SCORE

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
LAST_DAY = 152
"""2024-05-31, counted from 2024-01-01 = 1: the last known day."""

MONTHLY = Rhythm(
    returned=100,
    known=True,
    usual_days=30,
    usual_low_days=10,
    usual_high_days=90,
    first_late_days=60,
    first_lapsed_days=120,
    late_gaps=2,
    lapsed_gaps=4,
    loyal_orders=5,
    loyal_days=60,
)


def customer(name: str, *days: int) -> dict[str, Any]:
    """Return the features of someone who ordered on `days` of the year; nobody ordered on day 0."""
    gaps = [later - earlier for earlier, later in itertools.pairwise(days)]
    ranked = sorted(gaps)
    return {
        "as_of": AS_OF,
        "customer_id": name,
        "order_days": len(days),
        "recency_days": LAST_DAY - days[-1] if days else None,
        "life_days": days[-1] - days[0] if days else None,
        "gap_last_days": gaps[-1] if gaps else None,
        "gap_before_last_days": gaps[-2] if len(gaps) > 1 else None,
        "gap_median_days": ranked[len(gaps) // 2] if gaps else None,
    }


COLUMNS = pa.schema(
    [("as_of", pa.timestamp("us", tz="UTC")), ("customer_id", pa.string())]
    + [
        (name, pa.float64())
        for name in ("order_days", "recency_days", "life_days", "gap_last_days", "gap_before_last_days", "gap_median_days")
    ]
)


def snapshot(*customers: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(customers), schema=COLUMNS)


def stage_of(*days: int, rhythm: Rhythm = MONTHLY) -> str:
    scores = Stage(rhythm=rhythm, config=StageConfig()).score(snapshot(customer("ann", *days)))
    return str(scores["label"][0])


def test_someone_who_never_ordered_is_a_prospect() -> None:
    assert stage_of() == "prospect"


def test_one_order_makes_a_new_customer_until_those_who_return_have_returned() -> None:
    assert stage_of(LAST_DAY) == "new"
    assert stage_of(LAST_DAY - 60) == "new"
    assert stage_of(LAST_DAY - 61) == "at_risk"
    assert stage_of(LAST_DAY - 121) == "lapsed"


def test_a_second_order_in_rhythm_makes_an_active_customer() -> None:
    assert stage_of(LAST_DAY - 40, LAST_DAY - 10) == "active"


def test_many_orders_over_a_long_time_make_a_loyal_customer() -> None:
    assert stage_of(30, 60, 90, 120, 150) == "loyal"


def test_many_orders_in_one_week_do_not_make_a_loyal_customer() -> None:
    assert stage_of(146, 147, 148, 149, 150) == "active"


def test_lateness_is_measured_in_the_customers_own_rhythm() -> None:
    weekly = [LAST_DAY - 40 - 7 * week for week in range(12, -1, -1)]  # 12 gaps of 7 days: usual gap 10, held by the floor
    monthly = [LAST_DAY - 40 - 30 * month for month in range(3, -1, -1)]  # 3 gaps of 30 days: usual gap 30

    assert stage_of(*weekly) == "at_risk"  # 40 days are 4 usual gaps, not more: late, not lapsed
    assert stage_of(*weekly[:-1]) == "lapsed"  # 47 days
    assert stage_of(*monthly) == "active"  # 40 days are less than 2 usual gaps


def test_someone_who_returned_after_a_lapse_is_won_back_until_the_next_order() -> None:
    assert stage_of(10, 140) == "won_back"  # away for 130 days, 120 count as lapsed
    assert stage_of(10, 140, 150) == "active"


def test_someone_won_back_who_falls_silent_again_is_at_risk_and_then_lapsed() -> None:
    patient = replace(MONTHLY, usual_high_days=30)

    assert stage_of(-100, LAST_DAY - 70, rhythm=patient) == "at_risk"
    assert stage_of(-200, LAST_DAY - 130, rhythm=patient) == "lapsed"


def test_the_reason_speaks_with_the_customers_own_figures_in_both_languages() -> None:
    scores = Stage(rhythm=MONTHLY, config=StageConfig()).score(snapshot(customer("ann", 10, 140)))

    assert json.loads(str(scores["reasons"][0])) == [
        {
            "feature": "recency_days",
            "effect": 1.0,
            "en": "Came back 12 days ago after 130 days without an order; 120 days would have counted as lapsed.",
            "zh": "在 130 天没有下单之后，于 12 天前回来；满 120 天即算流失。",
        }
    ]


def test_a_single_order_is_never_told_a_usual_gap() -> None:
    scores = Stage(rhythm=MONTHLY, config=StageConfig()).score(snapshot(customer("ann", 80), customer("bob", 1)))

    assert [json.loads(told)[0]["en"] for told in scores["reasons"].to_pylist()] == [
        "Their only order day was 72 days ago; 80% of those who come back do so within 60 days.",
        "Their only order day was 151 days ago; 95% of those who come back do so within 120 days.",
    ]


def test_a_shop_without_returning_customers_says_that_it_has_no_rhythm() -> None:
    stage = fit([snapshot(customer("ann", 100), customer("bob", 150))])

    scores = stage.score(snapshot(customer("ann", 100), customer("bob", 150)))

    assert not stage.rhythm.known
    assert scores["label"].to_pylist() == ["new", "new"]
    assert "Too few customers have returned" in json.loads(str(scores["reasons"][0]))[0]["en"]
    assert "还看不出本店的节奏" in json.loads(str(scores["reasons"][0]))[0]["zh"]


def test_an_empty_shop_has_no_stages_and_no_error() -> None:
    scores = fit([snapshot()]).score(snapshot())

    assert scores.num_rows == 0
    assert scores.schema.equals(SCORE.arrow())


def test_a_snapshot_without_the_features_it_needs_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot read the feature 'order_days'"):
        fit([snapshot(customer("ann", 1)).drop_columns(["order_days"])])


def test_the_rhythm_is_what_returning_customers_did() -> None:
    # 40 customers came back once, after 1, 2, ... 40 days: 80 % within 32.2 days, 95 % within 38.05
    rhythm = fit([snapshot(*(customer(f"c{gap}", 100, 100 + gap) for gap in range(1, 41)))]).rhythm

    assert rhythm.known
    assert rhythm.usual_days == 20.5
    assert rhythm.first_late_days == pytest.approx(32.2)
    assert rhythm.first_lapsed_days == pytest.approx(32.2 + 20.5)  # never less than one usual gap behind late
    assert rhythm.late_gaps == pytest.approx(32.2 / 20.5)  # nobody came back twice: the first return stands for later ones


def test_a_saved_version_tells_the_same_stages(tmp_path: Path) -> None:
    shop = snapshot(*(customer(f"c{gap}", 100, 100 + gap) for gap in range(1, 41)))
    stage = fit([shop])

    stage.save(tmp_path / "stage" / "1")
    loaded = Stage.load(tmp_path / "stage" / "1")

    assert loaded == replace(stage, version="1")
    assert loaded.score(shop)["label"].to_pylist() == stage.score(shop)["label"].to_pylist()


def test_each_rule_is_said_in_words_with_what_was_learned() -> None:
    rules = Stage(rhythm=MONTHLY, config=StageConfig()).rules()

    assert list(rules) == list(STAGES)
    assert rules["new"]["en"] == ("One order day, not more than 60 days ago: by then 80% of those who came back had done so.")
    assert rules["loyal"]["zh"] == "活跃，且在至少 60 天的时间里有 5 个或更多的下单日。"


def test_someone_who_is_late_and_by_their_own_pattern_gone_has_lapsed() -> None:
    fickle = BgNbd(r=0.243, alpha=4.414, a=5, b=0.1, log_likelihood=-9582.4, customers=2357)  # P(alive) = .08
    weekly = customer("ann", *(LAST_DAY - 35 - 7 * week for week in range(12, -1, -1)))  # late after 20 days, lapsed after 40

    alone = Stage(rhythm=MONTHLY, config=StageConfig()).score(snapshot(weekly))
    sharpened = Stage(rhythm=MONTHLY, config=StageConfig(), alive=fickle).score(snapshot(weekly))

    assert alone["label"].to_pylist() == ["at_risk"]
    assert sharpened["label"].to_pylist() == ["lapsed"]
    assert "the chance that they still count themselves a customer is" in str(sharpened["reasons"][0])


histories = st.lists(st.lists(st.integers(1, LAST_DAY), max_size=12, unique=True).map(sorted), min_size=1, max_size=60)


def shop_of(days: list[list[int]], times: int = 1) -> pa.Table:
    """Return a shop in which everything takes `times` as long."""
    rows = []
    for number, history in enumerate(days):
        row = customer(f"c{number}", *history)
        for name in ("recency_days", "life_days", "gap_last_days", "gap_before_last_days", "gap_median_days"):
            row[name] = None if row[name] is None else row[name] * times
        rows.append(row)
    return snapshot(*rows)


@given(histories)
def test_every_customer_of_any_shop_has_exactly_one_stage(days: list[list[int]]) -> None:
    shop = shop_of(days)

    scores = fit([shop]).score(shop)

    assert scores["customer_id"].to_pylist() == shop["customer_id"].to_pylist()
    assert set(scores["label"].to_pylist()) <= set(STAGES)
    assert [label == "prospect" for label in scores["label"].to_pylist()] == [not history for history in days]


@given(st.lists(st.integers(1, LAST_DAY), min_size=1, max_size=12, unique=True).map(sorted), st.integers(0, 400))
def test_waiting_longer_never_brings_a_customer_closer(days: list[int], longer: int) -> None:
    nearness = {"new": 0, "active": 0, "loyal": 0, "won_back": 0, "at_risk": 1, "lapsed": 2}
    now, later = customer("ann", *days), customer("ann", *days)
    later["recency_days"] += longer

    labels = Stage(rhythm=MONTHLY, config=StageConfig()).score(snapshot(now, later))["label"].to_pylist()

    assert nearness[labels[0]] <= nearness[labels[1]]


@given(st.lists(st.lists(st.integers(1, LAST_DAY), max_size=6, unique=True).map(sorted), min_size=40, max_size=60))
def test_a_shop_that_lives_four_times_slower_has_the_same_stages(days: list[list[int]]) -> None:
    fast, slow = shop_of(days), shop_of(days, times=4)

    labels = fit([fast]).score(fast)["label"].to_pylist()

    if fit([fast]).rhythm.known:
        assert fit([slow]).score(slow)["label"].to_pylist() == labels


def test_moves_between_stages_are_counted_with_those_who_came_and_went() -> None:
    def scores(**stages: str) -> pa.Table:
        return pa.table(
            {"customer_id": list(stages), "target": ["stage"] * len(stages), "label": list(stages.values())},
        )

    table = transition_table(
        scores(ann="new", bob="new", cyd="loyal", dan="lapsed"), scores(ann="active", bob="new", cyd="loyal", eve="new")
    )

    assert table.to_pylist() == [
        {"before": "none", "after": "new", "customers": 1, "share": 1.0},
        {"before": "new", "after": "new", "customers": 1, "share": 0.5},
        {"before": "new", "after": "active", "customers": 1, "share": 0.5},
        {"before": "loyal", "after": "loyal", "customers": 1, "share": 1.0},
        {"before": "lapsed", "after": "none", "customers": 1, "share": 1.0},
    ]


@given(
    st.dictionaries(st.text(max_size=3), st.sampled_from(list(STAGES))),
    st.dictionaries(st.text(max_size=3), st.sampled_from(list(STAGES))),
)
def test_no_customer_is_lost_between_two_moments(before: dict[str, str], after: dict[str, str]) -> None:
    def scores(stages: dict[str, str]) -> pa.Table:
        return pa.table(
            {
                "customer_id": pa.array(list(stages), pa.string()),
                "target": pa.array(["stage"] * len(stages), pa.string()),
                "label": pa.array(list(stages.values()), pa.string()),
            }
        )

    rows = transition_table(scores(before), scores(after)).to_pylist()

    arrived: Counter[str] = Counter()
    for row in rows:
        arrived[row["after"]] += row["customers"]
    arrived.pop("none", None)
    assert arrived == Counter(after.values())
    assert sum(row["customers"] for row in rows) == len(before.keys() | after.keys())
