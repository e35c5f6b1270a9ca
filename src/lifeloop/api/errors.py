"""What a request is told when it cannot be served: what was asked, what was found, what to do; as JSON, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from lifeloop.base.errors import (
    FeatureError,
    LakeError,
    LifeloopError,
    ModelError,
    NotEnoughData,
    SettingsError,
    SourceError,
    StoreError,
    UnknownName,
)
from lifeloop.base.logging import log
from lifeloop.unify.identity import RulingRefused


class Problem(BaseModel):
    """Why a request was not served."""

    error: str = Field(description="A short code that does not change: `no_key`, `wrong_scope`, `not_found`, ...")
    asked: str = Field(description="What could not be done.")
    found: str = Field(description="What stood in the way.")
    fix: str = Field(description="What to do about it.")


class ApiError(LifeloopError):
    """A request that is refused, with the status and headers of the answer."""

    def __init__(
        self, status: int, error: str, asked: str, found: str = "", fix: str = "", *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(asked, found, fix)
        self.status = status
        self.error = error
        self.headers = dict(headers or {})


_KINDS: tuple[tuple[type[LifeloopError], int, str], ...] = (
    (NotEnoughData, 404, "not_found"),
    (UnknownName, 404, "unknown_name"),
    (RulingRefused, 409, "contradiction"),
    (SettingsError, 400, "bad_request"),
    (FeatureError, 400, "bad_request"),
    (SourceError, 422, "unreadable_file"),
    (LakeError, 503, "lake_unavailable"),
    (StoreError, 503, "store_unavailable"),
    (ModelError, 503, "model_unavailable"),
)
_PLAIN = {
    400: ("bad_request", "It is not put as HTTP asks for."),
    404: ("no_such_path", "GET /docs lists every path."),
    405: ("wrong_method", "GET /docs lists the methods of every path."),
    413: ("too_large", "Send less at once."),
}
_AWAY = {
    "lake_unavailable": "the lake cannot be read or written now",
    "store_unavailable": "the store does not answer now",
    "model_unavailable": "a model cannot be loaded now",
}
_AGAIN = {"Retry-After": "1"}
"""For what may pass by itself."""


def refusal(error: Exception, request: Request) -> Response:
    """Return the answer to a request that ended in an error raised on purpose. Where the shop's data lies is in none."""
    if isinstance(error, ApiError):
        return _problem(error.status, error.error, error, error.headers)
    if isinstance(error, LifeloopError):
        for kind, status, name in _KINDS:
            if isinstance(error, kind):
                return _away(name, error) if status == 503 else _problem(status, name, _anywhere(error, request), {})
        return _problem(500, "failed", _anywhere(error, request), {})
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    assert isinstance(error, HTTPException)
    name, fix = _PLAIN.get(error.status_code, ("refused", ""))
    said = LifeloopError("the request cannot be served", str(error.detail), fix)
    return _problem(error.status_code, name, said, dict(error.headers or {}))


async def refuse(request: Request, error: Exception) -> Response:
    """Answer an error raised on purpose."""
    return refusal(error, request)


async def apologise(_request: Request, _error: Exception) -> Response:
    """Answer an error nobody foresaw; what it was stands in the log and never in the answer."""
    said = LifeloopError("the request cannot be served", "something unforeseen went wrong", "The server's log says what.")
    return _problem(500, "internal", said, {})


def placeless(said: Any, home: Path) -> Any:
    """Return a text, or JSON, without the path of the data home: who reads over HTTP has no use for it.

    >>> placeless("no orders in /srv/shop: lifeloop run --home /srv/shop; see /srv/shop/a.csv", Path("/srv/shop"))
    'no orders: lifeloop run; see a.csv'
    """
    if isinstance(said, dict):
        return {name: placeless(inner, home) for name, inner in said.items()}
    if isinstance(said, list):
        return [placeless(inner, home) for inner in said]
    if isinstance(said, str):
        for old, new in ((f"{home}/", ""), (f" --home {home}", ""), (f" in {home}", ""), (f"{home}", "the data home")):
            said = said.replace(old, new)
    return said


def _anywhere(error: LifeloopError, request: Request) -> LifeloopError:
    home = request.app.state.door.app.home.path
    return LifeloopError(*(placeless(text, home) for text in (error.asked, error.found, error.fix)))


def _away(name: str, error: LifeloopError) -> Response:
    """Answer that a part of the house is away. What it said of itself names tables, hosts and files: that is for the log."""
    log().warning("a part of the house is away", error=name, asked=error.asked, found=error.found)
    said = LifeloopError(
        "the request cannot be served", _AWAY[name], "Come back in a moment; the server's log says what is wrong."
    )
    return _problem(503, name, said, _AGAIN)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of answers with these statuses."""
    return {status: {"model": Problem, "description": _ABOUT[status]} for status in statuses}


_ABOUT = {
    400: "It cannot be understood.",
    401: "No key, or one that is not valid here.",
    403: "The key may not do this.",
    404: "There is no such thing.",
    408: "Its body did not come in time.",
    409: "Another request with the same Idempotency-Key is being worked on, or it contradicts what there is.",
    413: "It is larger than what is taken.",
    422: "A value is missing, or is not of its kind.",
    429: "Too many requests; `Retry-After` says in how many seconds to come back.",
    503: "A part of the house is away; `Retry-After` says in how many seconds to come back.",
}


def _problem(status: int, name: str, error: LifeloopError, headers: Mapping[str, str]) -> Response:
    told = {"error": name, "asked": error.asked, "found": error.found, "fix": error.fix}
    return JSONResponse(told, status_code=status, headers=dict(headers))


def _invalid(error: RequestValidationError) -> Response:
    """Name the fields that are wrong, never their values: they may be personal."""
    found = "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:5])
    said = LifeloopError("the request cannot be served", found, "GET /docs says what this path takes.")
    return _problem(422, "invalid", said, {})
