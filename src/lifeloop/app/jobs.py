"""Jobs: the nightly run, when it is due, and what was asked for over HTTP; one after another, each in a process of its own.

A run is idempotent and so is an import: a job whose process or machine died, or that found lake or store taken, is begun again
when nobody holds it any more, some times.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from lifeloop.app import App
from lifeloop.app.schedule import Due, last_due
from lifeloop.base.clock import micros
from lifeloop.base.errors import LakeError, NotEnoughData, StoreError
from lifeloop.base.logging import log
from lifeloop.schema import ORDER
from lifeloop.store import Connection, jobs, signs, tidying
from lifeloop.store.jobs import Job

KINDS = ("run", "import")
HOLD_SECONDS = 60.0
_LOOK_SECONDS = 0.5
_TIDY_EVERY_SECONDS = 3600
_SHOWN = 2000
_OPTIONS = {"kind": "--as", "source": "--source", "date_format": "--date-format"}


class Jobs:
    """Asks for the nightly run when it is due, and does one job at a time. `stop` set: the job at hand goes back."""

    def __init__(self, app: App, stop: threading.Event) -> None:
        self._app = app
        self._stop = stop
        self._holder = f"{os.uname().nodename}:{os.getpid()}"
        self._tidied_at = 0
        self._settled = ""
        """The last due run that needs no asking any more."""

    def step(self) -> bool:
        """Ask for what is due and do the next job; False when there was none."""
        app = self._app
        due = self._due()
        with app.store.writing() as connection:
            signs.say(connection, "jobs", app.clock)
            self._tidy_now_and_then(connection)
            if due is not None:
                jobs.ask(connection, "run", {"as_of": due.as_of.isoformat()}, app.clock, job_id=due.name)
                self._settled = due.name
            job = jobs.claim(connection, KINDS, self._holder, HOLD_SECONDS, app.clock)
        if job is None:
            return False
        self._do(job)
        return True

    def _tidy_now_and_then(self, connection: Connection) -> None:
        now = micros(self._app.clock.now())
        if now - self._tidied_at >= _TIDY_EVERY_SECONDS * 1_000_000:
            tidying.tidy(connection, self._app.clock)
            self._tidied_at = now

    def _due(self) -> Due | None:
        """Return the nightly run to ask for; None while there is none, or nothing that it could speak of."""
        app = self._app
        run_at = app.home.settings.serve.run_at
        if run_at is None:
            return None
        due = last_due(app.clock.now(), run_at, app.home.settings.shop.zone)
        if due.name == self._settled or not app.lake.exists(ORDER):
            return None
        try:
            return due if app.span().first < due.as_of else None
        except NotEnoughData:
            return None

    def _do(self, job: Job) -> None:
        log().info("begins", job=job.job_id, kind=job.kind, tries=job.tries)
        code, answer = self._in_own_process(job)
        with self._app.store.writing() as connection:
            if code is None:
                jobs.put_back(connection, job.job_id, self._holder)
            elif code < 0 or code == LakeError.exit_code:
                jobs.renew(connection, job.job_id, self._holder, HOLD_SECONDS, self._app.clock, answer=answer)
            else:
                jobs.finish(connection, job.job_id, self._holder, self._app.clock, answer=answer, failed=code != 0)
        log().info("ended", job=job.job_id, kind=job.kind, code=code)

    def _in_own_process(self, job: Job) -> tuple[int | None, dict[str, Any]]:
        """Return the exit code and what was said; None when we must stop, or the job is another worker's by now."""
        command = [*_program(), *_command(job), "--home", str(self._app.home.path), "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
            while True:
                try:
                    said, complaint = process.communicate(timeout=_LOOK_SECONDS)
                    return process.returncode, _answer(said, complaint)
                except subprocess.TimeoutExpired:
                    if self._stop.is_set() or not self._still_ours(job):
                        process.terminate()
                        process.communicate()
                        return None, {}

    def _still_ours(self, job: Job) -> bool:
        """Hold the job longer; while the store is away nobody else can take it either."""
        try:
            with self._app.store.writing() as connection:
                signs.say(connection, "jobs", self._app.clock, detail=job.job_id)
                return jobs.renew(connection, job.job_id, self._holder, HOLD_SECONDS, self._app.clock)
        except StoreError as error:
            log().warning("the store is away", job=job.job_id, found=error.found)
            return True


def _program() -> list[str]:
    return [sys.executable, "-m", "lifeloop"]


def _command(job: Job) -> Sequence[str]:
    asked = job.asked
    if job.kind == "run":
        return ["run", "--as-of", str(asked["as_of"])]
    options = [part for name, flag in _OPTIONS.items() if asked.get(name) for part in (flag, str(asked[name]))]
    columns = [part for ours, theirs in (asked.get("columns") or {}).items() for part in ("--map", f"{ours}={theirs}")]
    return ["import", str(asked["file"]), "--yes", *options, *columns]


def _answer(said: str, complaint: str) -> dict[str, Any]:
    """Return the JSON object a command printed; else what it complained of."""
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        return {"error": complaint.strip()[-_SHOWN:] or "the process ended without a word"}
    return answer
