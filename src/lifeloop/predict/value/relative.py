"""A customer seen against the shop and against themselves: features that mean the same in every year of a shop.

Trees that see days since the first order, or money as it is, learn the age of the shop and carry it into a year where it
no longer holds: on CDNOW that puts the total 27 % too high. Ratios do not age.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from lifeloop.predict.btyd.level import Outlook
from lifeloop.predict.columns import Floats, numbers

_LEAST_WEEKS = 0.1
"""Weeks since the first order count as at least this, in ratios."""

RELATIVE: Mapping[str, str] = {
    "repeat_days": "order_days",
    "life_over_tenure": "life_days",
    "recency_over_tenure": "recency_days",
    "repeat_value_over_expected": "repeat_day_value_mean_minor",
    "last_value_over_expected": "last_day_value_minor",
    "first_value_over_expected": "first_day_value_minor",
    "p_alive": "recency_days",
    "repeat_value": "repeat_day_value_mean_minor",
    "first_value": "first_day_value_minor",
    "last_value": "last_day_value_minor",
    "spend": "goods_minor",
}
"""Each relative feature, and the feature of the snapshot it speaks of in a reason."""


def relative_features(snapshot: pa.Table, outlook: Outlook, unit: float) -> Floats:
    """Return the features named in `RELATIVE`, shape (n, 11); money in units of the shop's usual order value `unit`.

    Source  research on CDNOW and Online Retail (docs/models/value.md)
    """
    known, expected = outlook.summary, np.maximum(outlook.order_value, 1e-9)
    weeks = np.maximum(known.T, _LEAST_WEEKS)
    first = np.nan_to_num(numbers(snapshot, "first_day_value_minor"))
    last = np.nan_to_num(numbers(snapshot, "last_day_value_minor"))
    return np.column_stack(
        [
            known.x,
            known.t_x / weeks,
            (known.T - known.t_x) / weeks,
            known.m / expected,
            last / expected,
            first / expected,
            outlook.alive,
            known.m / unit,
            first / unit,
            last / unit,
            known.spend / unit,
        ]
    )
