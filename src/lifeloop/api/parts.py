"""What the composition root hands to the door, and how an endpoint asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, TypeAlias

import numpy as np
from anyio import CapacityLimiter
from fastapi import Depends, Request

from lifeloop.api.auth import Caller, KeyRing
from lifeloop.api.fresh import Fresh
from lifeloop.api.limits import RateLimit
from lifeloop.api.looks import Kept, Looks, Upkeep
from lifeloop.api.metrics import Metrics
from lifeloop.api.pace import Pace
from lifeloop.api.receiving import Rooms
from lifeloop.app import App
from lifeloop.collect.spool.record import Stamp
from lifeloop.recommend.asked import Answer, Asked, Deed

if TYPE_CHECKING:
    from lifeloop.recommend.catalogue import Catalogue
    from lifeloop.recommend.model import Model

Role: TypeAlias = Literal["api", "collect"]
MOST_RECOMMENDERS = 4
"""Threads that work out recommendations at once: all need the interpreter, and more of them only wait for each other."""


class Spool(Protocol):
    """Where accepted requests are put; `lifeloop.collect.spool.GroupCommit` is one."""

    async def put(self, stamp: Stamp, body: bytes) -> object:
        """Keep a request; returns once it is on the disk. Raises SpoolBusy, SpoolFailed."""
        ...

    def backlog_bytes(self) -> int:
        """Return how much of what was accepted still waits for the disk."""
        ...


class Shopfront(Protocol):
    """What answers recommendations; `lifeloop.recommend.shopfront.Shopfront` is one."""

    @property
    def model(self) -> Model:
        """The model that answers now; its version is `none` before the first run."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue as it was looked at last."""
        ...

    def refresh(self) -> None:
        """Take up what changed since. Raises LifeloopError; the last state answers on."""
        ...

    def answer(
        self,
        asked: Asked,
        *,
        customer_id: str | None = None,
        anonymous_id: str | None = None,
        fresh: Sequence[Deed] = (),
        generator: np.random.Generator,
    ) -> Answer:
        """Return what to recommend. Raises SettingsError, UnknownName, StoreError."""
        ...

    def titles(self, product_ids: Iterable[str]) -> dict[str, str]:
        """Return what those products are called that the catalogue knows by a title."""
        ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """One door process: the shop, its spool, and which parts of HTTP it answers."""

    app: App
    spool: Spool | None = None
    """None where this process keeps nothing."""
    spool_name: str = "main"
    roles: frozenset[Role] = frozenset({"api", "collect"})
    wanted: Mapping[str, float] = field(default_factory=dict)
    """Sign of life -> seconds after which it is stale; whoever starts the other parts knows which there are."""
    shopfront: Shopfront | None = None
    """None: the shop's own."""


@dataclass(frozen=True)
class Door:
    """What the endpoints of one process share."""

    parts: Parts
    ring: KeyRing
    reading: RateLimit
    recommending: RateLimit
    collecting: RateLimit
    metrics: Metrics
    looks: Looks
    fresh: Fresh
    upkeep: Upkeep
    recommenders: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MOST_RECOMMENDERS))
    pace: Pace = field(default_factory=Pace)
    kept: Kept = field(default_factory=Kept)
    rooms: Rooms = field(default_factory=Rooms)

    @property
    def app(self) -> App:
        """The shop."""
        return self.parts.app

    @property
    def shopfront(self) -> Shopfront:
        """What answers recommendations."""
        return self.parts.shopfront or self.app.shopfront


async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


TheDoor: TypeAlias = Annotated[Door, Depends(_door)]
"""An endpoint's parameter: what the process shares."""

TheCaller: TypeAlias = Annotated[Caller, Depends(_caller)]
"""An endpoint's parameter: whose request it is."""
