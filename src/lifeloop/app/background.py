"""What runs beside the door, a process each: `python -m lifeloop.app.background PART HOME SPOOL`.

    indexer   spool -> store: timelines, profiles, identities; within a second or two
    flow      spool -> lake: facts; every few seconds, and joins small files in between
    jobs      the nightly run and imports that were asked for, each in a process of its own

Every part stops between two steps when asked to; what it had not finished stands in the spool, or among the jobs, as before.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from lifeloop.app import App
from lifeloop.base.clock import SystemClock
from lifeloop.base.errors import LifeloopError
from lifeloop.base.logging import configure, leave, log
from lifeloop.store import signs

_PAUSE_AFTER_ERROR_SECONDS = 2.0
_JOBS_SECONDS = 1.0
POLITENESS: Mapping[str, int] = {"indexer": 3, "flow": 6, "jobs": 10}
"""Who waits when there are too few processors: the door answers first, then what it took is shown, then kept, then judged."""


def main(arguments: list[str]) -> None:
    """Run one part until it is told to stop, or whoever started it is gone."""
    part, home, spool = arguments
    configure(part)
    _step_back(POLITENESS[part])
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    threading.Thread(target=_until_closed, args=(stop,), daemon=True).start()
    app = App.open(Path(home), clock=SystemClock())
    PARTS[part](app, spool, stop)
    log().info("ended")


def _step_back(politeness: int) -> None:
    """Let processes that are less polite go first; on Linux also as a session, since each gets the same share by default."""
    os.nice(politeness)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(politeness), "ascii")


def _until_closed(stop: threading.Event) -> None:
    while os.read(0, 1):
        pass
    stop.set()


def again_and_again(step: Callable[[], bool], stop: threading.Event, pause_seconds: float) -> None:
    """Take one step after the other until told to stop; pause where a step found nothing to do, or failed."""
    while not stop.is_set():
        try:
            pause = 0.0 if step() else pause_seconds
        except LifeloopError as error:
            log().error("a step failed", error=type(error).__name__, asked=error.asked, found=error.found, fix=error.fix)
            pause = max(pause_seconds, _PAUSE_AFTER_ERROR_SECONDS)
        if pause:
            stop.wait(pause)


def _index(app: App, spool: str, stop: threading.Event) -> None:
    from lifeloop.unify.indexer import Indexer

    Indexer(app.store, app.home.spool / spool, spool, app.clock).run(stop)


def _flow(app: App, spool: str, stop: threading.Event) -> None:
    from lifeloop.collect.flow import STEP_BYTES, Flow
    from lifeloop.collect.spool import Place, bytes_after
    from lifeloop.store.positions import read_position

    folder = app.home.spool / spool
    flow = Flow(app.lake, app.engine, app.store, folder, spool, app.home.path, app.home.settings, app.clock)

    def step() -> bool:
        """Take one step; another one at once only where much is left: small ones make small files."""
        flow.step()
        with app.store.writing() as connection:
            left = bytes_after(folder, Place(*read_position(connection, spool, "flow")))
            signs.say(connection, "flow", app.clock, detail="bytes to be read", figure=float(left))
        return left > STEP_BYTES // 2

    again_and_again(step, stop, app.home.settings.serve.flow_seconds)


def _jobs(app: App, _spool: str, stop: threading.Event) -> None:
    from lifeloop.app.jobs import Jobs

    again_and_again(Jobs(app, stop).step, stop, _JOBS_SECONDS)


PARTS: Mapping[str, Callable[[App, str, threading.Event], None]] = {"indexer": _index, "flow": _flow, "jobs": _jobs}

if __name__ == "__main__":
    main(sys.argv[1:])
    leave()
