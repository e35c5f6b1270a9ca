"""Nine client libraries, as their makers publish them, send to a served shop: every event arrives once, with its fields."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lifeloop.collect.live.heard import Heard
from lifeloop.collect.spool import SpoolBusy, SpoolFailed

VIEWED = {"product_id": "mug", "name": "茶杯 🍵", "price": Decimal("19.9"), "currency": "EUR"}
TRAITS = {"email": "ann@example.org", "name": "安"}

IDENTIFY = ("identify", None, "ann")
PAGE = ("page", "Home", "ann")
SCREEN = ("screen", "Cart", "ann")
VIEW = ("track", "Product Viewed", "ann")
SEARCH = ("track", "Products Searched", None)
GROUP = ("group", None, "ann")
ALIAS = ("alias", None, "ann")
SEGMENT = [IDENTIFY, PAGE, SCREEN, VIEW, SEARCH, GROUP, ALIAS]

ON_SERVERS: dict[str, list[tuple[str, str | None, str | None]]] = {
    "segment_python.py": SEGMENT,
    "segment_node.mjs": SEGMENT,
    "rudder_python.py": SEGMENT,
    "rudder_node.mjs": SEGMENT,
    "posthog_python.py": [IDENTIFY, ("page", None, "ann"), VIEW, SEARCH, ("group", None, None), ALIAS],
    "posthog_node.mjs": [IDENTIFY, ("page", None, "ann"), VIEW, ("group", None, None), ALIAS],
}
IN_BROWSERS: dict[str, list[tuple[str, str | None, str | None]]] = {
    "segment": [("page", "Home", None), SEARCH, IDENTIFY, VIEW, SCREEN, GROUP, ALIAS],
    "rudder": [("page", "Home", None), SEARCH, IDENTIFY, VIEW, GROUP, ALIAS],
    "posthog": [("page", "A shop's page with posthog-js", "ann"), SEARCH, IDENTIFY, VIEW, GROUP, ALIAS],
}


def runs(script: str) -> tuple[str, str]:
    """Return the command of one server, without its arguments."""
    return (sys.executable if script.endswith(".py") else "node", str(Path("server") / script))


def arrived_whole(heard: list[Heard], expected: list[tuple[str, str | None, str | None]]) -> None:
    """Check that what was heard is what was sent, each once, with all its fields."""
    assert Counter((one.type, one.name, one.account) for one in heard) == Counter(expected)
    assert len({one.message_id for one in heard}) == len(expected)
    assert {one.clock for one in heard} == {"ok"}
    assert not any(one.is_bot for one in heard)
    of_type = {(one.type, one.name): one.said for one in heard}
    assert of_type["identify", None]["traits"].items() >= TRAITS.items()
    assert of_type["track", "Product Viewed"]["properties"] == VIEWED
    if ("track", "Products Searched") in of_type:
        assert of_type["track", "Products Searched"]["properties"] == {"query": "茶"}
        assert of_type["track", "Products Searched"]["anonymousId"]
    assert of_type["group", None]["groupId"] in ("club", "c1")
    assert of_type["group", None]["traits"] == {"plan": "gold"}
    assert of_type["alias", None]["previousId"] == "v0"


@pytest.mark.parametrize("script", ON_SERVERS)
def test_a_shops_server_sends_with_the_client_it_has(shop: Any, packages: Path, server: Any, script: str) -> None:
    server(*runs(script), shop.house.url, shop.key(script))

    arrived_whole(shop.heard_of(script), ON_SERVERS[script])


@pytest.mark.parametrize("page", IN_BROWSERS)
def test_a_shops_page_sends_with_the_client_it_has(shop: Any, browser: Callable[..., list[str]], page: str) -> None:
    browser(page, shop.key(page))
    heard = shop.waits_for(page, len(IN_BROWSERS[page]))

    arrived_whole(heard, IN_BROWSERS[page])
    assert len({one.anonymous_id for one in heard}) == 1
    assert all(one.said["context"]["userAgent"] for one in heard)


def test_a_page_may_send_its_events_together(shop: Any, browser: Callable[..., list[str]]) -> None:
    browser("segment", shop.key("batching"), batching="yes")

    arrived_whole(shop.waits_for("batching", 7), IN_BROWSERS["segment"])


def test_a_page_may_send_its_events_as_a_beacon(shop: Any, browser: Callable[..., list[str]]) -> None:
    browser("rudder", shop.key("beacon"), beacon="yes")

    arrived_whole(shop.waits_for("beacon", 6), IN_BROWSERS["rudder"])


@pytest.mark.parametrize(
    ("script", "failure"),
    [("segment_python.py", SpoolBusy("cannot take more now")), ("segment_node.mjs", SpoolFailed("the disk is full"))],
)
def test_what_was_turned_away_is_sent_again_and_arrives_once(
    shop: Any, packages: Path, server: Any, script: str, failure: Exception
) -> None:
    shop.fails(failure)
    server(*runs(script), shop.house.url, shop.key(f"again-{script}"))

    assert shop.spool.failures == []
    arrived_whole(shop.heard_of(f"again-{script}"), ON_SERVERS[script])
