"""What answers are made of: the parts that several endpoints show."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, Field

from lifeloop.measure.customers import Reason, Score

PLAIN = r"^[^\x00]+$"
"""A text the store can keep."""

Identifier: TypeAlias = Annotated[str, Field(min_length=1, max_length=256, pattern=PLAIN)]
"""One value that names somebody."""

CustomerId: TypeAlias = Annotated[
    str, Path(min_length=1, max_length=256, pattern=PLAIN, description="The shop's own customer id, or one that stands for it.")
]
AsOf: TypeAlias = Annotated[
    str | None,
    Query(
        max_length=40,
        description="Answer from what was known before this moment, one that was run for: 2026-11-22, or an instant.",
    ),
]

StageName: TypeAlias = Literal["prospect", "new", "active", "loyal", "at_risk", "lapsed", "won_back"]


JSON_BYTES = 16 << 10
"""How large JSON of a caller's own making may be."""

_DEEP = 20
_WHOLE = 1 << 63


def _keepable(said: dict[str, Any]) -> dict[str, Any]:
    """Return JSON that every database and every reader can take. Raises ValueError."""
    _look_into(said, _DEEP)
    if len(json.dumps(said, ensure_ascii=False).encode()) > JSON_BYTES:
        raise ValueError(f"it has more than {JSON_BYTES:,} bytes")
    return said


def _look_into(said: Any, deep: int) -> None:
    if not deep:
        raise ValueError(f"it is nested more than {_DEEP} deep")
    if isinstance(said, str):
        _look_at(said)
    elif isinstance(said, float) and not math.isfinite(said):
        raise ValueError("it holds a number that is not finite")
    elif isinstance(said, int) and not -_WHOLE <= said < _WHOLE:
        raise ValueError("it holds a whole number of more than 64 bits")
    elif isinstance(said, dict):
        for name, inner in said.items():
            _look_at(name)
            _look_into(inner, deep - 1)
    elif isinstance(said, list):
        for inner in said:
            _look_into(inner, deep - 1)


def _look_at(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds half a character") from error
    if "\0" in text:
        raise ValueError("it holds the character 0")


Keepable: TypeAlias = Annotated[dict[str, Any], AfterValidator(_keepable)]
"""JSON of a caller's own making."""


class ReasonShown(BaseModel):
    """One sentence of a score's explanation, in both languages."""

    feature: str = Field(description="The feature it speaks of.")
    effect: float = Field(description="How much it moved the score, and which way.")
    en: str
    zh: str

    @classmethod
    def of(cls, reason: Reason) -> ReasonShown:
        """Return a reason as it is shown."""
        return cls(feature=reason.feature, effect=reason.effect, en=reason.en, zh=reason.zh)


class ScoreShown(BaseModel):
    """One prediction for one customer."""

    model: str = Field(description="The question: churn, value, next_order, segment.")
    target: str = Field(description="What the figure is: p_churn, orders, revenue_minor, days, rfm, cluster.")
    horizon_days: int | None = Field(description="Days ahead it speaks about.")
    value: float | None = Field(description="The figure; null where the model abstains or the answer is a name.")
    low: float | None = Field(description="Lower end of its 80 % interval.")
    high: float | None = Field(description="Upper end of its 80 % interval.")
    label: str | None = Field(description="The answer where it is a name.")
    reasons: list[ReasonShown] = Field(description="What moved it, strongest first.")
    version: str = Field(description="The model version that said so.")

    @classmethod
    def of(cls, score: Score) -> ScoreShown:
        """Return a score as it is shown."""
        return cls(
            model=score.model,
            target=score.target,
            horizon_days=score.horizon_days,
            value=score.value,
            low=score.low,
            high=score.high,
            label=score.label,
            reasons=[ReasonShown.of(reason) for reason in score.reasons],
            version=score.version,
        )


class StageShown(BaseModel):
    """Where a customer stands in their life with the shop."""

    name: StageName
    provisional: bool = Field(
        description="True where no run has seen them yet, so that orders alone decide: prospect without one, new with one."
    )
    reasons: list[ReasonShown]
    version: str | None = Field(description="The model version that said so; null where it is provisional.")


class ProfileShown(BaseModel):
    """What the customer and the shop told of them."""

    email: str | None = None
    phone: str | None = None
    name: str | None = None
    language: str | None = None
    country: str | None = None
    first_seen_at: datetime | None = Field(None, description="First fact known of them.")
    last_seen_at: datetime | None = Field(None, description="Last fact known of them.")
    traits: dict[str, Any] = Field(default_factory=dict, description="Everything told of them, each trait as told last.")
    first_touch: dict[str, Any] | None = Field(None, description="Where they came from the first time.")
    last_touch: dict[str, Any] | None = Field(None, description="Where they came from last.")


class HappeningShown(BaseModel):
    """One thing in a customer's history."""

    happened_at: datetime
    kind: str = Field(description="`order`, `refund`, or the type of an event: track, page, screen, identify.")
    name: str | None = Field(description="What was done, such as Product Viewed.")
    reference: str | None = Field(description="The order, the refund, or the product it is about.")
    amount_minor: int | None = Field(description="Goods, in the shop's base currency.")
    products: int | None = Field(description="Distinct products of an order or refund.")
    source: str = Field(description="Where it is known from.")
    message_id: str | None = Field(description="The sender's id of an event.")
    properties: dict[str, Any] = Field(description="Everything else the sender of an event said.")
