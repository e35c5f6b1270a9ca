"""What a churn learner sees: the features of a snapshot, and what BG/NBD says of the same customers.

BG/NBD is fitted anew for every snapshot, from that snapshot alone: it needs no labels, so this is no leak, and its
rates then belong to the shop as it was at that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.base.errors import NotEnoughData
from lifeloop.predict.btyd.bg_nbd import WEEK_DAYS, BgNbd, fit_bg_nbd, summary_of
from lifeloop.predict.columns import Floats, numbers
from lifeloop.predict.examples import matrix
from lifeloop.predict.metrics import logit

OFFSET_LIMIT = 1e-4
"""The probability of no order is cut to [1e-4, 1 - 1e-4] before its logit becomes an offset."""

P_ALIVE, NO_ORDER = "p_alive", "logit_p_no_order"
"""The two columns BG/NBD adds behind the features."""


@dataclass(frozen=True)
class Inputs:
    """n customers as a learner sees them."""

    names: tuple[str, ...]
    """The columns: the features, then `P_ALIVE` and `NO_ORDER`."""
    values: Floats
    """(n, len(names)); not known is NaN."""

    @property
    def rows(self) -> int:
        """Customers in it."""
        return int(self.values.shape[0])

    @property
    def offset(self) -> Floats:
        """Logit of BG/NBD's probability of no order in the horizon, shape (n,)."""
        return self.values[:, self.names.index(NO_ORDER)].copy()

    def columns(self, names: Sequence[str]) -> Floats:
        """Return some columns, shape (n, len(names))."""
        return np.ascontiguousarray(self.values[:, [self.names.index(name) for name in names]])

    def take(self, rows: npt.NDArray[np.intp]) -> Inputs:
        """Return some of the rows."""
        return Inputs(self.names, self.values[rows])


def stacked(parts: Sequence[Inputs]) -> Inputs:
    """Return all rows of inputs with the same columns."""
    return Inputs(parts[0].names, np.concatenate([part.values for part in parts]))


def btyd_of(snapshot: pa.Table) -> BgNbd | None:
    """Fit BG/NBD to a snapshot of customers who ordered; None where their orders do not carry a fit."""
    summary = summary_of(snapshot)
    try:
        return fit_bg_nbd(summary.x, summary.t_x, summary.T)
    except NotEnoughData:
        return None


def no_order(btyd: BgNbd, snapshot: pa.Table, horizon_days: int) -> Floats:
    """Return BG/NBD's probability of no order in the next `horizon_days`, shape (customers,)."""
    summary = summary_of(snapshot)
    return btyd.p_no_order(horizon_days / WEEK_DAYS, summary.x, summary.t_x, summary.T)


def inputs_of(snapshot: pa.Table, features: Sequence[str], btyd: BgNbd, horizon_days: int) -> Inputs:
    """Return a snapshot's features with BG/NBD's two columns. Raises ModelError when a feature is not there."""
    summary = summary_of(snapshot)
    values = np.empty((snapshot.num_rows, len(features) + 2), dtype=np.float64, order="F")
    values[:, :-2] = matrix(snapshot, features)
    values[:, -2] = btyd.p_alive(summary.x, summary.t_x, summary.T)
    values[:, -1] = logit(no_order(btyd, snapshot, horizon_days), OFFSET_LIMIT)
    return Inputs((*features, P_ALIVE, NO_ORDER), values)


def known_columns(snapshots: Sequence[pa.Table], names: Sequence[str]) -> tuple[str, ...]:
    """Return the features that say something over all snapshots: not always unknown, not always the same."""
    return tuple(name for name in names if _speaks([numbers(snapshot, name) for snapshot in snapshots]))


def _speaks(columns: Sequence[Floats]) -> bool:
    known = [column[~np.isnan(column)] for column in columns]
    some = [column for column in known if column.size]
    if not some:
        return False
    unknown = any(column.size < whole.size for column, whole in zip(known, columns, strict=True))
    return unknown or min(float(column.min()) for column in some) < max(float(column.max()) for column in some)
