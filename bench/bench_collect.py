"""What a durable answer costs: the server that keeps every event before it answers, beside one that only decodes it.

Prints one JSON line. Load: 100 events a request on 8 connections, and single events on 32; see `load.py`. The peer is the
same FastAPI and uvicorn with typed decoding of the body and no storage. `door` is our door process alone, `serve` the whole
`lifeloop serve` with indexer, flow and jobs on the same cores; both answer after fdatasync. Rounds alternate, each with fresh
processes; `ratio` is the median of each round's. `cpu_us` is processor time of the answering process for one event: unlike
the rates it hardly depends on what else the machine does. `indexer` and `flow` read a spool in which three requests of ten
are retries, one after the other, alone; `memory_mb` is each process after each third of a longer load.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

import load

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = float(os.environ.get("SECONDS", "4"))
EVENTS = int(os.environ.get("EVENTS", "100000"))
"""Read by indexer and flow, retries not counted."""
MODES = ("batch", "single")
LIFELOOP = str(Path(sys.executable).with_name("lifeloop"))
_TICK = os.sysconf("SC_CLK_TCK")


class Event(msgspec.Struct):
    type: str
    messageId: str  # noqa: N815
    anonymousId: str | None = None  # noqa: N815
    userId: str | None = None  # noqa: N815
    event: str | None = None
    timestamp: str | None = None
    properties: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()
    traits: msgspec.Raw = msgspec.Raw()


class Batch(msgspec.Struct):
    batch: list[Event]


@dataclass
class Server:
    """A server that answers, with the processes beside it."""

    process: subprocess.Popen[str]
    port: int
    key: str

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def memory_mb(self) -> dict[str, int]:
        found = {"door": _memory_mb(self.process.pid)}
        for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("utf-8").split():
            words = Path(f"/proc/{child}/cmdline").read_text("utf-8").split("\0")
            part = next((word for word in words if word in ("indexer", "flow", "jobs")), "")
            if part:
                found[part] = _memory_mb(int(child))
        return found


def _memory_mb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


@contextmanager
def started(arguments: list[str], key: str) -> Iterator[Server]:
    """Start a server that says its address as JSON, and stop it at the end."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        port = int(json.loads(process.stdout.readline())["address"].rpartition(":")[2])
        time.sleep(0.5)
        yield Server(process, port, key)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()


@contextmanager
def server(who: str) -> Iterator[Server]:
    """Start one of `peer`, `door` and `serve`."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "lifeloop.toml").write_text("[serve]\ncollect_per_second = 1000000\n", "utf-8")
        if who == "peer":
            arguments, key = [sys.executable, __file__, "peer"], "none"
        else:
            key = made_key(home)
            ours = [LIFELOOP, "serve", "--home", folder, "--port", "0", "--json"]
            arguments = ours if who == "serve" else [sys.executable, __file__, "door", folder]
        with started(arguments, key) as running:
            yield running


def made_key(home: Path) -> str:
    asked = [LIFELOOP, "keys", "create", "--home", str(home), "--scope", "ingest", "--json"]
    made = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    key: str = json.loads(made)["key"]
    return key


def loaded(running: Server, mode: str, seconds: float, seed: int) -> dict[str, float]:
    """Load a server from a process of its own."""
    before = running.cpu_seconds()
    asked = [sys.executable, load.__file__, str(running.port), running.key, mode, str(seconds), str(seed)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    found["cpu_us"] = round((running.cpu_seconds() - before) / found["events"] * 1e6, 2)
    return found


def answers() -> dict[str, object]:
    """Measure the three servers in both modes."""
    rounds: list[dict[str, dict[str, dict[str, float]]]] = []
    for number in range(ROUNDS):
        found = {}
        for who in ("peer", "door", "serve")[:: 1 if number % 2 == 0 else -1]:
            with server(who) as running:
                loaded(running, "batch", 0.5, 99)
                found[who] = {mode: loaded(running, mode, SECONDS, seed) for seed, mode in enumerate(MODES, 1)}
        rounds.append(found)
    return {
        mode: {who: middle([each[who][mode] for each in rounds]) for who in rounds[0]} | ratios(rounds, mode) for mode in MODES
    }


def middle(runs: list[dict[str, float]]) -> dict[str, float]:
    names = ("requests_per_s", "events_per_s", "p50_ms", "p99_ms", "cpu_us", "refused")
    return {name: round(statistics.median(run[name] for run in runs), 2) for name in names}


def ratios(rounds: list[dict[str, dict[str, dict[str, float]]]], mode: str) -> dict[str, float]:
    def ratio(who: str, figure: str) -> float:
        return round(statistics.median(each[who][mode][figure] / each["peer"][mode][figure] for each in rounds), 2)

    return {
        "ratio": ratio("door", "events_per_s"),
        "ratio_serve": ratio("serve", "events_per_s"),
        "cpu_ratio": round(1 / max(ratio("door", "cpu_us"), 0.01), 2),
    }


def readers() -> dict[str, object]:
    """Measure how fast indexer and flow read what lies in a spool."""
    from lifeloop.app import App
    from lifeloop.base.clock import SystemClock
    from lifeloop.collect.flow import Flow
    from lifeloop.unify.indexer import Indexer

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "lifeloop.toml").write_text("", "utf-8")
        app = App.open(home, clock=SystemClock())
        spool = app.home.spool / "main"
        read = filled(spool)
        indexer = Indexer(app.store, spool, "main", app.clock)
        flow = Flow(app.lake, app.engine, app.store, spool, "main", app.home.path, app.home.settings, app.clock)
        return {"indexer": rate(lambda: indexer.step().records, read), "flow": rate(lambda: flow.step().records, read)}


def filled(spool: Path) -> int:
    """Fill a spool with `EVENTS` events and 30 retries to 70 requests; return how many events lie there."""
    from lifeloop.base.clock import SystemClock, micros
    from lifeloop.collect.spool import SpoolWriter, Stamp

    requests = load.Requests("batch", "none", 7)
    sent: list[bytes] = []
    count = 0
    with SpoolWriter(spool) as writer:
        for number in range(EVENTS // requests.count):
            sent.append(requests.next().partition(b"\r\n\r\n")[2])
            retried = [sent[number * 7 % len(sent)]] if number * 3 % 7 < 3 else []
            now = micros(SystemClock().now())
            writer.append([(Stamp("segment", "live", now), body) for body in (sent[-1], *retried)])
            count += requests.count * (1 + len(retried))
    return count


def rate(step: object, events: int) -> dict[str, float]:
    assert callable(step)
    begun, cpu = time.perf_counter(), time.process_time()
    while step():
        pass
    wall, busy = time.perf_counter() - begun, time.process_time() - cpu
    return {"events_per_s": round(events / wall), "events_per_cpu_s": round(events / busy), "events": events}


def memory() -> list[dict[str, int]]:
    """Return the memory of each process before, and after each third of a longer load."""
    with server("serve") as running:
        found = [running.memory_mb()]
        for seed in (11, 12, 13):
            loaded(running, "batch", SECONDS, seed)
            time.sleep(SECONDS)
            found.append(running.memory_mb())
    return found


def door(home: str) -> None:
    """Serve with our door process alone."""
    from lifeloop.api.serve import Serving, serve
    from lifeloop.app import App
    from lifeloop.base.clock import SystemClock

    class DoorAlone(Serving):
        @property
        def parts(self) -> tuple[()]:
            return ()

    app = App.open(Path(home), clock=SystemClock())
    serve(app, DoorAlone(host="127.0.0.1", port=0), started=_say)


def peer() -> None:
    """Serve by decoding into typed structs, and nothing else."""
    import asyncio
    import socket

    import uvicorn
    import uvloop
    from fastapi import FastAPI, Request, Response

    app = FastAPI()

    def taking(path: str, decode: object) -> None:
        assert callable(decode)

        async def take(request: Request) -> Response:
            decode(await request.body())
            return Response(b'{"success":true}', media_type="application/json")

        take.__annotations__ = {"request": Request, "return": Response}
        app.post(path)(take)

    taking("/v1/batch", msgspec.json.Decoder(Batch).decode)
    taking("/v1/track", msgspec.json.Decoder(Event).decode)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        _say(f"http://127.0.0.1:{listening.getsockname()[1]}")
        config = uvicorn.Config(app, http="httptools", loop="none", log_config=None, access_log=False, backlog=2048)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(uvicorn.Server(config).serve(sockets=[listening]))


def _say(address: str) -> None:
    print(json.dumps({"address": address}), flush=True)


def main() -> None:
    found = {"name": "collect", "cores": os.cpu_count(), "rounds": ROUNDS, "seconds": SECONDS}
    print(json.dumps(found | answers() | readers() | {"memory_mb": memory()}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["peer"]:
        peer()
    elif sys.argv[1:2] == ["door"]:
        door(sys.argv[2])
    else:
        main()
