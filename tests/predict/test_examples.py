"""An example sets what was known beside what happened, customer by customer."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.base.errors import ModelError
from lifeloop.predict.examples import Example, ever_ordered, feature_names, matrix, sample_rows

AS_OF = datetime(2024, 3, 1, tzinfo=UTC)


def snapshot() -> pa.Table:
    return pa.table(
        {
            "as_of": pa.array([AS_OF] * 3, pa.timestamp("us", tz="UTC")),
            "customer_id": ["ann", "visitor", "bob"],
            "orders": pa.array([2, 0, 5], pa.int32()),
            "gap_mean_days": pa.array([None, None, 4.0], pa.float64()),
        }
    )


def labels(*customers: str) -> pa.Table:
    n = len(customers)
    return pa.table(
        {
            "customer_id": list(customers),
            "orders": pa.array(range(n), pa.int32()),
            "order_days": pa.array(range(n), pa.int32()),
            "revenue_minor": pa.array([100 * i for i in range(n)], pa.int64()),
            "churned": pa.array([i == 0 for i in range(n)]),
        }
    )


def test_labels_follow_the_snapshots_order_and_visitors_stay_out() -> None:
    example = Example.of(snapshot(), labels("bob", "ann"), 30)

    assert example.snapshot.column("customer_id").to_pylist() == ["ann", "bob"]
    assert example.labels.column("customer_id").to_pylist() == ["ann", "bob"]
    assert example.churned.tolist() == [False, True]
    assert example.label("revenue_minor").tolist() == [100.0, 0.0]
    assert example.as_of == AS_OF
    assert example.ends == datetime(2024, 3, 31, tzinfo=UTC)


def test_a_labelled_customer_the_snapshot_does_not_know_is_an_error() -> None:
    with pytest.raises(ModelError, match="1 of 3 labelled customers"):
        Example.of(snapshot(), labels("ann", "bob", "cat"), 30)


def test_rows_can_be_taken_out_of_an_example() -> None:
    example = Example.of(snapshot(), labels("ann", "bob"), 30).take(np.array([1]))

    assert example.rows == 1
    assert example.labels.column("customer_id").to_pylist() == ["bob"]


def test_a_feature_nobody_knows_is_not_a_number() -> None:
    names = feature_names(snapshot())

    assert names == ("orders", "gap_mean_days")
    np.testing.assert_array_equal(matrix(snapshot(), names), [[2, np.nan], [0, np.nan], [5, 4]])


def test_only_those_who_ever_ordered_are_scored() -> None:
    assert ever_ordered(snapshot()).column("customer_id").to_pylist() == ["ann", "bob"]


def test_a_sample_has_no_row_twice_and_depends_on_the_seed_alone() -> None:
    drawn = sample_rows(1000, 100, seed=1)

    assert len(set(drawn.tolist())) == 100
    np.testing.assert_array_equal(drawn, sample_rows(1000, 100, seed=1))
    assert sample_rows(5, 100, seed=1).tolist() == [0, 1, 2, 3, 4]
