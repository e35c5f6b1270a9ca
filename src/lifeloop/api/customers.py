"""One customer: who they are, where they stand, what is predicted and why, what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from lifeloop.api.errors import problems
from lifeloop.api.guard import KEYED, REFUSALS, ReadRoute
from lifeloop.api.parts import TheDoor
from lifeloop.api.shapes import HappeningShown, ProfileShown, ReasonShown, ScoreShown, StageName, StageShown
from lifeloop.measure.customers import CustomerCard, Happening

CustomerId = Annotated[str, Path(min_length=1, max_length=256, description="The shop's own customer id.")]
AsOf = Annotated[
    str | None,
    Query(
        max_length=40,
        description="Answer from what was known before this moment, one that was run for: 2026-11-22, or an instant.",
    ),
]


class Customer(BaseModel):
    """All that is known of one customer."""

    customer_id: str
    as_of: datetime | None = Field(description="The moment the stage and the scores speak of; null before the first run.")
    profile: ProfileShown
    stage: StageShown
    scores: list[ScoreShown]
    segments: list[str] = Field(description="The segments they are in, as GET /v1/segments names them.")
    features: dict[str, float | None] = Field(description="What the models knew of them.")
    timeline: list[HappeningShown] = Field(description="What they did, the latest first.")


customers = APIRouter(
    prefix="/v1", tags=["customers"], route_class=ReadRoute, dependencies=[KEYED], responses=REFUSALS | problems(400, 404)
)


@customers.get("/customers/{customer_id}", summary="One customer")
def customer(door: TheDoor, customer_id: CustomerId, as_of: AsOf = None) -> Customer:
    """Return all that is known of one customer, or was known as of one moment."""
    moment = door.app.last_run(as_of)
    return shown(door.app.customer(customer_id, moment))


def shown(card: CustomerCard) -> Customer:
    """Return a card as it is shown."""
    labels = [score.label for score in card.scores if score.model == "segment"]
    return Customer(
        customer_id=card.customer_id,
        as_of=card.as_of,
        profile=ProfileShown(**{name: card.profile[name] for name in ProfileShown.model_fields if name in card.profile}),
        stage=_stage(card),
        scores=[ScoreShown.of(score) for score in card.scores],
        segments=[label for label in labels if label],
        features=card.features,
        timeline=[_happening(one) for one in card.history],
    )


def _stage(card: CustomerCard) -> StageShown:
    if card.stage is not None and card.stage.label is not None:
        reasons = [ReasonShown.of(reason) for reason in card.stage.reasons]
        name = cast(StageName, card.stage.label)
        return StageShown(name=name, provisional=False, reasons=reasons, version=card.stage.version)
    name = "new" if any(one.kind == "order" for one in card.history) else "prospect"
    return StageShown(name=name, provisional=True, reasons=[], version=None)


def _happening(one: Happening) -> HappeningShown:
    return HappeningShown(
        happened_at=one.happened_at,
        kind=one.kind if one.kind in ("order", "refund") else "track",
        name=None if one.kind in ("order", "refund") else one.kind,
        reference=one.reference,
        amount_minor=one.amount_minor,
        products=one.products,
    )
