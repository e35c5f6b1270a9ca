"""A real `lifeloop serve` for tests: its own process, a free port of the loopback, a home that exists already."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
_PATIENCE_SECONDS = 120.0


@dataclass
class Served:
    """One running server."""

    home: Path
    process: subprocess.Popen[str]
    address: str
    _keys: dict[str, str] = field(default_factory=dict)

    def key(self, scope: str) -> str:
        """Return a key of that scope, made when it is first asked for."""
        if scope not in self._keys:
            self._keys[scope] = str(command("keys", "create", "--scope", scope, home=self.home)["key"])
        return self._keys[scope]

    def get(self, path: str, *, scope: str = "read", **asked: Any) -> httpx.Response:
        """Return the answer to GET `path` with a key of that scope; `asked` is the query."""
        return httpx.get(self.address + path, params=asked, headers=self._headers(scope), timeout=_PATIENCE_SECONDS)

    def post(self, path: str, body: Any, *, scope: str = "ingest", headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Return the answer to POST `path` with `body` as JSON, or as it is where it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        said = {"content-type": "application/json", **self._headers(scope), **(headers or {})}
        return httpx.post(self.address + path, content=content, headers=said, timeout=_PATIENCE_SECONDS)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(sign)
        return self.process.wait(_PATIENCE_SECONDS)

    def _headers(self, scope: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key(scope)}"}


@contextmanager
def served(home: Path, *words: str, **environment: str) -> Iterator[Served]:
    """Serve `home` until the block ends; `words` are further ones of the command line, `environment` settings.

    No nightly run unless `environment` asks for one. What it logs stands in `home`/serve.log.
    """
    usual = {"LIFELOOP_SERVE__RUN_AT": "", "LIFELOOP_SERVE__FLOW_SECONDS": "0.5"}
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "lifeloop", "serve", "--home", str(home), "--port", "0", "--json", *words],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **usual, **environment},
        )
    with process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            if not said:
                raise AssertionError(f"the server did not start:\n{(home / 'serve.log').read_text('utf-8')[-3000:]}")
            yield Served(home, process, json.loads(said)["address"])
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(_PATIENCE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()


def until(found: Callable[[], T], *, patience_seconds: float = _PATIENCE_SECONDS) -> T:
    """Return what `found` returns as soon as that is true; AssertionError when it never was."""
    end = time.monotonic() + patience_seconds
    while not (value := found()):
        if time.monotonic() > end:
            raise AssertionError(f"not so within {patience_seconds} s; last found: {value!r}")
        time.sleep(0.05)
    return value


def command(*words: str, home: Path) -> Any:
    """Return what `lifeloop WORDS --home HOME --json` prints; AssertionError when it fails."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "lifeloop", *words, "--home", str(home), "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
