"""The report reads what a backtest really writes."""

from __future__ import annotations

import json

import pytest

from lifeloop.measure.judgement import judgement
from lifeloop.predict.backtest import backtest
from lifeloop.testing import ShopBuilder


@pytest.mark.parametrize("question", ["churn", "value"])
def test_a_real_backtest_can_be_shown(shop: ShopBuilder, question: str) -> None:
    for number in range(60):
        for day in range(number % 20, 160 - (number % 3) * 50, 6 + number % 7 * 4):
            shop.orders(f"c{number:02}", day=day, spent=10 + number)

    told = backtest(
        shop.engine,
        question=question,
        origins=[shop.day(day) for day in (70, 100, 130)],
        horizon_days=30,
        test_origins=1,
        models=["rfm"],
        replicates=5,
        threads=1,
    ).as_json()
    shown = judgement(json.loads(json.dumps(told)))

    assert (shown.question, shown.horizon_days, shown.origins, shown.rows) == (question, 30, 1, told["rows"])
    assert {one.name for one in shown.models} >= {"rfm", "btyd"}
    assert shown.verdict_en
    assert shown.verdict_zh
    if question == "churn":
        assert sum(one.rows for one in shown.bins) == told["rows"]
        assert all(one.low <= one.observed <= one.high for one in shown.bins)
    else:
        assert sum(one.customers for one in shown.deciles) == told["rows"]
        assert len(shown.total_ratios) == 1
