"""Clusters: customers who are alike, found without naming what they should be alike in.

Each customer is a point of five figures: recency, order days, goods bought, goods per order and the usual gap, as
ln(1 + figure), standardised. Whoever ordered on one day has no gap; the days since then stand for it, because it is at
least that long.

A clustering is kept as **anchors**: points with the number of their cluster. A customer belongs to the cluster of the
nearest anchor. K-means keeps its centres; the two others keep the points they were fitted on.

How many? For each number of clusters: the silhouette, and the **stability**, the mean adjusted Rand index between the
clustering and those of bootstrap samples, over all customers judged (1: the same clusters again; 0: chance). Taken is
the largest number among the stable ones (0.8 and more) whose silhouette is close to the best of them. Two clusters,
which nearly always have the best figures and tell little more than whether somebody came back, are taken only where no
larger number is stable; where none is stable at all, the most stable one is, and its figure says so.

Source  Hubert & Arabie (1985), adjusted Rand index; Rousseeuw (1987), silhouette; Hennig (2007), bootstrap stability;
        Campello, Moulavi & Sander (2013), HDBSCAN; Ward (1963)
Cost    k-means: O(sample · clusters) a step; hierarchical: O(sample²) time and bytes, so its sample is smaller
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from lifeloop.base.errors import UnknownName
from lifeloop.predict.columns import Floats

Labels: TypeAlias = npt.NDArray[np.int64]
Method = Literal["kmeans", "hdbscan", "hierarchical"]
METHODS: tuple[Method, ...] = ("kmeans", "hdbscan", "hierarchical")

LEAST_CUSTOMERS = 20
"""Fewer customers than this are one cluster: any split of them is chance."""


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """How clusters are found."""

    method: Method = "kmeans"
    clusters: int | None = None
    """Number of clusters; None: chosen. HDBSCAN takes what it finds."""
    most: int = 8
    """Largest number tried."""
    stable_from: float = 0.80
    """A clustering is stable from this adjusted Rand index on."""
    silhouette_slack: float = 0.05
    """More clusters are preferred down to this much below the best silhouette."""
    sample: int = 10_000
    """Customers fitted on; the others join the nearest anchor."""
    sample_hierarchical: int = 3_000
    sample_judged: int = 2_000
    """Customers on which numbers of clusters are compared."""
    least_share: float = 0.02
    """A clustering with a cluster smaller than this is not taken: nobody writes a campaign for it."""
    bootstraps: int = 10
    seed: int = 0


@dataclass(frozen=True)
class Clustering:
    """Points and which cluster they stand for, with the figures that chose it."""

    anchors: Floats
    """Shape (anchors, figures)."""
    anchor_cluster: Labels
    """Shape (anchors,), from 0."""
    clusters: int
    stability: float | None
    """Mean adjusted Rand index over bootstrap samples; None where there is one cluster."""
    silhouette: float | None
    sampled: int
    """Customers it was fitted on."""

    def assign(self, points: Floats) -> Labels:
        """Return the cluster of each point, shape (points,): that of the nearest anchor."""
        return nearest(self.anchors, self.anchor_cluster, points)


Fitted: TypeAlias = tuple[Floats, Labels]
"""Anchors and their clusters."""


def find_clusters(points: Floats, config: ClusterConfig) -> Clustering:
    """Cluster `points`, shape (customers, figures). Deterministic for one seed. Raises UnknownName."""
    import sklearn.cluster  # noqa: F401 - the limit below holds for the libraries that are loaded by then
    from threadpoolctl import threadpool_limits

    if config.method not in METHODS:
        raise UnknownName("cluster method", config.method, METHODS)
    rng = np.random.default_rng(config.seed)
    sample = _drawn(points, config.sample_hierarchical if config.method == "hierarchical" else config.sample, rng)
    if len(sample) < LEAST_CUSTOMERS or len(np.unique(sample, axis=0)) < 2:
        return _one(sample)
    fit = _FITS[config.method]
    judged = _drawn(sample, config.sample_judged, rng)
    with threadpool_limits(limits=1):  # points this few are fitted faster by one thread than by several that wait
        found = [_judged(judged, fit, size, config, rng) for size in _sizes(judged, config)]
        best = _chosen([one for one in found if one is not None], config)
        if best is None:
            return _one(sample)
        anchors, owner = fit(sample, best.size, config.seed)
    clusters = int(owner.max()) + 1
    return Clustering(anchors, owner, clusters, best.stability, best.silhouette, len(sample))


def _drawn(points: Floats, most: int, rng: np.random.Generator) -> Floats:
    return points if len(points) <= most else points[np.sort(rng.choice(len(points), most, replace=False))]


def _one(sample: Floats) -> Clustering:
    centre = sample.mean(axis=0, keepdims=True) if len(sample) else np.zeros((1, sample.shape[1]))
    return Clustering(centre, np.zeros(1, dtype=np.int64), 1, None, None, len(sample))


def _sizes(sample: Floats, config: ClusterConfig) -> list[int]:
    """Return what is tried: numbers of clusters, or for HDBSCAN how many least clusters the customers would fill."""
    if config.method == "hdbscan":
        return [100, 50, 25, 12]
    most = min(config.most, len(np.unique(sample, axis=0)), len(sample) // 5)
    return [config.clusters] if config.clusters and config.clusters <= most else list(range(2, most + 1))


@dataclass(frozen=True)
class _Judged:
    size: int
    clusters: int
    stability: float
    silhouette: float


def _judged(
    points: Floats, fit: Callable[[Floats, int, int], Fitted], size: int, config: ClusterConfig, rng: np.random.Generator
) -> _Judged | None:
    """Return the figures of one size; None where it gives a single cluster, too many to name, or one too small to serve."""
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    anchors, owner = fit(points, size, config.seed)
    clusters = len(np.unique(owner))
    if not 2 <= clusters <= 2 * config.most:
        return None
    labels = nearest(anchors, owner, points)
    if np.bincount(labels).min() < config.least_share * len(points) and size not in (2, config.clusters):
        return None
    agreements = []
    for _ in range(config.bootstraps):
        again = fit(points[rng.integers(0, len(points), len(points))], size, config.seed)
        agreements.append(float(adjusted_rand_score(labels, nearest(*again, points))))
    return _Judged(size, clusters, float(np.mean(agreements)), float(silhouette_score(points, labels)))


def nearest(anchors: Floats, owner: Labels, points: Floats) -> Labels:
    """Return the cluster of the anchor nearest to each point, shape (points,); 0 where there is no anchor."""
    from sklearn.metrics import pairwise_distances_argmin

    if not len(anchors) or not len(points):
        return np.zeros(len(points), dtype=np.int64)
    places: Labels = owner[pairwise_distances_argmin(points, anchors)]
    return places


def _chosen(judged: list[_Judged], config: ClusterConfig) -> _Judged | None:
    if not judged:
        return None
    stable = [one for one in judged if one.stability >= config.stable_from]
    telling = [one for one in stable if one.clusters > 2] or stable
    if not telling:
        return max(judged, key=lambda one: one.stability)
    best = max(one.silhouette for one in telling)
    return max((one for one in telling if one.silhouette >= best - config.silhouette_slack), key=lambda one: one.clusters)


def _kmeans(points: Floats, size: int, seed: int) -> Fitted:
    from sklearn.cluster import KMeans

    size = min(size, len(np.unique(points, axis=0)))
    fitted = KMeans(n_clusters=size, n_init=3, random_state=seed).fit(points)
    return np.asarray(fitted.cluster_centers_, dtype=np.float64), np.arange(size, dtype=np.int64)


def _hierarchical(points: Floats, size: int, seed: int) -> Fitted:  # noqa: ARG001 - Ward's tree has no chance in it
    from sklearn.cluster import AgglomerativeClustering

    return points, np.asarray(AgglomerativeClustering(n_clusters=size).fit_predict(points), dtype=np.int64)


def _hdbscan(points: Floats, size: int, seed: int) -> Fitted:  # noqa: ARG001 - HDBSCAN has no chance in it
    from sklearn.cluster import HDBSCAN

    least = max(5, len(points) // size)
    owner = np.asarray(HDBSCAN(min_cluster_size=least, copy=True).fit_predict(points), dtype=np.int64)
    return points[owner >= 0], owner[owner >= 0]


_FITS: dict[str, Callable[[Floats, int, int], Fitted]] = {
    "kmeans": _kmeans,
    "hierarchical": _hierarchical,
    "hdbscan": _hdbscan,
}
