"""The straight way for the requests there are most of: events sent to a path that is written out.

The framework's own way there costs more than all that is done with the events: it compares one declared path after the other
and wraps the answer several times over. A collecting endpoint needs none of that, since it answers every refusal itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fastapi import Request
from fastapi.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from lifeloop.api.collector import CollectRoute

Handler = Callable[[Request], Awaitable[Response]]


class Straight:
    """ASGI middleware that hands a POST to a collecting path to its endpoint at once, and everything else on."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._known: dict[str, tuple[CollectRoute, Handler]] = {
            route.path: (route, route.get_route_handler())
            for route in routes
            if isinstance(route, CollectRoute) and "POST" in (route.methods or ()) and "{" not in route.path
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        found = self._known.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        route, handle = found
        scope.update(route=route, endpoint=route.endpoint, path_params={})
        response = await handle(Request(scope, receive, send))
        await response(scope, receive, send)
