"""What the real clients send to: a served shop with a spool on the disk, and pages of that shop for those in a browser."""

from __future__ import annotations

import functools
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import SystemClock
from lifeloop.collect.live.heard import Heard
from lifeloop.collect.live.hearing import heard
from lifeloop.collect.spool import START, GroupCommit, SpoolWriter, Stamp, read_records
from lifeloop.testing.served import House, open_house

HERE = Path(__file__).parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
"""A person's browser: headless ones call themselves so, and some clients then send nothing."""


class DiskSpool:
    """A spool on the disk, begun with the first request, that fails as often as it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failures: list[Exception] = []
        self._group: GroupCommit | None = None

    async def put(self, stamp: Stamp, body: bytes) -> object:
        if self.failures:
            raise self.failures.pop()
        self._group = self._group or GroupCommit(SpoolWriter(self.folder))
        return await self._group.put(stamp, body)

    def backlog_bytes(self) -> int:
        return self._group.backlog_bytes() if self._group else 0


@dataclass
class Shop:
    """A shop that real clients send to, each with a key of its own."""

    house: House
    spool: DiskSpool

    def key(self, name: str) -> str:
        """Return a new key whose events are kept under `name`."""
        return self.house.key("ingest", source=name)

    def heard_of(self, name: str) -> list[Heard]:
        """Return what was heard of a client, as it came in; nothing may have been refused."""
        told: list[Heard] = []
        for record in read_records(self.spool.folder, START, limit_bytes=1 << 30):
            if record.stamp.source == name:
                good, refused = heard(record)
                assert refused == []
                told += good
        return told

    def waits_for(self, name: str, events: int, seconds: float = 20) -> list[Heard]:
        """Return what was heard of a client when at least so many events were, or after some time."""
        for _ in range(round(seconds / 0.05)):
            if len(self.heard_of(name)) >= events:
                break
            time.sleep(0.05)
        time.sleep(0.2)  # what would come twice comes now
        return self.heard_of(name)

    def fails(self, *failures: Exception) -> None:
        """Refuse the next requests so, in this order."""
        self.spool.failures = list(reversed(failures))


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("home")
    app = App.open(home, clock=SystemClock())
    spool = DiskSpool(home / "spool" / "main")
    with open_house(Parts(app=app, spool=spool, roles=frozenset({"collect"}))) as house:
        yield Shop(house, spool)
    app.store.close()


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder of the clients for Node and browsers; installed from the lock file where they are not yet."""
    folder = HERE / "node_modules"
    if not (folder / ".package-lock.json").exists():
        if shutil.which("npm") is None:
            pytest.fail("the clients for Node need Node 20 with npm; install them, .ci/services says how")
        subprocess.run(
            ["npm", "install", "--no-save", "--no-fund", "--no-audit"], cwd=HERE, check=True, capture_output=True, timeout=300
        )
    return folder


@pytest.fixture
def server(shop: Shop) -> Callable[..., None]:
    """Run a shop's server, in Python or Node, until it has sent all it has."""

    def run(*command: str) -> None:
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    return run


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def pages(packages: Path) -> Iterator[str]:
    """The URL of the shop's pages: another origin than the one events go to."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(packages.parent))) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}/browser"
        served.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser for one file of tests: while it is open, no other test can run an event loop of its own."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("the clients for browsers need Chromium; install it, .ci/services says how")
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"]
    flags.append("--disable-blink-features=AutomationControlled")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def browser_at(chromium: Any, pages: str) -> Iterator[Callable[..., list[str]]]:
    """Open a page of the shop as a person would and wait until its client has started; returns what the console said."""
    contexts = []

    def visit(url: str, page_name: str, key: str, **more: str) -> list[str]:
        said: list[str] = []
        context = chromium.new_context(user_agent=AGENT)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("requestfailed", lambda request: said.append(f"failed: {request.url}"))
        query = "&".join(f"{name}={value}" for name, value in ({"url": url, "key": key} | more).items())
        page.goto(f"{pages}/{page_name}.html?{query}")
        page.wait_for_function("document.title.startsWith('done') || document.title.startsWith('failed')", timeout=20_000)
        assert page.title() == "done", (page.title(), said)
        return said

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def browser(browser_at: Callable[..., list[str]], shop: Shop) -> Callable[..., list[str]]:
    """Open a page that sends to the shop."""
    return functools.partial(browser_at, shop.house.url)
