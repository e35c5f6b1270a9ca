"""What a customer agreed to, per channel and purpose, with proof; and the addresses nothing is sent to."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Header, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from lifeloop.api.errors import ApiError, problems
from lifeloop.api.guard import KEYED, REFUSALS, ReadRoute
from lifeloop.api.idempotent import IDEMPOTENT, AdminRoute
from lifeloop.api.paging import Cursor, Limit, cursor_of, place_of
from lifeloop.api.parts import TheCaller, TheDoor
from lifeloop.api.shapes import PLAIN, CustomerId, Keepable
from lifeloop.base.clock import instant_of, micros
from lifeloop.base.ids import stable_id
from lifeloop.store.consents import ConsentRow
from lifeloop.store.suppressions import Suppression, allow, find_suppression, list_suppressions, suppress
from lifeloop.unify.identity import resolve
from lifeloop.unify.people import consents_of, tell_consent
from lifeloop.unify.told import plain

_WORD = r"^[a-z][a-z0-9_.-]*$"
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=_WORD)]
Address = Annotated[str, Field(min_length=1, max_length=320, pattern=PLAIN)]
Short = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
InPath = Annotated[str, Path(min_length=1, max_length=64, pattern=_WORD, description="`email`, `sms`, `push`, ...")]
InQuery = Annotated[
    str,
    Query(
        min_length=1,
        max_length=320,
        pattern=PLAIN,
        description="The address in any case; a number with its country, signs in it do not matter.",
    ),
]
State = Literal["given", "withdrawn", "pending"]


class Consent(BaseModel):
    """What was said of one channel and purpose, once."""

    channel: str
    purpose: str
    state: State
    basis: str = Field(description="On what ground: `consent`, `contract`, `legitimate_interest`, ...")
    proof: Any = Field(description="What proves it, as it was told.")
    source: str = Field(description="Where it is known from.")
    told_at: datetime
    received_at: datetime

    @classmethod
    def of(cls, row: ConsentRow) -> Consent:
        """Return a row as it is shown."""
        return cls(
            channel=row.channel,
            purpose=row.purpose,
            state=cast(State, row.state),
            basis=row.basis,
            proof=None if row.proof is None else plain(row.proof),
            source=row.source,
            told_at=instant_of(row.told_at),
            received_at=instant_of(row.received_at),
        )


class Consents(BaseModel):
    """What one customer agreed to."""

    customer_id: str
    now: list[Consent] = Field(description="The last word on each channel and purpose.")
    log: list[Consent] = Field(description="Everything that was said, oldest first.")


class ConsentSaid(BaseModel):
    """What a customer says of one channel and purpose."""

    channel: Word = Field(description="`email`, `sms`, `push`, ...")
    purpose: Word = Field("marketing", description="`marketing`, `analytics`, ...")
    state: State = Field(description="What they say.")
    basis: Word = Field("consent", description="On what ground: `consent`, `contract`, `legitimate_interest`, ...")
    proof: Keepable = Field(
        default_factory=dict, max_length=50, description="What proves it: the form, its wording, the address it came from."
    )
    told_at: AwareDatetime | None = Field(None, description="When they said so; now, where it is not given.")


class Suppressed(BaseModel):
    """An address nothing is sent to. Only its hash is kept."""

    channel: str
    address_hash: str
    reason: str
    source: str
    made_at: datetime

    @classmethod
    def of(cls, one: Suppression) -> Suppressed:
        """Return an entry as it is shown."""
        return cls(
            channel=one.channel,
            address_hash=one.address_hash,
            reason=one.reason,
            source=one.source,
            made_at=instant_of(one.made_at),
        )


class SuppressedPage(BaseModel):
    """A page of the list."""

    suppressions: list[Suppressed]
    next: str | None = Field(description="The `cursor` of the next page; null on the last.")


class SuppressionSaid(BaseModel):
    """An address nothing shall be sent to."""

    channel: Word = Field(description="`email`, `sms`, `push`, ...")
    address: Address = Field(description="The address or number; only its hash is kept.")
    reason: Short = Field("asked by the customer", description="Why, in words.")


class Changed(BaseModel):
    """Whether a write changed anything."""

    changed: bool


consents_read = APIRouter(
    prefix="/v1", tags=["consent"], route_class=ReadRoute, dependencies=[KEYED], responses=REFUSALS | problems(400, 404)
)
consents_written = APIRouter(
    prefix="/v1",
    tags=["consent"],
    route_class=AdminRoute,
    dependencies=[KEYED, IDEMPOTENT],
    responses=REFUSALS | problems(400, 404, 409, 413),
)


@consents_read.get("/customers/{customer_id:path}/consents", summary="What a customer agreed to")
def consents(door: TheDoor, customer_id: CustomerId) -> Consents:
    """Return the last word on each channel and purpose, and all that was said before it."""
    with door.app.store.reading() as connection:
        known = resolve(connection, customer_id)
        agreed = consents_of(connection, known)
    log = sorted((row for one in agreed for row in one.told), key=lambda row: (row.told_at, row.consent_id))
    return Consents(
        customer_id=known.customer_id,
        now=[Consent.of(one.told[0]) for one in agreed],
        log=[Consent.of(row) for row in log],
    )


@consents_written.post("/customers/{customer_id:path}/consents", status_code=201, summary="Note what a customer says")
def say_consent(
    door: TheDoor,
    caller: TheCaller,
    customer_id: CustomerId,
    said: ConsentSaid,
    idempotency_key: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Consent:
    """Keep what a customer agreed to or took back. Of two words the one said later counts, whichever came first."""
    now = door.app.clock.now()
    told_at = said.told_at or now
    if told_at > now:
        raise ApiError(400, "in_the_future", "cannot note the consent", "it would be said later than now", "Mend `told_at`.")
    mark = idempotency_key or secrets.token_hex(12)
    row = ConsentRow(
        consent_id=f"api:{stable_id(caller.key.key_id, mark, customer_id, said.channel, said.purpose)}",
        named=customer_id,
        channel=said.channel,
        purpose=said.purpose,
        state=said.state,
        basis=said.basis,
        proof=json.dumps(said.proof | {"actor": caller.actor}, sort_keys=True),
        source="api",
        told_at=micros(told_at),
        received_at=micros(now),
    )
    with door.app.store.writing() as connection:
        tell_consent(connection, row)
    return Consent.of(row)


@consents_read.get("/suppressions", summary="The addresses nothing is sent to")
def suppressions(door: TheDoor, limit: Limit = 100, cursor: Cursor = None) -> SuppressedPage:
    """Return a page of the list; addresses stand in it by their hash alone."""
    after = None
    if cursor is not None:
        channel, digest = place_of(cursor, str, str)
        after = (str(channel), str(digest))
    with door.app.store.reading() as connection:
        found = list_suppressions(connection, limit=limit + 1, after=after)
    page = found[:limit]
    more = len(found) > limit
    return SuppressedPage(
        suppressions=[Suppressed.of(one) for one in page],
        next=cursor_of(page[-1].channel, page[-1].address_hash) if more else None,
    )


@consents_read.get("/suppressions/{channel}", summary="Is anything sent to this address?")
def suppression(door: TheDoor, channel: InPath, address: InQuery) -> Suppressed:
    """Return why nothing is sent to an address; 404 where it may be written to."""
    with door.app.store.reading() as connection:
        found = find_suppression(connection, channel, address)
    if found is None:
        raise ApiError(
            404, "not_found", "cannot show the suppression", "the address is not on the list", "It may be written to."
        )
    return Suppressed.of(found)


@consents_written.post("/suppressions", status_code=201, summary="Send nothing to an address any more")
def add_suppression(door: TheDoor, caller: TheCaller, said: SuppressionSaid) -> Changed:
    """Put an address on the list; where it stands there already, the first reason stays."""
    with door.app.store.writing() as connection:
        changed = suppress(connection, said.channel, said.address, door.app.clock, reason=said.reason, source=caller.actor)
    return Changed(changed=changed)


@consents_written.delete("/suppressions/{channel}", summary="Let an address be written to again")
def remove_suppression(door: TheDoor, channel: InPath, address: InQuery) -> Changed:
    """Take an address off the list. What the customer agreed to is another matter: GET their consents."""
    with door.app.store.writing() as connection:
        return Changed(changed=allow(connection, channel, address))
