"""Everything the report shows, gathered once, in no language and without a single drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from lifeloop.base.config import Settings
from lifeloop.base.errors import ModelError
from lifeloop.base.text import Language
from lifeloop.base.versions import load_version, new_version
from lifeloop.features import FEATURES
from lifeloop.lake import Engine
from lifeloop.measure.cohorts import Cohort, cohorts
from lifeloop.measure.customers import Worth, worth_a_look
from lifeloop.measure.goods import Goods, goods
from lifeloop.measure.grids import ClusterFacts, Group, RfmCell, cluster_facts, clusters, rfm_grid, rfm_groups
from lifeloop.measure.judgement import Judgement, judgement
from lifeloop.measure.notes import Note, notes
from lifeloop.measure.outlook import Decile, Outlook, ReasonCount, outlook, top_reasons, value_deciles
from lifeloop.measure.quality import Quality, quality
from lifeloop.measure.revenue import MonthRevenue, Period, periods, revenue_by_month
from lifeloop.measure.stage_flow import Move, StageCount, stage_counts, stage_flow
from lifeloop.measure.standing import moment_before, stages_at, standing
from lifeloop.schema import SCORE

MODELS_SQL = """
SELECT model, max(version) AS version, max(horizon_days) AS horizon_days, count(DISTINCT customer_id) AS customers
FROM scores WHERE as_of = $as_of GROUP BY model ORDER BY model
"""


@dataclass(frozen=True)
class ModelCard:
    """One model as of the report's moment."""

    question: str
    version: str
    horizon_days: int | None
    customers: int
    """Customers it gave an answer for."""


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """What the report shows. A part nobody knows anything of is empty or None, and the report says why."""

    shop: str
    currency: str
    zone: str
    language: Language
    as_of: datetime
    previous_as_of: datetime | None
    """The moment the stages are compared with."""
    outlook: Outlook
    periods: tuple[Period, ...]
    stages: tuple[StageCount, ...]
    rules: dict[str, dict[str, str]]
    """Each stage's rule in words by language, where the version that told them is there."""
    moves: tuple[Move, ...]
    revenue: tuple[MonthRevenue, ...]
    cohorts: tuple[Cohort, ...]
    grid: tuple[RfmCell, ...]
    rfm: tuple[Group, ...]
    clusters: tuple[Group, ...]
    cluster_facts: ClusterFacts | None
    deciles: tuple[Decile, ...]
    reasons: tuple[ReasonCount, ...]
    worth: tuple[Worth, ...]
    goods: Goods
    judgements: tuple[Judgement, ...]
    quality: Quality
    models: tuple[ModelCard, ...]
    notes: tuple[Note, ...]

    def judged(self, question: str) -> Judgement | None:
        """Return the backtest of one question; None where there was none."""
        return next((one for one in self.judgements if one.question == question), None)


def report_data(
    engine: Engine,
    as_of: datetime,
    *,
    settings: Settings,
    previous_as_of: datetime | None = None,
    backtests: Sequence[Mapping[str, Any]] = (),
    models: Path | None = None,
) -> ReportData:
    """Gather what the report shows as of `as_of`, from the lake's facts, snapshots and scores.

    `backtests` are results of `lifeloop backtest` as JSON objects; `models` the folder of model versions: the rules of
    stages and the figures of clusters are those of the version trained for `as_of`. `previous_as_of` defaults to the
    moment with stages nearest to 30 days before.
    """
    zone = settings.shop.timezone
    rows = standing(engine, as_of)
    before = previous_as_of or moment_before(engine, as_of)
    was = stages_at(engine, before) if before else None
    facts, chinese = _cluster_facts(models, as_of)
    judgements = tuple(judgement(one) for one in backtests)
    found = quality(engine, as_of)
    months = revenue_by_month(engine, as_of, zone=zone)
    return ReportData(
        shop=settings.shop.name,
        currency=settings.shop.currency or "EUR",
        zone=zone,
        language=settings.shop.language,
        as_of=as_of,
        previous_as_of=before,
        outlook=outlook(rows, [ratio for one in judgements if one.question == "value" for ratio in one.total_ratios]),
        periods=periods(engine, as_of, zone=zone),
        stages=stage_counts(rows, was),
        rules=_rules(models, as_of),
        moves=() if was is None else stage_flow(was, _stages_of(rows)),
        revenue=months,
        cohorts=cohorts(engine, zone, as_of),
        grid=rfm_grid(rows),
        rfm=rfm_groups(rows),
        clusters=clusters(rows, chinese),
        cluster_facts=facts,
        deciles=value_deciles(rows),
        reasons=top_reasons(engine, as_of, {name: feature.label for name, feature in FEATURES.items()}),
        worth=worth_a_look(engine, rows, as_of, zone=zone),
        goods=goods(engine, as_of),
        judgements=judgements,
        quality=found,
        models=_models(engine, as_of),
        notes=notes(found, as_of, judged={one.question for one in judgements}, scored=rows.num_rows > 0),
    )


def _models(engine: Engine, as_of: datetime) -> tuple[ModelCard, ...]:
    rows = engine.query(MODELS_SQL, {"scores": SCORE}, as_of=as_of).to_pylist()
    order = {question: place for place, question in enumerate(("stage", "churn", "value", "next_order", "segment"))}
    cards = [ModelCard(row["model"], row["version"], row["horizon_days"], row["customers"]) for row in rows]
    return tuple(sorted(cards, key=lambda card: order.get(card.question, len(order))))


def _stages_of(rows: pa.Table) -> pa.Table:
    n = rows.num_rows
    return pa.table(
        {"customer_id": rows["customer_id"], "target": pa.array(["stage"] * n, pa.string()), "label": rows["stage"]}
    )


def _cluster_facts(models: Path | None, as_of: datetime) -> tuple[ClusterFacts | None, dict[str, str]]:
    if models is None:
        return None, {}
    try:
        return cluster_facts(load_version(new_version(models, "segment", as_of), "segment").model)
    except ModelError:
        return None, {}


def _rules(models: Path | None, as_of: datetime) -> dict[str, dict[str, str]]:
    from lifeloop.predict.models.stage import Stage

    if models is None:
        return {}
    try:
        told = Stage.load(new_version(models, "stage", as_of)).rules()
    except ModelError:
        return {}
    return {name: {str(language): rule for language, rule in rules.items()} for name, rules in told.items()}
