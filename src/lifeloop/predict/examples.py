"""What a model learns from: a snapshot of everyone who ever ordered, beside what they did afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.base.errors import ModelError
from lifeloop.predict.columns import Floats, numbers
from lifeloop.schema import SNAPSHOT

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Example:
    """One snapshot and its labels, row by row about the same customer; make it with `Example.of`."""

    snapshot: pa.Table
    """(n, 2 + features): as_of, customer_id, features."""
    labels: pa.Table
    """(n, 5): customer_id, orders, order_days, revenue_minor, churned, in the snapshot's order."""
    horizon_days: int
    """Days the labels speak about: as_of <= time < as_of + horizon_days."""

    @classmethod
    def of(cls, snapshot: pa.Table, labels: pa.Table, horizon_days: int) -> Example:
        """Bring both to the customers they share, in the snapshot's order.

        The labels name everyone who ordered before as_of: that is the population every model here speaks of.
        Raises ModelError when a labelled customer is missing from the snapshot.
        """
        places = pc.index_in(snapshot.column("customer_id"), value_set=labels.column("customer_id").combine_chunks())
        known = places.is_valid()
        aligned = labels.take(places.drop_null())
        if aligned.num_rows != labels.num_rows:
            raise ModelError(
                "cannot learn from a snapshot",
                f"{labels.num_rows - aligned.num_rows:,} of {labels.num_rows:,} labelled customers are not in it",
                "Take snapshot and labels from the same lake, as of the same moment.",
            )
        return cls(snapshot.filter(known), aligned, horizon_days)

    @property
    def rows(self) -> int:
        """Customers in it."""
        return int(self.snapshot.num_rows)

    @property
    def as_of(self) -> datetime:
        """The first instant the features do not know. Raises ModelError without rows."""
        if not self.rows:
            raise ModelError("cannot say when an example was taken", "it has no customers")
        instant: datetime = self.snapshot.column("as_of")[0].as_py()
        return instant

    @property
    def ends(self) -> datetime:
        """The first instant behind its label window."""
        return self.as_of + timedelta(days=self.horizon_days)

    @property
    def churned(self) -> Bools:
        """Whether each customer placed no order within the horizon, shape (n,)."""
        return np.asarray(self.labels.column("churned").to_numpy(zero_copy_only=False), dtype=np.bool_)

    def label(self, name: str) -> Floats:
        """Return one label (orders, order_days, revenue_minor) as floats, shape (n,)."""
        return numbers(self.labels, name)

    def take(self, rows: npt.NDArray[np.intp]) -> Example:
        """Return some of the rows, in the order asked."""
        return Example(self.snapshot.take(pa.array(rows)), self.labels.take(pa.array(rows)), self.horizon_days)


def ever_ordered(snapshot: pa.Table) -> pa.Table:
    """Return the customers of a snapshot who ordered at least once before its as_of."""
    return snapshot.filter(pc.greater(snapshot.column("orders"), 0)) if "orders" in snapshot.column_names else snapshot


def feature_names(snapshot: pa.Table) -> tuple[str, ...]:
    """Return the columns that are features: every number or truth value, in the snapshot's order."""
    return tuple(
        field.name
        for field in snapshot.schema
        if field.name not in SNAPSHOT.columns
        and (pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_boolean(field.type))
    )


def matrix(snapshot: pa.Table, names: Sequence[str]) -> Floats:
    """Return features as floats, shape (customers, len(names)), column by column in memory; not known is NaN.

    Raises ModelError when one is not there.
    """
    values = np.empty((snapshot.num_rows, len(names)), dtype=np.float64, order="F")
    for column, name in enumerate(names):
        values[:, column] = numbers(snapshot, name)
    return values


def sample_rows(rows: int, most: int, seed: int) -> npt.NDArray[np.intp]:
    """Return `most` of `rows` row numbers drawn without replacement, in rising order; all of them when there are no more."""
    if rows <= most:
        return np.arange(rows, dtype=np.intp)
    drawn = np.random.default_rng(seed).choice(rows, most, replace=False)
    return np.sort(drawn).astype(np.intp)
