"""Webhooks of shop systems: signed by the shop, kept as they came, answered at once.

Nothing is read here: the body goes into the spool, with its topic, and those who read the spool hear what it says. 200 means
that it is on the disk. A delivery that came before is answered 200 and kept once.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from lifeloop.api.collector import keep
from lifeloop.api.errors import ApiError, problems
from lifeloop.api.parts import Door
from lifeloop.api.receiving import read_body
from lifeloop.base.clock import micros
from lifeloop.base.config import WebhookSettings
from lifeloop.base.errors import LifeloopError
from lifeloop.base.logging import log
from lifeloop.collect.shops.signatures import is_signed
from lifeloop.collect.spool.record import Stamp
from lifeloop.store import signs
from lifeloop.store import webhooks as deliveries

System: TypeAlias = Literal["shopify", "woocommerce"]

_ASKED = "cannot take the webhook"
_PING = re.compile(rb"webhook_id=\d{1,20}")
"""All that WooCommerce sends, unsigned, when a webhook is saved."""
_TEXT_CHARACTERS = 255
_REMEMBERED = 10_000
"""Deliveries each process remembers by itself; before that the store says."""


@dataclass(frozen=True)
class _Headers:
    """What a system calls the parts of a delivery."""

    signature: str
    topic: str
    delivery: str
    test: str | None = None


_HEADERS: Mapping[System, _Headers] = {
    "shopify": _Headers("x-shopify-hmac-sha256", "x-shopify-topic", "x-shopify-webhook-id", "x-shopify-test"),
    "woocommerce": _Headers("x-wc-webhook-signature", "x-wc-webhook-topic", "x-wc-webhook-delivery-id"),
}


class Recent:
    """The last deliveries of this process; they are noted in the store behind the answers, many at once."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._waiting: list[_Delivery] = []
        self._noting: asyncio.Task[None] | None = None

    def has(self, name: str, delivery_id: str) -> bool:
        """Return whether this process remembers a delivery."""
        return (name, delivery_id) in self._known

    def add(self, name: str, delivery_id: str, topic: str) -> None:
        """Remember a delivery that is on the disk; the oldest goes."""
        if delivery_id:
            self._known[name, delivery_id] = None
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        self._waiting.append(_Delivery(name, delivery_id, topic))
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note())

    async def _note(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting, []
            await run_in_threadpool(_note, self._door, some)


class _Delivery(NamedTuple):
    name: str
    delivery_id: str
    topic: str


webhooks = APIRouter(tags=["webhooks"])


async def _take(request: Request, system: System) -> Response:
    """Take one delivery. Raises ApiError."""
    door: Door = request.app.state.door
    name = request.path_params["name"]
    shop = _shop(door, system, name)
    body, headers = await read_body(request, door.rooms.anybody), _HEADERS[system]
    said = request.headers.get(headers.signature)
    if said is None and system == "woocommerce" and _PING.fullmatch(body.strip()):
        return _taken("pong")
    if said is None or not is_signed(body, said, [secret.get_secret_value() for secret in shop.secrets]):
        door.metrics.turned_away.labels("bad_signature").inc()
        raise _unsigned(name, said, shop)
    topic = request.headers.get(headers.topic, "")[:_TEXT_CHARACTERS]
    delivery = request.headers.get(headers.delivery, "")[:_TEXT_CHARACTERS]
    if headers.test is not None and request.headers.get(headers.test, "").lower() == "true":
        return _taken("test")
    recent = _recent(request, door)
    if delivery and (recent.has(name, delivery) or await run_in_threadpool(_is_known, door, name, delivery)):
        return _taken("repeated")
    stamp = Stamp(system, shop.kept_under, micros(door.app.clock.now()), topic=topic, delivery_id=delivery or None)
    await keep(door, stamp, body)
    door.metrics.accepted.labels(system).inc()
    door.metrics.events.labels(system).inc()
    recent.add(name, delivery, topic)
    return _taken("kept")


def _shop(door: Door, system: System, name: str) -> WebhookSettings:
    known = {each: one for each, one in door.app.home.settings.webhooks.items() if one.system == system}
    if name not in known:
        fix = f'Write [webhooks.{name}] with system = "{system}" and its secret into lifeloop.toml, and start again.'
        raise ApiError(404, "unknown_webhook", _ASKED, "no shop of this system has that name in lifeloop.toml", fix)
    return known[name]


def _unsigned(name: str, said: str | None, shop: WebhookSettings) -> ApiError:
    if not shop.secrets:
        fix = f"Write the shop's secret into lifeloop.toml under [webhooks.{name}] secrets, and start again."
        return ApiError(401, "no_secret", _ASKED, "no secret of this shop is known", fix)
    found = "it has no signature" if said is None else "its signature is of another body or secret"
    fix = f"Compare the shop's secret with [webhooks.{name}] secrets; nothing in between may change the body."
    return ApiError(401, "bad_signature", _ASKED, found, fix)


def _recent(request: Request, door: Door) -> Recent:
    found = getattr(request.app.state, "recent_webhooks", None)
    if not isinstance(found, Recent):
        found = request.app.state.recent_webhooks = Recent(door)
    return found


def _taken(status: str) -> Response:
    return JSONResponse({"status": status})


def _is_known(door: Door, name: str, delivery: str) -> bool:
    """Return whether a delivery came before; where the store cannot say, it did not: what it tells is known by its ids."""
    try:
        with door.app.store.reading() as connection:
            return deliveries.is_known(connection, name, delivery)
    except LifeloopError as error:
        log().warning("webhooks cannot be looked up", found=error.found)
        return False


def _note(door: Door, some: Sequence[_Delivery]) -> None:
    """Note deliveries, and that their shops were heard of."""
    try:
        with door.app.store.writing() as connection:
            for one in some:
                if one.delivery_id:
                    deliveries.note(connection, one.name, one.delivery_id, one.topic, door.app.clock)
            for name, topic in {one.name: one.topic for one in some}.items():
                signs.say(connection, f"webhook.{name}", door.app.clock, detail=topic)
    except LifeloopError as error:
        log().warning("webhooks cannot be noted", found=error.found)


def _endpoint(system: System) -> Callable[[Request], Awaitable[Response]]:
    async def take(request: Request) -> Response:
        return await _take(request, system)

    return take


def _declare() -> None:
    for system, headers in _HEADERS.items():
        needed = [
            {"name": header, "in": "header", "required": False, "schema": {"type": "string"}} for header in _named(headers)
        ]
        more: dict[str, Any] = {
            "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}, *needed],
        }
        webhooks.add_api_route(
            f"/v1/webhooks/{system}/{{name}}",
            _endpoint(system),
            methods=["POST"],
            name=f"webhook_{system}",
            summary=f"Take a webhook of {'Shopify' if system == 'shopify' else 'WooCommerce'}, signed by the shop",
            response_class=JSONResponse,
            responses=problems(400, 401, 404, 408, 413, 429, 503),
            openapi_extra=more,
        )


def _named(headers: _Headers) -> list[str]:
    return [headers.signature, headers.topic, headers.delivery]


_declare()
