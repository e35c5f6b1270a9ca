"""Is the house well? Alive, ready, and in figures; asked by whoever runs it, without a key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from lifeloop.api.looks import Looked
from lifeloop.api.parts import Door, TheDoor
from lifeloop.base.clock import micros
from lifeloop.base.errors import LakeError, LifeloopError, StoreError
from lifeloop.base.logging import log
from lifeloop.schema import ORDER
from lifeloop.store.signs import read_signs

OLD_MODEL_SECONDS = 2 * 86400.0
OLD_LOOK_SECONDS = 60.0
"""From then on `readyz` warns: a nightly run was missed; the lake, or what was learned, could not be looked at."""
_DAY = 86400.0


class Health(BaseModel):
    """Whether the process is alive, or ready to serve."""

    status: Literal["ok", "unwell"]
    checks: list[Looked] = Field(default_factory=list, description="What was looked at, one by one.")


health = APIRouter(tags=["health"])


@health.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """Answer as long as the process can answer at all; nothing else is looked at."""
    return Health(status="ok")


@health.get("/readyz", summary="Is it ready to serve?", responses={503: {"model": Health, "description": "Not ready."}})
def readyz(door: TheDoor) -> Response:
    """Look at the keys, the store, the lake, the spool's disk, and the signs of life of the parts beside the door."""
    told = door.looks.take(lambda: checks(door))
    body = Health(status="ok" if all(one.ok for one in told) else "unwell", checks=told)
    return JSONResponse(body.model_dump(), status_code=200 if body.status == "ok" else 503)


@health.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
def metrics(door: TheDoor) -> Response:
    """Return the figures of this process, and the last ones the parts beside it said of themselves."""
    try:
        with door.app.store.reading() as connection:
            signs = read_signs(connection)
    except StoreError:
        signs = {}
    now = micros(door.app.clock.now())
    for what, age in _ages(door).items():
        door.metrics.shopfront_ages.labels(what).set(age)
    for sign in signs.values():
        door.metrics.ages.labels(sign.what).set(max(0, now - sign.seen_at) / 1e6)
        if sign.figure is not None:
            door.metrics.figures.labels(sign.what).set(sign.figure)
    return Response(door.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def checks(door: Door) -> list[Looked]:
    """Look at everything this process needs."""
    told = [_look("store", lambda: _signs(door)), _look("lake", lambda: _lake(door))]
    if "collect" in door.parts.roles:
        told.append(_look("spool", lambda: _spool(door.app.home.spool)))
    if "api" in door.parts.roles:
        told.append(_recommendations(door))
    return told + [_look(what, partial(_alive, door, what, seconds)) for what, seconds in door.parts.wanted.items()]


def _look(name: str, look: Callable[[], str]) -> Looked:
    try:
        return Looked(name=name, ok=True, found=look())
    except LifeloopError as error:
        log().warning("a check failed", check=name, asked=error.asked, found=error.found)
        hidden = isinstance(error, LakeError | StoreError)  # they name files and hosts
        return Looked(name=name, ok=False, found="does not answer" if hidden else error.asked)
    except OSError as error:
        return Looked(name=name, ok=False, found=error.strerror or type(error).__name__)


def _signs(door: Door) -> str:
    with door.app.store.reading() as connection:
        read_signs(connection)
    return "answers"


def _lake(door: Door) -> str:
    door.app.lake.version(ORDER)
    return "answers"


def _spool(folder: Path) -> str:
    """Write and delete a file beside the spool's own; a name that its readers pass over."""
    probe = folder / f".probe-{threading.get_ident()}"
    probe.write_bytes(b"ok")
    probe.unlink()
    return "writes"


def _recommendations(door: Door) -> Looked:
    """Look at how old that is from which recommendations are answered: old ones are better than none, so all is well."""
    ages = _ages(door)
    looked, model = ages["catalogue"], ages.get("model")
    learned = "no model yet" if model is None else f"model as of {model / _DAY:.1f} days ago"
    is_old = looked > OLD_LOOK_SECONDS or (model is not None and model > OLD_MODEL_SECONDS)
    found = f"{learned}, catalogue looked at {looked:.0f} s ago"
    return Looked(name="recommendations", ok=True, found=found, warning=is_old)


def _ages(door: Door) -> dict[str, float]:
    """Return seconds: of the model from what it learned last, where there is one, and since the shopfront last looked."""
    if "api" not in door.parts.roles:
        return {}
    ages = {"catalogue": door.upkeep.age}
    if door.upkeep.is_done and (model := door.shopfront.model).is_fitted:
        ages["model"] = max(0, micros(door.app.clock.now()) - model.as_of) / 1e6
    return ages


def _alive(door: Door, what: str, seconds: float) -> str:
    with door.app.store.reading() as connection:
        sign = read_signs(connection).get(what)
    if sign is None:
        raise LifeloopError("has said nothing yet")
    age = max(0, micros(door.app.clock.now()) - sign.seen_at) / 1e6
    if age > seconds:
        raise LifeloopError(f"last heard of {age:.0f} s ago")
    return f"heard of {age:.0f} s ago"
