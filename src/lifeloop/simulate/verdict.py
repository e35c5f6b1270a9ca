"""How near what we say comes to the truth, figure by figure, and how near anybody could come.

`best` is what the true expectations themselves score on the same figure: what is left to chance no model can know.

Source  area under the curve against probabilities: the chance that of two customers, one who will order and one who will not,
        the right one is ranked higher, both drawn by their true chances (Hanley & McNeil, 1982, with weights for outcomes).
        Pair precision and recall of identity: Menestrina, Whang & Garcia-Molina (2010).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import spearmanr

from lifeloop.base.errors import SettingsError
from lifeloop.simulate.deeds import DAY
from lifeloop.simulate.draws import Floats

if TYPE_CHECKING:
    from lifeloop.simulate.truth import Truth

_TRUE = {"p_churn": "p_no_order", "orders": "orders", "revenue_minor": "revenue_minor", "margin_minor": "margin_minor"}
"""Target of a score -> column of the truth."""


@dataclass(frozen=True)
class Verdict:
    """One figure of one thing we said."""

    about: str
    """What was said: `churn 30 d: p_churn`, `intent`, `identity`, `uplift`."""
    figure: str
    ours: float
    best: float | None
    """What the truth itself would score; None where that is no question."""
    rows: int
    """Customers, messages or visits compared."""


def compare(truth: Truth, table: pa.Table, pages: Mapping[str, pa.Table]) -> list[Verdict]:
    """Return verdicts on a table we made, told by its columns. Raises SettingsError for one it cannot judge.

    - rows of `score` (customer_id, model, target, horizon_days, value, as_of): churn, orders, revenue, margin
    - customer_id, channel, offer, uplift: further orders by a message
    - message_id with intent or sentiment: what a customer's text means
    - session_id with cause: why a visit ended without an order
    - session_id with profile: who the visitor was
    """
    names = set(table.column_names)
    if {"customer_id", "target", "horizon_days", "value"} <= names:
        return _scores(truth, table)
    if {"customer_id", "channel", "offer", "uplift"} <= names:
        return _uplift(truth, table)
    if {"session_id", "profile"} <= names:
        return _identity(_page(pages, "visit"), table)
    for column, page, key in (
        ("intent", "text", "message_id"),
        ("sentiment", "text", "message_id"),
        ("cause", "visit", "session_id"),
    ):
        if {key, column} <= names:
            return _taught(_page(pages, page), table, key, column)
    raise SettingsError(
        "cannot compare this table with the truth",
        f"its columns are {', '.join(table.column_names)}",
        "Give scores, uplifts, intents, sentiments, causes or profiles.",
    )


def auc(score: Floats, chance: Floats) -> float:
    """Return the expected area under the curve of a score, for outcomes that happen by `chance`; shape (n,) both.

    >>> round(auc(np.array([0.1, 0.9]), np.array([0.0, 1.0])), 3), round(auc(np.array([0.5, 0.5]), np.array([0.3, 0.6])), 3)
    (1.0, 0.5)
    """
    order = np.argsort(score, kind="stable")
    ranked, yes = score[order], chance[order]
    no = 1 - yes
    group = np.concatenate([[0], np.cumsum(np.diff(ranked) > 0)])
    yes_by, no_by = np.bincount(group, yes), np.bincount(group, no)
    below = np.cumsum(no_by) - no_by
    return float((yes_by @ (below + no_by / 2)) / max(yes.sum() * no.sum(), 1e-300))


def _scores(truth: Truth, table: pa.Table) -> list[Verdict]:
    if "as_of" in table.column_names:
        table = _of_today(truth, table)
    known = table.filter(pc.is_in(table["target"], pa.array(list(_TRUE))))
    known = known.filter(pc.is_valid(known["value"]))
    verdicts: list[Verdict] = []
    asked = known.select(["target", "horizon_days"]).group_by(["target", "horizon_days"], use_threads=False).aggregate([])
    for row in sorted(asked.to_pylist(), key=lambda one: (one["target"], one["horizon_days"])):
        rows = known.filter(
            pc.and_(pc.equal(known["target"], row["target"]), pc.equal(known["horizon_days"], row["horizon_days"]))
        )
        told = truth.expected(row["horizon_days"])
        ours, true = _side_by_side(rows, "value", told, _TRUE[row["target"]])
        about = f"{row['target']}, {row['horizon_days']} days"
        judge = _chances if row["target"] == "p_churn" else _amounts
        verdicts += [Verdict(about, figure, *values, ours.size) for figure, values in judge(ours, true).items()]
    return verdicts


def _of_today(truth: Truth, table: pa.Table) -> pa.Table:
    today = datetime.fromtimestamp(truth.epoch, UTC)
    seconds = pc.cast(pc.cast(table["as_of"], pa.timestamp("s", tz="UTC"), safe=False), pa.int64())
    near = table.filter(pc.less_equal(pc.abs(pc.subtract(seconds, truth.epoch)), DAY))
    if table.num_rows and not near.num_rows:
        raise SettingsError(
            "cannot compare these scores with the truth",
            f"none is as of {today:%Y-%m-%d}, the day the simulated shop is at",
            "Score as of that day.",
        )
    return near


def _chances(ours: Floats, true: Floats) -> dict[str, tuple[float, float | None]]:
    return {
        "auc": (auc(ours, true), auc(true, true)),
        "mean": (float(ours.mean()), float(true.mean())),
        "rms_error": (float(np.sqrt(np.mean((ours - true) ** 2))), 0.0),
    }


def _amounts(ours: Floats, true: Floats) -> dict[str, tuple[float, float | None]]:
    return {
        "total_ratio": (float(ours.sum() / max(true.sum(), 1e-300)), 1.0),
        "spearman": (_rank_correlation(ours, true), 1.0),
        "mae": (float(np.abs(ours - true).mean()), 0.0),
        "top_decile_share": (_top_share(ours, true), _top_share(true, true)),
    }


def _rank_correlation(ours: Floats, true: Floats) -> float:
    if np.ptp(ours) == 0 or np.ptp(true) == 0:
        return 0.0
    return float(spearmanr(ours, true).statistic)


def _top_share(ranked_by: Floats, worth: Floats) -> float:
    """Return the share of the worth that the tenth of customers ranked highest has."""
    top = np.argsort(-ranked_by, kind="stable")[: max(1, worth.size // 10)]
    return float(worth[top].sum() / max(worth.sum(), 1e-300))


def _uplift(truth: Truth, table: pa.Table) -> list[Verdict]:
    told = truth.uplift(30)
    keys = ["customer_id", "channel", "offer"]
    both = told.join(table.select([*keys, "uplift"]), keys, join_type="inner").sort_by([(key, "ascending") for key in keys])
    ours, true = (both[name].to_numpy().astype(np.float64) for name in ("uplift", "orders"))
    _someone(ours)
    third = max(1, ours.size * 3 // 10)
    gained, best = (float(true[np.argsort(-by, kind="stable")[:third]].sum()) for by in (ours, true))
    return [
        Verdict("uplift", "spearman", _rank_correlation(ours, true), 1.0, ours.size),
        Verdict("uplift", "orders_by_top_30_percent", gained, best, ours.size),
        Verdict("uplift", "total_ratio", float(ours.sum() / (true.sum() or np.nan)), 1.0, ours.size),
    ]


def _taught(page: pa.Table, table: pa.Table, key: str, column: str) -> list[Verdict]:
    told = page.select([key, column]).rename_columns([key, "true"])
    both = told.filter(pc.is_valid(told["true"])).join(table.select([key, column]), key, join_type="inner")
    right = pc.fill_null(pc.equal(both["true"], both[column]), False)  # noqa: FBT003 - Arrow's own signature
    hits = right.to_numpy().astype(np.float64)
    _someone(hits)
    return [Verdict(column, "accuracy", float(hits.mean()), 1.0, hits.size)]


def _identity(page: pa.Table, table: pa.Table) -> list[Verdict]:
    both = page.select(["session_id", "person"]).join(table.select(["session_id", "profile"]), "session_id", join_type="inner")
    person = np.unique(both["person"].to_numpy(), return_inverse=True)[1]
    profile = np.unique(both["profile"].to_numpy().astype(str), return_inverse=True)[1]
    _someone(person)
    pairs: Callable[[Any], float] = lambda group: float((np.bincount(group).astype(np.float64) ** 2).sum() - group.size) / 2  # noqa: E731
    cell = np.unique(profile * (person.max() + 1) + person, return_inverse=True)[1]
    together, ours, true = pairs(cell), pairs(profile), pairs(person)
    people_of = np.bincount(profile[np.unique(cell, return_index=True)[1]])
    mixed = np.isin(person, np.unique(person[people_of[profile] > 1]))
    return [
        Verdict("identity", "pair_precision", together / ours if ours else 1.0, 1.0, person.size),
        Verdict("identity", "pair_recall", together / true if true else 1.0, 1.0, person.size),
        Verdict("identity", "visits_of_people_mixed_with_others", float(mixed.mean()), 0.0, person.size),
    ]


def _side_by_side(rows: pa.Table, ours: str, told: pa.Table, true: str) -> tuple[Floats, Floats]:
    """Return what we said and what is true of the same customers."""
    both = told.select(["customer_id", true]).rename_columns(["customer_id", "_true"])
    both = both.join(rows.select(["customer_id", ours]), "customer_id", join_type="inner").sort_by("customer_id")
    _someone(both)
    return both[ours].to_numpy().astype(np.float64), both["_true"].to_numpy().astype(np.float64)


def _someone(found: Any) -> None:
    if not len(found):
        raise SettingsError(
            "cannot compare this table with the truth", "none of its rows is about this shop", "Give what was said of this one."
        )


def _page(pages: Mapping[str, pa.Table], name: str) -> pa.Table:
    if name not in pages:
        raise SettingsError(
            "cannot compare this table with the truth", f"its page '{name}' was not given", "Pass what Truth.pages() returned."
        )
    return pages[name]
