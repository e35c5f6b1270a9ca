"""Churn answers everyone who ever ordered, with reasons that add up, and says when it cannot."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.base.errors import ModelError, UnknownName
from lifeloop.predict.churn.inputs import btyd_of, inputs_of
from lifeloop.predict.churn.reason_groups import GROUPS, Group, group_of
from lifeloop.predict.churn.reasons import grouped
from lifeloop.predict.examples import Example, ever_ordered
from lifeloop.predict.metrics import logit
from lifeloop.predict.models.churn import Churn, ChurnConfig, fit
from lifeloop.schema import SCORE

CONFIG = ChurnConfig(threads=1)


@pytest.fixture(scope="module")
def training(known_past: Any) -> list[Example]:
    return [known_past.example(day) for day in (180, 210, 240, 270, 300)]


@pytest.fixture(scope="module")
def churn(training: list[Example]) -> Churn:
    return fit(training, CONFIG)


@pytest.fixture(scope="module")
def today(known_past: Any) -> pa.Table:
    return known_past.example(330).snapshot


def with_visitor(snapshot: pa.Table) -> pa.Table:
    """Add someone who never ordered."""
    visitor: dict[str, Any] = dict.fromkeys(snapshot.column_names)
    visitor |= {"as_of": snapshot.column("as_of")[0].as_py(), "customer_id": "visitor", "orders": 0}
    return pa.concat_tables([snapshot, pa.Table.from_pylist([visitor], schema=snapshot.schema)])


def test_every_customer_gets_a_score_within_its_interval(churn: Churn, today: pa.Table) -> None:
    scores = churn.score(today)

    assert scores.schema == SCORE.arrow()
    assert scores.column("customer_id").to_pylist() == today.column("customer_id").to_pylist()
    value, low, high = (np.asarray(scores.column(name)) for name in ("value", "low", "high"))
    assert np.all((low >= 0) & (low <= value) & (value <= high) & (high <= 1))
    assert value.std() > 0.1
    assert churn.held_back is not None
    assert churn.held_back.figures["auc"] > 0.7  # type: ignore[operator]


def test_reasons_add_up_to_the_logit_of_the_score(churn: Churn, today: pa.Table) -> None:
    buyers = ever_ordered(today)
    btyd = btyd_of(buyers)
    assert btyd is not None

    effects = grouped(churn.learned.terms(inputs_of(buyers, churn.features, btyd, 30)))

    score = np.asarray(churn.score(today).column("value"))
    np.testing.assert_allclose(effects.base + effects.values.sum(axis=1), logit(score, 1e-12), atol=1e-7)


def test_the_told_effects_are_those_of_the_groups(churn: Churn, today: pa.Table) -> None:
    buyers = ever_ordered(today)
    btyd = btyd_of(buyers)
    assert btyd is not None
    effects = grouped(churn.learned.terms(inputs_of(buyers, churn.features, btyd, 30)))
    column = {group.lead: number for number, group in enumerate(effects.groups)}

    told = [json.loads(text) for text in churn.score(today).column("reasons").to_pylist()]

    for row, reasons in enumerate(told):
        sizes = [abs(reason["effect"]) for reason in reasons]
        assert sizes == sorted(sizes, reverse=True)
        for reason in reasons:
            assert reason["effect"] == pytest.approx(effects.values[row, column[reason["feature"]]], abs=1e-4)


def test_a_customer_gone_quiet_is_told_so_in_both_languages(churn: Churn, today: pa.Table) -> None:
    gap = np.asarray(today.column("gap_mean_days").to_pylist(), dtype=float)
    recency = np.asarray(today.column("recency_days"))
    quiet = int(np.nanargmax(np.where(gap < 10, recency, np.nan)))

    reasons = json.loads(churn.score(today).column("reasons")[quiet].as_py())

    rhythm = next(reason for reason in reasons if reason["feature"] == "recency_days")
    assert rhythm["effect"] > 0
    assert rhythm["en"] == f"Last order {recency[quiet]} days ago; usually orders every {gap[quiet]:.0f} days"
    assert rhythm["zh"] == f"距上次下单已{recency[quiet]}天，平时约每{gap[quiet]:.0f}天下单一次"


def test_amounts_are_shown_in_the_shops_currency_where_it_is_known(churn: Churn, today: pa.Table) -> None:
    plain = "".join(churn.score(today).column("reasons").to_pylist())
    of_euros = replace(churn, config=replace(CONFIG, currency="EUR"))

    shown = "".join(of_euros.score(today).column("reasons").to_pylist())

    assert " EUR" not in plain
    assert " EUR" in shown


def test_a_saved_version_scores_as_before(churn: Churn, today: pa.Table, tmp_path: Path) -> None:
    churn.save(tmp_path / "churn" / "1")

    again = Churn.load(tmp_path / "churn" / "1")

    columns = [name for name in SCORE.columns if name != "version"]
    assert again.score(today).select(columns).equals(churn.score(today).select(columns))
    assert again.score(today).column("version")[0].as_py() == "1"
    assert again.held_back == churn.held_back


def test_one_customer_alone_is_scored_by_the_rhythm_of_the_shop(churn: Churn, training: list[Example]) -> None:
    last = training[-1].snapshot
    assert churn.btyd is not None
    assert churn.btyd.customers == last.num_rows

    whole = np.asarray(churn.score(last).column("value"))

    np.testing.assert_allclose(np.asarray(churn.score(last.slice(7, 1)).column("value")), whole[7:8], atol=1e-9)


def test_a_visitor_who_never_ordered_gets_no_score_and_a_reason(churn: Churn, today: pa.Table) -> None:
    scores = churn.score(with_visitor(today)).to_pylist()

    assert scores[-1]["customer_id"] == "visitor"
    assert scores[-1]["value"] is None
    assert json.loads(scores[-1]["reasons"])[0]["zh"] == "还没有下过单，无从推算。"
    assert all(row["value"] is not None for row in scores[:-1])


def test_with_little_past_the_rhythm_of_orders_answers_and_says_so(known_past: Any, today: pa.Table) -> None:
    few = fit([known_past.example(day).take(np.arange(300)) for day in (200, 240)], CONFIG)
    none = fit([], CONFIG)

    for model in (few, none):
        scores = model.score(today).to_pylist()
        assert all(row["value"] is not None for row in scores)
        assert json.loads(scores[0]["reasons"])[-1]["en"].startswith("Too little past to learn from")
    assert none.held_back is None
    assert {(row["low"], row["high"]) for row in none.score(today).to_pylist()} == {(0.0, 1.0)}  # nothing was ever checked


def test_a_shop_of_one_day_is_told_that_it_is_too_early(today: pa.Table) -> None:
    first_day = today
    for name in ("recency_days", "tenure_days", "life_days", "order_days"):
        value = 1 if name == "order_days" else 0
        place = first_day.schema.get_field_index(name)
        first_day = first_day.set_column(place, name, pa.array([value] * today.num_rows, pa.int64()))

    scores = fit([], CONFIG).score(first_day).to_pylist()

    assert {row["value"] for row in scores} == {None}
    assert json.loads(scores[0]["reasons"])[0]["en"] == "Too early: the shop's first orders are not a day old."


def test_one_customer_who_ordered_once_is_an_answer_and_not_an_error(today: pa.Table) -> None:
    once = next(row for row in range(today.num_rows) if today.column("orders")[row].as_py() == 1)

    score = fit([], CONFIG).score(today.slice(once, 1)).to_pylist()[0]

    assert 0 < score["value"] < 1
    assert (score["low"], score["high"]) == (0.0, 1.0)


@pytest.mark.parametrize("model", ["prior", "recency", "rfm", "btyd", "logistic", "lightgbm"])
def test_any_model_that_can_be_saved_can_be_the_shops_own(
    model: str, training: list[Example], today: pa.Table, tmp_path: Path
) -> None:
    churn = fit(training, ChurnConfig(model=model, threads=1))
    churn.save(tmp_path / "1")

    scores = Churn.load(tmp_path / "1").score(today)

    assert scores.column("value").null_count == 0


def test_a_horizon_other_than_that_of_the_labels_is_an_error(training: list[Example]) -> None:
    with pytest.raises(ModelError, match="cannot learn churn over 60 days"):
        fit(training, ChurnConfig(horizon_days=60))


def test_an_unknown_model_is_told_with_the_nearest(training: list[Example]) -> None:
    with pytest.raises(UnknownName, match="did you mean 'blend'"):
        fit(training, ChurnConfig(model="blnd"))


def test_every_declared_feature_speaks_of_something() -> None:
    from lifeloop.features import FEATURES

    assert [name for name in FEATURES if group_of(name) not in GROUPS] == []
    assert {group.lead for group in GROUPS} <= set(FEATURES)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.lead)
@pytest.mark.parametrize("values", [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (7.0, 300.0, 12.0), (np.nan, np.nan, np.nan)])
def test_every_group_has_a_whole_sentence_for_any_facts(group: Group, values: tuple[float, ...]) -> None:
    for money in (None, str):
        en, zh = group.say(values[: len(group.reads)], money)

        assert en[0].isupper() or en[0].isdigit()
        assert "nan" not in en + zh or np.isnan(values[0])
        assert any("\u4e00" <= sign <= "\u9fff" for sign in zh)


def test_one_day_is_said_in_the_singular() -> None:
    assert group_of("recency_days").say((1.0, 7.0), None)[0] == "Last order 1 day ago; usually orders every 7 days"


def test_a_feature_of_ones_own_is_told_with_its_value() -> None:
    group = group_of("loyalty_points")

    assert group.say((1200.0,), None) == ("loyalty_points: 1,200", "loyalty_points：1,200")
