"""Who stands against whom in a backtest: per question, the models and the baselines, trained on the same rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lifeloop.base.errors import NotEnoughData, UnknownName
from lifeloop.predict.churn.inputs import btyd_of, inputs_of
from lifeloop.predict.churn.learned import Learned
from lifeloop.predict.churn.learners import BASELINES, LEARNERS, RFM, LearnerConfig, capable, learn
from lifeloop.predict.churn.preparation import Preparation
from lifeloop.predict.churn.training import Drawn, Past
from lifeloop.predict.columns import Floats
from lifeloop.predict.examples import Example, matrix
from lifeloop.predict.metrics import Amounts, Binary, Judge, sigmoid
from lifeloop.predict.models.value import Value, ValueConfig
from lifeloop.predict.models.value import fit as fit_value

Predictions = dict[str, Floats]


class Contest(Protocol):
    """All models of one question, trained."""

    @property
    def stood_in(self) -> Mapping[str, str]:
        """Models that had too little to learn from, and who answered for them."""
        ...

    def predict(self, example: Example) -> Predictions:
        """Return each model's prediction for every row of an example, shape (n,)."""
        ...

    def truth(self, example: Example) -> Floats:
        """Return what happened, shape (n,)."""
        ...

    def judge(self, truth: Floats, prediction: Floats) -> Judge:
        """Return who measures."""
        ...


@dataclass(frozen=True)
class ChurnContest:
    """Churn by any learner. Built by the very functions the nightly model is built by."""

    past: Past
    learned: Mapping[str, Learned]
    stood_in: Mapping[str, str]

    @classmethod
    def of(cls, drawn: Sequence[Drawn], models: Sequence[str], config: LearnerConfig) -> ChurnContest:
        """Train every model on the same rows. Raises UnknownName, NotEnoughData."""
        past = Past.of(drawn)
        if past is None:
            raise _nothing("churn")
        stands = {name: capable(name, past.churned) for name in models}
        made = {name: learn(name, past.inputs, past.churned, config) for name in dict.fromkeys(stands.values())}
        stood_in = {name: by for name, by in stands.items() if by != name}
        return cls(past, {name: made[by] for name, by in stands.items()}, stood_in)

    def predict(self, example: Example) -> Predictions:
        """Return each model's probability of churn; BG/NBD is fitted to the example's own snapshot."""
        btyd = btyd_of(example.snapshot) or self.past.btyd
        inputs = inputs_of(example.snapshot, self.past.features, btyd, example.horizon_days)
        return {name: sigmoid(learned.logits(inputs)) for name, learned in self.learned.items()}

    def truth(self, example: Example) -> Floats:
        """Return 1 for who churned, else 0."""
        return example.churned.astype(np.float64)

    def judge(self, truth: Floats, prediction: Floats) -> Judge:
        """Return a judge of probabilities."""
        return Binary(truth, prediction)


VALUE_MODELS = ("value", *BASELINES)


@dataclass(frozen=True)
class ValueContest:
    """Revenue within the horizon: our model, BTYD alone, and regressions of revenue on RFM, on recency, on nothing."""

    models: tuple[str, ...]
    ours: Value
    level: Value
    regressions: Mapping[str, _Revenue]
    stood_in: Mapping[str, str]

    @classmethod
    def of(cls, drawn: Sequence[Drawn], models: Sequence[str], config: LearnerConfig, horizon_days: int) -> ValueContest:
        """Train every model on the same rows. Raises UnknownName, NotEnoughData."""
        for name in models:
            if name not in VALUE_MODELS:
                raise UnknownName("value model", name, VALUE_MODELS)
        examples = [one.example for one in drawn if one.btyd is not None and one.example.rows]
        if not examples:
            raise _nothing("value")
        chosen = ValueConfig(horizon_days=horizon_days, seed=config.seed, threads=config.num_threads or 1)
        ours = fit_value(examples, chosen)
        columns = {"prior": (), "recency": ("recency_days",), "rfm": RFM}
        regressions = {name: _Revenue.of(examples, columns[name]) for name in models if name in columns}
        stood_in = {"value": "btyd"} if not ours.learned_from and "value" in models else {}
        return cls(tuple(models), ours, fit_value([], chosen), regressions, stood_in)

    def predict(self, example: Example) -> Predictions:
        """Return each model's revenue in minor units."""
        told = {}
        for name in self.models:
            if name in self.regressions:
                told[name] = self.regressions[name].predict(example)
            else:
                model = self.ours if name == "value" else self.level
                told[name] = model.estimate(example.snapshot).revenue
        return told

    def truth(self, example: Example) -> Floats:
        """Return the revenue that followed, minor units."""
        return example.label("revenue_minor")

    def judge(self, truth: Floats, prediction: Floats) -> Judge:
        """Return a judge of amounts."""
        return Amounts(truth, prediction)


@dataclass(frozen=True)
class _Revenue:
    """A Tweedie regression of revenue on a few features, with a log link; without features, the mean."""

    columns: tuple[str, ...]
    mean: float
    preparation: Preparation | None
    regression: Any

    @classmethod
    def of(cls, examples: Sequence[Example], columns: tuple[str, ...]) -> _Revenue:
        revenue = np.maximum(np.concatenate([example.label("revenue_minor") for example in examples]), 0.0)
        mean = float(revenue.mean())
        if not columns or mean <= 0:
            return cls(columns, mean, None, None)
        from sklearn.linear_model import TweedieRegressor

        values = np.concatenate([matrix(example.snapshot, columns) for example in examples])
        preparation = Preparation.of(values)
        regression = TweedieRegressor(power=1.5, alpha=1e-3, link="log", max_iter=500)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            regression.fit(preparation.apply(values), revenue / mean)
        return cls(columns, mean, preparation, regression)

    def predict(self, example: Example) -> Floats:
        if self.preparation is None:
            return np.full(example.rows, self.mean)
        prepared = self.preparation.apply(matrix(example.snapshot, self.columns))
        return np.asarray(self.mean * self.regression.predict(prepared), dtype=np.float64)


def default_models(question: str) -> tuple[str, ...]:
    """Return the models a backtest shows when nobody asks for others: ours, then the baselines."""
    return ("blend", "lightgbm", "logistic", *BASELINES) if question == "churn" else VALUE_MODELS


def all_models(question: str) -> tuple[str, ...]:
    """Return every model that can be asked for."""
    return tuple(LEARNERS) if question == "churn" else VALUE_MODELS


def _nothing(question: str) -> NotEnoughData:
    return NotEnoughData(
        f"cannot judge {question} on the past",
        "no past snapshot has customers who were known for a day",
        "Import older orders, or wait.",
    )
