"""Every SQL text this room runs is in the part of the dialect that also runs on Spark."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pytest
import sqlglot

from lifeloop.features import take_labels, take_snapshot, write_snapshot
from lifeloop.lake import Engine
from lifeloop.lake.engine import Source, Value
from lifeloop.testing import ShopBuilder


class ListeningEngine:
    """Passes every query on and keeps its text."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.heard: list[str] = []

    def query(self, sql: str, tables: Mapping[str, Source], **values: Value) -> pa.Table:
        self.heard.append(sql)
        return self.engine.query(sql, tables, **values)

    def stream(self, sql: str, tables: Mapping[str, Source], **values: Value) -> pa.RecordBatchReader:
        self.heard.append(sql)
        return self.engine.stream(sql, tables, **values)


@pytest.mark.parametrize("zone", ["UTC", "Europe/London"])
def test_every_query_translates_for_spark(shop: ShopBuilder, zone: str) -> None:
    shop.orders("ann", day=1).orders("ann", day=3).refunds("ann", day=4).does("ann", "Product Viewed", day=2)
    engine = ListeningEngine(shop.engine)
    take_snapshot(engine, shop.day(9), zone=zone)
    take_snapshot(engine, shop.day(9), zone=zone, features=["orders_30d"], customers=["ann"])
    take_labels(engine, shop.day(9), 30, zone=zone)
    write_snapshot(shop.lake, engine, shop.day(9), zone=zone)

    assert len(engine.heard) >= 7 + 2 + 1 + 7
    for sql in engine.heard:
        (translated,) = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
        unknown = list(sqlglot.parse_one(translated, read="spark").find_all(sqlglot.exp.Anonymous))
        assert not unknown, f"Spark may not know {unknown}"


def test_a_subset_asks_only_for_what_it_needs(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1)
    engine = ListeningEngine(shop.engine)

    take_snapshot(engine, shop.day(9), features=["recency_over_gap"])

    assert len(engine.heard) == 4  # who is known, their orders, their days, and the ratio
    everything = " ".join(engine.heard)
    assert "gap_mean_days" in everything
    assert "gap_max_days" not in everything
    assert "orders_365d" not in everything


def test_windows_alone_read_no_further_back_than_the_longest_of_them(shop: ShopBuilder) -> None:
    engine = ListeningEngine(shop.engine)

    take_snapshot(engine, shop.day(9), features=["orders_7d", "orders_30d"])
    assert "facts.placed_at >= $since" in engine.heard[-1]

    take_snapshot(engine, shop.day(9), features=["orders_7d", "orders"])
    assert "$since" not in engine.heard[-1]


def test_no_table_of_the_lake_can_be_reached_past_the_cut(shop: ShopBuilder) -> None:
    engine = ListeningEngine(shop.engine)
    take_snapshot(engine, shop.day(9))

    for name in ("orders", "lines", "refunds", "events"):
        for sql in (sql for sql in engine.heard if f"{name} AS (" in sql):
            inside = [
                table for table in sqlglot.parse_one(sql, read="duckdb").find_all(sqlglot.exp.Table) if table.name == name
            ]
            uncut = [table for table in inside if table.alias == "facts"]
            assert len(uncut) == 1, "the lake's own table is read once, where it is cut"
