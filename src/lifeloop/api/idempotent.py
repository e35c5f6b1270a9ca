"""Writes that may be sent again: under one `Idempotency-Key` a write is done once, and has one answer.

An answer is kept with its status and body for seven days, and a later request with the same key and content has it again.
What was refused before anything was done (422, 503) is not kept, so that it can be mended or sent again. The rules are
Stripe's, whose API made the header known; `lifeloop.store.idempotency` keeps them.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message

from lifeloop.api.auth import Caller
from lifeloop.api.errors import ApiError, apologise, refusal
from lifeloop.api.guard import GuardedRoute, Handler, asked_for
from lifeloop.api.parts import Door
from lifeloop.api.receiving import BODY_SECONDS, too_slow
from lifeloop.base.errors import LifeloopError
from lifeloop.base.logging import log
from lifeloop.store import idempotency
from lifeloop.store.idempotency import KEY_CHARACTERS, Answer, Begun

BODY_BYTES = 1 << 20
"""How large the body of a write may be; a file to import may be larger."""

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NOT_KEPT = frozenset({422, 503})


async def _documented(
    idempotency_key: Annotated[
        str | None,
        Header(description=f"Up to {KEY_CHARACTERS} characters. Sent again with the same one, a write is not done again."),
    ] = None,
) -> None:
    """Say in OpenAPI that a write may name a key; the route looks at it."""


IDEMPOTENT = Depends(_documented)


class AdminRoute(GuardedRoute):
    """A route that changes something, or shows what only the shop's owner may see."""

    scope = "admin"

    async def answer(self, request: Request, inner: Handler) -> Response:
        """Do a write once for each Idempotency-Key."""
        if request.method not in _WRITES:
            return await inner(request)
        within = bounded(request, BODY_BYTES)
        digest = hashlib.sha256(await within.body())
        return await once(within, inner, digest.hexdigest())


def bounded(request: Request, most: int) -> Request:
    """Return the request with a body that is refused above `most` bytes, or when nothing comes. Its reading raises ApiError."""
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await request.receive()
        except TimeoutError as error:
            raise too_slow(asked_for(request), BODY_SECONDS) from error
        taken += len(message.get("body", b""))
        if taken > most:
            asked, found = asked_for(request), f"the body has more than {most:,} bytes"
            raise ApiError(413, "too_large", asked, found, "Send less at once.", headers={"Connection": "close"})
        return message

    return Request(request.scope, receive)


async def once(request: Request, inner: Handler, content: str) -> Response:
    """Return the answer of an endpoint, or the one kept for this Idempotency-Key; `content` is the digest of the body."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return await inner(request)
    if not 0 < len(key) <= KEY_CHARACTERS:
        raise ApiError(
            400,
            "bad_idempotency_key",
            asked_for(request),
            f"its Idempotency-Key has {len(key)} characters",
            f"Send one of 1 to {KEY_CHARACTERS}, such as a UUID.",
        )
    door: Door = request.app.state.door
    caller: Caller = request.state.caller
    begun = await run_in_threadpool(_begin, door, caller, key, _digest(request, content))
    if begun.state != "new":
        return _again(request, begun)
    response = await _done(request, inner)
    await run_in_threadpool(_end, door, caller, key, response)
    return response


def _digest(request: Request, content: str) -> str:
    """Return what tells one write from another: method, path, query and body."""
    said = "\x1f".join([request.method, request.url.path, request.url.query, content])
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def _begin(door: Door, caller: Caller, key: str, digest: str) -> Begun:
    with door.app.store.writing() as connection:
        return idempotency.begin(connection, caller.key.key_id, key, digest, door.app.clock)


def _end(door: Door, caller: Caller, key: str, response: Response) -> None:
    """Keep the answer, so that it can be given again, or forget that the write was begun."""
    with door.app.store.writing() as connection:
        if response.status_code in _NOT_KEPT:
            idempotency.let_go(connection, caller.key.key_id, key)
            return
        answer = Answer(response.status_code, response.media_type, bytes(response.body))
        idempotency.finish(connection, caller.key.key_id, key, answer)


async def _done(request: Request, inner: Handler) -> Response:
    """Return the endpoint's answer, also where it fails: an answer there must be, or the key would stay taken."""
    try:
        return await inner(request)
    except (LifeloopError, HTTPException, RequestValidationError) as error:
        return refusal(error, request)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is logged and answered
        log().exception("an endpoint failed", asked=asked_for(request))
        return await apologise(request, error)


def _again(request: Request, begun: Begun) -> Response:
    """Answer a write that was begun before. Raises ApiError where it is still being done, or was another one."""
    if begun.answer is not None:
        told = {"Idempotent-Replayed": "true"}
        return Response(begun.answer.body, begun.answer.status, told, media_type=begun.answer.content_type)
    if begun.state == "busy":
        raise ApiError(
            409,
            "in_progress",
            asked_for(request),
            "a request with the same Idempotency-Key is being worked on",
            "Send it again in a moment to learn its answer.",
            headers={"Retry-After": "1"},
        )
    raise ApiError(
        422,
        "other_request",
        asked_for(request),
        "its Idempotency-Key was used for another request",
        "Use a new key for each write, and the same one only to send the same write again.",
    )
