"""Who asks, and what they may do: an ingest key only sends events, a read key only reads, an admin key does both and writes.

Keys are held in memory and read anew every second, so that a request never waits for the store and a revoked key is
refused within two seconds. Where the store is away for longer, nobody reads or writes; ingest keys go on as last known,
because an event that is turned away is lost for good.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from lifeloop.api.errors import ApiError
from lifeloop.api.limits import RateLimit
from lifeloop.base.clock import Clock, micros
from lifeloop.store.keys import ApiKey, Scope, fingerprint

FRESH_SECONDS = 1.0
"""How old the keys in memory may be before they are read again."""

STALE_SECONDS = 2.0
"""How old they may be before nobody reads or writes with them."""

MISSES_PER_SECOND = 20
"""How often unknown keys may cause a reading, so that a key just made works at once and guessing costs the store nothing."""

_MAY: Mapping[str, frozenset[str]] = {
    "ingest": frozenset({"ingest"}),
    "read": frozenset({"read"}),
    "admin": frozenset({"read", "admin"}),
}
"""What each scope may do. No key that can read stands in a page a browser loads, so none of those may send events."""


@dataclass
class KeyRing:
    """All keys of the shop, in memory, by the fingerprint of their secret."""

    load: Callable[[], Mapping[str, ApiKey]]
    """Reads every key from the store; may take its time."""
    ticks: Callable[[], float] = time.monotonic
    _keys: Mapping[str, ApiKey] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _read_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _misses: RateLimit = field(init=False)

    def __post_init__(self) -> None:
        """Count readings for unknown keys by the same ticks."""
        self._misses = RateLimit(MISSES_PER_SECOND, self.ticks)

    @property
    def age_s(self) -> float:
        """Seconds since the keys were last read."""
        return self.ticks() - self._read_at

    def refresh(self) -> None:
        """Read the keys anew. Raises StoreError, and leaves those known as they are."""
        with self._lock:
            began = self.ticks()
            self._keys, self._read_at = self.load(), began

    def find(self, secret: str) -> ApiKey | None:
        """Return the key, from memory, however old that is."""
        key = self._keys.get(fingerprint(secret))
        if key is not None:
            self._used.add(key.key_id)
        return key

    def take_used(self) -> set[str]:
        """Return the ids of the keys that were asked for since this was called last."""
        used, self._used = self._used, set()
        return used

    def fresh(self, secret: str) -> ApiKey | None:
        """Return the key, from memory; None where it is unknown, or what is known is stale."""
        return self.find(secret) if self.age_s <= STALE_SECONDS else None

    def find_anew(self, secret: str) -> ApiKey | None:
        """Return the key; an unknown one is looked for in the store, unless that was just done. Blocks. Raises StoreError."""
        if self.age_s > STALE_SECONDS or self._misses.take("").granted:
            self.refresh()
        return self.find(secret)


@dataclass(frozen=True)
class Caller:
    """Whose request it is."""

    key: ApiKey

    @property
    def actor(self) -> str:
        """How the logs of changes name them."""
        return f"key:{self.key.key_id}"


def secret_of(request: Request) -> str | None:
    """Return the key of `Authorization: Bearer KEY`, or of Basic with the key as user name or, without one, as password."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip() or None
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user or password or None


def checked(key: ApiKey | None, scope: Scope, clock: Clock, asked: str) -> Caller:
    """Return the caller where the key is good and may do what `scope` stands for. Raises ApiError."""
    if key is None:
        fix = "lifeloop keys lists those there are."
        raise ApiError(401, "unknown_key", asked, "there is no such key here", fix, headers=_CHALLENGE)
    now = micros(clock.now())
    if key.revoked_at is not None and key.revoked_at <= now:
        raise ApiError(401, "revoked_key", asked, "the key was revoked", "Use the one that replaced it.", headers=_CHALLENGE)
    if key.expires_at is not None and key.expires_at <= now:
        fix = "Make another: lifeloop keys create."
        raise ApiError(401, "expired_key", asked, "the key has expired", fix, headers=_CHALLENGE)
    if scope not in _MAY[key.scope]:
        raise ApiError(
            403,
            "wrong_scope",
            asked,
            f"the key is for '{key.scope}', and this takes one for '{scope}'",
            f"Make one with: lifeloop keys create --scope {scope}",
        )
    return Caller(key)


def no_key(asked: str) -> ApiError:
    """Return the refusal of a request that names no key."""
    return ApiError(
        401, "no_key", asked, "the request names no key", "Send the header Authorization: Bearer KEY.", headers=_CHALLENGE
    )


_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="lifeloop"'}
