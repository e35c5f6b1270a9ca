"""From a snapshot's Arrow columns to arrays, and from arrays to rows of the score table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.base.errors import ModelError
from lifeloop.schema import SCORE

Floats: TypeAlias = npt.NDArray[np.float64]

Reason: TypeAlias = dict[str, Any]
"""`feature`, `effect` (signed, in the model's own unit), and the sentence in `en` and `zh`."""


def numbers(snapshot: pa.Table, name: str) -> Floats:
    """Return one feature as floats, shape (customers,); not known is NaN. Raises ModelError when it is not there.

    >>> numbers(pa.table({"orders": [2, None]}), "orders").tolist()
    [2.0, nan]
    """
    if name not in snapshot.column_names:
        raise ModelError(
            f"cannot read the feature '{name}'",
            f"the snapshot has {', '.join(snapshot.column_names) or 'no columns'}",
            "Take the snapshot anew with all declared features: lifeloop run.",
        )
    column = snapshot.column(name).combine_chunks().cast(pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def score_rows(
    snapshot: pa.Table,
    *,
    model: str,
    target: str,
    version: str,
    labels: Sequence[str],
    reasons: Sequence[Sequence[Reason]],
) -> pa.Table:
    """Return score rows whose answer is a name: one per row of `snapshot`, in its order."""
    n = snapshot.num_rows
    nothing = pa.nulls(n, pa.float64())
    columns: dict[str, Any] = {
        "as_of": snapshot.column("as_of"),
        "customer_id": snapshot.column("customer_id"),
        "model": pa.array([model] * n, pa.string()),
        "target": pa.array([target] * n, pa.string()),
        "horizon_days": pa.nulls(n, pa.int32()),
        "value": nothing,
        "low": nothing,
        "high": nothing,
        "label": pa.array(labels, pa.string()),
        "reasons": pa.array([json.dumps(list(said), ensure_ascii=False) for said in reasons], pa.string()),
        "version": pa.array([version] * n, pa.string()),
    }
    return pa.table(columns).cast(SCORE.arrow())


def spell_days(days: float, language: str) -> str:
    """Return a number of days in words.

    >>> spell_days(0, "en"), spell_days(1, "en"), spell_days(12.4, "en"), spell_days(12.4, "zh")
    ('less than a day', '1 day', '12 days', '12 天')
    """
    whole = round(days)
    if whole < 1:
        return "不到 1 天" if language == "zh" else "less than a day"
    if language == "zh":
        return f"{whole:,} 天"
    return f"{whole:,} day" if whole == 1 else f"{whole:,} days"
