"""Facts are read with the linked customer in them; what is stored never changes, so a link undone is undone at once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import ErrorLevel

from lifeloop.lake import DuckEngine
from lifeloop.schema import CUSTOMER, EVENT, IDENTITY, ORDER, ORDER_LINE, REFUND, Table
from lifeloop.testing import ShopBuilder
from lifeloop.unify import unify
from lifeloop.unify.resolved import RESOLVED

Link = tuple[str, str, datetime, datetime | None, str]
ALWAYS = ShopBuilder.day(-1000)


def links(*said: Link) -> pa.Table:
    """Return links as the store tells them."""
    rows = [dict(zip(IDENTITY.columns, link, strict=True)) for link in said]
    return pa.Table.from_pylist(rows, schema=IDENTITY.arrow())


def guest(identifier: str, customer: str) -> Link:
    """Say that a guest is a customer."""
    return ("guest", identifier, ALWAYS, None, customer)


def browses(shop: ShopBuilder, device: str, day: float, message: str, *, is_bot: bool = False) -> None:
    """Write an event nobody is named in."""
    row = {
        "source": "live", "message_id": message, "type": "page", "anonymous_id": device, "occurred_at": shop.day(day),
        "received_at": shop.day(day), "is_bot": is_bot,
    }  # fmt: skip
    shop.lake.append(EVENT, pa.Table.from_pylist([row], schema=EVENT.arrow()))


def seen(shop: ShopBuilder, table: Table, *columns: str) -> list[tuple[object, ...]]:
    """Return columns of a table as readers see it."""
    engine = DuckEngine(shop.lake, views=RESOLVED)
    rows = engine.query(f"SELECT {', '.join(columns)} FROM t ORDER BY ALL", {"t": table}).to_pylist()
    return [tuple(row.values()) for row in rows]


def test_a_guests_facts_are_shown_under_the_account_and_stay_as_they_came(shop: ShopBuilder) -> None:
    shop.orders("email-1", day=1).refunds("email-1", day=2).does("email-1", "Cart Viewed", day=3).orders("ann", day=4)
    unify(shop.lake, shop.engine, links=links(guest("email-1", "ann")))

    assert seen(shop, ORDER, "customer_id") == [("ann",), ("ann",)]
    assert seen(shop, ORDER_LINE, "customer_id") == [("ann",), ("ann",)]
    assert seen(shop, REFUND, "customer_id") == seen(shop, EVENT, "customer_id") == [("ann",)]
    assert shop.engine.query("SELECT customer_id FROM r", {"r": REFUND}).to_pylist() == [{"customer_id": "email-1"}]


def test_a_link_that_is_undone_gives_back_both_histories(shop: ShopBuilder) -> None:
    shop.orders("email-1", day=1).orders("ann", day=4)
    unify(shop.lake, shop.engine, links=links(guest("email-1", "ann")))
    unify(shop.lake, shop.engine, links=links())

    assert seen(shop, ORDER, "customer_id") == [("ann",), ("email-1",)]
    assert seen(shop, CUSTOMER, "customer_id", "first_seen_at") == [("ann", shop.day(4.5)), ("email-1", shop.day(1.5))]


def test_what_nobody_did_on_a_device_belongs_to_whose_device_it_was(shop: ShopBuilder) -> None:
    for number, day in enumerate((1, 2, 3, 4, 5)):
        browses(shop, "tablet", day, f"m{number}")
    spans = (("device", "tablet", shop.day(2), shop.day(3), "ann"), ("device", "tablet", shop.day(4), None, "bob"))
    unify(shop.lake, shop.engine, links=links(*spans))

    whose = [(None,), ("ann",), (None,), ("bob",), ("bob",)]
    assert seen(shop, EVENT, "message_id", "customer_id") == [(f"m{n}", *who) for n, who in enumerate(whose)]


def test_an_event_that_names_somebody_is_theirs_whoever_owns_the_device(shop: ShopBuilder) -> None:
    shop.does("cy", "Cart Viewed", day=1)
    browses(shop, "tablet", 2, "m")
    unify(shop.lake, shop.engine, links=links(("device", "tablet", ALWAYS, None, "ann")))

    assert seen(shop, EVENT, "customer_id") == [("ann",), ("cy",)]


def test_robots_are_kept_and_not_shown(shop: ShopBuilder) -> None:
    browses(shop, "robot", 1, "m", is_bot=True)
    unify(shop.lake, shop.engine, links=links())

    assert seen(shop, EVENT, "message_id") == []
    assert shop.engine.query("SELECT is_bot FROM e", {"e": EVENT}).to_pylist() == [{"is_bot": True}]


def test_a_shop_of_files_alone_is_read_as_it_is_stored(shop: ShopBuilder) -> None:
    shop.orders("email-1", day=1)
    unify(shop.lake, shop.engine)

    assert not shop.lake.exists(IDENTITY)
    assert seen(shop, ORDER, "customer_id") == [("email-1",)]


def told(shop: ShopBuilder, customer: str, day: float, **traits: str) -> dict[str, object]:
    return {"customer_id": customer, "first_seen_at": shop.day(day), "last_seen_at": shop.day(day), **traits}


def test_the_customer_has_the_traits_told_live_of_every_name(shop: ShopBuilder) -> None:
    profiles = [told(shop, "email-1", 0, email="a@x.org", phone="+44"), told(shop, "ann", 2, email="ann@x.org")]
    shop.orders("ann", day=1)
    count = unify(
        shop.lake,
        shop.engine,
        profiles=pa.Table.from_pylist(profiles, schema=CUSTOMER.arrow()),
        links=links(guest("email-1", "ann")),
    )

    assert count == 1
    assert seen(shop, CUSTOMER, "customer_id", "email", "phone", "first_seen_at", "last_seen_at") == [
        ("ann", "ann@x.org", "+44", shop.day(0), shop.day(2))
    ]


def test_unifying_twice_writes_once(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1)
    profiles = pa.Table.from_pylist([told(shop, "ann", 1, email="a@x.org")], schema=CUSTOMER.arrow())
    known = links(guest("email-2", "bob"), guest("email-1", "ann"))
    versions = []
    for _ in range(2):
        unify(shop.lake, shop.engine, profiles=profiles, links=known)
        versions.append([shop.lake.version(table) for table in (CUSTOMER, IDENTITY)])

    assert versions[0] == versions[1]


def test_an_erased_customer_takes_guests_and_devices_along(shop: ShopBuilder) -> None:
    shop.orders("email-1", day=1).orders("ann-to-forget", day=1).orders("bob", day=1)
    browses(shop, "tablet-of-ann", 2, "m1")
    browses(shop, "tablet-of-ann", 9, "m2")
    spans = (guest("email-1", "ann-to-forget"), ("device", "tablet-of-ann", shop.day(1), shop.day(3), "ann-to-forget"))
    unify(shop.lake, shop.engine, links=links(*spans))
    deleted = shop.lake.delete_customer("ann-to-forget")

    assert deleted == {"event": 1, "order": 2, "order_line": 2, "customer": 2, "identity": 2}
    assert seen(shop, EVENT, "message_id") == [("m2",)]
    assert seen(shop, ORDER, "customer_id") == [("bob",)]
    left = [file for file in Path(shop.lake.url).rglob("*") if file.is_file()]
    assert not [file for file in left if b"ann-to-forget" in file.read_bytes() or b"email-1" in file.read_bytes()]


@pytest.mark.parametrize("name", sorted(RESOLVED))
def test_every_view_translates_to_spark(name: str) -> None:
    view = RESOLVED[name]
    (translated,) = sqlglot.transpile(view.sql, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)
    assert not list(sqlglot.parse_one(translated, read="spark").find_all(sqlglot.exp.Anonymous))
