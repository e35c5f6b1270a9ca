"""Every source of ours keeps the contract."""

from __future__ import annotations

import json
from pathlib import Path

from lifeloop.collect.sources import SOURCES
from lifeloop.testing.sources import SourceContract

SAMPLES = Path(__file__).parent / "samples"


def written(folder: Path, text: str) -> Path:
    path = folder / "example.csv"
    path.write_text(text)
    return path


class TestShopifyOrders(SourceContract):
    source = SOURCES["shopify"]

    def example(self, folder: Path) -> Path:
        return SAMPLES / "shopify_orders.csv"


class TestOrderLines(SourceContract):
    source = SOURCES["lines"]

    def example(self, folder: Path) -> Path:
        return written(folder, "order_id,customer,date,sku,qty,price\n1,ann,2024-01-05,mug,2,9.5\n2,bob,2024-01-06,tea,x,3\n")


class TestWholeOrders(SourceContract):
    source = SOURCES["orders"]

    def example(self, folder: Path) -> Path:
        return written(folder, "order no,client,ordered at,total\n1,ann,2024-01-05,19\n2,bob,2024-01-06,-3\n")


class TestProductList(SourceContract):
    source = SOURCES["products"]

    def example(self, folder: Path) -> Path:
        return written(folder, "sku,title,price\nmug,A mug,9.5\ntea,Tea,3\n")


class TestCustomerList(SourceContract):
    source = SOURCES["customers"]

    def example(self, folder: Path) -> Path:
        return written(folder, "customer id,email,country\nann,ann@x.org,FR\nbob,bob@x.org,\n")


class TestEvents(SourceContract):
    source = SOURCES["events"]

    def example(self, folder: Path) -> Path:
        return written(
            folder, "event_time,event_type,user_id,product_id\n2024-01-05 10:00,view,ann,mug\n2024-01-05,cart,bob,mug\n"
        )


class TestSegment(SourceContract):
    source = SOURCES["segment"]

    def example(self, folder: Path) -> Path:
        event = {"type": "track", "userId": "ann", "timestamp": "2024-01-05T10:00:00Z"}
        bought = {"order_id": "1", "total": 9.5, "products": [{"product_id": "mug", "price": 9.5}]}
        rows = [
            event | {"messageId": "a", "event": "Product Viewed", "properties": {"product_id": "mug"}},
            event | {"messageId": "b", "event": "Order Completed", "properties": bought},
            event | {"messageId": "c", "event": "Order Refunded", "properties": {"order_id": "1", "total": 9.5}},
            event | {"messageId": "d", "type": "identify", "traits": {"email": "ann@x.org"}},
            event | {"messageId": "e", "type": "nothing"},
        ]
        path = folder / "archive.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path


class TestEventTable(SourceContract):
    source = SOURCES["event"]

    def example(self, folder: Path) -> Path:
        return written(
            folder,
            "source,message_id,type,name,customer_id,occurred_at,amount_minor\n"
            "shop,a,track,Product Viewed,ann,2024-01-05T10:00:00Z,\nshop,b,page,,bob,2024-01-05T10:00:00Z,950\n"
            "shop,,page,,bob,2024-01-05T10:00:00Z,950\n",
        )


class TestOrderTable(SourceContract):
    source = SOURCES["order"]

    def example(self, folder: Path) -> Path:
        return written(
            folder,
            "order_id,customer_id,placed_at,currency,total_minor,goods_minor\n"
            "1,ann,2024-01-05,EUR,1900,1900\n2,bob,2024-01-06,EUR,300,300\n3,bob,2024-01-06,EUR,,300\n",
        )


class TestOrderLineTable(SourceContract):
    source = SOURCES["order_line"]

    def example(self, folder: Path) -> Path:
        return written(
            folder,
            "order_id,line_no,placed_at,product_id,quantity,currency,amount_minor,goods_minor\n"
            "1,1,2024-01-05,mug,2,EUR,1900,1900\n1,2,2024-01-05,tea,1,EUR,300,300\n1,0,2024-01-05,tea,1,EUR,300,300\n",
        )


class TestRefundTable(SourceContract):
    source = SOURCES["refund"]

    def example(self, folder: Path) -> Path:
        return written(
            folder,
            "refund_id,line_no,order_id,refunded_at,product_id,quantity,currency,amount_minor,goods_minor\n"
            "r1,1,1,2024-01-05,mug,2,EUR,1900,1900\nr2,1,2,2024-01-05,tea,1,EUR,300,300\n,1,2,2024-01-05,tea,1,EUR,300,300\n",
        )


class TestProductTable(SourceContract):
    source = SOURCES["product"]

    def example(self, folder: Path) -> Path:
        return written(
            folder,
            "product_id,title,currency,price_minor,updated_at\n"
            "mug,A mug,EUR,950,2024-01-05\ntea,Tea,EUR,300,2024-01-05\ntin,Tin,EUR,-1,2024-01-05\n",
        )


class TestCustomerTable(SourceContract):
    source = SOURCES["customer"]

    def example(self, folder: Path) -> Path:
        return written(
            folder,
            "customer_id,first_seen_at,last_seen_at,email\n"
            "ann,2024-01-05,2024-02-05,ann@x.org\nbob,2024-01-05,2024-01-05,\n,2024-01-05,2024-01-05,\n",
        )


def test_the_first_source_that_recognises_a_file_reads_it_so_the_most_particular_come_first() -> None:
    tables = ["event", "order", "order_line", "refund", "product", "customer"]

    assert list(SOURCES) == ["shopify", "segment", *tables, "events", "lines", "orders", "products", "customers"]
