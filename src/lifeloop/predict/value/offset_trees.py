"""Small boosted trees that start from what another model says, and learn only where it is wrong.

Each row starts at its own offset instead of the mean of all rows, so with no trees the answer is the other model's. Few
trees of few leaves, and features without a trend in time (ratios, not days since the first order), keep them from
carrying the past year's level into the next.

Source  Ke et al. (2017), LightGBM; the offset is its `init_score`; Lundberg et al. (2020) for the exact contributions
Limits  measured: more than about 100 trees follow the past year's noise (docs/models/value.md)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lifeloop.base.errors import ModelError
from lifeloop.predict.columns import Floats

if TYPE_CHECKING:
    import lightgbm

Objective = Literal["binary", "tweedie"]


@dataclass(frozen=True, kw_only=True)
class TreesConfig:
    """How the trees grow."""

    objective: Objective
    trees: int = 40
    learning_rate: float = 0.04
    leaves: int = 7
    least_rows: int = 200
    """Fewest rows in a leaf."""
    shrink: float = 5.0
    """L2 penalty on a leaf's value."""
    tweedie_power: float = 1.5
    seed: int = 0
    threads: int = 1


@dataclass(frozen=True)
class OffsetTrees:
    """Grown trees, as LightGBM's own text; reading it runs no code."""

    text: str

    def shift(self, features: Floats) -> Floats:
        """Return what the trees add to each row's offset, shape (n,), for features of shape (n, k)."""
        return np.asarray(self._booster.predict(features, raw_score=True), dtype=np.float64)

    def contributions(self, features: Floats) -> Floats:
        """Return what each feature adds (exact TreeSHAP), shape (n, k + 1); the last column is the same for all rows."""
        return np.asarray(self._booster.predict(features, pred_contrib=True), dtype=np.float64)

    @cached_property
    def _booster(self) -> lightgbm.Booster:
        import lightgbm

        try:
            return lightgbm.Booster(model_str=self.text)
        except lightgbm.basic.LightGBMError as error:
            raise ModelError("cannot read a model's trees", str(error), "Train it again: lifeloop run.") from error


def grow_offset_trees(
    features: Floats, target: Floats, offset: Floats, names: Sequence[str], config: TreesConfig
) -> OffsetTrees:
    """Grow trees for `target` (n,) on `features` (n, k) from `offset` (n,), on the scale of the logit or the logarithm."""
    import lightgbm

    parameters: dict[str, Any] = {
        "objective": config.objective,
        "tweedie_variance_power": config.tweedie_power,
        "boost_from_average": False,
        "learning_rate": config.learning_rate,
        "num_leaves": config.leaves,
        "min_child_samples": config.least_rows,
        "reg_lambda": config.shrink,
        "seed": config.seed,
        "num_threads": config.threads,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    rows = lightgbm.Dataset(features, target, init_score=offset, feature_name=list(names), params={"verbosity": -1})
    booster = lightgbm.train(parameters, rows, config.trees)
    return OffsetTrees(booster.model_to_string())
