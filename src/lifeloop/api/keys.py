"""The keys there are: never the keys themselves, which are shown once, by `lifeloop keys create`."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from lifeloop.api.guard import KEYED, REFUSALS
from lifeloop.api.idempotent import AdminRoute
from lifeloop.api.parts import TheDoor
from lifeloop.base.clock import instant_of, micros
from lifeloop.store.keys import ApiKey, Scope, list_keys


class KeyShown(BaseModel):
    """What is known of one key."""

    key_id: str
    scope: Scope
    name: str
    source: str = Field(description="Under which the events sent with it are kept.")
    origins: list[str] | None = Field(description="Web origins that may send with it; null: all.")
    valid: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None = Field(description="When it was last used, to the minute.")

    @classmethod
    def of(cls, key: ApiKey, now: int) -> KeyShown:
        """Return a key as it is shown; `now` in microseconds since 1970 UTC."""
        return cls(
            key_id=key.key_id,
            scope=key.scope,
            name=key.name,
            source=key.source,
            origins=None if key.origins is None else list(key.origins),
            valid=key.is_valid(now),
            created_at=instant_of(key.created_at),
            expires_at=_instant(key.expires_at),
            revoked_at=_instant(key.revoked_at),
            used_at=_instant(key.used_at),
        )


class Keys(BaseModel):
    """Every key, also those that are no longer valid."""

    keys: list[KeyShown] = Field(description="Oldest first.")


keys = APIRouter(prefix="/v1", tags=["keys"], route_class=AdminRoute, dependencies=[KEYED], responses=REFUSALS)


@keys.get("/keys", summary="The keys there are")
def shown(door: TheDoor) -> Keys:
    """Return every key without its secret. Keys are made, rotated and revoked by `lifeloop keys`."""
    with door.app.store.reading() as connection:
        found = list_keys(connection)
    now = micros(door.app.clock.now())
    return Keys(keys=[KeyShown.of(key, now) for key in found])


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant_of(at)
