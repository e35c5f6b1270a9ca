"""A shop served over a real socket of this machine, for as long as a test looks at it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from starlette.types import ASGIApp

from lifeloop.api.app import make_app
from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.collect.live.heard import Heard
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool import Place, Record
from lifeloop.collect.spool.record import Stamp
from lifeloop.store import keys


class Basket:
    """A spool that keeps what is put into it in a list, or fails as it is told to."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.failure: Exception | None = None

    async def put(self, stamp: Stamp, body: bytes) -> Place:
        """Keep a request, or fail."""
        if self.failure:
            raise self.failure
        place = Place(1, len(self.records))
        self.records.append(Record(place, Place(1, place.offset + 1), stamp, body))
        return place

    def backlog_bytes(self) -> int:
        """Return 0: nothing waits."""
        return 0

    def heard(self) -> list[Heard]:
        """Return the events of all that was kept."""
        return [event for record in self.records for event in heard(record)[0]]


@contextmanager
def serving(application: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port; yields its URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError("the server ended before it began; its log says why")
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@dataclass(frozen=True)
class House:
    """A served shop, with keys and clients made as a test asks for them."""

    app: App
    url: str
    _stack: ExitStack

    def key(
        self, scope: str, *, source: str = "live", origins: Sequence[str] | None = None, expires_at: int | None = None
    ) -> str:
        """Return a new key of a scope; `expires_at` in microseconds since 1970 UTC."""
        with self.app.store.writing() as connection:
            name = f"the {scope} key"
            made = keys.create(
                connection, self.app.clock, scope=scope, name=name, source=source, origins=origins, expires_at=expires_at
            )
        return made[0]

    def client(self, secret: str | None = None) -> httpx.Client:
        """Return a client that shows a key, or none."""
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return self._stack.enter_context(httpx.Client(base_url=self.url, headers=headers, timeout=60))

    def with_key(self, scope: str) -> httpx.Client:
        """Return a client with a new key of a scope."""
        return self.client(self.key(scope))


@contextmanager
def open_house(parts: Parts) -> Iterator[House]:
    """Serve a shop; all clients are closed behind it."""
    with serving(make_app(parts)) as url, ExitStack() as stack:
        yield House(parts.app, url, stack)
