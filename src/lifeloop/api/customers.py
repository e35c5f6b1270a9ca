"""One customer: who they are, where they stand, what is predicted and why, what they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from lifeloop.api import past
from lifeloop.api.consents import Consent
from lifeloop.api.errors import ApiError, problems
from lifeloop.api.guard import KEYED, REFUSALS, ReadRoute
from lifeloop.api.paging import Cursor, Limit, cursor_of, place_of
from lifeloop.api.parts import Door, TheDoor
from lifeloop.api.segments import segment_of
from lifeloop.api.shapes import (
    PLAIN,
    AsOf,
    CustomerId,
    HappeningShown,
    ProfileShown,
    ReasonShown,
    ScoreShown,
    StageName,
    StageShown,
)
from lifeloop.base.clock import instant_of, micros
from lifeloop.base.text import Text
from lifeloop.measure.customers import Score
from lifeloop.schema import SCORE
from lifeloop.unify import people
from lifeloop.unify.identity import Known, final_id, resolve
from lifeloop.unify.profiles import name_key, phone_key

LAST = 20
"""How much of the timeline stands in the answer about one customer."""

ORDERED = "Order Completed"
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


customers = APIRouter(
    prefix="/v1", tags=["customers"], route_class=ReadRoute, dependencies=[KEYED], responses=REFUSALS | problems(400, 404)
)


def _asked(about: str) -> Any:
    return Query(min_length=1, max_length=320, pattern=PLAIN, description=about)


@dataclass(frozen=True)
class _Live:
    """What the store knows of one customer."""

    known: Known
    profile: people.Profile | None
    cart: list[people.InCart]
    consents: list[people.Consent]
    happened: list[past.Happened]


@customers.get("/customers", summary="Who is meant by an identifier?")
def found(
    door: TheDoor,
    email: Annotated[str | None, _asked("An e-mail address.")] = None,
    phone: Annotated[str | None, _asked("A telephone number, however it is spelled.")] = None,
    anonymous_id: Annotated[str | None, _asked("A device's anonymous id.")] = None,
    account: Annotated[str | None, _asked("The shop's own customer id.")] = None,
    name: Annotated[str | None, _asked("A person's whole name.")] = None,
) -> FoundCustomers:
    """Return the customers whom one identifier means. Exactly one is named; a phone number or a name may mean several."""
    said = {"email": email, "phone": phone, "anonymous_id": anonymous_id, "account": account, "name": name}
    asked = [(kind, value) for kind, value in said.items() if value is not None]
    if len(asked) != 1:
        raise ApiError(
            400,
            "bad_request",
            "cannot look for a customer",
            f"the request names {len(asked)} identifiers",
            f"Name one of {', '.join(said)}.",
        )
    kind, value = asked[0]
    filed = _filed(door, kind, value)
    with door.app.store.reading() as connection:
        ids = people.find(connection, cast(people.SearchKind, kind), value)
        every = dict.fromkeys([*ids, *(final_id(connection, one) for one in filed)])
        told = [(resolve(connection, one), people.profile_of(connection, resolve(connection, one))) for one in every]
    return FoundCustomers(customers=[_found(door, known, profile) for known, profile in told])


@customers.get("/customers/{customer_id:path}/timeline", summary="What a customer did")
def timeline(door: TheDoor, customer_id: CustomerId, limit: Limit = 100, cursor: Cursor = None) -> Timeline:
    """Return a page of what a customer did, the latest first; an event stands in it within two seconds of being accepted."""
    before = None
    if cursor:
        at, mark = place_of(cursor, int, str)
        before = (int(at), str(mark))
    with door.app.store.reading() as connection:
        known = resolve(connection, customer_id)
        entries = people.timeline(connection, known, limit=limit + 1, before=before)
    cut = (past.ALWAYS, "") if before is None else (instant_of(before[0]), before[1])
    lists = [[past.of_entry(one) for one in entries if not one.is_bot], past.timeline(door.app.engine, known, cut, limit + 1)]
    happened, more = past.together(lists, limit)
    return Timeline(
        customer_id=known.customer_id,
        timeline=[_happening(one) for one in happened],
        next=cursor_of(micros(happened[-1].at), happened[-1].id) if more else None,
    )


@customers.get("/customers/{customer_id:path}", summary="One customer")
def customer(door: TheDoor, customer_id: CustomerId, as_of: AsOf = None) -> Customer:
    """Return all that is known of one customer: now, or as of a moment that was run for.

    Stage and scores are those of that run. As of a moment, profile and timeline end there; traits, touches and the cart are
    only known as they are now, and are left out.
    """
    moment = door.app.last_run(as_of) if as_of else last_moment(door)
    live = _live(door, customer_id, until=moment if as_of else None)
    known, cut = live.known, moment if as_of and moment else past.ALWAYS
    engine = door.app.engine
    happened, _ = past.together([live.happened, past.timeline(engine, known, (cut, ""), LAST)], LAST)
    profile = merged(past.profile(engine, known, cut), None if as_of else live.profile)
    if not happened and not live.consents and profile.first_seen_at is None:
        raise ApiError(
            404,
            "not_found",
            "cannot show the customer",
            "nothing is known of anybody with this id" + (" before that moment" if as_of else ""),
            "Write the customer id as the shop does, or look for them: GET /v1/customers?email=...",
        )
    scored = past.scores(engine, known.customer_id, moment) if moment else []
    return Customer(
        customer_id=known.customer_id,
        as_of=moment,
        profile=profile,
        identifiers=_identifiers(known),
        stage=_stage(door, known, scored, happened, cut),
        scores=[ScoreShown.of(score) for score in scored if score.target != "stage"],
        segments=[name for score in scored if (name := segment_of(score))],
        features=past.features(engine, known.customer_id, moment) if moment else {},
        consents=[Consent.of(one.told[0]) for one in live.consents],
        cart=[] if as_of else [_line(line) for line in live.cart],
        timeline=[_happening(one) for one in happened],
    )


def last_moment(door: Door) -> datetime | None:
    """Return the moment of the last run; None before the first."""
    version = door.app.lake.version(SCORE)
    return door.kept.get(("moment", version), lambda: max(door.app.scored_moments(), default=None))


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


def _live(door: Door, customer_id: str, *, until: datetime | None) -> _Live:
    """Return what the store knows of a customer: now, or said and done before `until`."""
    before = None if until is None else (micros(until), "")
    with door.app.store.reading() as connection:
        known = resolve(connection, customer_id)
        consents = people.consents_of(connection, known)
        entries = people.timeline(connection, known, limit=LAST, before=before)
        return _Live(
            known=known,
            profile=people.profile_of(connection, known),
            cart=people.cart_of(connection, known),
            consents=[one for one in consents if before is None or one.told_at < before[0]],
            happened=[past.of_entry(one) for one in entries if not one.is_bot],
        )


def _stage(door: Door, known: Known, scored: list[Score], happened: list[past.Happened], cut: datetime) -> StageShown:
    """Return the stage the run gave, else the one that orders alone tell."""
    for score in scored:
        if score.target == "stage" and score.label is not None:
            reasons = [ReasonShown.of(reason) for reason in score.reasons]
            return StageShown(name=cast(StageName, score.label), provisional=False, reasons=reasons, version=score.version)
    bought = any(one.name == ORDERED for one in happened) or past.has_ordered(door.app.engine, known, cut)
    name: StageName = "new" if bought else "prospect"
    reason = ReasonShown(feature="orders", effect=1.0, en=NO_RUN[name].en, zh=NO_RUN[name].zh)
    return StageShown(name=name, provisional=True, reasons=[reason], version=None)


def _filed(door: Door, kind: str, value: str) -> list[str]:
    """Return the ids of customers who are known by an identifier from files."""
    engine = door.app.engine
    if kind == "email":
        return past.customers_with(engine, email=value.strip().lower())
    if kind == "phone":
        return past.customers_with(engine, phone=phone_key(value) or value)
    if kind == "name":
        return past.customers_with(engine, name=name_key(value) or value)
    return past.customers_with(engine, account=value.strip()) if kind == "account" else []


def _found(door: Door, known: Known, told: people.Profile | None) -> Found:
    shown = merged(past.profile(door.app.engine, known, past.ALWAYS), told)
    return Found(
        customer_id=known.customer_id,
        email=shown.email,
        phone=shown.phone,
        name=shown.name,
        first_seen_at=shown.first_seen_at,
        last_seen_at=shown.last_seen_at,
    )


def _identifiers(known: Known) -> Identifiers:
    devices = [
        DeviceShown(
            anonymous_id=span.device,
            since=instant_of(span.since_at),
            until=None if span.until_at is None else instant_of(span.until_at),
        )
        for span in known.devices
    ]
    return Identifiers(accounts=list(known.accounts), guests=list(known.guests), devices=devices)


def _line(line: people.InCart) -> CartLine:
    return CartLine(
        product_id=line.product_id,
        quantity=line.quantity,
        price=line.price or None,
        currency=line.currency or None,
        told_at=instant_of(line.told_at),
    )


def _happening(one: past.Happened) -> HappeningShown:
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
