"""The live flow: what was accepted comes into the lake, each event once for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.config import Settings
from lifeloop.base.errors import LakeError
from lifeloop.base.ids import customer_of_email
from lifeloop.base.lock import writing
from lifeloop.collect.facts import Facts
from lifeloop.collect.flow import Flow, Flowed
from lifeloop.collect.rows import Rows, Sieve
from lifeloop.collect.settle import Change
from lifeloop.collect.settle.known import KnownEvents
from lifeloop.collect.source import Reader, Reading
from lifeloop.collect.sources.segment import Segment
from lifeloop.collect.spool import SpoolWriter, Stamp
from lifeloop.lake import DuckEngine, Engine, Lake
from lifeloop.schema import EVENT, IDENTITY, ORDER, ORDER_LINE, PRODUCT, REFUND, REJECTED, TABLES, Table
from lifeloop.store import open_store
from lifeloop.store.positions import read_position
from lifeloop.testing.shops import shopify_order

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


def paid(total: float, *products: dict[str, Any]) -> dict[str, Any]:
    """Return what one version of order 1 says."""
    return {"order_id": "1", "total": total, "currency": "EUR", "products": list(products)}


VERSIONS = (
    event("Order Completed", "m1", ago=30, properties=paid(22, MUGS, TEA) | {"coupon": "茶"}),
    event("Order Updated", "m2", ago=20, properties=paid(19, MUGS)),
    event("Order Updated", "m3", ago=10, properties=paid(9.5, MUGS | {"quantity": 1})),
)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1), (0, 2, 1, 0, 2)])
def test_an_orders_last_word_counts_in_whatever_order_words_come(door: Door, order: tuple[int, ...], *, together: bool) -> None:
    for version in order:
        door.hears(VERSIONS[version])
        if not together:
            door.carries()
    door.carries()

    placed = NOW - timedelta(minutes=30)
    assert door.rows(ORDER, "total_minor", "quantity", "placed_at", "told_at") == [
        (950, 1.0, placed, NOW - timedelta(minutes=10))
    ]
    assert door.rows(ORDER_LINE, "line_no", "product_id", "amount_minor", "placed_at") == [(1, "mug", 950, placed)]
    assert len(door.rows(EVENT, "message_id")) == 3


def test_what_changes_is_merged_and_other_orders_are_left_as_they_lie(door: Door) -> None:
    for number in range(3):
        door.hears(event("Order Completed", f"o{number}", properties=paid(3, TEA) | {"order_id": f"A{number}"})).carries()
    files = set(door.lake.files(ORDER))
    door.hears(event("Order Updated", "u1", ago=1, properties=paid(9.5, MUGS) | {"order_id": "A1"})).carries()

    assert len(files & set(door.lake.files(ORDER))) == 2
    assert door.rows(ORDER, "order_id", "total_minor") == [("A0", 300), ("A1", 950), ("A2", 300)]


def test_an_order_updated_after_a_refund_keeps_the_refund(door: Door) -> None:
    back = {"order_id": "1", "refund_id": "R1", "total": 3, "currency": "EUR", "products": [TEA]}
    door.hears(VERSIONS[0], event("Order Refunded", "r1", ago=15, properties=back)).carries()
    door.hears(VERSIONS[2]).carries()

    assert door.rows(ORDER, "total_minor") == [950]
    assert door.rows(REFUND, "refund_id", "product_id", "amount_minor") == [("R1", "tea", 300)]


def test_a_refund_that_two_tell_and_a_cancelled_order_give_back_what_was_paid_once(door: Door) -> None:
    door.hears(event("Order Completed", "m1", ago=50, properties=PAID)).carries()
    door.hears(event("Order Refunded", "m2", ago=40, properties=PAID)).carries()
    door.hears(
        event("Order Refunded", "m3", ago=39, properties=PAID), event("Order Cancelled", "m4", properties=PAID)
    ).carries()

    assert sum(door.rows(REFUND, "amount_minor")) == 2700
    assert len(set(door.rows(REFUND, "refund_id"))) == 1


def test_google_analytics_words_are_an_order_too(door: Door) -> None:
    items = [{"item_id": "mug", "item_name": "Mug", "item_category": "Cups", "price": 9.5, "quantity": 2}]
    said = {"transaction_id": "T1", "value": 19, "shipping": 5, "tax": 1.5, "currency": "EUR", "items": items}
    door.hears(event("purchase", properties=said)).carries()

    assert door.rows(ORDER, "order_id", "total_minor", "goods_minor") == [("T1", 2550, 1900)]
    assert door.rows(ORDER_LINE, "product_id", "title", "amount_minor") == [("mug", "Mug", 1900)]


def test_a_product_that_is_looked_at_is_known_by_what_the_page_says(door: Door) -> None:
    mug = {"product_id": "mug", "name": "Mug", "category": "Cups", "brand": "Clay", "price": "9.50", "currency": "EUR"}
    door.hears(event("Product Viewed", properties=mug)).carries()
    columns = ("product_id", "title", "category", "brand", "price_minor", "currency")
    known = [("mug", "Mug", "Cups", "Clay", 950, "EUR")]
    before = door.versions()[PRODUCT.name]
    door.hears(event("viewed product", "m2", properties=mug)).hears(event("Product Added", "m3", properties=mug)).carries()

    assert door.rows(PRODUCT, *columns) == known
    assert door.versions()[PRODUCT.name] == before


def test_a_page_in_two_languages_does_not_change_a_product_back_and_forth(door: Door) -> None:
    for number, name in enumerate(("Mug", "杯子", "Mug", "杯子")):
        said = {"product_id": "mug", "name": name}
        door.hears(event("Product Viewed", f"m{number}", ago=9 - number, properties=said)).carries()

    assert door.rows(PRODUCT, "title") == ["Mug"]
    assert door.versions()[PRODUCT.name] == 0


def test_the_shops_own_list_counts_more_than_what_events_show(door: Door) -> None:
    shown = {"product_id": "mug", "name": "Mug on sale!", "price": 5, "currency": "EUR"}
    listed = {"product_id": "mug", "name": "Mug", "price": 9.5, "currency": "EUR", "description": "Holds tea."}
    door.hears(event("Product Updated", "m1", ago=60, properties=listed)).hears(event("Product Viewed", "m2", properties=shown))
    door.carries()

    assert door.rows(PRODUCT, "title", "price_minor", "description") == [("Mug", 950, "Holds tea.")]


def test_small_files_are_joined_now_and_then(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifeloop.collect.flow.COMPACT_EVERY", 4)
    for number in range(8):
        door.hears(event("Cart Viewed", f"m{number}")).carries()

    assert len(door.lake.files(EVENT)) == 1
    assert len(door.rows(EVENT, "message_id")) == 8


def test_a_new_shops_currency_is_that_of_its_first_orders(door: Door) -> None:
    door.settings = Settings()
    door.flow = door.opened()
    door.hears(event("Product Viewed", properties={"product_id": "tea", "price": 3, "currency": "EUR"}))
    door.hears(event("Order Completed", "m2", properties=paid(22, TEA) | {"currency": "GBP"})).carries()

    assert 'currency = "GBP"' in (door.folder / "lifeloop.toml").read_text("utf-8")
    assert door.rows(ORDER, "currency", "goods_minor") == [("GBP", 2200)]


CRAWLS = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}


def test_a_bot_s_order_settles_no_currency(door: Door) -> None:
    door.settings = Settings()
    door.flow = door.opened()
    said = paid(22, TEA)
    door.hears(event("Order Completed", "m1", properties=said | {"order_id": "9", "currency": "JPY"}, context=CRAWLS)).carries()
    assert not (door.folder / "lifeloop.toml").exists()
    door.hears(event("Order Completed", "m2", properties=said | {"currency": "GBP"})).carries()

    assert 'currency = "GBP"' in (door.folder / "lifeloop.toml").read_text("utf-8")


def test_the_shop_s_own_word_on_its_currency_counts_more_than_its_visitors(door: Door) -> None:
    door.settings = Settings()
    door.flow = door.opened()
    said = paid(22, TEA) | {"currency": "JPY"}
    door.hears(event("Order Completed", "m1", properties=said), event("Order Completed", "m2", properties=said))
    stamp = Stamp("shopify", "shop", micros(NOW), topic="orders/paid", delivery_id="d1")
    door.writer.append([(stamp, json.dumps(shopify_order()).encode())])
    door.carries()

    assert 'currency = "EUR"' in (door.folder / "lifeloop.toml").read_text("utf-8")


TINY = {"product_id": "a", "price": 1e-10, "quantity": 1e-10}
HUGE = {"product_id": "a", "price": 9e14, "quantity": 9e14}


@pytest.mark.parametrize("product", [TINY, HUGE, {"product_id": {"a": 1}, "price": [1]}, {"price": "1e300"}])
@pytest.mark.parametrize("name", ["Order Completed", "Order Refunded", "Product Viewed"])
def test_an_odd_event_never_stops_those_behind_it(door: Door, name: str, product: dict[str, Any]) -> None:
    said = {"order_id": "1", "total": 5, "currency": "EUR", "products": [product], **product}
    door.hears(event(name, properties=said), event("Cart Viewed", "good")).carries()

    assert len(door.rows(EVENT, "message_id")) + len(door.rows(REJECTED, "line")) == 2
    assert "good" in door.rows(EVENT, "message_id")


def test_an_event_nobody_thought_of_is_refused_alone(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Segment.begin

    def strict(self: Segment, reading: Reading) -> Reader:
        read = begin(self, reading)

        def reads(rows: Rows) -> tuple[Facts, Sieve]:
            if "odd" in rows.given["message_id"].to_pylist():
                raise OverflowError("nobody thought of it")
            return read(rows)

        return reads

    monkeypatch.setattr(Segment, "begin", strict)
    door.hears(*(event("Cart Viewed", name) for name in ("a", "b", "odd", "c", "d"))).carries()

    assert door.rows(EVENT, "message_id") == ["a", "b", "c", "d"]
    assert door.rows(REJECTED, "line", "reason") == [(3, "bad_type")]


def story(door: Door) -> None:
    """Let an order be placed, changed and given back in part, with a refused event and one product looked at."""
    back = {"order_id": "1", "refund_id": "R1", "total": 9.5, "currency": "EUR", "products": [MUGS | {"quantity": 1}]}
    door.hears(VERSIONS[0], event("Order Completed", "o2", properties=paid(3, TEA) | {"order_id": "2"})).carries()
    door.hears(VERSIONS[1], event("Order Refunded", "r1", ago=8, properties=back), {"type": "nonsense"})
    door.hears(event("Product Viewed", "v1", properties={"product_id": "cup", "name": "Cup"}))


def everything(door: Door) -> list[list[Any]]:
    return [
        door.rows(EVENT, "message_id", "name"),
        door.rows(ORDER, "order_id", "total_minor", "placed_at", "told_at", "digest"),
        door.rows(ORDER_LINE, "order_id", "line_no", "product_id", "amount_minor", "placed_at"),
        door.rows(REFUND, "refund_id", "line_no", "amount_minor"),
        door.rows(PRODUCT, "product_id", "title", "told"),
        door.rows(REJECTED, "line", "reason"),
    ]


@pytest.mark.parametrize("after", range(7))
def test_a_crash_between_any_two_writes_heals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    whole, broken = Door(tmp_path / "whole"), Door(tmp_path / "broken")
    for door in (whole, broken):
        story(door)
    whole.carries()
    write, writes = Change.write, 0

    def breaks(self: Change, lake: Lake, engine: Engine) -> None:
        nonlocal writes
        writes += 1
        if writes > after:
            raise LakeError("cannot write", "the power is gone")
        write(self, lake, engine)

    monkeypatch.setattr(Change, "write", breaks)
    with suppress(LakeError):
        broken.carries()
    monkeypatch.undo()
    broken.flow = broken.opened()
    broken.carries()

    assert everything(broken) == everything(whole)
    for door in (whole, broken):
        door.writer.close()
        door.store.close()


def test_only_files_that_may_hold_an_event_are_looked_into(door: Door) -> None:
    for number in range(3):
        door.hears(event("Cart Viewed", f"m{number}")).carries()
    known, ids = KnownEvents(), lambda *names: pa.table({"message_id": list(names)})

    assert known.files(door.lake, door.engine, ids("new")) == []
    assert len(known.files(door.lake, door.engine, ids("m1", "new")) or []) == 1
    door.lake.compact(EVENT)
    assert [str(file) for file in known.files(door.lake, door.engine, ids("m0", "m2")) or []] == door.lake.files(EVENT)


def test_more_events_than_are_remembered_are_read_from_the_lake(door: Door) -> None:
    for number in range(3):
        door.hears(event("Cart Viewed", f"m{number}")).carries()

    assert KnownEvents(most=2).files(door.lake, door.engine, pa.table({"message_id": ["m1"]})) is None


def test_an_event_a_file_brought_in_meanwhile_is_known(door: Door) -> None:
    door.hears(event("Cart Viewed", "m1")).carries()
    brought = door.engine.query("SELECT * FROM e", {"e": EVENT}).select(list(EVENT.columns)).cast(EVENT.arrow())
    renamed = brought.set_column(1, EVENT.arrow().field(1), pa.array(["m2"]))
    door.lake.append(EVENT, renamed)
    door.hears(event("Cart Viewed", "m1"), event("Cart Viewed", "m2"), event("Cart Viewed", "m3")).carries()

    assert door.rows(EVENT, "message_id") == ["m1", "m2", "m3"]
