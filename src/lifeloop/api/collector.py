"""The collector: where the clients a shop already runs send events, on the paths and in the forms they know.

200 means stored: it is answered once the body is synced to the spool. 400 is only for what cannot be read as JSON, since
clients drop a whole batch on it; a bad event in a good body is taken, and kept among the rejected.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from lifeloop.api import client_settings
from lifeloop.api.auth import Caller, checked, no_key
from lifeloop.api.errors import ApiError, problems, refusal
from lifeloop.api.parts import Door
from lifeloop.api.receiving import read_body
from lifeloop.base.clock import micros
from lifeloop.base.errors import LifeloopError
from lifeloop.collect.live.bodies import BadBody, Opened, TooLarge, key_in_headers, open_body
from lifeloop.collect.spool.errors import SpoolBusy, SpoolFailed
from lifeloop.collect.spool.record import Stamp, WireForm
from lifeloop.store.keys import ApiKey

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

TYPE_OF_PATH: Mapping[str, str | None] = {
    "track": "track", "t": "track",
    "page": "page", "p": "page",
    "screen": "screen", "s": "screen",
    "identify": "identify", "i": "identify",
    "group": "group", "g": "group",
    "alias": "alias", "a": "alias",
    "batch": None, "b": None, "import": None,
}  # fmt: skip
"""Segment's paths below `/v1/`, long and short -> the type of event each names."""

POSTHOG_PATHS = ("/batch", "/e", "/i/v0/e", "/capture")
"""With and without a slash at the end."""

BEACON_PATH = "/beacon/v1/batch"
"""Where RudderStack's browser client sends when it uses beacons; its key stands in the query."""

_ASKED = "cannot collect events"
_RETRY_S = 5
"""Seconds after which a client should come back when the spool's disk does not take what it sent."""
_TEXT_CHARACTERS = 512
_PLAIN_BYTES = 128 << 10
"""Bodies above are looked at beside the event loop, so that others need not wait."""
_PACKED_BYTES = 1 << 10
"""The same for what is packed: it may be a thousand times as large."""
_PACKED = (b"\x1f", b"\x78")
_TAKEN: Mapping[WireForm, dict[str, Any]] = {"segment": {"success": True}, "posthog": {"status": 1}}
_HEADERS = "authorization,content-type,anonymousid,sentat,x-retry-count"
_PREFLIGHT = {"Access-Control-Allow-Methods": "POST,GET,OPTIONS", "Access-Control-Max-Age": "86400", "Vary": "Origin"}
_OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After,X-RateLimit-Reset"}


class CollectRoute(APIRoute):
    """A route that web pages of any origin may call; what a key's own list of origins forbids is refused inside."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return the endpoint with its refusals in one form, and headers that let a page read every answer."""
        endpoint: Endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            request.state.quiet = True
            try:
                response = await endpoint(request)
            except (LifeloopError, HTTPException) as error:
                response = refusal(error, request)
            response.headers.update(_OPEN)
            return response

        return handle


collector = APIRouter(route_class=CollectRoute, tags=["collect"])


async def _collect(request: Request, form: WireForm, type_in_path: str | None) -> Response:
    """Take the events of one request. Raises ApiError, and StoreError where an unknown key cannot be looked for."""
    door: Door = request.app.state.door
    try:
        opened, key, limits = await _let_in(door, request)
        stamp = Stamp(
            form,
            key.source,
            micros(door.app.clock.now()),
            type_in_path,
            _anonymous_id(request.headers.get("anonymousid")),
            request.headers.get("user-agent", "")[:_TEXT_CHARACTERS] or None,
        )
        await keep(door, stamp, opened.body)
        if "api" in door.parts.roles:
            door.fresh.took(stamp, opened.body)
    except LifeloopError as error:
        door.metrics.turned_away.labels(error.error if isinstance(error, ApiError) else "store_unavailable").inc()
        raise
    door.metrics.accepted.labels(form).inc()
    door.metrics.events.labels(form).inc(opened.events)
    return JSONResponse(_TAKEN[form], headers=limits)


async def _let_in(door: Door, request: Request) -> tuple[Opened, ApiKey, dict[str, str]]:
    """Return a request's events and its key, and what to tell of the key's rate. Raises ApiError.

    A key that stands in the headers is looked at before anything is read.
    """
    secret = key_in_headers(request.headers)
    known = None if secret is None else await _admitted(door, request, secret)
    raw = await read_body(request, door.rooms.anybody if known is None else door.rooms.known)
    try:
        large = len(raw) > (_PACKED_BYTES if raw[:1] in _PACKED else _PLAIN_BYTES)
        opened = await run_in_threadpool(open_body, raw, request.headers) if large else open_body(raw, request.headers)
    except TooLarge as error:
        raise _too_large(error) from error
    except BadBody as error:
        raise ApiError(400, "bad_body", error.asked, error.found, error.fix) from error
    return opened, *(known or await _admitted(door, request, opened.key or request.query_params.get("writeKey")))


async def _admitted(door: Door, request: Request, secret: str | None) -> tuple[ApiKey, dict[str, str]]:
    """Return the key of a request, which counts against it, and what to tell of its rate. Raises ApiError."""
    key = await _key(door, secret, request.headers.get("origin"))
    request.state.caller = Caller(key)
    allowance = door.collecting.take(key.key_id)
    if not allowance.granted:
        found = f"the key sends more than {door.collecting.per_second:g} requests a second"
        fix = f"Come back in {allowance.wait_s} s; clients send up to 2,500 events in one request."
        raise ApiError(429, "too_many_requests", _ASKED, found, fix, headers=allowance.headers)
    return key, allowance.headers


def _too_large(error: TooLarge) -> ApiError:
    return ApiError(413, "too_large", error.asked, error.found, error.fix)


async def _key(door: Door, secret: str | None, origin: str | None) -> ApiKey:
    """Return the key of a request. Known ones are taken from memory however old that is: an event turned away is lost."""
    if secret is None:
        raise no_key(_ASKED)
    found = door.ring.find(secret) or await run_in_threadpool(door.ring.find_anew, secret)
    key = checked(found, "ingest", door.app.clock, _ASKED).key
    if origin is not None and key.origins is not None and origin not in key.origins:
        raise ApiError(
            403, "wrong_origin", _ASKED, f"the key is not for pages of {origin[:100]}", "Add the origin: lifeloop keys create."
        )
    return key


async def keep(door: Door, stamp: Stamp, body: bytes) -> None:
    """Keep a request. Raises ApiError: 429 when too much waits, 503 when the disk does not take it."""
    if door.parts.spool is None:
        raise ApiError(503, "not_collecting", _ASKED, "this process takes no events", "Send them to the one that does.")
    try:
        with door.metrics.sync_seconds.time():
            await door.parts.spool.put(stamp, body)
    except SpoolBusy as error:
        again = {"Retry-After": str(error.retry_after_s)}
        raise ApiError(429, "busy", error.asked, error.found, error.fix, headers=again) from error
    except SpoolFailed as error:
        raise ApiError(
            503, "spool_failed", error.asked, error.found, error.fix, headers={"Retry-After": str(_RETRY_S)}
        ) from error


def _anonymous_id(header: str | None) -> str | None:
    """Return what RudderStack's browser client says in the header `AnonymousId`: base 64 of the id."""
    if not header:
        return None
    try:
        text = base64.b64decode(header, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return text if text.isprintable() and len(text) <= _TEXT_CHARACTERS else None


def _endpoint(form: WireForm, type_in_path: str | None) -> Endpoint:
    async def collect(request: Request) -> Response:
        return await _collect(request, form, type_in_path)

    return collect


async def _preflight(request: Request) -> Response:
    """Let pages of any origin send; which headers they wish to send does not matter."""
    asked = request.headers.get("access-control-request-headers", "")
    plain = all(character.isalnum() or character in "-_, " for character in asked) and asked.isascii()
    allowed = asked if asked and plain and len(asked) <= _TEXT_CHARACTERS else _HEADERS
    return Response(status_code=200, headers=_PREFLIGHT | {"Access-Control-Allow-Headers": allowed})


_BODY = {
    "requestBody": {
        "required": True,
        "description": (
            "JSON as the client sends it, gzipped or not, of any content type: `{batch: [...]}`, one event, or a list. "
            "The key stands in Authorization (Basic, the key as user; or Bearer), `writeKey`, `api_key` or `properties.token`."
        ),
        "content": {"application/json": {"schema": {}}},
    }
}
_REFUSALS = problems(400, 401, 403, 408, 413, 429, 503)
_KEY_IN_PATH = {"parameters": [{"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}]}


def _route(path: str, endpoint: Endpoint, method: str, summary: str, **more: Any) -> None:
    more = {"response_class": JSONResponse} | more
    collector.add_api_route(path, endpoint, methods=[method], summary=summary, **more)
    collector.add_api_route(path, _preflight, methods=["OPTIONS"], include_in_schema=False)


def _post(path: str, form: WireForm, type_in_path: str | None, summary: str) -> None:
    name = f"collect_{form}_{path.strip('/').replace('/', '_')}"
    more: dict[str, Any] = {"responses": _REFUSALS, "openapi_extra": _BODY, "name": name}
    _route(path, _endpoint(form, type_in_path), "POST", summary, **more)


def _declare() -> None:
    for word, type_in_path in TYPE_OF_PATH.items():
        what = f"events of type {type_in_path}" if type_in_path else "a batch of events"
        _post(f"/v1/{word}", "segment", type_in_path, f"Take {what} from a Segment or RudderStack client")
    _post(BEACON_PATH, "segment", None, "Take a beacon of events from a RudderStack client")
    for path in POSTHOG_PATHS:
        _post(f"{path}/", "posthog", None, "Take events from a PostHog client")
        collector.add_api_route(path, _endpoint("posthog", None), methods=["POST"], include_in_schema=False)
        collector.add_api_route(path, _preflight, methods=["OPTIONS"], include_in_schema=False)
    for path, method, endpoint, summary in client_settings.ANSWERS:
        more: dict[str, Any] = {"openapi_extra": _KEY_IN_PATH} if "{key}" in path else {}
        if path.endswith(".js"):
            more |= {"response_class": Response, "responses": {200: {"content": {"text/javascript": {}}}}}
        _route(path, endpoint, method, summary, **more)


_declare()
