"""Bodies while they come in: how long one may take, and how much memory all that are unfinished may hold.

Whoever sends slowly, or much from many connections, is sent away before anybody else is. Requests whose key is known have
room of their own, so that strangers cannot take it up.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fastapi import Request
from starlette.requests import ClientDisconnect

from lifeloop.api.errors import ApiError
from lifeloop.collect.live.bodies import BODY_BYTES

BODY_SECONDS = 30.0
"""How long a body may take, or the next piece of one whose key is known."""

FREE_BYTES = 64 << 10
"""Every body may have as much without asking for room: how many there are at once is bounded by the connections."""

_CLOSE = {"Connection": "close"}
_ASKED = "cannot take the request's body"


@dataclass
class Room:
    """Memory for unfinished bodies."""

    bytes: int
    held: int = 0

    def take(self, size: int) -> bool:
        """Return whether there is room for as many bytes more; then they are held."""
        if self.held + size > self.bytes:
            return False
        self.held += size
        return True

    def give(self, size: int) -> None:
        """Let go of bytes."""
        self.held -= size


@dataclass
class Rooms:
    """Room for the bodies of those who are known by a key, and for those of anybody."""

    known: Room = field(default_factory=lambda: Room(128 << 20))
    anybody: Room = field(default_factory=lambda: Room(32 << 20))


async def read_body(request: Request, room: Room, *, seconds: float = BODY_SECONDS) -> bytes:
    """Return the body as it was sent. Raises ApiError: 413 above BODY_BYTES, 408 when it is slow, 429 without room."""
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:20]) > BODY_BYTES:
        raise _too_large()
    try:
        async with asyncio.timeout(seconds):
            return await _pieces_of(request, room)
    except TimeoutError as error:
        raise too_slow(_ASKED, seconds) from error
    except ClientDisconnect as error:
        raise ApiError(400, "cut_short", _ASKED, "the connection ended within the body", "Send it again.") from error


async def _pieces_of(request: Request, room: Room) -> bytes:
    pieces: list[bytes] = []
    size = held = 0
    try:
        async for piece in request.stream():
            pieces.append(piece)
            size += len(piece)
            if size > BODY_BYTES:
                raise _too_large()
            wanted = max(0, size - FREE_BYTES) - held
            if wanted > 0:
                if not room.take(wanted):
                    raise _no_room()
                held += wanted
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    finally:
        room.give(held)


def too_slow(asked: str, seconds: float) -> ApiError:
    """Return the refusal of a body that does not come."""
    found = f"its body had not come after {seconds:g} s"
    return ApiError(408, "too_slow", asked, found, "Send less at once.", headers=_CLOSE)


def _too_large() -> ApiError:
    return ApiError(413, "too_large", _ASKED, f"it has more than {BODY_BYTES:,} bytes", "Send less at once.")


def _no_room() -> ApiError:
    found = "too many large bodies are being sent at once"
    return ApiError(429, "busy", _ASKED, found, "Come back in some seconds.", headers=_CLOSE | {"Retry-After": "2"})
