"""What the door does by itself while it serves: read the keys anew, note which were used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from lifeloop.api.auth import FRESH_SECONDS
from lifeloop.api.parts import Door
from lifeloop.base.errors import LifeloopError
from lifeloop.base.logging import log
from lifeloop.store import keys

TOUCH_SECONDS = 60.0
LOOK_SECONDS = 1.0
"""How often the shopfront looks for a newer model, catalogue and what was done since."""


@asynccontextmanager
async def living(app: FastAPI) -> AsyncIterator[None]:
    """Read the keys before the first request, and keep house while there are requests. Raises StoreError."""
    door: Door = app.state.door
    await run_in_threadpool(door.ring.refresh)
    listed = [(_refresh, FRESH_SECONDS), (touch_used, TOUCH_SECONDS)]
    if "api" in door.parts.roles:
        listed.append((_look, LOOK_SECONDS))
    duties = [asyncio.create_task(_again_and_again(duty, door, seconds)) for duty, seconds in listed]
    try:
        yield
    finally:
        for duty in duties:
            duty.cancel()
        for duty in duties:
            with suppress(asyncio.CancelledError):
                await duty
        with suppress(LifeloopError):
            await run_in_threadpool(touch_used, door)


def touch_used(door: Door) -> None:
    """Note which keys were used since this was done last. Raises StoreError."""
    used = door.ring.take_used()
    if not used:
        return
    with door.app.store.writing() as connection:
        for key_id in sorted(used):
            keys.touch(connection, key_id, door.app.clock)


def _refresh(door: Door) -> None:
    door.ring.refresh()


def _look(door: Door) -> None:
    door.shopfront.refresh()
    door.upkeep.done()


async def _again_and_again(duty: Callable[[Door], None], door: Door, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await run_in_threadpool(duty, door)
        except LifeloopError as error:
            log().error("a duty of the door failed", asked=error.asked, found=error.found)
        except Exception:  # noqa: BLE001 - whatever it is, the duty is tried again: without it the door grows old
            log().exception("a duty of the door failed", duty=duty.__name__)
