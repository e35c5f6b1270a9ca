"""Segment: which customers are alike, by RFM fifths and by clusters.

Reads    recency_days, tenure_days, order_days, goods_minor, order_value_mean_minor, gap_mean_days
Writes   score: target "rfm" (label such as R5F4M4) and target "cluster" (label: the cluster's English name), each with
         what it means in both languages; customers who never ordered have neither
Source   `predict.segment.rfm`, `predict.segment.clusters`
Limits   below 20 customers, or where all are alike, there is one cluster and no stability; clusters of large shops are found
         on a sample of 10,000 (hierarchical 3,000), and the others join the nearest
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import ModelError
from lifeloop.base.text import Text
from lifeloop.base.versions import UNSAVED, Array, Parts, load_version, save_version
from lifeloop.predict.columns import Floats, Reason, numbers, score_rows, spell_days
from lifeloop.predict.segment.clusters import ClusterConfig, Clustering, find_clusters
from lifeloop.predict.segment.names import FIGURES, name_clusters
from lifeloop.predict.segment.rfm import Cuts, learn_cuts, rfm_label, rfm_name

_RFM = Text(
    "{name}: last order {recency} ago (R{r}), order days: {orders} (F{f}), spent more than {below} of customers (M{m}).",
    "{name}：上次下单在 {recency}前（R{r}），{orders} 个下单日（F{f}），累计消费超过 {below} 的顾客（M{m}）。",
)
_CLUSTER = Text(
    "{name}: {share} of the shop's customers; order days of this one: {orders}, the last {recency} ago.",
    "{name}：占本店顾客的 {share}；该顾客有 {orders} 个下单日，最近一次在 {recency}前。",
)

ONE_CLUSTER = Text(
    "Too few customers, or all too much alike, to tell clusters apart: everybody is in one.",
    "顾客太少或彼此太相似，无法区分聚类：所有人都在同一组。",
)


@dataclass(frozen=True, kw_only=True)
class SegmentConfig:
    """How segments are found."""

    cluster: ClusterConfig = field(default_factory=ClusterConfig)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The fifths and clusters of one shop."""

    config: SegmentConfig
    cuts: dict[str, Cuts]
    """For recency (counted so that more is better), frequency and money."""
    money_quantiles: Floats
    """0 %, 1 %, ... 100 % of goods bought, shape (101,)."""
    mean: Floats
    deviation: Floats
    """Of ln(1 + figure), each of shape (5,)."""
    clustering: Clustering
    names: tuple[Text, ...]
    shares: tuple[float, ...]
    """Share of customers in each cluster when it was found."""
    version: str = UNSAVED

    @property
    def notes(self) -> tuple[Text, ...]:
        """What whoever reads the segments should know."""
        return (ONE_CLUSTER,) if self.clustering.clusters < 2 else ()

    @property
    def stability(self) -> float | None:
        """Mean adjusted Rand index over bootstrap samples; None where there is one cluster."""
        return self.clustering.stability

    @classmethod
    def load(cls, folder: Path) -> Segment:
        """Read a saved version. Raises ModelError."""
        parts = load_version(folder, "segment")
        held, arrays = parts.model, parts.arrays
        try:
            return cls(
                config=SegmentConfig(cluster=ClusterConfig(**held["config"]["cluster"])),
                cuts={name: Cuts(tuple(np.inf if cut is None else cut for cut in cuts)) for name, cuts in held["cuts"].items()},
                money_quantiles=arrays["money_quantiles"],
                mean=arrays["mean"],
                deviation=arrays["deviation"],
                clustering=Clustering(arrays["anchors"], arrays["anchor_cluster"], **held["clustering"]),
                names=tuple(Text(name["en"], name["zh"]) for name in held["names"]),
                shares=tuple(held["shares"]),
                version=folder.name,
            )
        except (KeyError, TypeError) as error:
            raise ModelError(
                f"cannot load the segments from {folder}", f"it has other parts: {error}", "Train it again: lifeloop run."
            ) from error

    def save(self, folder: Path) -> None:
        """Write this version. Raises ModelError."""
        found = self.clustering
        model = {
            "config": asdict(self.config),
            "cuts": {name: [None if np.isinf(cut) else cut for cut in cuts.least] for name, cuts in self.cuts.items()},
            "clustering": {
                "clusters": found.clusters,
                "stability": found.stability,
                "silhouette": found.silhouette,
                "sampled": found.sampled,
            },
            "names": [asdict(name) for name in self.names],
            "shares": list(self.shares),
        }
        arrays: dict[str, Array] = {"money_quantiles": self.money_quantiles, "mean": self.mean, "deviation": self.deviation}
        arrays |= {"anchors": found.anchors, "anchor_cluster": found.anchor_cluster}
        save_version(folder, "segment", Parts(model, arrays))

    def score(self, snapshot: pa.Table) -> pa.Table:
        """Return two score rows, rfm and cluster, for each customer of `snapshot` who ordered. Raises ModelError."""
        ordered = _ordered(snapshot)
        return pa.concat_tables([self._score_rfm(ordered), self._score_cluster(ordered)])

    def _score_rfm(self, snapshot: pa.Table) -> pa.Table:
        figures = _rfm_figures(snapshot)
        r, f, m = (self.cuts[name].score(figures[name]).tolist() for name in ("recency", "frequency", "money"))
        labels = [rfm_label(*scores) for scores in zip(r, f, m, strict=True)]
        below = np.searchsorted(self.money_quantiles, figures["money"], side="left").clip(0, 99)
        reasons = [
            [_said(_RFM, rfm_name(label).label, -recency, orders, below=f"{spent}%", r=label[1], f=label[3], m=label[5])]
            for label, recency, orders, spent in zip(labels, figures["recency"], figures["frequency"], below, strict=True)
        ]
        return score_rows(snapshot, model="segment", target="rfm", version=self.version, labels=labels, reasons=reasons)

    def _score_cluster(self, snapshot: pa.Table) -> pa.Table:
        owner = self.clustering.assign((_points(snapshot) - self.mean) / self.deviation)
        figures = _rfm_figures(snapshot)
        reasons = [
            [_said(_CLUSTER, self.names[number], -recency, orders, share=f"{self.shares[number]:.0%}")]
            for number, recency, orders in zip(owner, figures["recency"], figures["frequency"], strict=True)
        ]
        labels = [self.names[number].en for number in owner]
        return score_rows(snapshot, model="segment", target="cluster", version=self.version, labels=labels, reasons=reasons)


def fit(snapshots: Sequence[pa.Table], config: SegmentConfig | None = None, *, version: str = UNSAVED) -> Segment:
    """Find the segments of the latest snapshot. Raises ModelError when a feature is missing."""
    chosen = config or SegmentConfig()
    snapshot = _ordered(snapshots[-1])
    figures = _rfm_figures(snapshot)
    points = _points(snapshot)
    mean = points.mean(axis=0) if len(points) else np.zeros(len(FIGURES))
    spread = points.std(axis=0) if len(points) else np.ones(len(FIGURES))
    deviation = np.where(spread > 1e-9, spread, 1.0)
    standard = (points - mean) / deviation
    found = find_clusters(standard, chosen.cluster)
    owner = found.assign(standard)
    money = figures["money"] if len(points) else np.zeros(1)
    return Segment(
        config=chosen,
        cuts={name: learn_cuts(values) for name, values in figures.items()},
        money_quantiles=np.quantile(money, np.linspace(0, 1, 101)),
        mean=mean,
        deviation=deviation,
        clustering=found,
        names=name_clusters(standard, figures["frequency"], owner, found.clusters),
        shares=tuple(float(share) for share in np.bincount(owner, minlength=found.clusters) / max(len(owner), 1)),
        version=version,
    )


def _ordered(snapshot: pa.Table) -> pa.Table:
    return snapshot.filter(pa.array(np.nan_to_num(numbers(snapshot, "order_days")) > 0))


def _rfm_figures(snapshot: pa.Table) -> dict[str, Floats]:
    return {
        "recency": -numbers(snapshot, "recency_days"),
        "frequency": numbers(snapshot, "order_days"),
        "money": numbers(snapshot, "goods_minor"),
    }


def _points(snapshot: pa.Table) -> Floats:
    """Return ln(1 + figure), shape (customers, 5)."""
    columns = {name: numbers(snapshot, name) for name in FIGURES}
    gap = columns["gap_mean_days"]
    columns["gap_mean_days"] = np.where(np.isfinite(gap), gap, numbers(snapshot, "tenure_days"))
    return np.log1p(np.maximum(np.nan_to_num(np.column_stack(list(columns.values()))), 0.0))


def _said(text: Text, name: Text, recency: float, orders: float, **values: object) -> Reason:
    said = {
        language: text.say(
            language, name=name.say(language), recency=spell_days(recency, language), orders=int(orders), **values
        )
        for language in ("en", "zh")
    }
    return {"feature": "rfm" if text is _RFM else "cluster", "effect": 1.0, "en": said["en"], "zh": said["zh"]}
