"""The door as one application: collecting, reading, writing, health; every answer that is not one has the same form."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from lifeloop import __version__
from lifeloop.api.auth import KeyRing
from lifeloop.api.collector import collector
from lifeloop.api.consents import consents_read, consents_written
from lifeloop.api.customers import customers
from lifeloop.api.errors import apologise, refuse
from lifeloop.api.fresh import Fresh
from lifeloop.api.health import health
from lifeloop.api.housekeeping import living
from lifeloop.api.identity import merges_read, merges_written
from lifeloop.api.imports import imports_read, imports_written
from lifeloop.api.keys import keys
from lifeloop.api.limits import RateLimit
from lifeloop.api.looks import Looks, Upkeep
from lifeloop.api.metrics import Metrics, SpoolFigures
from lifeloop.api.pages import html_page
from lifeloop.api.parts import Door, Parts, Role
from lifeloop.api.recommendations import recommendations
from lifeloop.api.rejected import rejected
from lifeloop.api.requests import RequestLog
from lifeloop.api.scores import scores
from lifeloop.api.segments import segments
from lifeloop.api.straight import Straight
from lifeloop.api.webhooks import webhooks
from lifeloop.base.errors import LifeloopError
from lifeloop.collect.spool import GroupCommit
from lifeloop.store.keys import ApiKey, load_keys

_ABOUT = """What a shop's own systems ask: who a customer is, where they stand, what happens next and why.

Every request under `/v1` names an API key: `Authorization: Bearer KEY`. A `read` key reads, an `admin` key also writes, an
`ingest` key does neither: it only sends events. An instant is ISO 8601 in UTC; money is whole minor units of the shop's
base currency, unless a currency stands beside it. A request that is not served says why: `error`, `asked`, `found`, `fix`.
A write may name an `Idempotency-Key`: sent again with the same one, it is not done again and has the same answer."""

API = (
    recommendations,
    segments,
    scores,
    imports_read,
    imports_written,
    merges_read,
    merges_written,
    consents_read,
    consents_written,
    rejected,
    keys,
    customers,
)
"""In the order in which paths are compared: an id may hold slashes, so that what stands behind one is asked first."""

COLLECT = (collector, webhooks)


def make_app(parts: Parts, *, ticks: Callable[[], float] = time.monotonic) -> FastAPI:
    """Return the application of one door process; `ticks` are seconds that never run backwards."""
    serve = parts.app.home.settings.serve
    metrics = Metrics()
    if isinstance(parts.spool, GroupCommit):
        metrics.registry.register(SpoolFigures(parts.spool))
    door = Door(
        parts=parts,
        ring=KeyRing(lambda: _keys(parts), ticks),
        reading=RateLimit(serve.read_per_second, ticks),
        recommending=RateLimit(serve.recommend_per_second, ticks),
        collecting=RateLimit(serve.collect_per_second, ticks),
        metrics=metrics,
        looks=Looks(ticks),
        fresh=Fresh(ticks),
        upkeep=Upkeep(ticks),
    )
    app = declared(parts.roles)
    app.state.door = door
    app.add_exception_handler(LifeloopError, refuse)
    app.add_exception_handler(HTTPException, refuse)
    app.add_exception_handler(RequestValidationError, refuse)
    app.add_exception_handler(Exception, apologise)
    app.add_middleware(Straight, routes=app.router.routes)
    app.add_middleware(RequestLog, metrics=door.metrics, ticks=ticks)
    return app


def declared(roles: Collection[Role] = ("api", "collect")) -> FastAPI:
    """Return the application with its routes, before there is a shop behind it: what OpenAPI and the documents say."""
    app = FastAPI(
        title="lifeloop",
        version=__version__,
        description=_ABOUT,
        lifespan=living,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for role, routers in (("api", API), ("collect", COLLECT)):
        if role in roles:
            for router in routers:
                app.router.routes.extend(router.routes)
    app.router.routes.extend(health.routes)
    app.add_api_route("/openapi.json", _schema, include_in_schema=False)
    app.add_api_route("/docs", _docs, include_in_schema=False, response_class=HTMLResponse)
    return app


def _schema(request: Request) -> Response:
    """Return the description; working it out the first time takes a while, and must not hold up the others."""
    return JSONResponse(request.app.openapi())


def _docs(request: Request) -> Response:
    page = html_page(request.app.openapi())
    return HTMLResponse(page, headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})


def _keys(parts: Parts) -> dict[str, ApiKey]:
    with parts.app.store.reading() as connection:
        return load_keys(connection)
