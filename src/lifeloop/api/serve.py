"""Serving: the door process, from its first socket to its last acknowledged request, with the parts beside it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import uvicorn

from lifeloop.api.app import make_app
from lifeloop.api.parts import Parts, Role
from lifeloop.api.protocol import BoundedProtocol
from lifeloop.app import App
from lifeloop.app.children import PARTS, Children, Part
from lifeloop.base.errors import SettingsError
from lifeloop.base.logging import configure, log
from lifeloop.collect.spool import GroupCommit, Place, SpoolWriter, bytes_after, remove_before
from lifeloop.store.positions import START, read_positions

Duty: TypeAlias = Literal["api", "collect", "worker"]
DUTIES: tuple[Duty, ...] = ("api", "collect", "worker")

BESIDE: dict[Duty, tuple[Part, ...]] = {"api": ("flow",), "collect": ("indexer", "flow"), "worker": ("jobs",)}
"""The parts each duty starts beside the door; readers of a spool run where its files are. Who only answers keeps no events but
the lists of recommendations it showed, which are no business of the indexer."""

SPOOLS = {True: "main", False: "shown"}
"""What the spool is called where nobody says: of a process that collects, and of one that only answers."""
READERS = ("indexer", "flow")
STALE_SECONDS = {"indexer": 30.0, "flow": 120.0, "jobs": 60.0}
"""How old a part's last sign of life may be before the process is not ready."""

_MB = 1 << 20
_GRACE_SECONDS = 10
_BACKLOG = 2048
_CONNECTIONS = 2048
"""How many there may be at once; what each of them may hold is bounded, too."""
_KEEP_ALIVE_SECONDS = 10
_SPOOL_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What one `lifeloop serve` does, and where."""

    host: str
    port: int
    """0: any free one."""
    duties: frozenset[Duty] = frozenset(DUTIES)
    spool: str = "main"
    """Name of the folder below the home's `spool/`; each process that collects or answers has its own."""

    @property
    def roles(self) -> frozenset[Role]:
        """What the door answers over HTTP."""
        return frozenset(duty for duty in ("api", "collect") if duty in self.duties)

    @property
    def readers(self) -> tuple[str, ...]:
        """Who reads the spool."""
        return READERS if "collect" in self.duties else ("flow",)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The processes beside the door."""
        return tuple(part for part in PARTS if any(part in BESIDE[duty] for duty in self.duties))


def serving(app: App, *, host: str | None, port: int | None, only: Collection[str], spool: str | None) -> Serving:
    """Return what to serve; what is not said is as in the settings. Raises SettingsError."""
    spool = SPOOLS[not only or "collect" in only] if spool is None else spool
    unknown = sorted(set(only) - set(DUTIES))
    if unknown:
        raise SettingsError(f"cannot serve only '{unknown[0]}'", "there is no such part", f"Choose from {', '.join(DUTIES)}.")
    if only and app.store.is_sqlite:
        raise SettingsError(
            "cannot serve some parts only",
            "the store is a SQLite file, which belongs to one process and the parts beside it",
            "Set [store] url to a PostgreSQL database, or leave --only away.",
        )
    if not spool or spool.startswith(".") or not set(spool) <= set(_SPOOL_NAME):
        raise SettingsError(f"cannot name a spool '{spool}'", "it is no plain name", "Use letters, digits, - and _.")
    chosen = app.home.settings.serve
    return Serving(
        host=chosen.host if host is None else host,
        port=chosen.port if port is None else port,
        duties=frozenset(duty for duty in DUTIES if not only or duty in only),
        spool=spool,
    )


def serve(app: App, what: Serving, *, started: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM or SIGINT; `started` is told the address once requests are answered.

    What was acknowledged by then is in the store, the lake or the spool. Raises SettingsError when the address is taken,
    SpoolFailed when another process writes the spool.
    """
    configure("door")
    arguments = [str(app.home.path), what.spool]
    with _signals_kept(), _socket(what.host, what.port) as listening:
        with _writer(app, what) as writer, Children(arguments, what.parts):
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_open(app, what, writer, listening, started))
        log().info("ended")


async def _open(
    app: App, what: Serving, writer: SpoolWriter | None, listening: socket.socket, started: Callable[[str], None]
) -> None:
    chosen = app.home.settings.serve
    folder = app.home.spool / what.spool
    spool = None
    if writer is not None:
        spool = GroupCommit(
            writer,
            max_waiting_bytes=chosen.waiting_mb * _MB,
            max_unread_bytes=chosen.spool_mb * _MB,
            unread=lambda: _unread(folder, Place(*_slowest(app, what.spool, what.readers))),
        )
    parts = Parts(
        app=app,
        spool=spool,
        spool_name=what.spool,
        roles=what.roles,
        wanted={part: STALE_SECONDS[part] for part in what.parts},
    )
    config = uvicorn.Config(
        make_app(parts),
        http=BoundedProtocol,
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def said() -> None:
        _keep_out_of_collections()
        log().info("started", address=address, pid=os.getpid())
        started(address)

    server = _Server(config, said)
    try:
        await server.serve(sockets=[listening])
    finally:
        if spool is not None:
            await spool.close()


def _keep_out_of_collections() -> None:
    """Spare the garbage collector what is there for good: going through all libraries takes 0.1 s, and every answer waits."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class _Server(uvicorn.Server):
    """Uvicorn's server, which says when it began to answer."""

    def __init__(self, config: uvicorn.Config, said: Callable[[], None]) -> None:
        super().__init__(config)
        self._said = said

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            self._said()


def _unread(folder: Path, slowest: Place) -> int:
    """Remove the segments that every reader is behind; return how many bytes the slowest has not read."""
    remove_before(folder, slowest)
    return bytes_after(folder, slowest)


def _slowest(app: App, spool: str, readers: Collection[str] = READERS) -> tuple[int, int]:
    """Return where the slowest of `readers` stands, and of those who read here before: what they left is not removed."""
    with app.store.reading() as connection:
        positions = read_positions(connection, spool)
    return min(positions.get(reader, START) for reader in {*readers, *positions})


@contextmanager
def _writer(app: App, what: Serving) -> Iterator[SpoolWriter | None]:
    if not what.roles:
        yield None
        return
    with app.store.reading() as connection:
        positions = read_positions(connection, what.spool)
    first = max([segment for segment, _ in positions.values()], default=0) + 1
    with SpoolWriter(app.home.spool / what.spool, first_segment=first) as writer:
        yield writer


@contextmanager
def _socket(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except (OSError, OverflowError) as error:
            raise SettingsError(
                f"cannot listen on {host}:{port}",
                getattr(error, "strerror", None) or str(error),
                "Choose another with --port, or stop who has it.",
            ) from error
        listening.set_inheritable(False)
        yield listening


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Let the signals that end the server end it once: uvicorn raises them again when it is done."""
    signs: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT)
    before = {sign: signal.signal(sign, lambda *_: None) for sign in signs}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
