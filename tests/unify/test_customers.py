"""One row per customer: seen first and last, traits kept, nothing written when nothing changed."""

from __future__ import annotations

import pyarrow as pa

from lifeloop.schema import CUSTOMER
from lifeloop.testing import ShopBuilder
from lifeloop.unify import unify


def customers(shop: ShopBuilder, *columns: str) -> list[tuple[object, ...]]:
    rows = shop.engine.query(f"SELECT {', '.join(columns)} FROM c ORDER BY customer_id", {"c": CUSTOMER}).to_pylist()
    return [tuple(row.values()) for row in rows]


def told(shop: ShopBuilder, customer: str, day: float, **traits: str) -> None:
    row = {"customer_id": customer, "first_seen_at": shop.day(day), "last_seen_at": shop.day(day), **traits}
    shop.lake.append(CUSTOMER, pa.Table.from_pylist([row], schema=CUSTOMER.arrow()))


def test_a_customer_is_seen_from_the_first_to_the_last_of_orders_refunds_and_events(shop: ShopBuilder) -> None:
    shop.does("ann", "Product Viewed", day=1).orders("ann", day=2).orders("ann", day=9).refunds("ann", day=12)
    shop.orders("bob", day=5).orders(None, day=6)

    assert unify(shop.lake, shop.engine) == 2
    half = 0.5  # facts of the builder happen at noon
    assert customers(shop, "customer_id", "first_seen_at", "last_seen_at") == [
        ("ann", shop.day(1 + half), shop.day(12 + half)),
        ("bob", shop.day(5 + half), shop.day(5 + half)),
    ]


def test_unifying_twice_writes_once(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("bob", day=2)
    unify(shop.lake, shop.engine)
    version = shop.lake.version(CUSTOMER)

    assert unify(shop.lake, shop.engine) == 2
    assert shop.lake.version(CUSTOMER) == version
    shop.orders("ann", day=3)
    unify(shop.lake, shop.engine)
    assert shop.lake.version(CUSTOMER) == version + 1


def test_what_a_customer_file_told_is_kept(shop: ShopBuilder) -> None:
    told(shop, "ann", 100, email="ann@x.org", name="Ann", language="en", country="FR")
    told(shop, "cy", 50, email="cy@x.org", country="DE")
    shop.orders("ann", day=1)

    assert unify(shop.lake, shop.engine) == 2
    assert customers(shop, "customer_id", "email", "name", "language", "country", "first_seen_at", "last_seen_at") == [
        ("ann", "ann@x.org", "Ann", "en", "FR", shop.day(1.5), shop.day(1.5)),
        ("cy", "cy@x.org", None, None, "DE", shop.day(50), shop.day(50)),
    ]


def test_who_signed_up_before_they_bought_was_first_seen_then(shop: ShopBuilder) -> None:
    told(shop, "ann", 1)
    shop.orders("ann", day=9)
    unify(shop.lake, shop.engine)

    assert customers(shop, "first_seen_at", "last_seen_at") == [(shop.day(1), shop.day(9.5))]


def test_a_shop_without_customers_has_none_and_nothing_is_written(shop: ShopBuilder) -> None:
    assert unify(shop.lake, shop.engine) == 0
    assert not shop.lake.exists(CUSTOMER)
