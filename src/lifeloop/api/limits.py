"""How many requests one key may send: a bucket of tokens per key, refilled at a steady rate."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

BURST_SECONDS = 2.0
"""How many seconds' worth of requests a key that was silent may send at once."""


@dataclass(frozen=True)
class Allowance:
    """What one request was told of its key's bucket."""

    granted: bool
    limit: int
    """Requests a full bucket holds."""
    remaining: int
    wait_s: int
    """Whole seconds after which a refused request is worth sending again; 0 where it was granted."""
    full_s: int
    """Whole seconds until the bucket is full again."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell a client so."""
        told = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.full_s),
        }
        return told if self.granted else told | {"Retry-After": str(self.wait_s)}


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


@dataclass
class RateLimit:
    """Buckets of `per_second` tokens a second, each holding `BURST_SECONDS` of them.

    Source: the token bucket of RFC 2697, with one rate. It lives in this process: two processes grant twice as much.
    """

    per_second: float
    ticks: Callable[[], float] = time.monotonic
    """Seconds that never run backwards."""
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key_id: str, tokens: int = 1) -> Allowance:
        """Take `tokens` from the bucket of a key, all or none."""
        now, most = self.ticks(), max(self.per_second * BURST_SECONDS, 1.0)
        with self._lock:
            bucket = self._buckets.setdefault(key_id, _Bucket(most, now))
            bucket.tokens = min(most, bucket.tokens + (now - bucket.filled_at) * self.per_second)
            bucket.filled_at = now
            granted = bucket.tokens >= tokens
            if granted:
                bucket.tokens -= tokens
            left = bucket.tokens
        return Allowance(
            granted=granted,
            limit=int(most),
            remaining=int(left),
            wait_s=0 if granted else max(1, math.ceil((tokens - left) / self.per_second)),
            full_s=math.ceil((most - left) / self.per_second),
        )
