"""The nine clients send to a real `lifeloop serve`: what each sent is known of its customer, and in the lake, once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lifeloop.app import App
from lifeloop.base.clock import SystemClock
from lifeloop.schema import EVENT
from lifeloop.testing.serving import Served, served, until

HERE = Path(__file__).parent
SERVERS = {"segment_python.py": 7, "segment_node.mjs": 7, "rudder_python.py": 7, "rudder_node.mjs": 7, "posthog_python.py": 6}
SERVERS |= {"posthog_node.mjs": 5}
PAGES = {"segment": 7, "rudder": 6, "posthog": 6}
"""Client -> how many events it sends."""
NOT_HERS = 5 + 2
"""Searches of a visitor who was never named, one from each server but one; groups that PostHog's servers tell of alone."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served")) as running:
        yield running


def in_lake(app: App) -> Counter[tuple[str, str]]:
    if not app.lake.exists(EVENT):
        return Counter()
    rows = app.engine.query("SELECT source, message_id FROM t", {"t": EVENT}).to_pylist()
    return Counter((row["source"], row["message_id"]) for row in rows)


def test_what_nine_clients_send_is_in_the_timeline_and_in_the_lake_once(
    server: Served, packages: Path, browser_at: Callable[..., list[str]]
) -> None:
    key = server.key("ingest")
    for script in SERVERS:
        program = sys.executable if script.endswith(".py") else "node"
        subprocess.run([program, f"server/{script}", server.address, key], cwd=HERE, check=True, timeout=60)
    for page in PAGES:
        browser_at(server.address, page, key)
    sent = sum(SERVERS.values()) + sum(PAGES.values())

    def told() -> list[Any]:
        known = server.get("/v1/customers/ann/timeline", limit=200)
        return known.json()["timeline"] if known.status_code == 200 else []

    hers = until(lambda: found if len(found := told()) >= sent - NOT_HERS else None)
    app = App.open(server.home, clock=SystemClock())
    lake = until(lambda: found if (found := in_lake(app)).total() >= sent else None)
    profile = server.get("/v1/customers", email="ann@example.org").json()

    assert lake
    assert hers
    assert (lake.total(), max(lake.values())) == (sent, 1)
    assert len(hers) == sent - NOT_HERS
    assert Counter(one["name"] for one in hers)["Product Viewed"] == len(SERVERS) + len(PAGES)
    assert "ann" in str(profile)
