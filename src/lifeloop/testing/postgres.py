"""A real PostgreSQL for tests, from the machine's own binaries: started once, a fresh database for each test.

The server listens on a socket in its own folder only, so no port is taken; it ends with the process that started it.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60", "shared_buffers=32MB")
_SET_PDEATHSIG = 1  # prctl's PR_SET_PDEATHSIG, from linux/prctl.h
_START_SECONDS = 60.0


class PostgresMissing(Exception):
    """There is no PostgreSQL on the machine to test with."""

    def __init__(self) -> None:
        super().__init__(
            "tests of the store need PostgreSQL: found neither initdb on the PATH nor /usr/lib/postgresql/*/bin/initdb.\n"
            "Install it: apt-get install postgresql (Debian, Ubuntu), dnf install postgresql-server (Fedora)."
        )


@dataclass
class PostgresServer:
    """A server of our own; every database on it is thrown away at the end."""

    programs: Path
    folder: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://lifeloop@/{database}?host={self.folder}"

    def fresh(self, template: str = "template1", *, encoding: str = "UTF8") -> str:
        """Make a database as `template` is, and return its name."""
        name = f"shop_{next(self._numbers)}"
        where = ("--host", str(self.folder), "--username", "lifeloop")
        self._run("createdb", *where, "--template", template, "--encoding", encoding, name)
        return name

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.folder / "log").open("ab")
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), "-h", ""]
        settings = [part for setting in _FAST for part in ("-c", setting)]
        with log:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                [*command, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=_user(),
                group=_group(),
                extra_groups=None if _user() is None else [],
                cwd=self.folder,
                preexec_fn=_end_with_us if sys.platform == "linux" else None,
            )
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it. SIGINT breaks connections off and closes in order; SIGQUIT is as a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_START_SECONDS)
            self._process = None

    def _answers(self) -> bool:
        command = [str(self.programs / "pg_isready"), "--quiet", "--host", str(self.folder), "--username", "lifeloop"]
        return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own words

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own words
            [str(self.programs / program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            user=_user(),
            group=_group(),
            extra_groups=None if _user() is None else [],
            cwd=self.folder,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Yield a server on a new, empty data folder, and throw both away. Raises PostgresMissing."""
    server = PostgresServer(_programs(), Path(tempfile.mkdtemp(prefix="lifeloop-pg-")))
    try:
        user, group = _user(), _group()
        if user is not None and group is not None:
            os.chown(server.folder, user, group)
        words = ("--username", "lifeloop", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
        server._run("initdb", "--pgdata", str(server.folder / "data"), *words)  # noqa: SLF001 - the class is of this file
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(server.folder, ignore_errors=True)


def _programs() -> Path:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not versions:
        raise PostgresMissing
    return versions[-1].parent


def _user() -> int | None:
    return _account().pw_uid if os.geteuid() == 0 else None


def _group() -> int | None:
    return _account().pw_gid if os.geteuid() == 0 else None


def _account() -> pwd.struct_passwd:
    """Return whom PostgreSQL runs as when we are root, whom it refuses to serve."""
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _end_with_us() -> None:
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGQUIT)
