"""Churn on three public shops: the figures promised, by the protocol of docs/models/churn.md."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lifeloop.predict.backtest import Backtest, backtest
from lifeloop.predict.judge.origins import origins_between

pytestmark = pytest.mark.real


def judged(shop: Any, first: datetime, last: datetime, *, step_days: int | None, test_origins: int) -> Backtest:
    origins = origins_between(first, last, step_days=step_days)
    models = ["blend"]
    return backtest(
        shop.engine, origins=origins, horizon_days=30, test_origins=test_origins, models=models, replicates=50, threads=1
    )


def meets(found: Backtest, *, auc: float, rows: tuple[int, int]) -> None:
    told = found.as_json()
    assert (told["training_rows"], told["rows"]) == rows
    assert found.figure("auc") >= auc, found.verdict.en
    assert found.figure("ece") <= 0.02, found.verdict.en
    assert 0.9 <= found.figure("slope") <= 1.1, found.verdict.en
    assert "ranks customers better than RFM" in found.verdict.en


def test_online_retail_30_days(online_retail: Any) -> None:
    first, last = datetime(2011, 3, 1, tzinfo=UTC), datetime(2011, 9, 6, tzinfo=UTC)

    meets(judged(online_retail, first, last, step_days=7, test_origins=4), auc=0.754, rows=(48_962, 13_162))


def test_cdnow_30_days(cdnow: Any) -> None:
    first, last = datetime(1997, 5, 1, tzinfo=UTC), datetime(1998, 4, 1, tzinfo=UTC)

    meets(judged(cdnow, first, last, step_days=None, test_origins=3), auc=0.825, rows=(50_000, 70_710))


def test_complete_journey_30_days(complete_journey: Any) -> None:
    first, last = datetime(2017, 4, 1, tzinfo=UTC), datetime(2017, 9, 30, tzinfo=UTC)

    meets(judged(complete_journey, first, last, step_days=7, test_origins=4), auc=0.890, rows=(44_890, 9_762))
