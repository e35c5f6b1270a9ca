"""One line in the log and one count for every request: which route, which answer, how long; never who was asked about."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lifeloop.api.metrics import Metrics
from lifeloop.base.logging import log

_QUIET = ("/healthz", "/readyz", "/metrics")
"""Asked every few seconds by whoever watches: worth a line only when the answer is not 200."""


class RequestLog:
    """ASGI middleware. The route stands in the log as it is declared, without the ids and the query of the request."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, ticks: Callable[[], float]) -> None:
        self._app = app
        self._metrics = metrics
        self._ticks = ticks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = self._ticks(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._tell(scope, status, self._ticks() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", None) or "other"
        method = scope["method"] if route != "other" else "any"
        self._metrics.requests.labels(route, method, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if status < 400 and (route in _QUIET or scope.get("state", {}).get("quiet")):
            return
        caller = scope.get("state", {}).get("caller")
        log().info(
            "request",
            route=route,
            method=method,
            status=status,
            ms=round(seconds * 1000, 1),
            key=caller.key.key_id if caller else None,
        )
