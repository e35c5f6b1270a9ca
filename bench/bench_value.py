"""Value and next order on real shops: rank, level, deciles and coverage beside the baselines, and what they cost.

Prints one JSON line. Reads the public sets at LIFELOOP_DATA (default: shared/data beside the checkout) through the same
recipes as the tests. `past_rate` is spend so far, carried on at its own rate; `level` is BG/NBD x Gamma-Gamma alone;
`plain_trees` is LightGBM on features as they are.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "predict"))

from conftest import build_real_shop  # noqa: E402
from lifeloop.features import take_labels, take_snapshot  # noqa: E402
from lifeloop.predict.columns import numbers  # noqa: E402
from lifeloop.predict.examples import Example, matrix  # noqa: E402
from lifeloop.predict.metrics import Amounts, Binary  # noqa: E402
from lifeloop.predict.models import next_order, value  # noqa: E402

DATA = Path(os.environ.get("LIFELOOP_DATA", ROOT.parent / "shared" / "data"))


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SHOPS: dict[str, tuple[list[datetime], datetime, int]] = {
    "cdnow": ([day("1997-07-01")], day("1998-01-01"), 182),
    "online_retail": ([day("2011-03-01") + timedelta(7 * week) for week in range(15)], day("2011-09-06"), 90),
}
"""Per shop: the past snapshots, the one judged, and the horizon in days."""

WAITS: list[tuple[str, list[datetime], datetime, int]] = [
    ("cdnow", [day("1997-07-01")], day("1998-01-01"), 180),
    ("cdnow", [day(f"1997-{month:02d}-01") for month in (7, 8, 9, 10)], day("1998-01-01"), 90),
    ("online_retail", [day("2011-03-01") + timedelta(14 * step) for step in range(4)], day("2011-07-20"), 90),
    ("online_retail", [day("2011-03-01") + timedelta(14 * step) for step in range(8)], day("2011-09-06"), 90),
    ("online_retail_ii", [day(f"2010-{month:02d}-01") for month in (7, 8, 9, 10)], day("2011-04-01"), 180),
    ("online_retail_ii", [day(f"2010-{month:02d}-01") for month in (9, 10, 11, 12)], day("2011-06-01"), 180),
    ("online_retail_ii", [day(f"2010-{month:02d}-01") for month in (9, 10, 11, 12)], day("2011-09-06"), 90),
]
"""Forecasts of the next order: shop, past snapshots, the one judged, days watched."""


def example(engine: Any, as_of: datetime, horizon_days: int) -> Example:
    return Example.of(take_snapshot(engine, as_of), take_labels(engine, as_of, horizon_days), horizon_days)


PLAIN = (
    "recency_days tenure_days life_days order_days orders goods_minor repeat_day_value_mean_minor first_day_value_minor "
    "last_day_value_minor order_value_max_minor order_value_sd_minor goods_30d_minor goods_60d_minor goods_90d_minor "
    "goods_180d_minor orders_30d orders_60d orders_90d orders_180d"
).split()


def plain_trees(past: list[Example], today: Example) -> np.ndarray:
    """Return what LightGBM says of revenue from plain features, without any level."""
    import lightgbm

    seen = np.concatenate([matrix(part.snapshot, PLAIN) for part in past])
    came = np.concatenate([part.label("revenue_minor") for part in past]) / 100
    how = {"objective": "tweedie", "learning_rate": 0.05, "num_leaves": 7, "min_child_samples": 100}
    trees = lightgbm.train(how | {"verbosity": -1, "num_threads": 1, "seed": 0}, lightgbm.Dataset(seen, came), 150)
    return 100 * np.asarray(trees.predict(matrix(today.snapshot, PLAIN)))


def coverage(scores: pa.Table, target: str, came: np.ndarray, rows: np.ndarray) -> float:
    told = scores.filter(pc.equal(scores["target"], target))
    return float(np.mean(((came >= numbers(told, "low")) & (came <= numbers(told, "high")))[rows]))


def judge(name: str, engine: Any) -> dict[str, Any]:
    origins, at, horizon = SHOPS[name]
    past, today = [example(engine, origin, horizon) for origin in origins], example(engine, at, horizon)
    started = time.process_time()
    model = value.fit(past, value.ValueConfig(horizon_days=horizon), present=today.snapshot)
    fitted = time.process_time()
    scores = model.score(today.snapshot)
    scored = time.process_time()
    came, orders = today.label("revenue_minor"), today.label("orders")
    ours, alone = model.estimate(today.snapshot), value.fit([], model.config, present=today.snapshot).estimate(today.snapshot)
    rate = numbers(today.snapshot, "goods_minor") / (numbers(today.snapshot, "tenure_days") + 30.0) * horizon
    likely, everybody = ours.chance > 0.2, np.ones(today.rows, dtype=bool)
    return {
        "rows": {"learned_from": model.learned_from, "judged": today.rows},
        "revenue": {
            "ours": Amounts(came, ours.revenue).measure(),
            "level": Amounts(came, alone.revenue).measure(),
            "plain_trees": Amounts(came, plain_trees(past, today)).measure(),
            "past_rate": Amounts(came, rate).measure(),
        },
        "orders": Amounts(orders, ours.orders).measure(),
        "p_buy": Binary(orders > 0, ours.chance).measure(),
        "coverage_80": {
            "all": coverage(scores, "revenue_minor", came, everybody),
            "p_buy_above_0.2": coverage(scores, "revenue_minor", came, likely),
        },
        "cpu_s": {"fit": fitted - started, "score_per_100k": (scored - fitted) / today.rows * 1e5},
    }


def wait(name: str, engine: Any, origins: list[datetime], at: datetime, horizon: int) -> dict[str, Any]:
    past, today = [example(engine, origin, horizon) for origin in origins], example(engine, at, horizon)
    told: dict[str, Any] = {"shop": name, "as_of": at.date().isoformat(), "days": horizon, "customers": today.rows}
    for who, learned in (("ours", past), ("bg_nbd", [])):
        kept = next_order.fit(learned, present=today.snapshot).promise(today)
        told[who] = {"came_by_median": kept.came_by_median, "came_within_80": kept.came_within}
    return told


def rounded(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: rounded(part) for name, part in told.items()}
    if isinstance(told, list):
        return [rounded(part) for part in told]
    return float(f"{told:.4g}") if isinstance(told, float) else told


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = dict.fromkeys([*SHOPS, *(case[0] for case in WAITS)])
        engines = {name: build_real_shop(name, DATA, Path(folder) / name).engine for name in names}
        shops = {name: judge(name, engines[name]) for name in SHOPS}
        waits = [wait(name, engines[name], *case) for name, *case in WAITS]
    ours, level = (shops["cdnow"]["revenue"][who] for who in ("ours", "level"))
    told = {
        "name": "value",
        "ours": ours["gini"],
        "peer": level["gini"],
        "peer_name": "BG/NBD x Gamma-Gamma (CDNOW, normalised Gini)",
        "ratio": ours["gini"] / level["gini"],
        "goal": {"gini": 0.75, "total_ratio": [0.9, 1.1], "decile_mape": 0.2},
        "shops": shops,
        "next_order": waits,
    }
    print(json.dumps(rounded(told)))


if __name__ == "__main__":
    main()
