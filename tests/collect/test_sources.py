"""Every source of ours keeps the contract."""

from __future__ import annotations

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


def test_the_first_source_that_recognises_a_file_reads_it_so_the_most_particular_come_first() -> None:
    assert list(SOURCES) == ["shopify", "events", "lines", "orders", "products", "customers"]
