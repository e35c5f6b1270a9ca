"""One customer: who they are, where they stand, what is predicted and why, what they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query

from lifeloop.api import past
from lifeloop.api.consents import Consent
from lifeloop.api.errors import ApiError, problems
from lifeloop.api.guard import KEYED, REFUSALS, ReadRoute
from lifeloop.api.paging import Cursor, Limit, cursor_of, place_of
from lifeloop.api.parts import Door, TheDoor
from lifeloop.api.portrait import (
    LAST,
    Customer,
    Found,
    FoundCustomers,
    Timeline,
    cart_line,
    happening,
    identifiers_of,
    merged,
    stage_of,
)
from lifeloop.api.segments import segment_of
from lifeloop.api.shapes import PLAIN, AsOf, CustomerId, ScoreShown
from lifeloop.base.clock import instant_of, micros
from lifeloop.schema import SCORE
from lifeloop.unify import people
from lifeloop.unify.identity import Known, final_id, resolve
from lifeloop.unify.profiles import name_key, phone_key

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
    phone: Annotated[str | None, _asked("A telephone number with its country; signs in it do not matter.")] = None,
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
        lately = past.lately(connection, door.app.engine, known, before=before, limit=limit + 1)
    cut = (past.ALWAYS, "") if before is None else (instant_of(before[0]), before[1])
    happened, more = past.together([lately, past.timeline(door.app.engine, known, cut, limit + 1)], limit)
    return Timeline(
        customer_id=known.customer_id,
        timeline=[happening(one) for one in happened],
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
        identifiers=identifiers_of(known),
        stage=stage_of(engine, known, scored, happened, cut),
        scores=[ScoreShown.of(score) for score in scored if score.target != "stage"],
        segments=[name for score in scored if (name := segment_of(score))],
        features=past.features(engine, known.customer_id, moment) if moment else {},
        consents=[Consent.of(one.told[0]) for one in live.consents],
        cart=[] if as_of else [cart_line(line) for line in live.cart],
        timeline=[happening(one) for one in happened],
    )


def last_moment(door: Door) -> datetime | None:
    """Return the moment of the last run; None before the first."""
    version = door.app.lake.version(SCORE)
    return door.kept.get(("moment", version), lambda: max(door.app.scored_moments(), default=None))


def _live(door: Door, customer_id: str, *, until: datetime | None) -> _Live:
    """Return what the store knows of a customer: now, or said and done before `until`."""
    before = None if until is None else (micros(until), "")
    with door.app.store.reading() as connection:
        known = resolve(connection, customer_id)
        consents = people.consents_of(connection, known)
        return _Live(
            known=known,
            profile=people.profile_of(connection, known),
            cart=people.cart_of(connection, known),
            consents=[one for one in consents if before is None or one.told_at < before[0]],
            happened=past.lately(
                connection, door.app.engine, known, before=before, limit=LAST, orders_before=until or past.ALWAYS
            ),
        )


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
