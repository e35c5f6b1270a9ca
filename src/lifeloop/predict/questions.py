"""The questions a run asks, by name: how each is learned from the shop's past, and how a saved version of it is read.

Adding one is one file and one entry point in the group `lifeloop.models`, which names a `Question`;
`lifeloop.testing.models.ModelContract` tests its model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.clock import day_start
from lifeloop.base.config import Settings
from lifeloop.base.errors import NotEnoughData, SettingsError
from lifeloop.base.registry import Registry
from lifeloop.base.text import Text
from lifeloop.features import take_labels, take_snapshot
from lifeloop.lake import Engine
from lifeloop.predict.churn.learners import COMPARISON_ONLY
from lifeloop.predict.examples import Example
from lifeloop.predict.judge.origins import default_origins
from lifeloop.predict.models import churn, next_order, segment, stage, value
from lifeloop.predict.segment.clusters import ClusterConfig
from lifeloop.schema import ORDER

TRAINING_ROWS = 50_000
"""More rows than this no longer help: the learning curve is flat from 10,000 on (docs/models/churn.md)."""
INSTANT = timedelta(microseconds=1)

BUYERS_SQL = """
SELECT DISTINCT customer_id FROM orders WHERE placed_at < $as_of AND customer_id IS NOT NULL ORDER BY customer_id
"""


class Model(Protocol):
    """What every model file makes."""

    @property
    def notes(self) -> tuple[Text, ...]:
        """What whoever reads its scores should know."""
        ...

    def score(self, snapshot: pa.Table) -> pa.Table:
        """Return rows of the score table."""
        ...

    def save(self, folder: Path) -> None:
        """Write a version."""
        ...


@dataclass(frozen=True)
class Past:
    """The shop's past, as examples to learn from, and its present."""

    engine: Engine
    as_of: datetime
    first: datetime
    """The shop's first order."""
    settings: Settings
    now: pa.Table
    """The snapshot to score."""

    def examples(self, horizon_days: int) -> list[Example]:
        """Return past snapshots with what followed, oldest first, at the origins a backtest asks at.

        The last horizon ends with the last whole day before `as_of`. A shop too young for the horizon gives an empty
        list; each model says what it does then.
        """
        try:
            known = day_start(self.as_of, ZoneInfo(self.settings.shop.timezone)) - INSTANT
            origins = default_origins(self.first, known, horizon_days, zone=self.settings.shop.timezone)
        except NotEnoughData:
            return []
        return [self._example(origin, horizon_days, TRAINING_ROWS // len(origins)) for origin in origins]

    def _example(self, origin: datetime, horizon_days: int, most: int) -> Example:
        zone = self.settings.shop.timezone
        buyers = self.engine.query(BUYERS_SQL, {"orders": ORDER}, as_of=origin)["customer_id"]
        drawn = None
        if len(buyers) > most:
            rows = np.random.default_rng([self.settings.predict.seed, int(origin.timestamp())]).choice(
                len(buyers), most, replace=False
            )
            drawn = buyers.take(pa.array(rows)).to_pylist()
        snapshot = take_snapshot(self.engine, origin, zone=zone, customers=drawn)
        labels = take_labels(self.engine, origin, horizon_days, zone=zone)
        if drawn is not None:
            labels = labels.filter(pc.is_in(labels["customer_id"], value_set=pa.array(drawn)))
        return Example.of(snapshot, labels, horizon_days)


@dataclass(frozen=True)
class Question:
    """One question: `learn` gives its model and the rows of past snapshots it learned from, `load` reads a version."""

    learn: Callable[[Past], tuple[Model, int]]
    load: Callable[[Path], Model]


def _churn(past: Past) -> tuple[Model, int]:
    chosen = past.settings.predict
    examples = past.examples(chosen.churn_days)
    if chosen.churn_model in COMPARISON_ONLY:
        raise SettingsError(
            f"cannot run with churn_model = '{chosen.churn_model}'",
            "its library keeps no version without pickle, so it is here to compare with",
            f"See how it does with: lifeloop backtest --model {chosen.churn_model}; run with blend, lightgbm or logistic.",
        )
    config = churn.ChurnConfig(
        horizon_days=chosen.churn_days,
        model=chosen.churn_model,
        currency=past.settings.shop.currency,
        seed=chosen.seed,
        threads=chosen.threads,
    )
    return churn.fit(examples, config), _rows(examples)


def _value(past: Past) -> tuple[Model, int]:
    chosen = past.settings.predict
    examples = past.examples(chosen.value_days)
    config = value.ValueConfig(horizon_days=chosen.value_days, seed=chosen.seed, threads=chosen.threads)
    return value.fit(examples, config, present=past.now), _rows(examples)


def _next_order(past: Past) -> tuple[Model, int]:
    chosen = past.settings.predict
    examples = past.examples(chosen.value_days)
    return next_order.fit(examples, next_order.NextOrderConfig(), present=past.now), _rows(examples)


def _segment(past: Past) -> tuple[Model, int]:
    chosen = past.settings.predict
    config = segment.SegmentConfig(
        cluster=ClusterConfig(method=chosen.cluster_method, clusters=chosen.segments, seed=chosen.seed)
    )
    return segment.fit([past.now], config), past.now.num_rows


def _stage(past: Past) -> tuple[Model, int]:
    return stage.fit([past.now]), past.now.num_rows


def _rows(examples: list[Example]) -> int:
    return sum(example.rows for example in examples)


_OWN = {
    "churn": Question(_churn, churn.Churn.load),
    "value": Question(_value, value.Value.load),
    "next_order": Question(_next_order, next_order.NextOrder.load),
    "stage": Question(_stage, stage.Stage.load),
    "segment": Question(_segment, segment.Segment.load),
}

QUESTIONS: Registry[Question] = Registry("question", "lifeloop.models", _OWN)
"""Every question by name, in the order they are asked; the name is the column `model` of the scores."""
