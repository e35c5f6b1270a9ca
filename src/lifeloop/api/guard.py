"""The guard before every endpoint of the API: key, scope, rate, then the endpoint; every refusal in one form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, ClassVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from lifeloop.api.auth import Caller, checked, no_key, secret_of
from lifeloop.api.errors import ApiError, problems, refusal
from lifeloop.api.limits import RateLimit
from lifeloop.api.parts import Door
from lifeloop.base.errors import LifeloopError
from lifeloop.store.keys import Scope

Handler = Callable[[Request], Awaitable[Response]]

_BEARER = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer KEY`, or Basic with the key as user.")


async def _documented(_bearer: Annotated[Any, Depends(_BEARER)]) -> None:
    """Say in OpenAPI that a key is asked for; the guard asks."""


_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Answers are about people: nobody on the way keeps them, and no browser takes them for a page."""

KEYED = Depends(_documented)
REFUSALS = problems(401, 403, 422, 429, 503)


class GuardedRoute(APIRoute):
    """A route that only a key of one scope opens."""

    scope: ClassVar[Scope]

    def __init__(self, *declared: Any, **more: Any) -> None:
        """Say in OpenAPI which key opens it."""
        more["openapi_extra"] = {**(more.get("openapi_extra") or {}), "x-lifeloop-scope": self.scope}
        super().__init__(*declared, **more)

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return the endpoint behind its guard."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            door: Door = request.app.state.door
            headers: dict[str, str] = {}
            try:
                caller = await admit(door, request, self.scope)
                request.state.caller = caller
                headers = let_through(self.bucket(door), caller, request)
                response = await self.answer(request, inner)
            except (LifeloopError, HTTPException, RequestValidationError) as error:
                response = refusal(error, request)
            for name, value in headers.items():
                response.headers.setdefault(name, value)
            response.headers.update(_ANSWER)
            return response

        return handle

    def bucket(self, door: Door) -> RateLimit:
        """Return what a request counts against."""
        return door.reading

    async def answer(self, request: Request, inner: Handler) -> Response:
        """Return what the endpoint answers."""
        return await inner(request)


class ReadRoute(GuardedRoute):
    """A route that shows something."""

    scope = "read"


def asked_for(request: Request) -> str:
    """Return what a request asks for, in words that name nobody."""
    route = request.scope.get("route")
    return f"cannot answer {request.method} {getattr(route, 'path_format', request.url.path)}"


async def admit(door: Door, request: Request, scope: Scope) -> Caller:
    """Return whose request it is. Raises ApiError, and StoreError where the keys cannot be read."""
    secret = secret_of(request)
    if secret is None:
        raise no_key(asked_for(request))
    key = door.ring.fresh(secret) or await run_in_threadpool(door.ring.find_anew, secret)
    return checked(key, scope, door.app.clock, asked_for(request))


def let_through(bucket: RateLimit, caller: Caller, request: Request) -> dict[str, str]:
    """Count the request against its key, and return the headers that say so. Raises ApiError when there were too many."""
    allowance = bucket.take(caller.key.key_id)
    if allowance.granted:
        return allowance.headers
    raise ApiError(
        429,
        "too_many_requests",
        asked_for(request),
        f"the key sends more than {bucket.per_second:g} requests a second",
        f"Come back in {allowance.wait_s} s.",
        headers=allowance.headers,
    )
