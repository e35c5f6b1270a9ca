"""Who is who: the merge log of a customer, and an operator's word on it, which can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from lifeloop.api.errors import problems
from lifeloop.api.guard import KEYED, REFUSALS, ReadRoute
from lifeloop.api.idempotent import IDEMPOTENT, AdminRoute
from lifeloop.api.parts import TheCaller, TheDoor
from lifeloop.api.shapes import CustomerId, Identifier
from lifeloop.base.clock import instant_of
from lifeloop.unify import identity

Kind = Literal["guest", "device", "account"]


class Change(BaseModel):
    """One row of the merge log."""

    change_id: int
    action: str = Field(description="`link` or `unlink` by a rule; `join`, `part` or `undo` by an operator.")
    kind: str = Field(description="What the identifier is: `guest`, `device` or `account`.")
    identifier: str
    customer_id: str = Field(description="The customer it was joined to or parted from.")
    rule: str = Field(description="The rule that found it, or `operator`.")
    evidence: str | None = Field(description="Message id of the event that told.")
    actor: str
    made_at: datetime
    undone_at: datetime | None
    undone_by: str | None

    @classmethod
    def of(cls, row: identity.ChangeRow) -> Change:
        """Return a row as it is shown."""
        undone_at = None if row.undone_at is None else instant_of(row.undone_at)
        return cls(**row._asdict() | {"made_at": instant_of(row.made_at), "undone_at": undone_at})


class Merges(BaseModel):
    """The merge log of one customer."""

    customer_id: str
    merges: list[Change] = Field(description="Oldest first.")


class Ruling(BaseModel):
    """What an operator says of an identifier."""

    kind: Kind = Field(description="`guest`: a customer known by an e-mail address alone; `device`: an anonymous id.")
    identifier: Identifier = Field(description="The customer id of a guest or an account, or an anonymous id.")
    customer_id: Identifier = Field(description="The customer.")
    joined: bool = Field(default=True, description="True: it is this customer; false: it is not, whatever a rule says.")


class Ruled(BaseModel):
    """What became of it."""

    change_id: int = Field(description="Its number in the merge log, by which it can be undone.")


merges_read = APIRouter(
    prefix="/v1", tags=["identity"], route_class=ReadRoute, dependencies=[KEYED], responses=REFUSALS | problems(404)
)
merges_written = APIRouter(
    prefix="/v1",
    tags=["identity"],
    route_class=AdminRoute,
    dependencies=[KEYED, IDEMPOTENT],
    responses=REFUSALS | problems(400, 404, 409, 413),
)


@merges_read.get("/customers/{customer_id:path}/merges", summary="What was found to be this customer, and undone")
def merges(door: TheDoor, customer_id: CustomerId) -> Merges:
    """Return the merge log of a customer; it is empty where nothing was ever linked to them."""
    with door.app.store.reading() as connection:
        final = identity.final_id(connection, customer_id)
        return Merges(customer_id=final, merges=[Change.of(row) for row in identity.history(connection, customer_id)])


@merges_written.post("/merges", status_code=201, summary="Say who somebody is, or is not")
def rule(door: TheDoor, caller: TheCaller, ruling: Ruling) -> Ruled:
    """Join an identifier to a customer, or part them. It stands above every rule until it is undone; no fact is moved."""
    said = identity.join if ruling.joined else identity.part
    with door.app.store.writing() as connection:
        number = said(connection, ruling.kind, ruling.identifier, ruling.customer_id, actor=caller.actor, clock=door.app.clock)
    return Ruled(change_id=number)


@merges_written.post("/merges/{change_id}/undo", summary="Undo a change of who is who")
def undo(
    door: TheDoor, caller: TheCaller, change_id: Annotated[int, Path(ge=1, lt=1 << 63, description="From the merge log.")]
) -> Ruled:
    """Undo a link, a joining or a parting; both customers have their own history again at once."""
    with door.app.store.writing() as connection:
        return Ruled(change_id=identity.undo(connection, change_id, actor=caller.actor, clock=door.app.clock))
