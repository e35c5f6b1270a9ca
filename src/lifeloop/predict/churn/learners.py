"""Learners by name.

    blend           mean of lightgbm and logistic, in logits: the default
    lightgbm        60 small trees above BG/NBD's offset
    logistic        logistic regression over all features and what BG/NBD says
    btyd            BG/NBD alone
    rfm, recency    logistic regression over three features, over one: what any other has to beat
    prior           the share that churned
    random_forest, svm, neural_network      scikit-learn's, to compare with; they cannot be saved

Source  Ke et al. (2017) for the trees; Rahimi & Recht (2007), Yang et al. (2012) for the kernel points of the support
        vector machine; Platt (1999) for its probabilities. Settings were chosen on development origins of three public
        shops: docs/models/churn.md
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from lifeloop.base.errors import ModelError, UnknownName
from lifeloop.base.versions import Parts
from lifeloop.predict.churn.inputs import Inputs
from lifeloop.predict.churn.learned import Blend, Constant, Learned, Linear, OffsetOnly, Terms, Trees
from lifeloop.predict.churn.preparation import Preparation
from lifeloop.predict.columns import Floats
from lifeloop.predict.examples import Bools
from lifeloop.predict.metrics import logit

BASELINES = ("prior", "recency", "rfm", "btyd")
"""What every other learner is shown beside, simplest first."""

RFM = ("recency_days", "orders", "goods_minor")

FEW_ROWS = 2_000
FEW_OF_A_CLASS = 100
"""Below these the learners of many features rank worse than BG/NBD alone, and are not asked."""

_MONTH = "month"


@dataclass(frozen=True)
class LearnerConfig:
    """What all learners share."""

    trees: int = 60
    """At 200 the logits spread too far (calibration slope .87 instead of 1.03 on Online Retail) and rank no better."""
    seed: int = 0
    num_threads: int = 0
    """Threads of one learner; 0 leaves it to the library."""


Learn: TypeAlias = Callable[[Inputs, Bools, LearnerConfig], Learned]


def learn(name: str, inputs: Inputs, churned: Bools, config: LearnerConfig) -> Learned:
    """Learn by name from n rows, shapes (n, p) and (n,), n at least 1. Raises UnknownName."""
    if name not in LEARNERS:
        raise UnknownName("churn model", name, LEARNERS)
    return LEARNERS[name](inputs, churned, config)


def enough(churned: Bools) -> bool:
    """Return whether rows are many enough, of both classes, for a learner of many features."""
    of_a_class = min(int(churned.sum()), int(churned.size - churned.sum()))
    return churned.size >= FEW_ROWS and of_a_class >= FEW_OF_A_CLASS


def capable(name: str, churned: Bools) -> str:
    """Return `name`, or btyd where there is too little to learn for a learner of many features. Raises UnknownName."""
    if name not in LEARNERS:
        raise UnknownName("churn model", name, LEARNERS)
    return name if name in BASELINES or enough(churned) else "btyd"


def _prior(inputs: Inputs, churned: Bools, config: LearnerConfig) -> Learned:  # noqa: ARG001 - one shape for all
    share = (churned.sum() + 0.5) / (churned.size + 1.0)
    return Constant(float(logit(share)))


def _btyd(inputs: Inputs, churned: Bools, config: LearnerConfig) -> Learned:  # noqa: ARG001 - one shape for all
    return OffsetOnly(float(inputs.offset.mean()))


def _logistic(names: tuple[str, ...] | None, penalty: float) -> Learn:
    """Return logistic regression over some columns, or all; `penalty` is 1/C of scikit-learn."""

    def fit(inputs: Inputs, churned: Bools, config: LearnerConfig) -> Learned:  # noqa: ARG001 - one shape for all
        columns = inputs.names if names is None else tuple(name for name in names if name in inputs.names)
        values = inputs.columns(columns)
        preparation = Preparation.of(values)
        if churned.all() or not churned.any() or not columns:
            share = float(logit((churned.sum() + 0.5) / (churned.size + 1.0)))
            return Linear(columns, preparation, np.zeros(preparation.mean.size), share)
        from sklearn.linear_model import LogisticRegression

        fitted = LogisticRegression(C=1 / penalty, max_iter=1000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted.fit(preparation.apply(values), churned)
        weights = np.asarray(fitted.coef_[0], dtype=np.float64)
        return Linear(columns, preparation, weights, float(fitted.intercept_[0]))

    return fit


def _lightgbm(inputs: Inputs, churned: Bools, config: LearnerConfig) -> Learned:
    import lightgbm

    columns = tuple(name for name in inputs.names if name != _MONTH or _whole_year(inputs))
    settings = {
        "objective": "binary",
        "boost_from_average": False,
        "learning_rate": 0.05,
        "num_leaves": 7,
        "min_child_samples": 100,
        "lambda_l2": 5.0,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": 0.6,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": config.num_threads,
        "verbosity": -1,
    }
    offset = inputs.offset
    rows = lightgbm.Dataset(inputs.columns(columns), churned.astype(np.float64), init_score=offset)
    booster = lightgbm.train(settings, rows, num_boost_round=config.trees)
    return Trees(columns, booster, float(offset.mean()), config.num_threads)


def _whole_year(inputs: Inputs) -> bool:
    """Return whether the rows were taken in all twelve months: trees cannot reach a month they never saw."""
    return np.unique(inputs.columns((_MONTH,))).size >= 12


def _blend(inputs: Inputs, churned: Bools, config: LearnerConfig) -> Learned:
    return Blend((_lightgbm(inputs, churned, config), LEARNERS["logistic"](inputs, churned, config)))


@dataclass(frozen=True)
class Library:
    """A scikit-learn classifier behind the one preparation: to compare with, never saved."""

    kind: ClassVar[str] = "library"
    preparation: Preparation
    classifier: Any

    def logits(self, inputs: Inputs) -> Floats:
        """Return the logit of its probability."""
        return logit(self.classifier.predict_proba(self.preparation.apply(inputs.values))[:, 1], 1e-4)

    def terms(self, inputs: Inputs) -> Terms:  # noqa: ARG002 - one shape for all
        """Raise ModelError: there are no exact terms."""
        raise ModelError("cannot say what moved this score", "the learner has no exact terms", "Use blend for reasons.")

    def parts(self) -> Parts:
        """Raise ModelError: it could only be saved as code."""
        raise ModelError(
            "cannot save this learner",
            "random_forest, svm and neural_network are there to compare with",
            "Choose blend, lightgbm, logistic, btyd, rfm or recency as [predict] churn_model.",
        )


def _library(make: Callable[[LearnerConfig], Any]) -> Learn:
    """Return a scikit-learn classifier as a learner; one class alone gives the prior."""

    def fit(inputs: Inputs, churned: Bools, config: LearnerConfig) -> Learned:
        if churned.all() or not churned.any():
            return _prior(inputs, churned, config)
        preparation = Preparation.of(inputs.values)
        classifier = make(config)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            classifier.fit(preparation.apply(inputs.values), churned)
        return Library(preparation, classifier)

    return fit


def _random_forest(config: LearnerConfig) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    threads = config.num_threads or -1
    return RandomForestClassifier(100, min_samples_leaf=20, max_features=8, n_jobs=threads, random_state=config.seed)


def _svm(config: LearnerConfig) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.kernel_approximation import Nystroem
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    kernel = Nystroem(gamma=0.005, n_components=200, random_state=config.seed)
    return CalibratedClassifierCV(
        make_pipeline(kernel, LinearSVC(C=1.0, class_weight="balanced", random_state=config.seed)), cv=3
    )


def _neural_network(config: LearnerConfig) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((16,), alpha=3.0, max_iter=12, random_state=config.seed)


LEARNERS: Mapping[str, Learn] = {
    "blend": _blend,
    "lightgbm": _lightgbm,
    "logistic": _logistic(None, 1 / 0.03),
    "btyd": _btyd,
    "rfm": _logistic(RFM, 10.0),
    "recency": _logistic(("recency_days",), 10.0),
    "prior": _prior,
    "random_forest": _library(_random_forest),
    "svm": _library(_svm),
    "neural_network": _library(_neural_network),
}
"""Every learner by name."""

COMPARISON_ONLY = ("random_forest", "svm", "neural_network")
