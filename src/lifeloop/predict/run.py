"""The nightly predictions: learn from the past of the shop, then score every customer as of one moment.

Each question learns from snapshots whose horizon had ended by `as_of`, writes a model version, and writes its scores.
Run twice for one `as_of`, versions and scores are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.config import Settings
from lifeloop.base.errors import NotEnoughData, SettingsError
from lifeloop.base.progress import Progress, silent
from lifeloop.base.text import Text
from lifeloop.features import take_labels, take_snapshot, write_snapshot
from lifeloop.features.cut import Moment
from lifeloop.lake import Engine, Lake
from lifeloop.predict.churn.learners import COMPARISON_ONLY
from lifeloop.predict.examples import Example
from lifeloop.predict.judge.origins import default_origins
from lifeloop.predict.models import churn, next_order, segment, stage, value
from lifeloop.predict.segment.clusters import ClusterConfig
from lifeloop.predict.versions import new_version
from lifeloop.schema import ORDER, SCORE, SNAPSHOT

TRAINING_ROWS = 50_000
"""More rows than this no longer help: the learning curve is flat from 10,000 on (docs/models/churn.md)."""
INSTANT = timedelta(microseconds=1)
QUESTIONS = ("churn", "value", "next_order", "stage", "segment")
FLOW_DAYS = 30
"""Stages are compared with those of this many days before."""

AS_OF_SQL = "SELECT * FROM snapshots WHERE as_of = $as_of ORDER BY customer_id"
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
class ModelRun:
    """What became of one question in one run."""

    question: str
    version: str
    learned_from: int
    """Rows of past snapshots it learned from."""
    scored: int
    """Customers it gave a score; on the others it abstained."""
    notes: tuple[Text, ...]
    """What whoever reads the scores should know."""


def predict_all(
    lake: Lake,
    engine: Engine,
    models: Path,
    as_of: datetime,
    *,
    first: datetime,
    settings: Settings,
    progress: Progress = silent,
) -> list[ModelRun]:
    """Learn and score every question as of `as_of`, whose snapshot is in the lake; `first` is the shop's first order.

    Scores go to the score table and versions below `models`. The stages of FLOW_DAYS earlier are written too, by the
    same rules, so that a report can show who moved where.
    """
    now = engine.query(AS_OF_SQL, {"snapshots": SNAPSHOT}, as_of=as_of)
    past = _Past(engine, as_of, first, settings, now)
    done = []
    for number, (question, (learn, load)) in enumerate(past.questions().items()):
        progress("predictions", number, len(QUESTIONS))
        model, rows = learn()
        folder = new_version(models, question, as_of)
        model.save(folder)
        scores = load(folder).score(now)
        lake.overwrite_as_of(SCORE, scores, as_of, where=f"model = '{question}'")
        done.append(
            ModelRun(question=question, version=folder.name, learned_from=rows, scored=_scored(scores), notes=model.notes)
        )
    if first < as_of - timedelta(days=FLOW_DAYS):
        _write_stages_before(lake, engine, stage.Stage.load(new_version(models, "stage", as_of)), as_of, settings)
    progress("predictions", len(QUESTIONS), len(QUESTIONS))
    return done


@dataclass(frozen=True)
class _Past:
    """The shop's past, as examples to learn from."""

    engine: Engine
    as_of: datetime
    first: datetime
    settings: Settings
    now: pa.Table
    """The snapshot to score."""

    def questions(self) -> dict[str, tuple[Callable[[], tuple[Model, int]], Callable[[Path], Model]]]:
        """Return for each question how it is learned, and how a saved version of it is read."""
        return {
            "churn": (self._churn, churn.Churn.load),
            "value": (self._value, value.Value.load),
            "next_order": (self._next_order, next_order.NextOrder.load),
            "stage": (lambda: (stage.fit([self.now]), self.now.num_rows), stage.Stage.load),
            "segment": (self._segment, segment.Segment.load),
        }

    def _churn(self) -> tuple[Model, int]:
        chosen = self.settings.predict
        examples = self.examples(chosen.churn_days)
        if chosen.churn_model in COMPARISON_ONLY:
            raise SettingsError(
                f"cannot run with churn_model = '{chosen.churn_model}'",
                "its library keeps no version without pickle, so it is here to compare with",
                f"See how it does with: lifeloop backtest --model {chosen.churn_model}; run with blend, lightgbm or logistic.",
            )
        config = churn.ChurnConfig(
            horizon_days=chosen.churn_days,
            model=chosen.churn_model,
            currency=self.settings.shop.currency,
            seed=chosen.seed,
            threads=chosen.threads,
        )
        return churn.fit(examples, config), _rows(examples)

    def _value(self) -> tuple[Model, int]:
        chosen = self.settings.predict
        examples = self.examples(chosen.value_days)
        config = value.ValueConfig(horizon_days=chosen.value_days, seed=chosen.seed, threads=chosen.threads)
        return value.fit(examples, config, present=self.now), _rows(examples)

    def _next_order(self) -> tuple[Model, int]:
        chosen = self.settings.predict
        examples = self.examples(chosen.value_days)
        return next_order.fit(examples, next_order.NextOrderConfig(), present=self.now), _rows(examples)

    def _segment(self) -> tuple[Model, int]:
        chosen = self.settings.predict
        config = segment.SegmentConfig(
            cluster=ClusterConfig(method=chosen.cluster_method, clusters=chosen.segments, seed=chosen.seed)
        )
        return segment.fit([self.now], config), self.now.num_rows

    def examples(self, horizon_days: int) -> list[Example]:
        """Return past snapshots with what followed, oldest first, at the origins a backtest asks at.

        The last horizon ends at `as_of`. A shop too young for the horizon gives an empty list; each model says what it
        does then.
        """
        try:
            origins = default_origins(self.first, self.as_of - INSTANT, horizon_days, zone=self.settings.shop.timezone)
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


def _rows(examples: list[Example]) -> int:
    return sum(example.rows for example in examples)


def _scored(scores: pa.Table) -> int:
    """Return how many customers got an answer: a figure or a name."""
    told = pc.or_(pc.is_valid(scores["value"]), pc.is_valid(scores["label"]))
    return len(pc.unique(scores.filter(told)["customer_id"]))


def _write_stages_before(lake: Lake, engine: Engine, rules: stage.Stage, as_of: datetime, settings: Settings) -> None:
    """Write the snapshot of FLOW_DAYS earlier and the stages in it, by the rules learned now."""
    zone = settings.shop.timezone
    before = Moment(as_of, zone).shifted(-FLOW_DAYS)
    write_snapshot(lake, engine, before, zone=zone)
    snapshot = engine.query(AS_OF_SQL, {"snapshots": SNAPSHOT}, as_of=before)
    lake.overwrite_as_of(SCORE, rules.score(snapshot), before, where="model = 'stage'")
