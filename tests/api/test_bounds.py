"""What strangers can take up at most: the time, the memory and the connections of the door."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import Request

from lifeloop.api import collector, protocol
from lifeloop.api.errors import ApiError
from lifeloop.api.parts import Parts
from lifeloop.api.protocol import HEAD_BYTES, BoundedProtocol
from lifeloop.api.receiving import FREE_BYTES, Room, read_body
from lifeloop.app import App
from lifeloop.base.clock import SystemClock
from lifeloop.collect.live.bodies import BODY_BYTES
from lifeloop.collect.spool.record import Place, Stamp
from lifeloop.testing.served import House, open_house


class Basket:
    """A spool that takes everything."""

    async def put(self, _stamp: Stamp, _body: bytes) -> Place:
        return Place(1, 0)

    def backlog_bytes(self) -> int:
        return 0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    app = App.open(tmp_path_factory.mktemp("home"), clock=SystemClock())
    with open_house(Parts(app=app, spool=Basket(), roles=frozenset({"collect"}))) as house:
        yield house
    app.store.close()


def sending(*pieces: bytes, ends: bool = True, **headers: str) -> Request:
    """Return a request whose body comes in pieces; without an end, nothing comes behind the last."""

    async def messages() -> AsyncIterator[dict[str, Any]]:
        for number, piece in enumerate(pieces):
            yield {"type": "http.request", "body": piece, "more_body": not ends or number < len(pieces) - 1}
        await asyncio.Event().wait()

    coming = messages()
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

    async def receive() -> Any:
        return await anext(coming)

    return Request({"type": "http", "method": "POST", "path": "/v1/batch", "headers": told}, receive)


def refused(request: Request, room: Room, seconds: float = 30) -> ApiError:
    with pytest.raises(ApiError) as found:
        asyncio.run(read_body(request, room, seconds=seconds))
    return found.value


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    room = Room(1 << 20)
    error = refused(sending(b"x" * 100_000, ends=False), room, seconds=0.01)

    assert (error.status, error.error, error.headers["Connection"]) == (408, "too_slow", "close")
    assert room.held == 0


def test_unfinished_bodies_share_one_room_and_give_it_back() -> None:
    room = Room(300_000)

    async def many() -> tuple[list[str], int]:
        large = [asyncio.create_task(read_body(sending(b"x" * 200_000, ends=False), room, seconds=0.3)) for _ in range(20)]
        await asyncio.sleep(0.05)
        held = room.held
        assert await read_body(sending(b"y" * FREE_BYTES), room) == b"y" * FREE_BYTES
        answers = await asyncio.gather(*large, return_exceptions=True)
        return sorted(one.error for one in answers if isinstance(one, ApiError)), held

    errors, held = asyncio.run(many())

    assert errors == ["busy"] * 18 + ["too_slow"] * 2
    assert 0 < held <= 300_000
    assert room.held == 0


def test_a_body_too_large_is_refused_by_what_it_says_or_by_what_comes() -> None:
    room = Room(8 << 20)

    assert refused(sending(b"", content_length=str(BODY_BYTES + 1)), room).status == 413
    assert refused(sending(b"", content_length="9" * 5_000), room).status == 413
    assert refused(sending(*[b"x" * 1_000_000] * 5), room).status == 413
    assert room.held == 0


def test_a_key_in_the_headers_is_looked_at_before_the_body_comes(house: House) -> None:
    head = b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nonsense\r\nContent-Length: 4000000\r\n\r\n"

    with connected(house.url) as line:
        line.sendall(head + b"[")
        assert line.recv(4096).startswith(b"HTTP/1.1 401")


def test_large_and_packed_bodies_are_opened_beside_the_loop(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    opens = collector.open_body

    def noting(*given: Any) -> Any:
        threads.append(threading.current_thread().name)
        return opens(*given)

    monkeypatch.setattr(collector, "open_body", noting)
    client = house.with_key("ingest")
    body = json.dumps({"batch": [{"type": "track", "event": "a", "userId": str(n), "n": n * 7919} for n in range(5_000)]})
    sizes = [len(body), len(gzip.compress(body.encode()))]
    assert client.post("/v1/batch", content=body).status_code == 200
    assert client.post("/v1/batch", content=gzip.compress(body.encode())).status_code == 200
    assert client.post("/v1/batch", content=b'{"batch": []}').status_code == 200

    assert min(sizes) > 1024
    assert threads[0].startswith("AnyIO")
    assert threads[1].startswith("AnyIO")
    assert not threads[2].startswith("AnyIO")


async def hello(scope: Any, _receive: Any, send: Any) -> None:
    """Answer without reading."""
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def bounded() -> Iterator[str]:
    """Serve `hello` with the protocol the shop is served with."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(hello, http=BoundedProtocol, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=30) as line:
        yield line


def all_of(line: socket.socket) -> bytes:
    """Return everything until the other side closes."""
    pieces = []
    while True:
        try:
            piece = line.recv(65_536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def test_a_head_without_end_is_cut_off() -> None:
    with bounded() as url, connected(url) as line:
        sent = 0
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        try:
            for number in range(20_000):
                line.sendall(b"X-%d: %s\r\n" % (number, b"a" * 1_000))
                sent += 1_000
        except OSError:
            pass

    assert sent < 19_000 * 1_000


def test_heads_of_usual_size_are_read_one_after_the_other() -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n" % (b"a" * (HEAD_BYTES // 2))

    with bounded() as url, connected(url) as line:
        for _ in range(6):
            line.sendall(request)
            assert line.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
    ],
)
def test_a_connection_that_says_nothing_more_is_closed(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)

    with bounded() as url, connected(url) as line:
        line.sendall(said)
        if said.startswith(b"POST"):
            assert line.recv(4096).startswith(b"HTTP/1.1 200")
            line.sendall(b"x")
        assert all_of(line).count(b"HTTP/1.1 200") == (1 if said.count(b"GET") == 2 else 0)


def test_the_home_of_a_shop_is_served_within_these_bounds(tmp_path: Path) -> None:
    from lifeloop.testing.serving import command, served

    command("init", "--currency", "EUR", home=tmp_path)
    with served(tmp_path) as shop:
        port = shop.address.rpartition(":")[2]
        with connected(f"http://127.0.0.1:{port}") as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ")
            sent = 0
            try:
                for _ in range(400):
                    line.sendall(b"a" * 65_536)
                    sent += 65_536
            except OSError:
                pass

    assert sent < 20 << 20
