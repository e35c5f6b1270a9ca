"""The live flow: what was accepted comes into the lake, each event once for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.config import Settings
from lifeloop.base.ids import customer_of_email
from lifeloop.base.lock import writing
from lifeloop.collect.flow import Flow, Flowed
from lifeloop.collect.spool import SpoolWriter, Stamp
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import EVENT, IDENTITY, ORDER, ORDER_LINE, PRODUCT, REJECTED, TABLES, Table
from lifeloop.store import open_store
from lifeloop.store.positions import read_position

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
MUGS = {"product_id": "mug", "name": "杯子", "category": "Kitchen > Cups", "price": 9.5, "quantity": 2}
TEA = {"product_id": "tea", "name": "Tea", "price": 3, "quantity": 1}
PAID = {"order_id": "1", "total": 27.0, "subtotal": 20.5, "shipping": 5, "tax": 1.5, "currency": "EUR", "products": [MUGS, TEA]}


class Door:
    """A spool of a home, and the flow behind it; what it hears came in a second before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = Lake(folder / "lake")
        self.engine = DuckEngine(self.lake, threads=1)
        self.store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
        self.spool = folder / "spool" / "door"
        self.writer = SpoolWriter(self.spool)
        self.settings = Settings(shop={"currency": "EUR"})  # type: ignore[arg-type]
        self.flow = self.opened()

    def opened(self) -> Flow:
        """Return the flow of a process that has just started."""
        return Flow(self.lake, self.engine, self.store, self.spool, "door", self.folder, self.settings, FixedClock(NOW))

    def hears(self, *events: Mapping[str, Any] | str, source: str = "live") -> Door:
        """Accept one request with some events."""
        texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in events]
        body = f'{{"batch": [{", ".join(texts)}]}}'.encode()
        self.writer.append([(Stamp("segment", source, micros(NOW - timedelta(seconds=1))), body)])
        return self

    def carries(self) -> Flowed:
        """Let the flow take one step."""
        return self.flow.step()

    def rows(self, table: Table, *columns: str) -> list[Any]:
        """Return columns of a table, sorted; a single column as plain values."""
        listed = ", ".join(columns)
        found = self.engine.query(f"SELECT {listed} FROM t ORDER BY {listed} NULLS FIRST", {"t": table}).to_pylist()
        values = [tuple(row.values()) for row in found]
        return [value[0] for value in values] if len(columns) == 1 else values

    def versions(self) -> dict[str, int]:
        """Return the version of every table."""
        return {name: self.lake.version(table) for name, table in TABLES.items()}

    def forgets_its_position(self) -> None:
        """Be as after a crash between writing the lake and moving on."""
        with self.store.writing() as connection:
            connection.exec_driver_sql("DELETE FROM spool_position")
        self.flow = self.opened()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.writer.close()
    made.store.close()


def at(minutes: float) -> str:
    """Return the time that many minutes before now, as clients write it."""
    return (NOW - timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(name: str, message: str = "m1", /, *, ago: float = 5, **said: Any) -> dict[str, Any]:
    """Return one tracked event of ann's, `ago` minutes before now."""
    usual = {"type": "track", "event": name, "messageId": message, "userId": "ann", "anonymousId": "v1", "timestamp": at(ago)}
    return {key: value for key, value in (usual | said).items() if value is not None}


def test_an_accepted_event_is_in_the_lake_with_all_it_said(door: Door) -> None:
    said = {"product_id": "mug", "price": 9.50, "quantity": 2, "currency": "EUR", "query": "茶杯"}
    door.hears(event("view_item", properties=said, context={"sessionId": 7}, sentAt=at(0.02)))

    assert door.carries().events == 1
    columns = (
        "source",
        "message_id",
        "type",
        "name",
        "customer_id",
        "anonymous_id",
        "session_id",
        "product_id",
        "amount_minor",
    )
    assert door.rows(EVENT, *columns) == [("live", "m1", "track", "Product Viewed", "ann", "v1", "7", "mug", 1900)]
    assert json.loads(door.rows(EVENT, "properties")[0]) == {"price": 9.5, "quantity": 2, "query": "茶杯"}
    happened, received = NOW - timedelta(minutes=5), NOW - timedelta(seconds=1)
    assert door.rows(EVENT, "occurred_at", "received_at", "original_at", "is_bot") == [(happened, received, happened, False)]


def test_an_event_is_in_the_lake_once_however_often_it_comes(door: Door) -> None:
    door.hears(event("Cart Viewed"), event("Cart Viewed")).hears(event("Cart Viewed")).carries()
    door.hears(event("Cart Viewed"), event("Cart Viewed", "m2")).carries()
    before = door.versions()
    door.hears(event("Cart Viewed")).carries()

    assert door.rows(EVENT, "message_id") == ["m1", "m2"]
    assert door.versions() == before


def test_the_same_id_of_two_sources_is_two_events(door: Door) -> None:
    door.hears(event("Cart Viewed")).hears(event("Cart Viewed"), source="app").carries()

    assert door.rows(EVENT, "source", "message_id") == [("app", "m1"), ("live", "m1")]


def test_a_crash_before_the_position_moves_writes_nothing_twice(door: Door) -> None:
    back = {"order_id": "1", "refund_id": "R1", "total": 3, "currency": "EUR", "products": [TEA]}
    door.hears(event("Order Completed", properties=PAID), event("Order Refunded", "m2", properties=back), {"type": "nonsense"})
    door.carries()
    before = door.versions()
    door.forgets_its_position()

    assert door.carries().records == 1
    assert door.versions() == before
    assert not door.carries()


def test_a_refused_event_is_kept_with_its_place_in_the_spool(door: Door) -> None:
    door.hears(event("Cart Viewed"), {"type": "nonsense", "userId": "ann"}).carries()
    door.hears({"type": "track", "userId": "ann"}).carries()

    kept = door.rows(REJECTED, "line", "file", "reason", "raw")
    assert [(file, reason) for _, file, reason, _ in kept] == [("live:live", "no_event")] * 2
    assert "nonsense" in kept[0][3]
    assert kept[0][0] == 2 < kept[1][0]


def test_facts_wait_in_the_spool_while_an_import_writes(door: Door) -> None:
    door.hears(event("Cart Viewed"))
    with writing(door.folder, "cannot import now"):
        assert not door.carries()
    assert door.carries()


def test_the_position_moves_to_a_new_segment_when_the_old_one_is_done(door: Door) -> None:
    door.hears(event("Cart Viewed")).carries()
    door.writer.close()
    door.writer = SpoolWriter(door.spool)
    door.hears(event("Cart Viewed", "m2")).carries()

    with door.store.reading() as connection:
        assert read_position(connection, "door", "flow")[0] == 2
    assert door.rows(EVENT, "message_id") == ["m1", "m2"]


def test_an_order_completed_is_an_order_its_lines_and_products(door: Door) -> None:
    door.hears(event("Order Completed", properties=PAID)).carries()

    assert door.rows(ORDER, "order_id", "customer_id", "total_minor", "goods_minor") == [("1", "ann", 2700, 2050)]
    assert door.rows(ORDER_LINE, "line_no", "product_id", "amount_minor") == [(1, "mug", 1900), (2, "tea", 300)]
    assert door.rows(PRODUCT, "product_id", "title") == [("mug", "杯子"), ("tea", "Tea")]


def test_a_guest_is_known_by_the_e_mail_and_stays_who_the_event_named(door: Door) -> None:
    door.hears(event("Order Completed", properties=PAID | {"email": "Ann@x.org"}, userId=None)).carries()
    guest = customer_of_email("ann@x.org")

    assert door.rows(ORDER, "customer_id") == door.rows(EVENT, "customer_id") == [guest]
    assert door.lake.exists(IDENTITY)
