"""On real shops, stages and segments say something true about what customers then do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lifeloop.features import take_labels, take_snapshot
from lifeloop.predict.models import segment, stage
from lifeloop.predict.segment.rfm import rfm_scores
from lifeloop.predict.stage.rules import transition_table

FEATURES = (
    "recency_days tenure_days life_days orders order_days goods_minor order_value_mean_minor gap_mean_days gap_median_days "
    "gap_last_days gap_before_last_days"
).split()

SHOPS = [("online_retail", datetime(2011, 9, 1, tzinfo=UTC)), ("cdnow", datetime(1998, 3, 1, tzinfo=UTC))]


@pytest.mark.real
@pytest.mark.parametrize(("name", "as_of"), SHOPS)
def test_the_nearer_a_stage_the_more_customers_come_back(name: str, as_of: datetime, request: pytest.FixtureRequest) -> None:
    engine = request.getfixturevalue(name).engine
    snapshot = take_snapshot(engine, as_of, features=FEATURES)
    labels = take_labels(engine, as_of, 60)
    back = {
        customer: not gone
        for customer, gone in zip(labels["customer_id"].to_pylist(), labels["churned"].to_pylist(), strict=True)
    }

    scores = stage.fit([snapshot]).score(snapshot)
    came: dict[str, list[bool]] = {}
    for customer, label in zip(scores["customer_id"].to_pylist(), scores["label"].to_pylist(), strict=True):
        if customer in back:
            came.setdefault(label, []).append(back[customer])
    share = {label: sum(held) / len(held) for label, held in came.items()}

    assert share["loyal"] > share["active"] > share["at_risk"] > share["lapsed"]
    assert share["loyal"] > 3 * share["lapsed"]
    assert all(len(held) > 20 for held in came.values())


@pytest.mark.real
def test_customers_move_by_the_month_and_none_is_lost(request: pytest.FixtureRequest) -> None:
    engine = request.getfixturevalue("online_retail").engine
    now = datetime(2011, 9, 1, tzinfo=UTC)
    before, after = (take_snapshot(engine, moment, features=FEATURES) for moment in (now - timedelta(days=30), now))
    rules = stage.fit([after])

    moves = transition_table(rules.score(before), rules.score(after)).to_pylist()

    assert sum(move["customers"] for move in moves) == after.num_rows
    assert not [move for move in moves if move["after"] == "none"]
    stayed = sum(move["customers"] for move in moves if move["before"] == move["after"])
    assert 0.6 < stayed / after.num_rows < 0.95


@pytest.mark.real
@pytest.mark.parametrize(("name", "as_of"), SHOPS)
def test_clusters_of_a_real_shop_are_stable_and_named_apart(name: str, as_of: datetime, request: pytest.FixtureRequest) -> None:
    snapshot = take_snapshot(request.getfixturevalue(name).engine, as_of, features=FEATURES)

    found = segment.fit([snapshot])
    scores = found.score(snapshot)

    assert found.stability is not None
    assert found.stability >= 0.8
    assert 3 <= found.clustering.clusters <= 8
    assert len({label.en for label in found.names}) == len({label.zh for label in found.names}) == found.clustering.clusters
    fifths = [rfm_scores(row["label"])[2] for row in scores.to_pylist() if row["target"] == "rfm"]
    assert all(0.18 < fifths.count(number) / len(fifths) < 0.22 for number in range(1, 6))  # amounts hardly repeat
