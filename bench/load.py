"""The load of the collector's bench: events of a shop as JSON, and clients that send them as fast as they are answered.

Run as `load.py PORT KEY batch|single SECONDS [SEED]`; prints one JSON line. A client is one connection that sends its next
request when the last was answered. Its bodies are put together beforehand, but for the message ids, of which none comes twice.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from base64 import b64encode
from typing import cast

CONNECTIONS = {"batch": 8, "single": 32}
EVENTS = {"batch": 100, "single": 1}
PEOPLE = 20_000
PRODUCTS = 500
_HOLE = "00000000-0000-4000-8000-%020d"


def event(rng: random.Random, at: str) -> dict[str, object]:
    """Return one event as a browser client says it, about 586 bytes with its message id."""
    person, product = rng.randrange(PEOPLE), rng.randrange(PRODUCTS)
    kind = rng.choices(("Product Viewed", "Product Added", "page", "identify"), (60, 15, 20, 5))[0]
    said: dict[str, object] = {
        "type": kind if kind in ("page", "identify") else "track",
        "messageId": "ajs-next-HOLE",
        "anonymousId": f"{person:08x}-7c2e-4b1f-9d55-1f0e5c3ab9d2",
        "timestamp": at,
        "context": {
            "ip": "203.0.113.7",
            "locale": "en-GB",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
            "page": {"path": f"/products/p{product:05d}", "title": f"Product {product}", "referrer": "https://search.example/"},
            "library": {"name": "analytics.js", "version": "npm:next-1.81.0"},
        },
    }
    if person % 3 == 0:
        said["userId"] = f"u{person:07d}"
    if kind == "identify":
        said["traits"] = {"email": f"u{person}@example.org", "name": f"Person {person}"}
    elif kind == "page":
        said["name"] = "Product"
        said["properties"] = {"path": f"/products/p{product:05d}"}
    else:
        said["event"] = kind
        price = 5 + product % 90
        said["properties"] = {
            "product_id": f"p{product:05d}",
            "category": "shirts",
            "price": price,
            "quantity": 1,
            "currency": "EUR",
        }
    return said


def body(rng: random.Random, count: int, at: str) -> str:
    """Return a template of one request's body; its holes take one number each."""
    events = [event(rng, at) for _ in range(count)]
    whole = {"batch": events, "sentAt": at} if count > 1 else events[0]
    return json.dumps(whole, separators=(",", ":")).replace("%", "%%").replace("ajs-next-HOLE", _HOLE)


class Client(asyncio.Protocol):
    """One connection, never idle."""

    def __init__(self, requests: Requests, end: float, done: asyncio.Future[None]) -> None:
        self.requests, self.end, self.done = requests, end, done
        self.buffer = b""
        self.latencies: list[float] = []
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.send()

    def send(self) -> None:
        request = self.requests.next()
        self.begun = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, rest = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(rest) < int(length or 0):
            return
        self.buffer = b""
        now = time.perf_counter()
        self.latencies.append(now - self.begun)
        self.refused += head[9:12] != b"200"
        if now < self.end:
            self.send()
        else:
            self.transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


class Requests:
    """Ready-made requests, with message ids that never come twice."""

    def __init__(self, mode: str, key: str, seed: int) -> None:
        rng = random.Random(seed)
        self.count = EVENTS[mode]
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        self.templates = [body(rng, self.count, at) for _ in range(max(2000 // self.count, 50))]
        self.number = seed << 40
        self.sent = 0
        path = "/v1/batch" if mode == "batch" else "/v1/track"
        basic = b64encode(f"{key}:".encode()).decode()
        self.head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {basic}\r\n"
            "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        )

    def next(self) -> bytes:
        template = self.templates[self.sent % len(self.templates)]
        self.sent += 1
        self.number += self.count
        made = template % tuple(range(self.number - self.count, self.number))
        return ((self.head % len(made)) + made).encode()


async def load(port: int, key: str, mode: str, seconds: float, seed: int) -> dict[str, object]:
    """Send for so many seconds; return rates and latencies."""
    loop = asyncio.get_running_loop()
    requests = Requests(mode, key, seed)
    begun = time.perf_counter()
    end = begun + seconds
    clients, ends = [], []
    for _ in range(CONNECTIONS[mode]):
        done: asyncio.Future[None] = loop.create_future()
        client = Client(requests, end, done)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
        clients.append(client)
        ends.append(done)
    await asyncio.gather(*ends)
    wall = time.perf_counter() - begun
    latencies = sorted(latency for client in clients for latency in client.latencies)
    count = len(latencies)
    return {
        "requests_per_s": round(count / wall, 1),
        "events_per_s": round(count * requests.count / wall),
        "p50_ms": round(latencies[count // 2] * 1000, 2),
        "p99_ms": round(latencies[int(count * 0.99)] * 1000, 2),
        "max_ms": round(latencies[-1] * 1000, 2),
        "events": count * requests.count,
        "body_bytes": len(requests.next()),
        "refused": sum(client.refused for client in clients),
    }


def main() -> None:
    import uvloop

    port, key, mode, seconds, *seed = sys.argv[1:]
    print(json.dumps(uvloop.run(load(int(port), key, mode, float(seconds), int(seed[0]) if seed else 1))))


if __name__ == "__main__":
    main()
