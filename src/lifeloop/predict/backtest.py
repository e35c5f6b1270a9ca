"""Backtest: what the models would have said at moments of the past, beside what happened and beside simple baselines.

Training uses only snapshots whose horizon had ended when the first test snapshot was taken. The last origins test.
Every figure has a 95 % interval over customers, and so has every difference to the RFM baseline: draws are shared, so
that a difference is one of the same customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import NotEnoughData, SettingsError, UnknownName
from lifeloop.base.progress import Progress, silent
from lifeloop.base.text import Text
from lifeloop.features import take_labels, take_snapshot
from lifeloop.features.cut import Moment
from lifeloop.lake import Engine
from lifeloop.predict.churn.learners import BASELINES, LearnerConfig
from lifeloop.predict.churn.training import draw, purged
from lifeloop.predict.columns import Floats
from lifeloop.predict.examples import Example
from lifeloop.predict.judge.contests import ChurnContest, Contest, Predictions, ValueContest, all_models, default_models
from lifeloop.predict.judge.intervals import Draws, Measured, measure
from lifeloop.predict.judge.verdict import Found, verdict
from lifeloop.predict.metrics import calibration_table, quantile_bins
from lifeloop.schema import ORDER

QUESTIONS = ("churn", "value")
TRAINING_ROWS = 50_000
REPLICATES = 200
RIVAL = "rfm"
"""What a model has to beat."""

_BUYERS = "SELECT count(DISTINCT customer_id) AS n FROM orders WHERE placed_at < $as_of AND customer_id IS NOT NULL"


@dataclass(frozen=True, kw_only=True)
class BacktestConfig:
    """How a backtest is done; printed with its result."""

    question: str
    horizon_days: int
    test_origins: int
    zone: str = "UTC"
    seed: int = 0
    replicates: int = REPLICATES
    training_rows: int = TRAINING_ROWS
    threads: int = 0


@dataclass(frozen=True)
class Tested:
    """All test rows together."""

    truth: Floats
    """(n,)"""
    customers: npt.NDArray[np.str_]
    """(n,)"""
    origin: npt.NDArray[np.intp]
    """(n,) number of the test origin."""
    predictions: Predictions


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """What a backtest found."""

    config: BacktestConfig
    model: str
    """The model the verdict, the calibration and the deciles are of."""
    training: tuple[datetime, ...]
    origins: tuple[datetime, ...]
    """The test origins."""
    training_rows: int
    training_mean: float
    """Share that churned, or mean revenue in minor units, in the training rows."""
    tested: Tested
    measured: dict[str, Measured]
    per_origin: tuple[dict[str, Any], ...]
    verdict: Text
    stood_in: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return everything but the rows as plain values."""
        truth = self.tested.truth
        return {
            "question": self.config.question,
            "horizon_days": self.config.horizon_days,
            "model": self.model,
            "population": "everyone who ordered before the origin",
            "origins": [moment.isoformat() for moment in self.origins],
            "training_origins": [moment.isoformat() for moment in self.training],
            "training_rows": self.training_rows,
            "training_mean": self.training_mean,
            "rows": int(truth.size),
            "customers": int(np.unique(self.tested.customers).size),
            "test_mean": float(truth.mean()),
            "settings": {
                "zone": self.config.zone,
                "seed": self.config.seed,
                "interval_level": 0.95,
                "replicates": self.config.replicates,
                "most_training_rows": self.config.training_rows,
            },
            "models": [self._model(name) for name in self.measured],
            "per_origin": list(self.per_origin),
            "calibration": self._calibration(),
            "deciles": self._deciles(),
            "verdict": {"en": self.verdict.en, "zh": self.verdict.zh},
        }

    def figure(self, name: str, model: str | None = None) -> float:
        """Return one figure of one model; of the main model where none is named."""
        return self.measured[model or self.model].figures[name]

    def _model(self, name: str) -> dict[str, Any]:
        found = self.measured[name]
        rival = self.measured.get(RIVAL)
        told: dict[str, Any] = {
            "name": name,
            "baseline": name in BASELINES,
            "answered_by": self.stood_in.get(name, name),
            "figures": {figure: found.estimate(figure).as_json() for figure in found.figures},
        }
        if rival is not None and name != RIVAL:
            told["against_rfm"] = {figure: found.difference(figure, rival).as_json() for figure in found.figures}
        return told

    def _calibration(self) -> list[dict[str, Any]]:
        if self.config.question != "churn":
            return []
        return [one.as_json() for one in calibration_table(self.tested.truth, self.tested.predictions[self.model])]

    def _deciles(self) -> list[dict[str, Any]]:
        if self.config.question != "value":
            return []
        predicted = self.tested.predictions[self.model]
        tenth = quantile_bins(predicted, 10)
        return [
            {
                "customers": int((tenth == number).sum()),
                "predicted": float(predicted[tenth == number].mean()),
                "actual": float(self.tested.truth[tenth == number].mean()),
            }
            for number in reversed(range(10))
            if (tenth == number).any()
        ]


def backtest(
    engine: Engine,
    *,
    question: str = "churn",
    origins: Sequence[datetime],
    horizon_days: int,
    test_origins: int = 4,
    models: Sequence[str] | None = None,
    zone: str = "UTC",
    seed: int = 0,
    replicates: int = REPLICATES,
    threads: int = 0,
    progress: Progress = silent,
) -> Backtest:
    """Judge models on the past; the first of `models` is the one judged in words, the baselines are always there.

    The last `test_origins` test (fewer, where training would otherwise have none). Raises NotEnoughData when no training
    origin is complete before the tests, UnknownName for a question or a model, SettingsError for an impossible setting.
    """
    if question not in QUESTIONS:
        raise UnknownName("question", question, QUESTIONS)
    if horizon_days < 1 or test_origins < 1 or replicates < 2:
        raise SettingsError(
            "cannot run a backtest",
            f"{horizon_days} days ahead, {test_origins} test origins, {replicates} draws",
            "Horizon and test origins are at least 1, draws at least 2.",
        )
    chosen = _chosen(question, models)
    training, tests = split_origins(origins, horizon_days, test_origins, zone)
    config = BacktestConfig(
        question=question,
        horizon_days=horizon_days,
        test_origins=len(tests),
        zone=zone,
        seed=seed,
        replicates=replicates,
        threads=threads,
    )
    steps = len(training) + len(tests) + 2
    progress("backtest", 0, steps)
    sizes = [int(engine.query(_BUYERS, {"orders": ORDER}, as_of=origin)["n"][0].as_py()) for origin in training]
    drawn = draw(_examples(engine, training, config, progress, 0, steps), sizes, TRAINING_ROWS, seed)
    contest = _contest(question, drawn, chosen, config)
    progress("backtest", len(training) + 1, steps)
    tested = _tested(contest, _examples(engine, tests, config, progress, len(training) + 1, steps))
    draws = Draws.of(tested.customers, replicates, seed)
    measured = {
        name: measure(contest.judge(tested.truth, prediction), draws) for name, prediction in tested.predictions.items()
    }
    progress("backtest", steps, steps)
    learned_from = np.concatenate([contest.truth(one.example) for one in drawn])
    main = chosen[0]
    found = Found(question, main, measured, RIVAL, dict(contest.stood_in), float(tested.truth.mean()))
    return Backtest(
        config=config,
        model=main,
        training=tuple(training),
        origins=tuple(tests),
        training_rows=int(learned_from.size),
        training_mean=float(learned_from.mean()),
        tested=tested,
        measured=measured,
        per_origin=tuple(_per_origin(contest, tested, number, moment) for number, moment in enumerate(tests)),
        verdict=verdict(found),
        stood_in=dict(contest.stood_in),
    )


def split_origins(
    origins: Sequence[datetime], horizon_days: int, test_origins: int, zone: str = "UTC"
) -> tuple[list[datetime], list[datetime]]:
    """Return training and test origins: no label window of the one overlaps one of the other.

    Tests are the last `test_origins`, or as many fewer as it takes to leave one to train on. Raises NotEnoughData.
    """
    ordered = sorted(set(origins))
    ends = [Moment(origin, zone).shifted(horizon_days) for origin in ordered]
    for tests in range(min(test_origins, len(ordered) - 1), 0, -1):
        first = len(ordered) - tests
        training = purged(ordered[:first], ends[:first], ordered[first])
        if training:
            return [ordered[number] for number in training], ordered[first:]
    raise NotEnoughData(
        f"cannot judge predictions {horizon_days} days ahead on the past",
        f"none of {len(ordered)} moments lies {horizon_days} days before another",
        "Ask for a shorter horizon, name earlier origins, or import older orders.",
    )


def _chosen(question: str, models: Sequence[str] | None) -> tuple[str, ...]:
    """Return the models in order, with every baseline behind them. Raises UnknownName."""
    asked = tuple(models) if models else default_models(question)
    for name in asked:
        if name not in all_models(question):
            raise UnknownName(f"{question} model", name, all_models(question))
    return tuple(dict.fromkeys((*asked, *BASELINES)))


def _contest(question: str, drawn: Sequence[Any], models: tuple[str, ...], config: BacktestConfig) -> Contest:
    learner = LearnerConfig(seed=config.seed, num_threads=config.threads)
    if question == "churn":
        return ChurnContest.of(drawn, models, learner)
    return ValueContest.of(drawn, models, learner, config.horizon_days)


def _examples(
    engine: Engine, origins: Sequence[datetime], config: BacktestConfig, progress: Progress, done: int, steps: int
) -> Iterator[Example]:
    for number, origin in enumerate(origins):
        snapshot = take_snapshot(engine, origin, zone=config.zone)
        yield Example.of(snapshot, take_labels(engine, origin, config.horizon_days, zone=config.zone), config.horizon_days)
        progress("backtest", done + number + 1, steps)


def _tested(contest: Contest, examples: Iterator[Example]) -> Tested:
    """Score one test snapshot after the other; only scores and truths are kept."""
    truths, customers, origin, told = [], [], [], []
    for number, example in enumerate(examples):
        truths.append(contest.truth(example))
        customers.append(np.asarray(example.snapshot.column("customer_id").to_pylist(), dtype=np.str_))
        origin.append(np.full(example.rows, number, dtype=np.intp))
        told.append(contest.predict(example))
    names = list(told[0])
    predictions = {name: np.concatenate([one[name] for one in told]) for name in names}
    return Tested(np.concatenate(truths), np.concatenate(customers), np.concatenate(origin), predictions)


def _per_origin(contest: Contest, tested: Tested, number: int, moment: datetime) -> dict[str, Any]:
    """Return every figure of one test origin, without intervals."""
    rows = tested.origin == number
    figures = {}
    for name, prediction in tested.predictions.items():
        found = contest.judge(tested.truth[rows], prediction[rows]).measure()
        figures[name] = {figure: value if np.isfinite(value) else None for figure, value in found.items()}
    return {
        "as_of": moment.isoformat(),
        "rows": int(rows.sum()),
        "observed": float(tested.truth[rows].mean()),
        "models": figures,
    }
