"""An order that came in live stands in a timeline once: as its event until the lake has it, then as the order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lifeloop.api.parts import Parts
from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.collect.flow import Flow
from lifeloop.testing.live import NOON, said, spooled
from lifeloop.testing.served import House, open_house
from lifeloop.unify.indexer import Indexer


@dataclass
class Live:
    """A served shop whose readers step when a test says so."""

    house: House

    def hear(self, *events: dict[str, Any]) -> None:
        """Accept events and index them."""
        spooled(self.house.app.home.spool / "main", [list(events)])
        app = self.house.app
        Indexer(app.store, app.home.spool / "main", "main", app.clock).step()

    def flow(self) -> None:
        """Carry what was accepted into the lake."""
        app = self.house.app
        Flow(
            app.lake, app.engine, app.store, app.home.spool / "main", "main", app.home.path, app.home.settings, app.clock
        ).step()

    def kinds(self, path: str = "/v1/customers/ann/timeline", **asked: Any) -> list[str]:
        """Return what stands in the timeline: names of events, kinds of everything else."""
        told = self.house.with_key("read").get(path, params=asked).json()["timeline"]
        return [one["name"] or one["kind"] for one in told]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    (tmp_path / "lifeloop.toml").write_text('[shop]\ncurrency = "EUR"\n')
    app = App.open(tmp_path, clock=FixedClock(NOON + timedelta(hours=2)))
    with open_house(Parts(app=app, roles=frozenset({"api"}))) as house:
        yield Live(house)
    app.store.close()


def order(number: int, **more: Any) -> dict[str, Any]:
    properties = {"order_id": f"{1000 + number}", "total": 20, "currency": "EUR"} | more
    return said(f"o{number}", after=number, userId="ann", event="Order Completed", properties=properties)


def test_the_event_of_an_order_stands_there_until_the_lake_has_the_order(live: Live) -> None:
    live.hear(said("m1", userId="ann", event="Hello"), order(1))

    assert live.kinds() == live.kinds("/v1/customers/ann") == ["Order Completed", "Hello"]
    live.flow()
    assert live.kinds() == live.kinds("/v1/customers/ann") == ["order", "Hello"]


def test_it_stands_there_once_too_when_the_store_has_forgotten_the_event(live: Live) -> None:
    live.hear(said("m1", userId="ann", event="Hello"), order(1))
    live.flow()
    later = live.house.app
    late = FixedClock(NOON + timedelta(days=1))
    Indexer(later.store, later.home.spool / "main", "main", late).prune()

    assert live.kinds() == ["order", "Hello"]


def test_an_order_the_lake_cannot_keep_is_shown_as_its_event(live: Live) -> None:
    live.hear(order(1), order(2, total="free of charge", currency="no money"))
    live.flow()

    assert sorted(live.kinds()) == ["Order Completed", "order"]


def test_the_same_order_of_another_source_hides_nothing(live: Live) -> None:
    live.hear(order(1))
    live.flow()
    spooled(live.house.app.home.spool / "main", [[order(1)]], source="till")
    app = live.house.app
    Indexer(app.store, app.home.spool / "main", "main", app.clock).step()

    assert sorted(live.kinds()) == ["Order Completed", "order"]


def test_every_page_is_full_and_nothing_is_missed_where_orders_hide_events(live: Live) -> None:
    live.hear(*(order(number) for number in range(1, 20)), said("m1", userId="ann", event="Hello"))
    live.flow()
    live.hear(*(order(number) for number in range(30, 33)))
    client = live.house.with_key("read")

    pages: list[list[str]] = []
    cursor = None
    while True:
        asked = {"limit": 4, **({"cursor": cursor} if cursor else {})}
        page = client.get("/v1/customers/ann/timeline", params=asked).json()
        pages.append([one["reference"] or one["name"] for one in page["timeline"]])
        cursor = page["next"]
        if cursor is None:
            break

    assert [len(page) for page in pages[:-1]] == [4] * (len(pages) - 1)
    assert [one for page in pages for one in page] == [
        *(str(1000 + n) for n in (32, 31, 30)),
        *(str(1000 + n) for n in range(19, 0, -1)),
        "Hello",
    ]
