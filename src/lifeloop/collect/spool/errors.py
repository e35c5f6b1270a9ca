"""What can go wrong with the spool."""

from __future__ import annotations

from lifeloop.base.errors import LifeloopError


class SpoolFailed(LifeloopError):
    """The spool's disk does not take what was sent; nothing of the request was acknowledged."""

    exit_code = 5


class SpoolFull(SpoolFailed):
    """There is no room for what was sent."""


class SpoolBusy(LifeloopError):
    """More waits than may wait; the sender should come back later."""

    exit_code = 5
    retry_after_s = 5
