"""One customer as they are shown: what stands in the answer, and how it is put together from store and lake."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from pydantic import BaseModel, Field

from lifeloop.api import past
from lifeloop.api.consents import Consent
from lifeloop.api.shapes import HappeningShown, ProfileShown, ReasonShown, ScoreShown, StageName, StageShown
from lifeloop.base.clock import instant_of
from lifeloop.base.text import Text
from lifeloop.lake import Engine
from lifeloop.measure.customers import Score
from lifeloop.unify import people
from lifeloop.unify.identity import Known

LAST = 20
"""How much of the timeline stands in the answer about one customer."""

NO_RUN = {
    "prospect": Text(
        "Known to the shop, but has not ordered yet; no run has looked at them so far.",
        "店铺认识，但还没有下过单；尚未有运行对其作过判断。",
    ),
    "new": Text(
        "Has ordered; no run has looked at them so far, so that it is not known where they stand.",
        "已经下过单；尚未有运行对其作过判断，因此还不知道处于哪个阶段。",
    ),
}


class DeviceShown(BaseModel):
    """From `since` until before `until` (null: for good), what nobody in particular did on a device was this customer."""

    anonymous_id: str
    since: datetime
    until: datetime | None


class Identifiers(BaseModel):
    """Everything that means this customer."""

    accounts: list[str] = Field(description="Other accounts that an operator joined to this one.")
    guests: list[str] = Field(description="Ids made of e-mail addresses that only this customer uses.")
    devices: list[DeviceShown]


class CartLine(BaseModel):
    """One product in the open cart."""

    product_id: str
    quantity: int
    price: str | None = Field(description="Of one piece, a decimal number.")
    currency: str | None
    told_at: datetime


class Customer(BaseModel):
    """All that is known of one customer."""

    customer_id: str = Field(description="The customer that the id asked for stands for.")
    as_of: datetime | None = Field(description="The moment stage and scores speak of; null before the first run.")
    profile: ProfileShown
    identifiers: Identifiers
    stage: StageShown
    scores: list[ScoreShown]
    segments: list[str] = Field(description="The segments they are in, as GET /v1/segments names them.")
    features: dict[str, float | None] = Field(description="What the models knew of them.")
    consents: list[Consent] = Field(description="The last word on each channel and purpose.")
    cart: list[CartLine] = Field(description="What lies in the cart, told last first.")
    timeline: list[HappeningShown] = Field(description=f"The last {LAST} things they did, the latest first.")


class Found(BaseModel):
    """A customer whom an identifier means."""

    customer_id: str
    email: str | None
    phone: str | None
    name: str | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None


class FoundCustomers(BaseModel):
    """The customers whom an identifier means."""

    customers: list[Found] = Field(description="Mostly one; none where nobody is known by it.")


class Timeline(BaseModel):
    """A page of what a customer did."""

    customer_id: str
    timeline: list[HappeningShown] = Field(description="The latest first.")
    next: str | None = Field(description="The `cursor` of the next page; null on the last.")


def merged(row: dict[str, Any], told: people.Profile | None) -> ProfileShown:
    """Return what the lake's customer row and the store's profile say; where both do, the store's, which is newer."""
    shown = ProfileShown(**{name: row[name] for name in ProfileShown.model_fields if name in row})
    if told is None:
        return shown
    first, last = instant_of(told.first_seen_at), instant_of(told.last_seen_at)
    return ProfileShown(
        email=told.email or shown.email,
        phone=told.phone or shown.phone,
        name=told.name or shown.name,
        language=_text(told.traits.get("language") or told.traits.get("locale")) or shown.language,
        country=_text(told.traits.get("country")) or shown.country,
        first_seen_at=min(first, shown.first_seen_at or first),
        last_seen_at=max(last, shown.last_seen_at or last),
        traits=dict(told.traits),
        first_touch=_touch(told.first_touch),
        last_touch=_touch(told.last_touch),
    )


def stage_of(engine: Engine, known: Known, scored: list[Score], happened: list[past.Happened], cut: datetime) -> StageShown:
    """Return the stage the run gave, else the one that orders alone tell."""
    for score in scored:
        if score.target == "stage" and score.label is not None:
            reasons = [ReasonShown.of(reason) for reason in score.reasons]
            return StageShown(name=cast(StageName, score.label), provisional=False, reasons=reasons, version=score.version)
    bought = any(one.name == past.ORDERED for one in happened) or past.has_ordered(engine, known, cut)
    name: StageName = "new" if bought else "prospect"
    reason = ReasonShown(feature="orders", effect=1.0, en=NO_RUN[name].en, zh=NO_RUN[name].zh)
    return StageShown(name=name, provisional=True, reasons=[reason], version=None)


def identifiers_of(known: Known) -> Identifiers:
    """Return everything that means a customer."""
    devices = [
        DeviceShown(
            anonymous_id=span.device,
            since=instant_of(span.since_at),
            until=None if span.until_at is None else instant_of(span.until_at),
        )
        for span in known.devices
    ]
    return Identifiers(accounts=list(known.accounts), guests=list(known.guests), devices=devices)


def cart_line(line: people.InCart) -> CartLine:
    """Return a line of a cart."""
    return CartLine(
        product_id=line.product_id,
        quantity=line.quantity,
        price=line.price or None,
        currency=line.currency or None,
        told_at=instant_of(line.told_at),
    )


def happening(one: past.Happened) -> HappeningShown:
    """Return one thing of a timeline."""
    return HappeningShown(
        happened_at=one.at,
        kind=one.kind,
        name=one.name,
        reference=one.reference,
        amount_minor=one.amount_minor,
        products=one.products,
        source=one.source,
        message_id=one.message_id,
        properties=one.properties,
    )


def _touch(touch: Any) -> dict[str, Any] | None:
    return None if touch is None else {**touch, "at": instant_of(touch["at"]).isoformat()}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
