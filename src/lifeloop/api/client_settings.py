"""What client libraries ask before they send: settings that start them without any vendor's network.

They switch off what would load code from elsewhere, or send what nobody reads here.

Source  the first requests of @segment/analytics-next 1.84, @rudderstack/analytics-js 3.34 and posthog-js 1.449.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from lifeloop.collect.live.bodies import key_in_headers

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_POSTHOG: dict[str, Any] = {
    "supportedCompression": ["gzip", "gzip-js"],
    "hasFeatureFlags": False,
    "autocapture_opt_out": True,
    "captureDeadClicks": False,
    "capturePerformance": False,
    "autocaptureExceptions": False,
    "elementsChainAsString": True,
    "heatmaps": False,
    "sessionRecording": False,
    "surveys": False,
    "siteApps": [],
    "isAuthenticated": False,
    "toolbarParams": {},
    "defaultIdentifiedOnly": True,
}
_KEY_CHARACTERS = 200


async def _segment_settings(request: Request) -> Response:
    """Return what a Segment browser client asks of its CDN: one destination, this server."""
    key = _safe(request.path_params["key"])
    own = {"apiKey": key, "apiHost": f"{request.url.netloc}/v1", "protocol": request.url.scheme}
    settings = {"integrations": {"Segment.io": own}, "plan": {}, "edgeFunction": {}, "metrics": {"sampleRate": 0}}
    return JSONResponse(settings)


async def _ignore(_request: Request) -> Response:
    """Take what a client tells of its own doing, and keep nothing of it."""
    return JSONResponse({"success": True})


async def _rudder_settings(request: Request) -> Response:
    """Return a RudderStack source without destinations: events go to the data plane the page names."""
    key = _safe(request.query_params.get("writeKey") or key_in_headers(request.headers) or "")
    source = {
        "id": "lifeloop", "name": "lifeloop", "writeKey": key, "enabled": True, "workspaceId": "lifeloop",
        "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
        "destinations": [], "connections": [], "dataplanes": {}, "createdBy": "lifeloop", "createdAt": _LONG_AGO,
        "updatedAt": _LONG_AGO, "deleted": False, "transient": False, "secretVersion": None, "sourceDefinitionId": "lifeloop",
        "sourceDefinition": {"id": "lifeloop", "name": "Javascript", "options": None},
    }  # fmt: skip
    return JSONResponse({"source": source, "updatedAt": _LONG_AGO})


async def _posthog_settings(request: Request) -> Response:
    """Return a PostHog project without flags, recordings, surveys or apps."""
    return JSONResponse(_POSTHOG | {"token": _safe(request.path_params["key"])})


async def _posthog_script(request: Request) -> Response:
    """Return the same as a script."""
    key = _safe(request.path_params["key"])
    told = json.dumps({key: {"config": _POSTHOG | {"token": key}, "siteApps": []}})
    script = f"window._POSTHOG_REMOTE_CONFIG = Object.assign(window._POSTHOG_REMOTE_CONFIG || {{}}, {told});\n"
    return Response(script, media_type="text/javascript")


async def _flags(_request: Request) -> Response:
    """Return no feature flags."""
    none = {"flags": {}, "featureFlags": {}, "featureFlagPayloads": {}, "errorsWhileComputingFlags": False}
    return JSONResponse(_POSTHOG | none)


async def _surveys(_request: Request) -> Response:
    return JSONResponse({"surveys": []})


def _safe(key: str) -> str:
    """Return a key without what no key holds: it goes into a script."""
    return "".join(one for one in key[:_KEY_CHARACTERS] if one.isascii() and (one.isalnum() or one in "-_"))


_LONG_AGO = "2020-01-01T00:00:00.000Z"

ANSWERS: tuple[tuple[str, str, Endpoint, str], ...] = (
    ("/v1/projects/{key}/settings", "GET", _segment_settings, "Start a Segment client in a browser"),
    ("/v1/m", "POST", _ignore, "Pass over what Segment clients tell of themselves"),
    ("/sourceConfig", "GET", _rudder_settings, "Start a RudderStack client in a browser"),
    ("/sourceConfig/", "GET", _rudder_settings, "Start a RudderStack client in a browser"),
    ("/array/{key}/config", "GET", _posthog_settings, "Start a PostHog client in a browser"),
    ("/array/{key}/config.js", "GET", _posthog_script, "Start a PostHog client in a browser by a script"),
    ("/flags", "POST", _flags, "Tell PostHog clients that there are no feature flags"),
    ("/flags/", "POST", _flags, "Tell PostHog clients that there are no feature flags"),
    ("/decide", "POST", _flags, "Tell older PostHog clients that there are no feature flags"),
    ("/decide/", "POST", _flags, "Tell older PostHog clients that there are no feature flags"),
    ("/api/surveys/", "GET", _surveys, "Tell PostHog clients that there are no surveys"),
)
"""Path, method, endpoint and summary of each."""
