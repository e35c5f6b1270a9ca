"""Shops as they are heard live: from the spool into lake and store, by whichever way an order comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.collect.flow import Flow
from lifeloop.collect.spool import SpoolWriter, Stamp
from lifeloop.collect.spool.record import WireForm
from lifeloop.schema import CUSTOMER, EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND, REJECTED, Table
from lifeloop.store.consents import consents_told
from lifeloop.store.timeline import events_of
from lifeloop.testing.shops import ANN, record, shopify_order, shopify_refund, woo_order
from lifeloop.testing.till import NOW
from lifeloop.unify.indexer import Indexer
from lifeloop.unify.known import resolve


class Live:
    """A home, its spool, and those who read it."""

    def __init__(self, folder: Path) -> None:
        (folder / "lifeloop.toml").write_text('[shop]\ncurrency = "EUR"\n', "utf-8")
        self.app = app = App.open(folder, clock=FixedClock(NOW))
        spool = app.home.spool / "main"
        self.writer = SpoolWriter(spool)
        self.indexer = Indexer(app.store, spool, "main", app.clock)
        self.flow = Flow(app.lake, app.engine, app.store, spool, "main", folder, app.home.settings, app.clock)

    def tells(self, form: WireForm, *deliveries: tuple[str, Any]) -> Live:
        """Let a shop tell some documents, and carry them on."""
        records = [record(form, topic, document) for topic, document in deliveries]
        self.writer.append([(one.stamp, one.body) for one in records])
        self.indexer.step()
        self.flow.step()
        return self

    def rows(self, table: Table, *columns: str) -> list[Any]:
        """Return columns of a table, sorted."""
        listed = ", ".join(columns)
        found = self.app.engine.query(f"SELECT {listed} FROM t ORDER BY {listed} NULLS FIRST", {"t": table}).to_pylist()
        return [tuple(row.values()) if len(columns) > 1 else row[columns[0]] for row in found]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    made = Live(tmp_path)
    yield made
    made.writer.close()
    made.app.store.close()


def version(number: int, total: str, **changes: Any) -> dict[str, Any]:
    """Return version `number` of order #1."""
    at = f"2024-01-{5 + number:02}T00:00:00Z"
    return shopify_order(updated_at=at, total_price=total, current_total_price=total, **changes)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_versions_arrive_the_newest_one_counts(live: Live, order: tuple[int, ...]) -> None:
    versions = [version(number, f"{33 + 10 * number}.00") for number in range(1, 4)]
    for number in order:
        live.tells("shopify", ("orders/updated", versions[number]))

    assert live.rows(ORDER, "order_id", "total_minor") == [("#1", 6300)]
    assert len(live.rows(ORDER_LINE, "line_no")) == 2
    assert live.rows(ORDER, "placed_at")[0].isoformat() == "2024-01-05T17:00:00+00:00"
    assert live.rows(EVENT, "name").count("Order Completed") == 1


def test_versions_that_arrive_together_are_one_order(live: Live) -> None:
    told = [("orders/updated", version(number, f"{33 + 10 * number}.00")) for number in (2, 3, 1)]
    live.tells("shopify", ("orders/create", shopify_order()), *told, *told)

    assert live.rows(ORDER, "order_id", "total_minor") == [("#1", 6300)]
    assert live.rows(EVENT, "name").count("Order Updated") == 3


@pytest.mark.parametrize("alone_first", [True, False])
def test_a_refund_alone_belongs_to_the_order_that_tells_it_too(live: Live, *, alone_first: bool) -> None:
    alone = ("refunds/create", shopify_refund())
    within = ("orders/updated", version(4, "33.00", refunds=[shopify_refund()]))
    live.tells("shopify", ("orders/create", shopify_order()))
    for delivery in (alone, within) if alone_first else (within, alone):
        live.tells("shopify", delivery)

    assert live.rows(REFUND, "refund_id", "order_id", "customer_id", "amount_minor") == [
        ("509", "#1", "7001", 100),
        ("509", "#1", "7001", 1000),
    ]


def test_a_refund_alone_is_money_given_back_before_anybody_knows_whose(live: Live) -> None:
    live.tells("shopify", ("refunds/create", shopify_refund()))
    assert live.rows(REFUND, "refund_id", "order_id", "amount_minor") == [("509", None, 100), ("509", None, 1000)]


def test_refunds_take_the_place_of_the_sum_an_export_told(live: Live, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "Name,Email,Financial Status,Paid at,Currency,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,"
        "Lineitem price,Lineitem sku,Refunded Amount\n"
        "#1,ann@x.org,paid,2024-01-05 12:00:00 -0500,EUR,5,2,33,2024-01-05 12:00:00 -0500,2,Mug,10,MUG,11\n"
    )
    live.app.import_files([file], source="shopify")
    assert live.rows(REFUND, "refund_id", "amount_minor") == [("#1", 1100)]
    live.tells("shopify", ("orders/updated", version(4, "33.00", refunds=[shopify_refund()])))

    assert live.rows(REFUND, "refund_id", "amount_minor") == [("509", 100), ("509", 1000)]
    assert live.rows(ORDER, "order_id", "customer_id") == [("#1", "7001")]


def test_a_product_s_variants_are_known_as_its_shop_tells_them(live: Live) -> None:
    product = {
        "id": 901, "title": "Mug", "body_html": "<p>Holds <b>tea</b> &amp; coffee</p>", "vendor": "Clay & Co",
        "product_type": "Cups", "updated_at": "2024-02-01T00:00:00Z",
        "variants": [
            {"id": 1, "sku": "MUG", "title": "Default Title", "price": "11.00"},
            {"id": 2, "sku": "", "title": "Blue", "price": "12.00"},
        ],
    }  # fmt: skip
    live.tells("shopify", ("orders/create", shopify_order()), ("products/update", product))

    told = live.rows(PRODUCT, "product_id", "title", "category", "brand", "description", "price_minor")
    about = ("Cups", "Clay & Co", "Holds tea & coffee")
    assert [row for row in told if row[2]] == [("MUG", "Mug", *about, 1100), ("Mug - Blue", "Mug - Blue", *about, 1200)]
    assert live.rows(REJECTED, "reason") == []


def test_what_a_shop_has_left_of_a_product_is_what_it_told_last(live: Live) -> None:
    def mug(day: int, pieces: int) -> tuple[str, dict[str, object]]:
        variant = {"id": 1, "sku": "MUG", "inventory_management": "shopify", "inventory_quantity": pieces}
        product = {"id": 901, "title": "Mug", "updated_at": f"2024-02-{day:02}T00:00:00Z", "variants": [variant]}
        return "products/update", product

    live.tells("shopify", mug(3, 0), mug(1, 5))
    live.tells("shopify", mug(2, 4))
    live.tells("woocommerce", ("product.updated", {
        "id": 31, "name": "Tea", "date_modified_gmt": "2024-02-01T00:00:00", "manage_stock": True, "stock_quantity": 7,
        "stock_status": "instock",
    }))  # fmt: skip

    assert live.rows(PRODUCT, "source", "product_id", "stock") == [("shopify", "MUG", 0.0), ("woocommerce", "31", 7.0)]


def test_a_sale_nobody_is_named_in_is_an_order_all_the_same(live: Live) -> None:
    live.tells("shopify", ("orders/create", shopify_order(customer=None, email=None, contact_email=None, source_name="pos")))
    live.tells("woocommerce", ("order.created", woo_order(billing={}, customer_id=0)))

    assert live.rows(ORDER, "source", "order_id", "customer_id") == [("shopify", "#1", None), ("woocommerce", "1001", None)]


def test_a_customer_s_timeline_profile_and_consent_are_known(live: Live) -> None:
    live.tells("shopify", ("customers/update", ANN), ("orders/create", shopify_order()))
    with live.app.store.reading() as connection:
        names = [one.name or one.type for one in events_of(connection, ["7001"])]
        consents = [(one.channel, one.state) for one in consents_told(connection, ["7001"])]

    assert sorted(names) == ["Order Completed", "identify"]
    assert ("email", "given") in consents


def test_the_visitor_noted_in_the_cart_is_the_customer(live: Live) -> None:
    seen = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": "m1",
        "anonymousId": "v1",
        "timestamp": "2024-01-05T16:50:00Z",
    }
    stamp = Stamp("segment", "live", 1_704_473_400_000_000)
    live.writer.append([(stamp, json.dumps(seen).encode())])
    live.tells("shopify", ("orders/create", shopify_order(note_attributes=[{"name": "_anonymous_id", "value": "v1"}])))
    with live.app.store.reading() as connection:
        known = resolve(connection, "7001")
    assert "v1" in {stay.device for stay in known.devices}


def test_shops_and_clients_of_one_home_do_not_disturb_each_other(live: Live) -> None:
    live.tells("shopify", ("orders/create", shopify_order()))
    live.tells("woocommerce", ("order.created", woo_order(number="#1")))

    assert live.rows(ORDER, "source", "order_id") == [("shopify", "#1"), ("woocommerce", "#1")]
    assert live.rows(CUSTOMER, "customer_id") == []


def test_an_old_version_overwrites_nothing_that_became_again_what_it_was_before(live: Live) -> None:
    for number, total in ((1, "33.00"), (3, "33.00"), (2, "43.00")):
        live.tells("shopify", ("orders/updated", version(number, total)))

    assert live.rows(ORDER, "order_id", "total_minor") == [("#1", 3300)]
