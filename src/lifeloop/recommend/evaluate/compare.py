"""Every model on one split: how good, how broad, how dear, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from lifeloop.base.errors import LifeloopError
from lifeloop.base.progress import Progress, silent
from lifeloop.base.text import Text
from lifeloop.recommend.evaluate import metrics
from lifeloop.recommend.evaluate.cost import cpu_seconds, peak_mb
from lifeloop.recommend.evaluate.intervals import Mean, mean_of
from lifeloop.recommend.evaluate.segments import Segment, segments
from lifeloop.recommend.evaluate.splits import Split
from lifeloop.recommend.evaluate.verdict import verdict
from lifeloop.recommend.histories import Histories, Ints
from lifeloop.recommend.peers.peer import Peer

DIVERSITY_CASES = 1000
"""Cases whose lists' diversity is looked at, evenly spread."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was found of one model on one split."""

    means: Mapping[str, Mean]
    """Means over cases with their intervals: accuracy, novelty in bits, diversity 0..1."""
    ndcg: metrics.Doubles = field(repr=False)
    """NDCG@10 of each case, shape (cases,), so that two models can be compared case by case."""
    coverage: float
    """Share of all products that stand in anybody's first ten."""
    popularity_bias: float
    """How much more popular the lists are than what people had themselves: 0 as popular, 1 twice as popular."""
    segments: tuple[Segment, ...]
    fit_cpu_s: float
    top_cpu_s: float
    """Of the first hundred for every case."""
    peak_mb: float | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values: each figure by its name, and the intervals beside."""
        shown: dict[str, Any] = {name: mean.value for name, mean in self.means.items()}
        shown |= {"coverage": self.coverage, "popularity_bias": self.popularity_bias}
        shown |= {"fit_cpu_s": self.fit_cpu_s, "top_cpu_s": self.top_cpu_s, "peak_mb": self.peak_mb}
        shown["intervals"] = {name: [mean.low, mean.high] for name, mean in self.means.items()}
        by_kind: dict[str, dict[str, Any]] = {}
        for one in self.segments:
            found = {name: mean.value for name, mean in one.means.items()}
            ends = {name: [mean.low, mean.high] for name, mean in one.means.items()}
            by_kind.setdefault(one.kind, {})[one.name] = {"cases": one.cases, **found, "intervals": ends}
        return shown | {"segments": by_kind}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found of all models on one split."""

    split: Split
    measured: Mapping[str, Measured]
    not_compared: Mapping[str, LifeloopError] = field(default_factory=dict)
    """Models that could not be, and why."""

    @cached_property
    def verdict(self) -> Text:
        """What it comes to, in words."""
        ndcg = {name: one.ndcg for name, one in self.measured.items()}
        return verdict(ndcg, self.split.clusters)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        split = self.split
        return {
            "protocol": split.name,
            "words": {"en": split.words.en, "zh": split.words.zh},
            "cases": len(split),
            "targets": len(split.targets.items),
            "histories": len(split.train),
            "deeds": len(split.train.items),
            "products": split.train.products,
            "repeats": not split.drop_seen,
            "left_out": dict(split.facts),
            "models": {name: one.as_json() for name, one in self.measured.items()},
            "not_compared": {name: why(error) for name, error in self.not_compared.items()},
            "verdict": {"en": self.verdict.en, "zh": self.verdict.zh},
        }


def compare(split: Split, makers: Mapping[str, Callable[[], Peer]], *, progress: Progress = silent) -> Comparison:
    """Fit and judge every model; one that refuses is said to, with its reason."""
    measured: dict[str, Measured] = {}
    refused: dict[str, LifeloopError] = {}
    for number, (name, make) in enumerate(makers.items()):
        progress("models", number, len(makers))
        try:
            measured[name] = measure(split, make())
        except LifeloopError as error:
            refused[name] = error
    progress("models", len(makers), len(makers))
    return Comparison(split=split, measured=measured, not_compared=refused)


def why(error: LifeloopError) -> str:
    """Return on one line why a model could not be compared, and what to do."""
    return str(error).replace("\n", " ")


def measure(split: Split, peer: Peer) -> Measured:
    """Fit one model on what may be learnt from, and judge its lists. Raises what fitting raises."""

    def work() -> tuple[Ints, float, float]:
        _, fit_s = cpu_seconds(lambda: peer.fit(split.train))
        lists, top_s = cpu_seconds(lambda: peer.top(split.given, metrics.LONGEST, drop_seen=split.drop_seen))
        return lists, fit_s, top_s

    (lists, fit_s, top_s), peak = peak_mb(work)
    return Measured(
        **judge(lists, split),
        segments=tuple(segments(lists, split)),
        fit_cpu_s=fit_s,
        top_cpu_s=top_s,
        peak_mb=peak,
    )


def judge(lists: Ints, split: Split) -> dict[str, Any]:
    """Return what lists are worth, shape (cases, k): `means`, `ndcg`, `coverage` and `popularity_bias`."""
    first, had, learnt = lists[:, : metrics.LIST], metrics.buyers(split.train), len(split.train)
    values = metrics.accuracy(metrics.hits(lists, split.targets), metrics.counts(split.targets))
    means = {name: mean_of(value, split.clusters) for name, value in values.items()}
    means["novelty"] = mean_of(metrics.novelty(first, had, learnt), split.clusters)
    some = np.unique(np.linspace(0, len(split) - 1, min(len(split), DIVERSITY_CASES)).astype(np.int64))
    whose = None if split.clusters is None else split.clusters[some]
    means["diversity"] = mean_of(metrics.diversity(first[some], split.train), whose)
    shown, chosen = metrics.popularity(first, had, learnt), own_popularity(split.given, had, learnt)
    bias = float(np.nanmean(shown) / chosen - 1) if chosen > 0 and np.isfinite(shown).any() else np.nan
    return {
        "means": means,
        "ndcg": values["ndcg_at_10"],
        "coverage": metrics.coverage(first, split.train.products),
        "popularity_bias": bias,
    }


def own_popularity(given: Histories, had: np.ndarray[tuple[int], np.dtype[np.int64]], learnt: int) -> float:
    """Return the mean popularity of what was given, first over each case and then over all."""
    lengths = np.diff(given.starts)
    sums = np.bincount(np.repeat(np.arange(len(given)), lengths), had[given.items] / max(learnt, 1), minlength=len(given))
    return float((sums[lengths > 0] / lengths[lengths > 0]).mean()) if (lengths > 0).any() else 0.0
