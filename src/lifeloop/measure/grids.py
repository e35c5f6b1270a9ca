"""Segments as numbers: the grid of recency against frequency, the RFM names, the clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.predict.columns import numbers
from lifeloop.predict.segment.rfm import RFM_NAMES, rfm_name, rfm_scores
from lifeloop.predict.stage.rules import STAGES


@dataclass(frozen=True)
class RfmCell:
    """Customers with one recency and one frequency score."""

    recency: int
    frequency: int
    customers: int
    goods_mean_minor: float
    """What they bought so far, per customer."""


@dataclass(frozen=True)
class Group:
    """One segment."""

    name: str
    """Its name in the score table."""
    en: str
    zh: str
    customers: int
    share: float
    goods_minor: int
    """What they bought so far."""
    revenue_minor: float | None
    """Revenue expected of them within the horizon; None where there is no value score."""
    churn_mean: float | None
    """Mean churn probability."""


@dataclass(frozen=True)
class ClusterFacts:
    """What is known of the clustering itself."""

    method: str
    clusters: int
    stability: float | None
    silhouette: float | None
    sampled: int


def rfm_grid(standing: pa.Table) -> tuple[RfmCell, ...]:
    """Return the 25 cells of recency against frequency, the least of both first; () where nobody has a score."""
    labels = standing.column("rfm").to_pylist()
    if not any(labels):
        return ()
    scores = np.array([rfm_scores(label)[:2] if label else (0, 0) for label in labels])
    goods = np.nan_to_num(numbers(standing, "goods_minor"))
    cells = []
    for recency in range(1, 6):
        for frequency in range(1, 6):
            here = (scores[:, 0] == recency) & (scores[:, 1] == frequency)
            mean = float(goods[here].mean()) if here.any() else 0.0
            cells.append(RfmCell(recency, frequency, int(here.sum()), mean))
    return tuple(cells)


def rfm_groups(standing: pa.Table) -> tuple[Group, ...]:
    """Return the named RFM groups that have customers, in the order they are declared."""
    labels = [rfm_name(label).name if label else None for label in standing.column("rfm").to_pylist()]
    names = {name: (rfm.label.en, rfm.label.zh) for name, rfm in RFM_NAMES.items()}
    return _groups(standing, labels, names)


def stage_groups(standing: pa.Table) -> tuple[Group, ...]:
    """Return the stages that have customers, in the order of a customer's life."""
    names = {name: (stage.label.en, stage.label.zh) for name, stage in STAGES.items()}
    return _groups(standing, standing.column("stage").to_pylist(), names)


def clusters(standing: pa.Table, chinese: Mapping[str, str]) -> tuple[Group, ...]:
    """Return the clusters, the largest first; `chinese` names them, whose label in the score table is English."""
    labels = standing.column("cluster").to_pylist()
    names = {label: (label, chinese.get(label, label)) for label in sorted({label for label in labels if label})}
    return tuple(sorted(_groups(standing, labels, names), key=lambda group: -group.customers))


def cluster_facts(model: Mapping[str, Any]) -> tuple[ClusterFacts, dict[str, str]]:
    """Return the figures of a saved segment version (its `model.json`), and the Chinese name of each cluster."""
    found = model["clustering"]
    facts = ClusterFacts(
        method=model["config"]["cluster"]["method"],
        clusters=found["clusters"],
        stability=found["stability"],
        silhouette=found["silhouette"],
        sampled=found["sampled"],
    )
    return facts, {name["en"]: name["zh"] for name in model["names"]}


def _groups(standing: pa.Table, labels: Sequence[str | None], names: Mapping[str, tuple[str, str]]) -> tuple[Group, ...]:
    owner = np.array(labels, dtype=object)
    goods = np.nan_to_num(numbers(standing, "goods_minor"))
    revenue, churn = numbers(standing, "revenue_minor"), numbers(standing, "p_churn")
    named = max(sum(label is not None for label in labels), 1)
    groups = []
    for name, (english, chinese) in names.items():
        here = owner == name
        if not here.any():
            continue
        groups.append(
            Group(
                name=name,
                en=english,
                zh=chinese,
                customers=int(here.sum()),
                share=float(here.sum()) / named,
                goods_minor=int(goods[here].sum()),
                revenue_minor=float(np.nansum(revenue[here])) if np.isfinite(revenue[here]).any() else None,
                churn_mean=float(np.nanmean(churn[here])) if np.isfinite(churn[here]).any() else None,
            )
        )
    return tuple(groups)
