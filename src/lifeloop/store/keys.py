"""API keys: what a client shows to be let in. A key is shown once, when it is made; the store keeps its hash.

The hash is plain SHA-256. A slow hash protects passwords, which people choose and others guess; a key has 192 random bits, so
there is nothing to guess, and each request can afford to look it up.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from lifeloop.base.clock import Clock, micros
from lifeloop.base.errors import UnknownName
from lifeloop.store.tables import KEY

Scope: TypeAlias = Literal["ingest", "read", "admin"]
"""`ingest` is public and only sends events; `read` only reads; `admin` reads and writes, and does not send."""

SCOPES: tuple[Scope, ...] = get_args(Scope)

_MINUTE = 60_000_000
_C = KEY.c


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; instants are microseconds since 1970 UTC."""

    key_id: str
    """Names the key where the key itself must not stand: lists, logs."""
    scope: Scope
    name: str
    """The operator's own name for it."""
    source: str
    """Under which the events sent with it are kept."""
    origins: tuple[str, ...] | None
    """Web origins that may send with it from a browser; None: all."""
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    used_at: int | None

    def is_valid(self, now: int) -> bool:
        """Whether it lets anybody in at `now`, microseconds since 1970 UTC."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def fingerprint(secret: str) -> str:
    """Return what the store keeps of a key instead of the key: 64 hex digits."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def create(
    connection: Connection,
    clock: Clock,
    *,
    scope: str,
    name: str,
    source: str = "live",
    origins: Sequence[str] | None = None,
    expires_at: int | None = None,
) -> tuple[str, ApiKey]:
    """Return a new key, which nobody can be shown again, and what is known of it. Raises UnknownName for another scope."""
    if scope not in SCOPES:
        raise UnknownName("scope", scope, SCOPES)
    secret = f"ll_{scope}_{secrets.token_urlsafe(24)}"
    key_id = f"key_{secrets.token_hex(6)}"
    row = {
        "key_id": key_id,
        "scope": scope,
        "name": name,
        "source": source,
        "hash": fingerprint(secret),
        "origins": None if origins is None else json.dumps(list(origins)),
        "created_at": micros(clock.now()),
        "expires_at": expires_at,
    }
    connection.execute(insert(KEY), row)
    return secret, _told(connection, key_id)


def find(connection: Connection, secret: str, clock: Clock) -> ApiKey | None:
    """Return the key that `secret` is, when it is valid now; None for any other text."""
    row = connection.execute(select(KEY).where(_C.hash == fingerprint(secret))).one_or_none()
    key = _key(row) if row else None
    return key if key and key.is_valid(micros(clock.now())) else None


def list_keys(connection: Connection) -> list[ApiKey]:
    """Return every key, also those that are no longer valid, oldest first."""
    return [_key(row) for row in connection.execute(select(KEY).order_by(_C.created_at, _C.key_id))]


def load_keys(connection: Connection) -> dict[str, ApiKey]:
    """Return every key, also those that are no longer valid, for who keeps them in memory."""
    return {row.hash: _key(row) for row in connection.execute(select(KEY))}


def rotate(connection: Connection, key_id: str, clock: Clock, *, grace_seconds: float) -> tuple[str, ApiKey]:
    """Return a new key like `key_id`, which itself is valid for `grace_seconds` more. Raises UnknownName when none is valid."""
    now = micros(clock.now())
    old = _told(connection, key_id)
    if not old.is_valid(now):
        raise UnknownName("valid key", key_id, _valid_ids(connection, now))
    end = now + round(grace_seconds * 1e6)
    end = end if old.expires_at is None else min(end, old.expires_at)
    connection.execute(update(KEY).where(_C.key_id == key_id).values(expires_at=end))
    return create(
        connection,
        clock,
        scope=old.scope,
        name=old.name,
        source=old.source,
        origins=old.origins,
        expires_at=old.expires_at,
    )


def revoke(connection: Connection, key_id: str, clock: Clock) -> None:
    """Let nobody in with it from now on. Raises UnknownName."""
    _told(connection, key_id)
    query = update(KEY).where(_C.key_id == key_id, _C.revoked_at.is_(None))
    connection.execute(query.values(revoked_at=micros(clock.now())))


def touch(connection: Connection, key_id: str, clock: Clock) -> bool:
    """Keep when it was last used, at most once a minute. True when that was written."""
    now = micros(clock.now())
    stale = or_(_C.used_at.is_(None), _C.used_at <= now - _MINUTE)
    return connection.execute(update(KEY).where(and_(_C.key_id == key_id, stale)).values(used_at=now)).rowcount == 1


def _told(connection: Connection, key_id: str) -> ApiKey:
    row = connection.execute(select(KEY).where(_C.key_id == key_id)).one_or_none()
    if row is None:
        raise UnknownName("key", key_id, connection.execute(select(_C.key_id)).scalars())
    return _key(row)


def _valid_ids(connection: Connection, now: int) -> list[str]:
    return [key.key_id for key in list_keys(connection) if key.is_valid(now)]


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        scope=row.scope,
        name=row.name,
        source=row.source,
        origins=None if row.origins is None else tuple(json.loads(row.origins)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )
