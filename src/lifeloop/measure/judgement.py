"""What a backtest found, as the report shows it: figures beside the baselines, calibration, deciles, a verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from lifeloop.measure.outlook import Z80, Decile


@dataclass(frozen=True)
class Bin:
    """Customers with about the same predicted chance, and what became of them."""

    predicted: float
    observed: float
    rows: int
    low: float
    high: float
    """Ends of the 80 % interval of the observed share."""


@dataclass(frozen=True)
class Figure:
    """One figure of one model with its 95 % interval, where it has one; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Judged:
    """One model or baseline."""

    name: str
    baseline: bool
    figures: dict[str, Figure]


@dataclass(frozen=True)
class Judgement:
    """One backtest."""

    question: str
    horizon_days: int
    model: str
    """The model the calibration and the deciles are of."""
    origins: int
    """Moments of the past it was asked at."""
    rows: int
    models: tuple[Judged, ...]
    bins: tuple[Bin, ...]
    deciles: tuple[Decile, ...]
    total_ratios: tuple[float, ...]
    """Of value: all that was predicted over all that was spent, at each origin."""
    verdict_en: str
    verdict_zh: str


def wilson(share: float, rows: float, z: float = Z80) -> tuple[float, float]:
    """Return the Wilson interval of a share among `rows`; never outside 0..1, never empty.

    Source  Wilson (1927).

    >>> [round(end, 3) for end in wilson(0.5, 100)]
    [0.436, 0.564]
    """
    if rows <= 0:
        return 0.0, 1.0
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    return max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0)  # at 0 and 1 but for rounding


def calibration(bins: Sequence[Mapping[str, Any]]) -> tuple[Bin, ...]:
    """Return calibration bins with intervals, from rows with `predicted`, `observed` and `rows`, the least chance first."""
    made = []
    for one in sorted(bins, key=lambda one: float(one["predicted"])):
        low, high = wilson(float(one["observed"]), float(one["rows"]))
        made.append(Bin(float(one["predicted"]), float(one["observed"]), int(one["rows"]), low, high))
    return tuple(made)


def judgement(backtest: Mapping[str, Any]) -> Judgement:
    """Read the JSON object of one backtest."""
    return Judgement(
        question=str(backtest["question"]),
        horizon_days=int(backtest["horizon_days"]),
        model=str(backtest["model"]),
        origins=len(backtest["origins"]),
        rows=int(backtest["rows"]),
        models=tuple(
            Judged(
                str(one["name"]),
                bool(one["baseline"]),
                {
                    name: Figure(figure["value"], figure.get("low"), figure.get("high"))
                    for name, figure in one["figures"].items()
                },
            )
            for one in backtest["models"]
        ),
        bins=calibration(backtest.get("calibration") or ()),
        deciles=tuple(
            Decile(number, float(one["customers"]), float(one["predicted"]), float(one["actual"]), 0.0)
            for number, one in enumerate(backtest.get("deciles") or (), start=1)
        ),
        total_ratios=_total_ratios(backtest),
        verdict_en=str(backtest["verdict"]["en"]),
        verdict_zh=str(backtest["verdict"]["zh"]),
    )


def _total_ratios(backtest: Mapping[str, Any]) -> tuple[float, ...]:
    figures = [one["models"].get(backtest["model"], {}) for one in backtest.get("per_origin") or ()]
    return tuple(float(one["total_ratio"]) for one in figures if one.get("total_ratio"))
