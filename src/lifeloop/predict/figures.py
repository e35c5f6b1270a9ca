"""Rows of the score table whose answer is a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.predict.columns import Floats
from lifeloop.schema import SCORE


def figure_rows(
    snapshot: pa.Table,
    *,
    model: str,
    target: str,
    horizon_days: int | None,
    value: Floats,
    low: Floats,
    high: Floats,
    reasons: Sequence[str],
    version: str,
    labels: Sequence[str | None] | None = None,
) -> pa.Table:
    """Return one score row per row of `snapshot`, in its order; what is not finite becomes null, which means: abstains."""
    n = snapshot.num_rows
    columns: dict[str, Any] = {
        "as_of": snapshot.column("as_of"),
        "customer_id": snapshot.column("customer_id"),
        "model": pa.array([model] * n, pa.string()),
        "target": pa.array([target] * n, pa.string()),
        "horizon_days": pa.nulls(n, pa.int32()) if horizon_days is None else pa.array([horizon_days] * n, pa.int32()),
        "value": _finite(value),
        "low": _finite(low),
        "high": _finite(high),
        "label": pa.nulls(n, pa.string()) if labels is None else pa.array(labels, pa.string()),
        "reasons": pa.array(reasons, pa.string()),
        "version": pa.array([version] * n, pa.string()),
    }
    return pa.table(columns).cast(SCORE.arrow())


def _finite(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), mask=~np.isfinite(values))


def spread_out(values: Floats, rows: npt.NDArray[np.bool_]) -> Floats:
    """Return values of the rows marked, NaN in the others, shape (len(rows),).

    >>> spread_out(np.array([1.0, 2.0]), np.array([True, False, True])).tolist()
    [1.0, nan, 2.0]
    """
    out = np.full(rows.size, np.nan)
    out[rows] = values
    return out
