"""Single customers: those worth looking at, and all that is known of one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import NotEnoughData
from lifeloop.base.text import Language
from lifeloop.features.cut import Moment
from lifeloop.lake import Engine
from lifeloop.predict.columns import numbers
from lifeloop.schema import CUSTOMER, EVENT, ORDER, REFUND, SCORE, SNAPSHOT


@dataclass(frozen=True)
class Reason:
    """One sentence of a score's explanation."""

    feature: str
    effect: float
    en: str
    zh: str


@dataclass(frozen=True)
class Worth:
    """One customer worth looking at: valuable, and about to be lost."""

    customer_id: str
    stage: str
    p_churn: float | None
    revenue_minor: float | None
    """Expected within the horizon of the value model."""
    revenue_low_minor: float | None
    revenue_high_minor: float | None
    goods_minor: int
    """Bought so far."""
    orders: int
    recency_days: int
    next_order: datetime | None
    """When the next order is as likely to have come as not; None where it may never come."""
    reason: Reason | None
    """Why they stand where they stand."""
    pushes: Reason | None
    """What of their own makes churn likeliest."""


NOT_THEIR_OWN = frozenset({"month"})
"""Reasons that hold for everybody at once."""


@dataclass(frozen=True)
class Score:
    """One score of one customer."""

    model: str
    target: str
    horizon_days: int | None
    value: float | None
    low: float | None
    high: float | None
    label: str | None
    reasons: tuple[Reason, ...]
    version: str


@dataclass(frozen=True)
class Happening:
    """One thing in a customer's history."""

    happened_at: datetime
    kind: str
    """order, refund, or the name of an event."""
    reference: str
    amount_minor: int | None
    """Goods, in the shop's base currency."""
    products: int | None


@dataclass(frozen=True)
class CustomerCard:
    """All that is known of one customer as of one moment."""

    customer_id: str
    as_of: datetime
    profile: dict[str, Any]
    """The customer row; empty where they were not known yet."""
    stage: Score | None
    scores: tuple[Score, ...]
    features: dict[str, float | None]
    history: tuple[Happening, ...]
    """The latest first."""


HISTORY_SQL = """
SELECT placed_at AS happened_at, 'order' AS kind, order_id AS reference, goods_minor AS amount_minor, products AS products
FROM orders WHERE customer_id = $customer AND placed_at < $as_of
UNION ALL
SELECT refunded_at AS happened_at, 'refund' AS kind, refund_id AS reference, CAST(sum(goods_minor) AS BIGINT) AS amount_minor,
    CAST(count(DISTINCT product_id) AS INT) AS products
FROM refunds WHERE customer_id = $customer AND refunded_at < $as_of GROUP BY refunded_at, refund_id
UNION ALL
SELECT occurred_at AS happened_at, name AS kind, product_id AS reference, amount_minor AS amount_minor,
    CAST(NULL AS INT) AS products
FROM events WHERE customer_id = $customer AND occurred_at < $as_of AND name IS NOT NULL
ORDER BY happened_at DESC, kind, reference
LIMIT 20
"""

SCORES_SQL = """
SELECT model, target, horizon_days, value, low, high, label, reasons, version
FROM scores WHERE customer_id = $customer AND as_of = $as_of ORDER BY model, target
"""

PROFILE_SQL = "SELECT * FROM customers WHERE customer_id = $customer AND first_seen_at < $as_of"

FEATURES_SQL = "SELECT * FROM snapshots WHERE customer_id = $customer AND as_of = $as_of"


WHY_SQL = """
SELECT s.customer_id AS customer_id,
    max(CASE WHEN s.target = 'stage' THEN s.reasons END) AS stage_reasons,
    max(CASE WHEN s.target = 'p_churn' THEN s.reasons END) AS churn_reasons
FROM scores AS s
JOIN chosen AS c ON c.customer_id = s.customer_id
WHERE s.as_of = $as_of
GROUP BY s.customer_id
"""

LIKELY_LOST = 0.5
"""Where nobody stands at risk, a churn probability from which a customer is worth a look all the same."""


def worth_a_look(
    engine: Engine, standing: pa.Table, as_of: datetime, *, zone: str = "UTC", most: int = 20
) -> tuple[Worth, ...]:
    """Return the most valuable customers at risk, by the revenue still expected of them, else by what they bought.

    Where nobody is at risk, whoever of those not yet lapsed is more likely than not to be lost is asked for instead.
    """
    stage = np.array(standing.column("stage").to_pylist(), dtype=object)
    ordered = np.nan_to_num(numbers(standing, "orders")) > 0
    asked = ordered & (stage == "at_risk")
    if not asked.any():
        lost = np.nan_to_num(numbers(standing, "p_churn")) >= LIKELY_LOST
        asked = ordered & lost & (stage != "lapsed") & (stage != "prospect")
    places = np.flatnonzero(asked)
    revenue, goods = (np.nan_to_num(numbers(standing, name))[places] for name in ("revenue_minor", "goods_minor"))
    rows = standing.take(pa.array(places[np.lexsort((places, -goods, -revenue))][:most]))
    chosen = rows.select(["customer_id"])
    why = {
        row["customer_id"]: row for row in engine.query(WHY_SQL, {"scores": SCORE, "chosen": chosen}, as_of=as_of).to_pylist()
    }
    return tuple(_worth(row | why[row["customer_id"]], Moment(as_of, zone)) for row in rows.to_pylist())


def _worth(row: dict[str, Any], moment: Moment) -> Worth:
    why = reasons_of(row["stage_reasons"])
    own = [one for one in reasons_of(row["churn_reasons"]) if one.effect > 0 and one.feature not in NOT_THEIR_OWN]
    days = row["next_days"]
    return Worth(
        customer_id=row["customer_id"],
        stage=row["stage"],
        p_churn=row["p_churn"],
        revenue_minor=row["revenue_minor"],
        revenue_low_minor=row["revenue_low_minor"],
        revenue_high_minor=row["revenue_high_minor"],
        goods_minor=int(row["goods_minor"] or 0),
        orders=int(row["orders"] or 0),
        recency_days=int(row["recency_days"] or 0),
        next_order=None if days is None else moment.shifted(max(round(days) - 1, 0)),  # day 1 begins at as_of
        reason=why[0] if why else None,
        pushes=own[0] if own else None,
    )


def told(reason: Reason | None, language: Language) -> str:
    """Return a reason in one language; nothing where there is none."""
    if reason is None:
        return ""
    return reason.zh if language == "zh" else reason.en


def reasons_of(told: str | None) -> tuple[Reason, ...]:
    """Return the reasons of a score row, strongest first."""
    return tuple(
        Reason(str(one["feature"]), float(one.get("effect") or 0.0), str(one["en"]), str(one["zh"]))
        for one in (json.loads(told) if told else [])
    )


def customer_card(engine: Engine, customer_id: str, as_of: datetime) -> CustomerCard:
    """Return all that is known of one customer. Raises NotEnoughData where nothing is."""
    profile = engine.query(PROFILE_SQL, {"customers": CUSTOMER}, customer=customer_id, as_of=as_of).to_pylist()
    tables = {"orders": ORDER, "refunds": REFUND, "events": EVENT}
    history = engine.query(HISTORY_SQL, tables, customer=customer_id, as_of=as_of).to_pylist()
    if not profile and not history:
        raise NotEnoughData(
            f"cannot show the customer '{customer_id}'",
            "no order, refund, event or profile before the moment asked for names them",
            "Write the customer id as the shop does; lifeloop report lists customers worth looking at.",
        )
    rows = engine.query(SCORES_SQL, {"scores": SCORE}, customer=customer_id, as_of=as_of).to_pylist()
    scores = tuple(Score(**row | {"reasons": reasons_of(row["reasons"])}) for row in rows)
    features = engine.query(FEATURES_SQL, {"snapshots": SNAPSHOT}, customer=customer_id, as_of=as_of).to_pylist()
    return CustomerCard(
        customer_id=customer_id,
        as_of=as_of,
        profile=_profile(profile[0] if profile else {}, history, as_of),
        stage=next((score for score in scores if score.target == "stage"), None),
        scores=tuple(score for score in scores if score.target != "stage"),
        features={name: value for name, value in (features[0] if features else {}).items() if name not in SNAPSHOT.columns},
        history=tuple(Happening(**row) for row in history),
    )


def _profile(row: dict[str, Any], history: list[dict[str, Any]], as_of: datetime) -> dict[str, Any]:
    """Return what the customer row says, seen last before `as_of`."""
    known = {name: value for name, value in row.items() if value is not None}
    if known and known["last_seen_at"] >= as_of:
        known["last_seen_at"] = history[0]["happened_at"] if history else known["first_seen_at"]
    return known
