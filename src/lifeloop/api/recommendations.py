"""Recommendations: which products to show somebody in one place of the shop now, with the reasons for each.

The shop's own server asks, with a read key, and passes on who its visitor is. A list lies in the spool before it is answered,
with the chance every product had to stand where it stands; a click on one names the list and is learned from.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from lifeloop.api.auth import Caller
from lifeloop.api.errors import ApiError, problems
from lifeloop.api.guard import KEYED, REFUSALS, Handler, ReadRoute, asked_for
from lifeloop.api.idempotent import BODY_BYTES, bounded
from lifeloop.api.limits import RateLimit
from lifeloop.api.pace import is_small
from lifeloop.api.parts import Door, TheCaller, TheDoor
from lifeloop.api.recommendation_shapes import (
    ANONYMOUS_ABOUT,
    CATEGORY_ABOUT,
    CUSTOMER_ABOUT,
    ID_CHARACTERS,
    K_ABOUT,
    LANGUAGE_ABOUT,
    MOST_ITEMS,
    PLAIN_OR_EMPTY,
    PREVIEW_ABOUT,
    Recommendations,
    SearchAsked,
    told,
)
from lifeloop.base.clock import micros
from lifeloop.base.errors import UnknownName
from lifeloop.base.logging import log
from lifeloop.base.recommend_settings import PLACEMENTS, Placement
from lifeloop.base.text import Language, Text
from lifeloop.collect.live.exposure import Placed, Shown
from lifeloop.collect.spool.errors import SpoolBusy, SpoolFailed
from lifeloop.collect.spool.record import Stamp
from lifeloop.recommend.answering.notes import NO_CONSENT
from lifeloop.recommend.asked import Answer, Asked, Deed

UNLOGGED = Text(
    "This list could not be logged: clicks on it teach nothing.",
    "此列表未能记录：对它的点击不会用于学习。",
)
_ENCODE = msgspec.json.Encoder().encode


class RecommendRoute(ReadRoute):
    """A route that recommends: at a rate of its own, since every page of a shop asks, and with a body within bounds."""

    def bucket(self, door: Door) -> RateLimit:
        """Return what a request counts against."""
        return door.recommending

    async def answer(self, request: Request, inner: Handler) -> Response:
        """Return what the endpoint answers."""
        within = bounded(request, BODY_BYTES)
        await within.body()
        return await inner(within)


recommendations = APIRouter(
    prefix="/v1",
    tags=["recommendations"],
    route_class=RecommendRoute,
    dependencies=[KEYED],
    responses=REFUSALS | problems(400, 404, 408, 413),
)


class _Who(NamedTuple):
    """Who is looking, as the shop says."""

    customer_id: str | None
    anonymous_id: str | None


def _text(about: str) -> Any:
    return Query(max_length=ID_CHARACTERS, pattern=PLAIN_OR_EMPTY, description=about)


@recommendations.get("/recommendations", summary="What to show somebody", response_model=Recommendations)
async def recommended(
    request: Request,
    door: TheDoor,
    caller: TheCaller,
    placement: Annotated[
        str, Query(max_length=64, description="Where in the shop it is shown.", json_schema_extra={"enum": list(PLACEMENTS)})
    ],
    customer: Annotated[str | None, _text(CUSTOMER_ABOUT)] = None,
    anonymous: Annotated[str | None, _text(ANONYMOUS_ABOUT)] = None,
    items: Annotated[
        list[str] | None,
        Query(
            description="Product ids, separated by commas; or the parameter several times, an id each, commas and all: the "
            f"product on the page, or what lies in the cart; at most {MOST_ITEMS:,}."
        ),
    ] = None,
    k: Annotated[int, Query(description=K_ABOUT)] = 10,
    language: Annotated[Language, Query(description=LANGUAGE_ABOUT)] = "en",
    category: Annotated[str | None, _text(CATEGORY_ABOUT)] = None,
    *,
    preview: Annotated[bool, Query(description=PREVIEW_ABOUT)] = False,
) -> Response:
    """Return a list for one place of the shop; what they did a moment ago counts already.

    Who is not known is answered as a visitor, and a visitor without a history with what many want now. Of somebody without
    consent to personalisation nothing is used. A list that keeps every rule may be short, or empty: `notes` say why.
    """
    if placement not in PLACEMENTS:
        raise UnknownName("placement", placement, PLACEMENTS)
    listed = items[0].split(",") if items and len(items) == 1 else items or ()
    asked = _asked(request, placement, listed, k, language, category)
    who = _Who(customer or None, anonymous or None)
    return await _answered(door, caller, asked, who, request, is_preview=preview)


@recommendations.post(
    "/recommendations/search", summary="Rank the hits of a search for somebody", response_model=Recommendations
)
async def searched(request: Request, door: TheDoor, caller: TheCaller, said: SearchAsked) -> Response:
    """Return the shop's own hits, ranked for whoever searched; nothing is added to them."""
    asked = _asked(request, "search", said.items, said.k, said.language, said.category)
    who = _Who(said.customer or None, said.anonymous or None)
    return await _answered(door, caller, asked, who, request, is_preview=said.preview)


def _asked(
    request: Request, placement: Placement, items: Iterable[str], k: int, language: Language, category: str | None
) -> Asked:
    """Return a request as it is understood. Raises ApiError where it names too many products."""
    named = tuple(item for one in items if (item := one.strip()))
    if len(named) > MOST_ITEMS:
        found = f"the request names {len(named):,} products"
        raise ApiError(413, "too_large", asked_for(request), found, f"Name at most {MOST_ITEMS:,}.")
    return Asked(placement=placement, k=k, items=named, language=language, category=category or None)


async def _answered(door: Door, caller: Caller, asked: Asked, who: _Who, request: Request, *, is_preview: bool) -> Response:
    """Answer, once the list is logged. Raises SettingsError, UnknownName, StoreError, and so on."""
    request.state.quiet = True
    fresh = door.fresh.deeds(customer_id=who.customer_id, anonymous_id=who.anonymous_id)
    with door.metrics.recommend_seconds.labels(asked.placement).time():
        working = partial(_worked_out, door, asked, who, fresh)
        on_loop = door.app.store.is_sqlite and door.pace.is_quick(asked.placement) and _is_small(door, asked)
        answer, titles = working() if on_loop else await run_sync(working, limiter=door.recommenders)
    exposure_id, notes = None, answer.notes
    if answer.products and not is_preview:
        for strategy, count in Counter(one.strategy for one in answer.products).items():
            door.metrics.recommended.labels(asked.placement, strategy).inc(count)
        exposure_id = await _logged(door, caller, answer, who)
        notes = notes if exposure_id is not None else (*notes, UNLOGGED)
    return Response(_ENCODE(told(answer, asked.language, titles, notes, exposure_id)), media_type="application/json")


def _is_small(door: Door, asked: Asked) -> bool:
    """Return whether the loop may answer by itself if its placement is quick: nothing long is listed or looked for."""
    return is_small(asked) and door.shopfront.catalogue.products.places.keys() >= set(asked.items)


_OF_THREAD = threading.local()


def _worked_out(door: Door, asked: Asked, who: _Who, fresh: Sequence[Deed]) -> tuple[Answer, dict[str, str]]:
    """Return the answer and the titles of its products."""
    generator = getattr(_OF_THREAD, "generator", None)
    if generator is None:
        generator = _OF_THREAD.generator = np.random.default_rng()
    shopfront = door.shopfront
    with door.pace.timed(asked.placement) if _is_small(door, asked) else nullcontext():
        answer = shopfront.answer(asked, **who._asdict(), fresh=fresh, generator=generator)
        return answer, shopfront.titles(one.product_id for one in answer.products)


async def _logged(door: Door, caller: Caller, answer: Answer, who: _Who) -> str | None:
    """Put a list into the spool and return its id; None where the spool does not take it.

    Who has not agreed is not named. A shop's page is worth more than a line of the log: it has its list either way.
    """
    now = micros(door.app.clock.now())
    exposure_id = secrets.token_hex(12)
    placed = [
        Placed(one.product_id, one.propensity, one.is_explored, one.strategy, one.score, dict(one.signals) or None)
        for one in answer.products
    ]
    shown = Shown(exposure_id, now, answer.placement, answer.version, placed)
    if NO_CONSENT not in answer.notes:
        shown = msgspec.structs.replace(shown, **who._asdict())
    try:
        if door.parts.spool is None:
            raise SpoolFailed("cannot log what was shown", "this process has no spool", "Serve with lifeloop serve.")
        await door.parts.spool.put(Stamp("exposure", caller.key.source, now), shown.body())
    except (SpoolBusy, SpoolFailed) as error:
        door.metrics.unlogged.inc()
        log().error("a list that was shown is not logged", asked=error.asked, found=error.found)
        return None
    return exposure_id
