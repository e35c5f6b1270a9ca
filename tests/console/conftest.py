"""A small shop with every score, in a real lake, and two backtests, for tests of the report."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from lifeloop.base.config import Settings, ShopSettings
from lifeloop.features import write_snapshot
from lifeloop.measure.report_data import ReportData, report_data
from lifeloop.predict.models import segment, stage
from lifeloop.schema import ASSOCIATION_RULE, RECOMMENDATION, REJECTED, SCORE, SNAPSHOT
from lifeloop.testing import ShopBuilder

HOSTILE = '<script>alert("ann")</script>'
"""A customer id that would like to run."""

CHURN: dict[str, Any] = {
    "question": "churn",
    "horizon_days": 30,
    "model": "blend",
    "origins": ["2024-03-01", "2024-04-01"],
    "rows": 400,
    "models": [
        {"name": "blend", "baseline": False, "figures": {"auc": {"value": 0.756, "low": 0.748, "high": 0.764}}},
        {"name": "rfm", "baseline": True, "figures": {"auc": {"value": 0.744, "low": 0.736, "high": 0.752}}},
    ],
    "calibration": [{"predicted": 0.2, "observed": 0.25, "rows": 200}, {"predicted": 0.8, "observed": 0.78, "rows": 200}],
    "verdict": {"en": "Better than RFM.", "zh": "优于 RFM。"},
}

VALUE: dict[str, Any] = {
    "question": "value",
    "horizon_days": 180,
    "model": "offset",
    "origins": ["2024-01-01"],
    "rows": 200,
    "models": [{"name": "offset", "baseline": False, "figures": {"gini": {"value": 0.78}}}],
    "per_origin": [{"models": {"offset": {"total_ratio": 0.8}}}, {"models": {"offset": {"total_ratio": None}}}],
    "deciles": [{"predicted": 1000.0 * n, "actual": 900.0 * n, "customers": 20} for n in range(10, 0, -1)],
    "verdict": {"en": "No better than BTYD.", "zh": "不优于 BTYD。"},
}


def lively_shop(shop: ShopBuilder) -> ShopBuilder:
    """Let 40 customers order over half a year, some of them no more, and score everybody on days 150 and 180."""
    for number in range(40):
        rhythm = 7 + number % 5 * 9
        for day in range(number % 30 + 35 * (number % 4 == 1), 178 - (number % 4) * 40, rhythm):
            shop.orders(f"c{number:02}", day=day, spent=10 + number)
    for day in (1, 40, 80):
        shop.orders(HOSTILE, day=day, spent=500, products=("<img src=x onerror=alert(1)>",))
    for day in (150, 180):
        write_snapshot(shop.lake, shop.engine, shop.day(day))
    now, before = (_snapshot(shop, day) for day in (180, 150))
    stages = stage.fit([now])
    shop.lake.overwrite_as_of(SCORE, stages.score(before), shop.day(150))
    scores = [stages.score(now), segment.fit([now]).score(now), *_figures(now)]
    shop.lake.overwrite_as_of(SCORE, pa.concat_tables(scores), shop.day(180))
    rule = dict.fromkeys(("support", "confidence", "low", "high", "lift", "p_value", "q_value"), 0.5)
    rule |= dict.fromkeys(("orders", "orders_if", "orders_then", "orders_both"), 9)
    rule |= {"as_of": shop.day(180), "if_product": "<img src=x onerror=alert(1)>", "then_product": "thing"}
    shop.lake.overwrite_as_of(ASSOCIATION_RULE, pa.Table.from_pylist([rule], schema=ASSOCIATION_RULE.arrow()), shop.day(180))
    row = {"as_of": shop.day(180), "customer_id": HOSTILE, "placement": "message", "rank": 1, "product_id": "thing"}
    row |= {"score": 1.0, "strategy": "personal", "version": "v1"}
    shop.lake.overwrite_as_of(RECOMMENDATION, pa.Table.from_pylist([row], schema=RECOMMENDATION.arrow()), shop.day(180))
    refused = {
        "file": "orders.csv",
        "file_sha256": "0",
        "line": 2,
        "reason": "bad_date",
        "detail": f"{HOSTILE} is no date",
        "raw": HOSTILE,
        "received_at": shop.day(170),
    }
    shop.lake.append(REJECTED, pa.Table.from_pylist([refused], schema=REJECTED.arrow()))
    return shop


def _snapshot(shop: ShopBuilder, day: int) -> pa.Table:
    return shop.engine.query("SELECT * FROM s WHERE as_of = $at ORDER BY customer_id", {"s": SNAPSHOT}, at=shop.day(day))


def _figures(snapshot: pa.Table) -> list[pa.Table]:
    told = {"feature": "recency_days", "effect": 1.0, "en": "Silent for long & <b>far</b>.", "zh": "沉默已久。"}
    reasons = json.dumps([told], ensure_ascii=False)
    days = snapshot.column("recency_days").to_pylist()
    figures: dict[tuple[str, str, int], list[float]] = {
        ("churn", "p_churn", 30): [min(0.1 + day / 200, 0.99) for day in days],
        ("value", "revenue_minor", 180): [100_000.0 / (1 + day) for day in days],
        ("value", "orders", 180): [10.0 / (1 + day) for day in days],
        ("next_order", "days", 365): [5.0 + day for day in days],
    }
    blank = dict.fromkeys(SCORE.columns)
    rows = [
        blank
        | {
            "as_of": as_of,
            "customer_id": customer,
            "model": model,
            "target": target,
            "horizon_days": horizon,
            "value": value,
            "low": value * 0.5,
            "high": value * 1.5,
            "reasons": reasons if target == "p_churn" else "[]",
            "version": "20240629T000000Z",
        }
        for (model, target, horizon), values in figures.items()
        for as_of, customer, value in zip(
            snapshot.column("as_of").to_pylist(), snapshot.column("customer_id").to_pylist(), values, strict=True
        )
    ]
    return [pa.Table.from_pylist(rows, schema=SCORE.arrow())]


@pytest.fixture(scope="session")
def lively(tmp_path_factory: pytest.TempPathFactory) -> ShopBuilder:
    return lively_shop(ShopBuilder(tmp_path_factory.mktemp("lively")))


@pytest.fixture(scope="session")
def data(lively: ShopBuilder) -> ReportData:
    settings = Settings(shop=ShopSettings(name="Gifts & <b>Co</b>", currency="EUR"))
    return report_data(lively.engine, lively.day(180), settings=settings, backtests=(CHURN, VALUE))


@pytest.fixture(scope="session")
def unjudged(lively: ShopBuilder) -> ReportData:
    return report_data(lively.engine, lively.day(180), settings=Settings())


@pytest.fixture
def nothing(shop: ShopBuilder) -> ReportData:
    return report_data(shop.engine, shop.day(5), settings=Settings())
