"""How long a page waits for its recommendations while events come in: a real `lifeloop serve`, asked at a steady rate.

Prints one JSON line. A simulated shop is imported and run; then `RATE` questions a second (homes of customers and visitors,
product pages, carts, searches) and `EVENTS` events a second in requests of ten come from a process each, for `SECONDS`. A
question is due at its own moment whether the last was answered or not, and its time counts from that moment. Events are of the
customers that are asked about, each on a device of their own, and of as many visitors. `logged` are the
lists in the lake in the end, which must be as many as were answered; `memory_mb` and `cpu_cores` are the door's, as are the
means of `parts_ms`: a list worked out, a group of the spool on the disk, and a request from its arrival to its answer.

    SECONDS=20 RATE=200 EVENTS=2000 CUSTOMERS=20000 PRODUCTS=1000 python bench/bench_serve_recommendations.py
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import deque
from pathlib import Path
from typing import cast

SECONDS = float(os.environ.get("SECONDS", "20"))
RATE = float(os.environ.get("RATE", "200"))
EVENTS = float(os.environ.get("EVENTS", "2000"))
CUSTOMERS = int(os.environ.get("CUSTOMERS", "20000"))
PRODUCTS = int(os.environ.get("PRODUCTS", "1000"))
BATCH = 10
CONNECTIONS = 32
_SETTINGS = '[recommend]\nconsent = "unless_withdrawn"\n[serve]\ncollect_per_second = 100000\nrecommend_per_second = 100000\n'
_WORLD = """
SELECT l.customer_id AS customer_id, count(*) AS n FROM lines AS l
GROUP BY l.customer_id ORDER BY n DESC, customer_id LIMIT 5000
"""
_SOLD = "SELECT DISTINCT product_id FROM lines ORDER BY product_id"
_PARTS = {
    "list": ("lifeloop_recommend_seconds_sum", "lifeloop_recommend_seconds_count"),
    "group": ("lifeloop_spool_sync_seconds_total", "lifeloop_spool_syncs_total"),
    "request": ("lifeloop_request_seconds_sum /v1/recommendations", "lifeloop_request_seconds_count /v1/recommendations"),
}
"""Seconds and how often; every word of a name stands in the line of the figure."""
_TICK = os.sysconf("SC_CLK_TCK")


class Connection(asyncio.Protocol):
    """One connection; its answers are handed to `answered` with the time their request was due."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.buffer = bytearray()
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.crowd.idle.append(self)

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0) if blank else 0
        if not blank or len(rest) < length:
            return
        self.buffer.clear()
        self.crowd.answered(self, int(head[9:12]), is_logged=b'"exposure_id":null' not in rest)


class Crowd:
    """Sends requests when they are due, on whichever connection is idle."""

    def __init__(self) -> None:
        self.idle: deque[Connection] = deque()
        self.waiting: deque[tuple[bytes, float]] = deque()
        self.seconds: list[float] = []
        self.statuses: dict[int, int] = {}
        self.logged = 0

    def ask(self, request: bytes, due: float) -> None:
        if self.idle:
            self.idle.popleft().send(request, due)
        else:
            self.waiting.append((request, due))

    def answered(self, connection: Connection, status: int, *, is_logged: bool) -> None:
        self.seconds.append(time.perf_counter() - connection.due)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.logged += is_logged
        if self.waiting:
            connection.send(*self.waiting.popleft())
        else:
            self.idle.append(connection)

    async def steadily(self, port: int, rate: float, seconds: float, make: object) -> dict[str, object]:
        """Send what `make` returns `rate` times a second."""
        assert callable(make)
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", port)
        begun = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            self.ask(make(number), due)
        while len(self.idle) < CONNECTIONS:
            await asyncio.sleep(0.01)
        took = sorted(self.seconds)
        return {
            "requests": len(took),
            "logged": self.logged,
            "per_second": round(len(took) / (time.perf_counter() - begun), 1),
            **{f"p{share}_ms": round(took[int(len(took) * share / 100)] * 1e3, 2) for share in (50, 90, 99)},
            "max_ms": round(took[-1] * 1e3, 2),
            "refused": sum(count for status, count in self.statuses.items() if status != 200),
        }


def questions(world: dict[str, list[str]], key: str) -> object:
    """Return what makes a question: half of them homes, the rest product pages, carts and searches."""
    rng = random.Random(1)
    head = f"Host: localhost\r\nAuthorization: Bearer {key}\r\n"

    def make(number: int) -> bytes:
        who = f"customer={rng.choice(world['customers'])}" if number % 4 else f"anonymous=v{rng.randrange(5000)}"
        chosen = rng.sample(world["products"], 40)
        kind = ("home", "product", "home", "cart", "home", "search", "home", "product")[number % 8]
        if kind == "search":
            name, _, value = who.partition("=")
            body = json.dumps({"items": chosen, name: value, "k": 20}).encode()
            asked = f"POST /v1/recommendations/search HTTP/1.1\r\n{head}Content-Type: application/json\r\n"
            return f"{asked}Content-Length: {len(body)}\r\n\r\n".encode() + body
        items = {"home": "", "product": f"&items={chosen[0]}", "cart": f"&items={','.join(chosen[:3])}"}[kind]
        return f"GET /v1/recommendations?placement={kind}&{who}{items}&k=10 HTTP/1.1\r\n{head}\r\n".encode()

    return make


def sayings(world: dict[str, list[str]], key: str) -> object:
    """Return what makes a request with `BATCH` events of the shop's customers and visitors."""
    rng = random.Random(2)
    mark = f"{os.getpid()}-{time.time_ns()}"

    def event(number: int, inner: int, at: str) -> dict[str, object]:
        customer = rng.choice(world["customers"])
        known, visitor = {"userId": customer, "anonymousId": f"d-{customer}"}, {"anonymousId": f"v{rng.randrange(5000)}"}
        said: dict[str, object] = {
            "type": "track",
            "event": rng.choices(("Product Viewed", "Product Added", "Cart Viewed"), (7, 2, 1))[0],
            "messageId": f"{mark}-{number}-{inner}",
            "timestamp": at,
            "context": {"userAgent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "locale": "en-GB"},
            "properties": {"product_id": rng.choice(world["products"]), "price": 5, "quantity": 1, "currency": "EUR"},
        }
        return said | (known if rng.random() < 0.5 else visitor)

    def make(number: int) -> bytes:
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        body = json.dumps({"batch": [event(number, inner, at) for inner in range(BATCH)]}).encode()
        head = (
            f"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        )
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    return make


def made(home: Path) -> dict[str, list[str]]:
    """Simulate a shop into `home`, run it, and return some of its customers and all its products."""
    from lifeloop.app import App
    from lifeloop.base.clock import SystemClock
    from lifeloop.schema import ORDER_LINE
    from lifeloop.simulate import Shop, WorldConfig
    from lifeloop.simulate.files.tables import write_tables

    world = WorldConfig().but(shop={"customers": CUSTOMERS, "products": PRODUCTS}).lasting(200)
    with tempfile.TemporaryDirectory() as folder:
        files = write_tables(Shop(world), Path(folder))
        (home / "lifeloop.toml").write_text(_SETTINGS, "utf-8")
        app = App.open(home, clock=SystemClock())
        app.import_files(list(files.values()))
    app.run(app.as_of(None))
    people = app.engine.query(_WORLD, {"lines": ORDER_LINE})["customer_id"].to_pylist()
    return {"customers": people, "products": app.engine.query(_SOLD, {"lines": ORDER_LINE})["product_id"].to_pylist()}


def measured(home: Path, world: dict[str, list[str]]) -> dict[str, object]:
    """Serve the home and load it from two processes."""
    from lifeloop.testing.serving import served, until

    (home / "world.json").write_text(json.dumps(world), "utf-8")
    with served(home) as shop:
        port = shop.address.rpartition(":")[2]
        first = shop.get("/v1/recommendations", placement="home").json()
        assert first["version"] != "none", first

        def load(what: str, scope: str, rate: float, seconds: float) -> subprocess.Popen[str]:
            asked = [sys.executable, __file__, what, port, shop.key(scope), str(rate), str(seconds), str(home / "world.json")]
            return subprocess.Popen(asked, stdout=subprocess.PIPE, text=True)

        warm = [load("ask", "read", RATE, 3), load("say", "ingest", EVENTS / BATCH, 3)]
        found = [json.loads(one.communicate()[0]) for one in warm]
        figures = _figures(shop.address)
        before, begun = _cpu_seconds(shop.process.pid), time.perf_counter()
        both = [load("ask", "read", RATE, SECONDS), load("say", "ingest", EVENTS / BATCH, SECONDS)]
        asked, said = (json.loads(one.communicate()[0]) for one in both)
        cores = (_cpu_seconds(shop.process.pid) - before) / (time.perf_counter() - begun)
        memory = _memory_mb(shop.process.pid)
        spent = {name: told - figures[name] for name, told in _figures(shop.address).items()}
        answered = 1 + found[0]["logged"] + asked["logged"]
        return {
            "asked": asked,
            "collected": said | {"events_per_s": round(said["per_second"] * BATCH)},
            "cpu_cores": round(cores, 2),
            "memory_mb": memory,
            "parts_ms": {name: round(1e3 * spent[one] / max(1, spent[many]), 2) for name, (one, many) in _PARTS.items()},
            "answered": answered,
            "logged": until(lambda: _logged(home, answered), patience_seconds=60),
        }


def _logged(home: Path, enough: int) -> int:
    from lifeloop.app import App
    from lifeloop.base.clock import SystemClock
    from lifeloop.schema import EXPOSURE

    sql = "SELECT count(*) AS n, count(DISTINCT exposure_id) AS lists FROM (SELECT DISTINCT exposure_id, rank FROM shown) AS s"
    once = App.open(home, clock=SystemClock()).engine.query(sql, {"shown": EXPOSURE}).to_pylist()[0]
    return int(once["lists"]) if once["lists"] >= enough else 0


def _figures(address: str) -> dict[str, float]:
    """Return the sums of the door's figures that `_PARTS` names."""
    names = [name for both in _PARTS.values() for name in both]
    with urllib.request.urlopen(f"{address}/metrics") as answer:
        lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
    told = [(line.partition(" ")[0], float(line.rpartition(" ")[2])) for line in lines]
    return {name: sum(value for key, value in told if all(part in key for part in name.split())) for name in names}


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _memory_mb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def main() -> None:
    if sys.argv[1:2]:
        what, port, key, rate, seconds, file = sys.argv[1:]
        world = json.loads(Path(file).read_text("utf-8"))
        make = (questions if what == "ask" else sayings)(world, key)
        import uvloop

        print(json.dumps(uvloop.run(Crowd().steadily(int(port), float(rate), float(seconds), make))))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(os.environ.get("HOME_FOLDER", folder))
        known = home / "world.json"
        world = json.loads(known.read_text("utf-8")) if known.exists() else made(home)
        found = {"name": "serve_recommendations", "cores": os.cpu_count(), "seconds": SECONDS}
        print(json.dumps(found | {"customers": CUSTOMERS, "products": len(world["products"])} | measured(home, world)))


if __name__ == "__main__":
    main()
