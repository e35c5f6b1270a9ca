"""Segments: fifths and clusters that are the same tomorrow, with names no two of which are alike."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.base.errors import ModelError, UnknownName
from lifeloop.predict.models.segment import Segment, SegmentConfig, fit
from lifeloop.predict.segment.clusters import METHODS, ClusterConfig, Method, nearest
from lifeloop.predict.segment.names import name_clusters
from lifeloop.schema import SCORE

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
FEATURES = (
    "recency_days",
    "tenure_days",
    "order_days",
    "goods_minor",
    "order_value_mean_minor",
    "gap_mean_days",
)


def snapshot(rows: list[dict[str, Any]]) -> pa.Table:
    schema = pa.schema(
        [("as_of", pa.timestamp("us", tz="UTC")), ("customer_id", pa.string())] + [(name, pa.float64()) for name in FEATURES]
    )
    numbered = [{"as_of": AS_OF, "customer_id": f"c{number}"} | row for number, row in enumerate(rows)]
    return pa.Table.from_pylist(numbered, schema=schema)


def bought(*, orders: int, value: float, recency: float, gap: float) -> dict[str, Any]:
    return {
        "recency_days": recency,
        "tenure_days": recency + gap * (orders - 1),
        "order_days": orders,
        "goods_minor": orders * value,
        "order_value_mean_minor": value,
        "gap_mean_days": gap if orders > 1 else None,
    }


def three_kinds(each: int = 60, seed: int = 0) -> pa.Table:
    """Return a shop of regulars who spend much, regulars who spend little, and one-time buyers of long ago."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(each):
        rows.append(bought(orders=int(rng.integers(18, 25)), value=rng.uniform(9e3, 12e3), recency=rng.uniform(1, 3), gap=10))
        rows.append(bought(orders=int(rng.integers(5, 8)), value=rng.uniform(900, 1200), recency=rng.uniform(20, 30), gap=40))
        rows.append(bought(orders=1, value=rng.uniform(2e3, 3e3), recency=rng.uniform(300, 400), gap=0))
    return snapshot(rows)


def with_method(method: Method) -> SegmentConfig:
    return SegmentConfig(cluster=ClusterConfig(method=method, bootstraps=5))


@pytest.mark.parametrize("method", METHODS)
def test_three_kinds_of_customers_are_three_stable_clusters(method: Method) -> None:
    shop = three_kinds()

    segment = fit([shop], with_method(method))
    labels = [row["label"] for row in segment.score(shop).to_pylist() if row["target"] == "cluster"]

    assert segment.clustering.clusters == 3
    assert segment.stability is not None
    assert segment.stability >= (0.9 if method == "hdbscan" else 1.0 - 1e-9)
    assert len(set(labels[0::3])) == len(set(labels[1::3])) == len(set(labels[2::3])) == 1
    assert len(set(labels)) == 3


def test_clusters_are_called_by_what_sets_them_apart() -> None:
    names = fit([three_kinds()]).names

    assert {name.en for name in names} == {
        "Frequent big spenders, seen lately",
        "Small buyers",
        "One-time buyers, long gone",
    }
    assert {name.zh for name in names} == {"高频大额顾客·近期来过", "小额顾客", "一次性顾客·久未光顾"}


def test_the_same_seed_finds_the_same_segments() -> None:
    first, second = fit([three_kinds()]), fit([three_kinds()])

    assert first.score(three_kinds()).equals(second.score(three_kinds()))


def test_a_saved_version_gives_the_same_answers(tmp_path: Path) -> None:
    shop = three_kinds(each=20)
    segment = fit([shop])

    segment.save(tmp_path / "segment" / "1")
    loaded = Segment.load(tmp_path / "segment" / "1")

    assert loaded.version == "1"
    assert loaded.stability == segment.stability
    assert loaded.names == segment.names
    assert loaded.score(shop).equals(replace(segment, version="1").score(shop))


def test_a_customer_of_tomorrow_joins_the_nearest_cluster() -> None:
    segment = fit([three_kinds()])
    tomorrow = snapshot([bought(orders=30, value=1.3e4, recency=0, gap=9)])

    assert segment.score(tomorrow)["label"].to_pylist() == ["R5F5M5", "Frequent big spenders, seen lately"]


def test_a_large_shop_is_clustered_on_a_sample_and_everybody_gets_a_cluster() -> None:
    shop = three_kinds(each=100)
    config = SegmentConfig(cluster=ClusterConfig(sample=90, sample_judged=60, bootstraps=3))

    segment = fit([shop], config)

    assert segment.clustering.sampled == 90
    assert segment.score(shop).num_rows == 600


@pytest.mark.parametrize("customers", [0, 1, 19])
def test_too_few_customers_are_one_segment_without_a_stability(customers: int) -> None:
    shop = three_kinds().slice(0, customers)

    segment = fit([shop])

    assert segment.stability is None
    assert [name.en for name in segment.names] == ["All customers"]
    assert segment.score(shop).num_rows == 2 * customers


@pytest.mark.parametrize("method", METHODS)
def test_customers_who_are_all_the_same_are_one_segment(method: Method) -> None:
    shop = snapshot([bought(orders=2, value=1000, recency=5, gap=9)] * 50)

    segment = fit([shop], with_method(method))

    assert segment.stability is None
    assert set(segment.score(shop)["label"].to_pylist()) == {"R3F3M3", "All customers"}


def test_someone_who_never_ordered_is_in_no_segment() -> None:
    nobody = {"recency_days": None, "tenure_days": None, "order_days": 0, "goods_minor": 0}
    shop = snapshot([bought(orders=1, value=1000, recency=5, gap=0), nobody])

    assert fit([shop]).score(shop)["customer_id"].to_pylist() == ["c0", "c0"]


def test_scores_say_in_both_languages_what_the_segment_means() -> None:
    shop = three_kinds()
    scores = fit([shop]).score(shop)

    assert scores.schema.equals(SCORE.arrow())
    reason = json.loads(scores["reasons"][2].as_py())[0]
    assert reason["en"].startswith("Hibernating: last order 3")
    assert reason["zh"].startswith("沉睡顾客：上次下单在 3")


def test_a_number_of_clusters_that_was_asked_for_is_kept() -> None:
    assert fit([three_kinds()], SegmentConfig(cluster=ClusterConfig(clusters=5, bootstraps=3))).clustering.clusters == 5


def test_an_unknown_method_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'kmeans'"):
        fit([three_kinds()], SegmentConfig(cluster=ClusterConfig(method="kmean")))  # type: ignore[arg-type]


def test_a_version_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        Segment.load(tmp_path)


def test_names_stay_unique_even_for_clusters_that_are_alike() -> None:
    points = np.zeros((9, 5))
    owner = np.repeat([0, 1, 2], 3)

    names = name_clusters(points, np.full(9, 3.0), owner, 3)

    assert [name.en for name in names] == ["Typical buyers", "Typical buyers (2)", "Typical buyers (3)"]
    assert len({name.zh for name in names}) == 3


def test_points_belong_to_the_nearest_anchor() -> None:
    anchors = np.array([[0.0], [10.0], [20.0]])

    assert nearest(anchors, np.array([0, 1, 0]), np.array([[4.0], [6.0], [99.0]])).tolist() == [0, 1, 0]
