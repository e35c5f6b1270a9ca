"""The nightly predictions: learn from the past of the shop, then score every customer as of one moment.

Each question learns from snapshots whose horizon had ended by `as_of`, writes a model version, and writes its scores.
Run twice for one `as_of`, versions and scores are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.config import Settings
from lifeloop.base.progress import Progress, silent
from lifeloop.base.text import Text
from lifeloop.base.versions import new_version
from lifeloop.features import write_snapshot
from lifeloop.features.cut import Moment
from lifeloop.lake import Engine, Lake
from lifeloop.predict.models import stage
from lifeloop.predict.questions import QUESTIONS, Past
from lifeloop.schema import SCORE, SNAPSHOT

FLOW_DAYS = 30
"""Stages are compared with those of this many days before."""

WRITTEN_LAST = "churn"
"""The question whose scores are written last: where they stand, a run is whole."""

AS_OF_SQL = "SELECT * FROM snapshots WHERE as_of = $as_of ORDER BY customer_id"
RUN_SQL = "SELECT as_of FROM scores WHERE as_of = $as_of AND model = $question LIMIT 1"


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
    past = Past(engine, as_of, first, settings, now)
    done: dict[str, ModelRun] = {}
    for number, question in enumerate(sorted(QUESTIONS, key=WRITTEN_LAST.__eq__)):
        progress("predictions", number, len(QUESTIONS))
        asked = QUESTIONS[question]
        model, rows = asked.learn(past)
        folder = new_version(models, question, as_of)
        model.save(folder)
        scores = asked.load(folder).score(now)
        if question == WRITTEN_LAST and first < as_of - timedelta(days=FLOW_DAYS):
            _write_stages_before(lake, engine, stage.Stage.load(new_version(models, "stage", as_of)), as_of, settings)
        lake.overwrite_as_of(SCORE, scores, as_of, where=f"model = '{question}'")
        done[question] = ModelRun(
            question=question, version=folder.name, learned_from=rows, scored=_scored(scores), notes=model.notes
        )
    progress("predictions", len(QUESTIONS), len(QUESTIONS))
    return [done[question] for question in QUESTIONS]


def _scored(scores: pa.Table) -> int:
    """Return how many customers got an answer: a figure or a name."""
    told = pc.or_(pc.is_valid(scores["value"]), pc.is_valid(scores["label"]))
    return len(pc.unique(scores.filter(told)["customer_id"]))


def _write_stages_before(lake: Lake, engine: Engine, rules: stage.Stage, as_of: datetime, settings: Settings) -> None:
    """Write the snapshot of FLOW_DAYS earlier and the stages in it, by the rules learned now; a run of then is left alone."""
    zone = settings.shop.timezone
    before = Moment(as_of, zone).shifted(-FLOW_DAYS)
    if engine.query(RUN_SQL, {"scores": SCORE}, as_of=before, question=WRITTEN_LAST).num_rows:
        return
    write_snapshot(lake, engine, before, zone=zone)
    snapshot = engine.query(AS_OF_SQL, {"snapshots": SNAPSHOT}, as_of=before)
    lake.overwrite_as_of(SCORE, rules.score(snapshot), before, where="model = 'stage'")
