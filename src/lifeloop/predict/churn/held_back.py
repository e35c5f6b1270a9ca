"""What a learner says of past snapshots it has not learned from: how far its scores may be off, before anyone relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lifeloop.predict.churn.learners import BASELINES, LearnerConfig, enough, learn
from lifeloop.predict.churn.training import Past, purged
from lifeloop.predict.columns import Floats
from lifeloop.predict.examples import Bools
from lifeloop.predict.metrics import Binary, calibration_table, logit, sigmoid

ORIGINS = 3
"""Last snapshots held back."""
BINS = 10


@dataclass(frozen=True)
class HeldBack:
    """The last snapshots, scored by a learner trained on what was complete before the first of them."""

    origins: int
    rows: int
    figures: Mapping[str, float | None]
    """Of the learner."""
    rfm: Mapping[str, float | None]
    """Of the RFM baseline on the same rows; empty where it could not be trained."""
    gap_low: float
    gap_high: float
    """80 % of the bins lay between these: logit of what happened minus logit of what was said."""

    def interval(self, logits: Floats) -> tuple[Floats, Floats]:
        """Return the 80 % interval of each score, shapes (n,): as far off as held-back bins were."""
        return sigmoid(logits + min(self.gap_low, 0.0)), sigmoid(logits + max(self.gap_high, 0.0))

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> HeldBack:
        """Return what `as_json` gave."""
        return cls(**told)


def check(past: Past, name: str, config: LearnerConfig) -> HeldBack | None:
    """Train on what was complete before the last snapshots and judge there; None where nothing can be held back."""
    for count in range(ORIGINS, 0, -1):
        first = len(past.origins) - count
        if first < 0:
            continue
        earlier = purged(past.origins[:first], past.ends[:first], past.origins[first])
        trained = _trained(past, earlier, name)
        if not trained:
            continue
        return _judged(past, earlier, list(range(first, len(past.origins))), name, config)
    return None


def _trained(past: Past, earlier: list[int], name: str) -> bool:
    """Return whether there are rows enough; BG/NBD learns nothing from labels, and needs none."""
    if name == "btyd":
        return True
    _, churned = past.of_origins(earlier)
    return enough(churned) or (name in BASELINES and churned.size > 0)


def _judged(past: Past, earlier: list[int], last: list[int], name: str, config: LearnerConfig) -> HeldBack | None:
    inputs, churned = past.of_origins(earlier)
    shown, happened = past.of_origins(last)
    if not happened.size:
        return None
    source, truth = (inputs, churned) if churned.size else (shown, happened)
    logits = learn(name, source, truth, config).logits(shown)
    rfm = {}
    if churned.size:
        rfm = Binary(happened, sigmoid(learn("rfm", inputs, churned, config).logits(shown))).measure()
    of_last = past.origin[np.isin(past.origin, last)]
    gaps = [gap for number in last for gap in _gaps(happened[of_last == number], sigmoid(logits[of_last == number]))]
    low, high = np.quantile(gaps, [0.1, 0.9])
    return HeldBack(
        origins=len(last),
        rows=int(happened.size),
        figures=_plain(Binary(happened, sigmoid(logits)).measure()),
        rfm=_plain(rfm),
        gap_low=float(low),
        gap_high=float(high),
    )


def _gaps(happened: Bools, said: Floats) -> list[float]:
    """Return, per bin of one snapshot, the logit of what happened (half a case added to either side) minus what was said."""
    bins = calibration_table(happened, said, BINS) if happened.size else []
    return [float(logit((one.observed * one.rows + 0.5) / (one.rows + 1.0)) - logit(one.predicted)) for one in bins]


def _plain(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: float(value) if np.isfinite(value) else None for name, value in figures.items()}
