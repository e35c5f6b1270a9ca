"""The shop's own rhythm: how long its customers usually wait between orders, and when waiting becomes silence.

Two questions are kept apart, because the answers differ by months in every shop we measured:
- after the **first** order, how many days until those who came back did so?
- after that, how many times their own usual gap did they wait?

A customer's usual gap is their mean gap drawn towards the shop's: exp((2 ln G + n ln g) / (2 + n)) for n gaps of mean g
and the shop's usual gap G, held within the shop's 10th and 90th percentile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.predict.columns import Floats, numbers

DRAWN_TOWARDS_SHOP = 2.0
"""The shop's usual gap counts as much as this many of the customer's own."""


@dataclass(frozen=True, kw_only=True)
class RhythmConfig:
    """When a customer counts as late, as lapsed, as loyal."""

    late_share: float = 0.80
    """Late: this share of the customers who came back had come back sooner."""
    lapsed_share: float = 0.95
    """Lapsed: this share had come back sooner."""
    least_returns: int = 30
    """Fewer returning customers than this say nothing about a rhythm."""
    usual_days: float = 45.0
    """Usual gap where no rhythm is known; late and lapsed are then twice and four times it."""
    loyal_share: float = 0.75
    """Loyal: more order days than this share of the returning customers have ..."""
    loyal_least_orders: int = 3
    """... and at least this many ..."""
    loyal_gaps: float = 2.0
    """... over at least this many of the shop's usual gaps."""


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """What was learned from one shop. All days are calendar days."""

    returned: int
    """Customers who ordered on two days or more."""
    known: bool
    """Whether they were enough to learn from."""
    usual_days: float
    """Median over returning customers of their own median gap."""
    usual_low_days: float
    usual_high_days: float
    """10th and 90th percentile of the same."""
    first_late_days: float
    first_lapsed_days: float
    """Days after a first order by which `late_share` / `lapsed_share` of those who came back had."""
    late_gaps: float
    lapsed_gaps: float
    """The same after later orders, in the customer's own usual gaps."""
    loyal_orders: int
    loyal_days: float
    """Order days, and days between first and last, from which a customer is loyal."""

    def usual(self, gaps: Floats, mean_days: Floats) -> Floats:
        """Return the usual gap in days of customers with `gaps` gaps of `mean_days`; the shop's where there is none."""
        own = np.log(np.maximum(np.where(gaps > 0, mean_days, 1.0), 0.5))
        drawn = (DRAWN_TOWARDS_SHOP * np.log(self.usual_days) + np.maximum(gaps, 0) * own) / (
            DRAWN_TOWARDS_SHOP + np.maximum(gaps, 0)
        )
        usual: Floats = np.clip(np.exp(drawn), self.usual_low_days, self.usual_high_days)
        return usual

    def late_after(self, gaps: Floats, mean_days: Floats) -> Floats:
        """Return the days without an order after which these customers are late."""
        return np.where(gaps > 0, self.late_gaps * self.usual(gaps, mean_days), self.first_late_days)

    def lapsed_after(self, gaps: Floats, mean_days: Floats) -> Floats:
        """Return the days without an order after which these customers have lapsed; always more than late."""
        return np.where(gaps > 0, self.lapsed_gaps * self.usual(gaps, mean_days), self.first_lapsed_days)


def learn_rhythm(snapshots: Sequence[pa.Table], config: RhythmConfig) -> Rhythm:
    """Learn a shop's rhythm from its snapshots; each customer counts once per snapshot in which they had returned."""
    order_days, life, last, before, median = (
        np.concatenate([numbers(snapshot, name) for snapshot in snapshots] or [np.empty(0)])
        for name in ("order_days", "life_days", "gap_last_days", "gap_before_last_days", "gap_median_days")
    )
    back = (order_days >= 2) & np.isfinite(last)
    returned = int(back.sum())
    if returned < config.least_returns:
        return _unknown(returned, config)
    low, usual, high = (max(float(q), 1.0) for q in np.quantile(median[back], [0.1, 0.5, 0.9]))
    first_late, first_lapsed = _first_return(order_days, last, before, usual, config)
    rhythm = Rhythm(
        returned=returned,
        known=True,
        usual_days=usual,
        usual_low_days=low,
        usual_high_days=high,
        first_late_days=first_late,
        first_lapsed_days=first_lapsed,
        late_gaps=first_late / usual,
        lapsed_gaps=first_lapsed / usual,
        loyal_orders=max(config.loyal_least_orders, int(np.quantile(order_days[back], config.loyal_share)) + 1),
        loyal_days=config.loyal_gaps * usual,
    )
    return _with_later_returns(rhythm, order_days, life, last, config)


def _unknown(returned: int, config: RhythmConfig) -> Rhythm:
    return Rhythm(
        returned=returned,
        known=False,
        usual_days=config.usual_days,
        usual_low_days=config.usual_days / 4,
        usual_high_days=config.usual_days * 4,
        first_late_days=config.usual_days * 2,
        first_lapsed_days=config.usual_days * 4,
        late_gaps=2.0,
        lapsed_gaps=4.0,
        loyal_orders=config.loyal_least_orders,
        loyal_days=config.loyal_gaps * config.usual_days,
    )


def _first_return(order_days: Floats, last: Floats, before: Floats, usual: float, config: RhythmConfig) -> tuple[float, float]:
    """Return late and lapsed days after a first order: the first gap is known of customers with two or three order days."""
    first = np.where(order_days == 2, last, np.where(order_days == 3, before, np.nan))
    first = first[np.isfinite(first)]
    if first.size < config.least_returns:
        return 2 * usual, 4 * usual
    late, lapsed = np.quantile(first, [config.late_share, config.lapsed_share])
    late = max(float(late), usual)
    return late, max(float(lapsed), late + usual)


def _with_later_returns(rhythm: Rhythm, order_days: Floats, life: Floats, last: Floats, config: RhythmConfig) -> Rhythm:
    """Add late and lapsed for later orders: the last gap over the usual gap as it was before it."""
    often: npt.NDArray[np.bool_] = (order_days >= 3) & np.isfinite(last)
    if int(often.sum()) < config.least_returns:
        return rhythm
    gaps = order_days[often] - 2
    ratio = last[often] / rhythm.usual(gaps, (life[often] - last[often]) / gaps)
    late, lapsed = np.quantile(ratio, [config.late_share, config.lapsed_share])
    late = max(float(late), 1.0)
    return Rhythm(**{**rhythm.__dict__, "late_gaps": late, "lapsed_gaps": max(float(lapsed), late + 1.0)})
