"""Ten million events, three in ten sent again, in no order, while processes are killed: each is in the lake exactly once.

SOAK_EVENTS says how many instead. Prints rates, and the memory of each process after each tenth of the load.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest

from lifeloop.app import App
from lifeloop.base.clock import SystemClock
from lifeloop.schema import EVENT
from lifeloop.testing.serving import Served, command, served, until

BATCH = 500
SENDERS = 4
PEOPLE = 20_000
PARTS = ("indexer", "flow", "jobs")
MONTH_MINUTES = 60 * 24 * 30
STEADY = 4
"""The tenth behind which memory must not grow, and nothing is killed."""
ENOUGH_MB = 400
"""Below this, growth is the warming up of a short run."""

BEGUN = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def body(first: int) -> bytes:
    """Return the batch of the events from number `first` on; the same whenever it is asked for."""
    return json.dumps({"batch": [event(number) for number in range(first, first + BATCH)]}, separators=(",", ":")).encode()


def event(number: int) -> dict[str, object]:
    person = number * 7919 % PEOPLE
    at = datetime.fromtimestamp(BEGUN + number * 104729 % MONTH_MINUTES * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said: dict[str, object] = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": f"m-{number:010d}",
        "anonymousId": f"device-{person}",
        "timestamp": at,
        "context": {"page": {"path": f"/products/{number % 997}"}, "library": {"name": "analytics.js"}},
        "properties": {"product_id": f"p{number % 997}", "price": 5 + number % 90, "currency": "EUR"},
    }
    return said | ({"userId": f"u{person}"} if person % 3 == 0 else {})


def order_of(batches: int, rng: np.random.Generator) -> Iterator[int]:
    """Yield the first number of each batch to send: all in disorder, and among them three in ten again, some cut elsewhere."""
    sent: list[int] = []
    for batch in rng.permutation(batches).tolist():
        sent.append(batch)
        yield batch * BATCH
        if rng.random() < 0.3:
            again = sent[int(rng.integers(len(sent)))] * BATCH
            yield max(0, again - BATCH // 2) if rng.random() < 0.3 else again


@dataclass
class Load:
    """The clients of one shop, which send until they are told 200, whatever becomes of the server."""

    home: Path
    key: str
    address: str = ""
    acknowledged: int = 0
    over: bool = False
    memory: list[tuple[int, dict[str, int]]] = field(default_factory=list)

    def send(self, first: int) -> None:
        content = body(first)
        while not self._taken(content):
            if self.over:
                return
            time.sleep(0.2)
        self.acknowledged += BATCH

    def _taken(self, content: bytes) -> bool:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        try:
            connection.request("POST", "/v1/batch", content, {"Authorization": f"Bearer {self.key}"})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        assert status in (200, 429, 503), status
        return status == 200


def parts_of(shop: Served) -> dict[str, psutil.Process]:
    """Return the processes of a server by what they are."""
    door = psutil.Process(shop.process.pid)
    found = {"door": door}
    for child in door.children():
        with suppress(psutil.Error):  # it ended just now
            found |= {part: child for part in PARTS if part in child.cmdline()}
    return found


def memory_mb(shop: Served) -> dict[str, int]:
    found = {}
    for part, process in parts_of(shop).items():
        with suppress(psutil.Error):
            found[part] = process.memory_info().rss >> 20
    return found


def disturbed(tenth: int, shop: Served, stack: ExitStack, load: Load) -> Served:
    """Kill something; return the server that serves from now on."""
    if tenth % 2 == 0:
        with suppress(psutil.Error, KeyError):
            parts_of(shop)["indexer" if tenth % 4 == 0 else "flow"].kill()
        return shop
    beside = psutil.Process(shop.process.pid).children()
    shop.stop(signal.SIGKILL)
    psutil.wait_procs(beside, timeout=60)
    return serving(stack, load)


def serving(stack: ExitStack, load: Load) -> Served:
    many = {"LIFELOOP_SERVE__COLLECT_PER_SECOND": "1000000", "LIFELOOP_SERVE__FLOW_SECONDS": "5"}
    shop = stack.enter_context(served(load.home, **many))
    load.address = shop.address
    return shop


def counted(home: Path) -> dict[str, int]:
    app = App.open(home, clock=SystemClock())
    sql = "SELECT count(*) AS n, count(DISTINCT message_id) AS ids, min(message_id) AS a, max(message_id) AS z FROM events"
    found: dict[str, int] = app.engine.query(sql, {"events": EVENT}).to_pylist()[0]
    return found


def sent_all(load: Load, events: int) -> None:
    """Send everything from several threads; of the order, only a little is ready at any moment."""
    coming, lock = order_of(events // BATCH, np.random.default_rng(1)), threading.Lock()

    def sender() -> None:
        while True:
            with lock:
                first = next(coming, None)
            if first is None or load.over:
                return
            load.send(first)

    with ThreadPoolExecutor(SENDERS) as pool:
        for done in [pool.submit(sender) for _ in range(SENDERS)]:
            done.result()


def live(home: Path, events: int) -> Load:
    """Live through the load with its kills, until everything is in the lake."""
    command("init", "--currency", "EUR", home=home)
    load = Load(home, str(command("keys", "create", "--scope", "ingest", home=home)["key"]))
    begun = time.monotonic()
    with ExitStack() as stack:
        shop = serving(stack, load)
        pool = stack.enter_context(ThreadPoolExecutor(1))
        stack.callback(setattr, load, "over", True)  # noqa: FBT003 - on the way out, before the senders are waited for
        sending = pool.submit(sent_all, load, events)
        for tenth in range(1, 11):
            until(lambda t=tenth: sending.done() or load.acknowledged >= t * events * 1.3 / 10, patience_seconds=20_000)  # type: ignore[misc]
            load.memory.append((tenth, memory_mb(shop)))
            _say(f"{load.acknowledged} acknowledged after {time.monotonic() - begun:.0f} s; MB: {load.memory[-1][1]}")
            if tenth <= STEADY and not sending.done():
                shop = disturbed(tenth, shop, stack, load)
        sending.result()
        until(lambda: shop.get("/readyz").status_code == 200 and counted(home)["n"] >= events, patience_seconds=20_000)
        _say(f"all in the lake after {time.monotonic() - begun:.0f} s; MB: {memory_mb(shop)}")
        load.memory.append((11, memory_mb(shop)))
    return load


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def whole(events: int) -> dict[str, object]:
    return {"n": events, "ids": events, "a": "m-0000000000", "z": f"m-{events - 1:010d}"}


@pytest.mark.soak
def test_ten_million_events_retried_and_shuffled_are_there_once_in_flat_memory(tmp_path: Path) -> None:
    events = int(os.environ.get("SOAK_EVENTS", "10000000"))

    load = live(tmp_path, events)

    assert counted(tmp_path) == whole(events)
    steady = [found for tenth, found in load.memory if tenth > STEADY]
    for part in ("door", "indexer", "flow"):
        early, late = (max(found.get(part, 0) for found in half) for half in (steady[:3], steady[3:]))
        assert late <= max(early, ENOUGH_MB) * 1.2, f"{part} grew from {early} to {late} MB"
