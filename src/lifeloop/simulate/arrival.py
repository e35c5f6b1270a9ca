"""When the shop's pipeline receives what was done: seconds later, now and then minutes, and never twice the same wait."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.simulate.deeds import DAY, US
from lifeloop.simulate.draws import Draws, Ints

_LEAST, _MEDIAN, _SIGMA = 0.05, 1.45, 1.2
"""The wait in seconds: at least, and the median and spread of its log-normal rest. One in 1,000 waits a minute or more."""


def received(draws: Draws, purpose: str, who: Any, second: Ints, k: Any = 0) -> Any:
    """Return when what was done at `second` (UTC, since 1970) is received, on the same day; Arrow timestamps in microseconds.

    `purpose`, `who` and `k` are the address of the draw, as for `Draws.bits`. What would be received on the next day comes
    within what is left of this one.
    """
    wait = _LEAST + _MEDIAN * np.exp(_SIGMA * draws.normal(f"{purpose}: wait", who, k=k))
    left = DAY - second % DAY
    wait = np.where(wait < left, wait, left * draws.uniform(f"{purpose}: hurry", who, k=k))
    return microseconds(second * US + np.ceil(wait * US).astype(np.int64) - 1)


def microseconds(values: Ints) -> Any:
    """Return microseconds since 1970 as UTC timestamps in Arrow."""
    return pa.array(values, pa.timestamp("us", tz="UTC"))
