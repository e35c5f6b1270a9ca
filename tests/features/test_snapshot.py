"""A snapshot says what was known of each customer at one moment, in numbers that can be checked by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from lifeloop.base.errors import SettingsError, UnknownName
from lifeloop.features import FEATURES, take_labels, take_snapshot, write_snapshot
from lifeloop.schema import CUSTOMER, ORDER, ORDER_LINE, SNAPSHOT
from lifeloop.testing import ShopBuilder

HOUR = 1 / 24


def row(
    shop: ShopBuilder, customer: str, *, day: float, zone: str = "UTC", names: Iterable[str] | None = None
) -> dict[str, Any]:
    snapshot = take_snapshot(shop.engine, shop.day(day), zone=zone, features=names or FEATURES)
    (found,) = [row for row in snapshot.to_pylist() if row["customer_id"] == customer]
    return {name: value for name, value in found.items() if name not in ("as_of", "customer_id")}


def some(shop: ShopBuilder, customer: str, *names: str, day: float, zone: str = "UTC") -> list[Any]:
    return list(row(shop, customer, day=day, zone=zone, names=names).values())


def test_a_snapshot_counts_only_orders_before_the_day(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("ann", day=9).orders("ann", day=10)  # day 10 is as_of: not known yet

    assert some(shop, "ann", "orders", day=10) == [2]


def test_every_feature_of_one_customer_can_be_checked_by_hand(shop: ShopBuilder) -> None:
    shop.orders("ann", day=0, spent=10, products=("tea",))  # Monday
    shop.orders("ann", day=10, spent=20, products=("tea", "cup"))  # Thursday
    shop.orders("ann", day=10, spent=6, products=("tea", "cup", "pot"))
    shop.orders("ann", day=40, spent=40, products=("pot",))  # Saturday
    shop.refunds("ann", day=12, amount=5).refunds("ann", day=42, amount=1.5)
    shop.does("ann", "Product Viewed", day=39).does("ann", "Product Added", day=39).does("ann", "Product Viewed", day=5)

    assert row(shop, "ann", day=45) == pytest.approx(
        {
            "recency_days": 4,
            "tenure_days": 44,
            "life_days": 40,
            "orders": 4,
            "goods_minor": 7600,
            "quantity": 7,
            "order_value_mean_minor": 1900,
            "order_value_sd_minor": math.sqrt((900**2 + 100**2 + 1300**2 + 2100**2) / 3),
            "order_value_max_minor": 4000,
            "order_value_min_minor": 600,
            "products_per_order_mean": 7 / 4,
            "products_per_order_max": 3,
            **{f"orders_{days}d": 1 for days in (7, 14, 30)},
            **{f"orders_{days}d": 4 for days in (60, 90, 180, 365)},
            **{f"goods_{days}d_minor": 4000 for days in (7, 14, 30)},
            **{f"goods_{days}d_minor": 7600 for days in (60, 90, 180, 365)},
            **{f"quantity_{days}d": 1 for days in (7, 14, 30)},
            **{f"quantity_{days}d": 7 for days in (60, 90, 180, 365)},
            "order_days": 3,
            "gap_mean_days": 20,
            "gap_sd_days": math.sqrt(200),
            "gap_min_days": 10,
            "gap_max_days": 30,
            "gap_median_days": 20,
            "gap_last_days": 30,
            "gap_before_last_days": 10,
            "first_day_value_minor": 1000,
            "last_day_value_minor": 4000,
            "second_last_day_value_minor": 2600,
            "third_last_day_value_minor": 1000,
            "day_value_max_minor": 4000,
            "repeat_day_value_mean_minor": 3300,
            "day_value_trend": 178_000 / math.sqrt(2600 * 13_520_000),  # 3 times the sums of products about the means
            "weekday_mean": 8 / 3,
            "weekday_sd": math.sqrt(19 / 3),
            "lines": 7,
            "products": 3,
            "product_entropy": math.log(7) - (3 * math.log(3) + 4 * math.log(2)) / 7,
            "unit_price_mean_minor": 7600 / 7,
            "unit_price_max_minor": 4000,
            "refunds": 2,
            "refunds_90d": 2,
            "refunded_minor": 650,
            "recency_over_gap": 4 / 20,
            "orders_30d_over_before": 1 / 3,
            "orders_90d_over_before": None,
            "goods_90d_over_before": None,
            "month": 2,
            "event_recency_days": 5,
            "events_30d": 2,
            "event_days_30d": 1,
            "sessions_30d": 0,
            "product_views_30d": 1,
            "cart_adds_30d": 1,
        }
    )


def test_the_last_known_day_is_day_zero(shop: ShopBuilder) -> None:
    shop.orders("today", day=9).orders("yesterday", day=8)

    assert some(shop, "today", "recency_days", "tenure_days", day=10) == [0, 0]
    assert some(shop, "yesterday", "recency_days", "tenure_days", day=10) == [1, 1]


def test_within_a_day_the_last_known_day_is_the_day_that_has_begun(shop: ShopBuilder) -> None:
    shop.orders("ann", day=9)  # at noon

    assert some(shop, "ann", "recency_days", "orders_7d", day=9 + 13 * HOUR) == [0, 1]
    assert take_snapshot(shop.engine, shop.day(9.5)).num_rows == 0  # noon itself is not known at noon


def test_a_window_begins_at_its_first_instant_and_ends_before_as_of(shop: ShopBuilder) -> None:
    noon = 0.5
    shop.orders("at the start", day=10 - noon).orders("just before it", day=10 - noon - HOUR / 3600 / 1e6)
    shop.orders("at the end", day=16.999)

    as_of = 17 + 0.0
    assert some(shop, "at the start", "orders_7d", "orders_14d", day=as_of) == [1, 1]
    assert some(shop, "just before it", "orders_7d", "orders_14d", day=as_of) == [0, 1]
    assert "at the end" not in take_snapshot(shop.engine, shop.day(as_of))["customer_id"].to_pylist()


def test_days_are_days_of_the_shop(shop: ShopBuilder) -> None:
    shop.orders("ann", day=3 + 3.5 * HOUR)  # 15:30 UTC, which is 23:30 in Shanghai
    shop.orders("ann", day=3 + 4.5 * HOUR)  # 16:30 UTC, 00:30 of the next day there
    midnight = 4 - 8 * HOUR  # of day 4, in Shanghai

    assert some(shop, "ann", "orders", "order_days", "recency_days", day=5, zone="UTC") == [2, 1, 1]
    assert some(shop, "ann", "orders", "order_days", "gap_mean_days", day=5, zone="Asia/Shanghai") == [2, 2, 1.0]
    assert some(shop, "ann", "orders", "recency_days", day=midnight, zone="Asia/Shanghai") == [1, 0]


def test_windows_are_counted_on_the_wall_clock_across_a_change_to_summer_time(shop: ShopBuilder) -> None:
    # London changes on 31 March 2024, day 90; as_of is midnight there of day 92, which is 23:00 UTC of day 91
    shop.orders("ann", day=85 - 0.5)  # midnight of day 85, seven days of the wall clock before as_of
    shop.orders("bob", day=85 - 0.5 - HOUR / 60)

    assert some(shop, "ann", "orders_7d", "recency_days", day=92 - HOUR, zone="Europe/London") == [1, 6]
    assert some(shop, "bob", "orders_7d", "recency_days", day=92 - HOUR, zone="Europe/London") == [0, 7]


def test_one_order_leaves_gaps_and_spreads_unknown(shop: ShopBuilder) -> None:
    for number in range(3):
        shop.orders(f"customer {number}", day=number)

    unknown = {name for name, value in row(shop, "customer 1", day=5).items() if value is None}

    assert unknown == {
        "order_value_sd_minor",
        "gap_mean_days",
        "gap_sd_days",
        "gap_min_days",
        "gap_max_days",
        "gap_median_days",
        "gap_last_days",
        "gap_before_last_days",
        "second_last_day_value_minor",
        "third_last_day_value_minor",
        "day_value_trend",
        "weekday_sd",
        "recency_over_gap",
        "orders_30d_over_before",
        "orders_90d_over_before",
        "goods_90d_over_before",
        "event_recency_days",
    }


def test_someone_who_never_ordered_is_there_with_no_orders(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).does("looker", "Product Viewed", day=2).does("later", "Product Viewed", day=8)
    shop.lake.append(
        CUSTOMER,
        pa.Table.from_pylist(
            [
                {"customer_id": "signed up", "first_seen_at": shop.day(3), "last_seen_at": shop.day(9)},
                {"customer_id": "not yet", "first_seen_at": shop.day(7), "last_seen_at": shop.day(9)},
            ],
            schema=CUSTOMER.arrow(),
        ),
    )

    snapshot = take_snapshot(shop.engine, shop.day(7), features=["orders", "goods_minor", "recency_days", "orders_7d"])

    assert [list(row.values())[1:] for row in snapshot.to_pylist()] == [
        ["ann", 1, 1000, 5, 1],
        ["looker", 0, 0, None, 0],
        ["signed up", 0, 0, None, 0],
    ]


def test_a_sale_nobody_is_named_in_is_nobodys(shop: ShopBuilder) -> None:
    shop.orders(None, day=1).refunds(None, day=1).does(None, "Product Viewed", day=1).orders("ann", day=2)

    assert take_snapshot(shop.engine, shop.day(5))["customer_id"].to_pylist() == ["ann"]
    assert some(shop, "ann", "orders", "refunds", "events_30d", day=5) == [1, 0, 0]


def test_an_empty_shop_has_an_empty_snapshot_with_every_column(shop: ShopBuilder) -> None:
    snapshot = take_snapshot(shop.engine, shop.day(5))

    assert snapshot.num_rows == 0
    assert snapshot.column_names == ["as_of", "customer_id", *FEATURES]
    assert take_labels(shop.engine, shop.day(5), 30).num_rows == 0


def test_a_customer_with_a_hundred_thousand_orders_is_a_customer(shop: ShopBuilder) -> None:
    count, start = 100_000, datetime(2023, 1, 1, tzinfo=UTC)
    times = [start + timedelta(minutes=5 * number) for number in range(count)]  # 347 days and a bit
    fact = {"source": ["test"] * count, "order_id": [str(n) for n in range(count)], "customer_id": ["ann"] * count}
    money = {"currency": ["EUR"] * count, "goods_minor": [100] * count, "received_at": times, "placed_at": times}
    orders = fact | money | {"total_minor": [100] * count, "digest": ["-"] * count, "quantity": [2.0] * count}
    lines = fact | money | {"line_no": [1] * count, "amount_minor": [100] * count, "quantity": [2.0] * count}
    for table, columns in ((ORDER, orders | {"products": [1] * count}), (ORDER_LINE, lines | {"product_id": ["tea"] * count})):
        absent = {name: [None] * count for name in table.columns if name not in columns}
        shop.lake.append(table, pa.table({name: (columns | absent)[name] for name in table.columns}, schema=table.arrow()))

    values = row(shop, "ann", day=0)

    assert (values["orders"], values["goods_minor"], values["order_days"]) == (count, 10_000_000, 348)
    assert (values["gap_mean_days"], values["gap_sd_days"], values["gap_median_days"]) == (1.0, 0.0, 1.0)
    assert (values["order_value_sd_minor"], values["product_entropy"], values["quantity"]) == (0.0, 0.0, 200_000.0)


def test_all_orders_on_one_day_give_an_honest_snapshot(shop: ShopBuilder) -> None:
    for customer in ("ann", "ann", "bob"):
        shop.orders(customer, day=0)

    assert some(shop, "ann", "orders", "order_days", "life_days", "gap_mean_days", day=1) == [2, 1, 0, None]


def test_only_the_customers_asked_for_are_in_the_snapshot(shop: ShopBuilder) -> None:
    for day, customer in enumerate(("ann", "bob", "cid")):
        shop.orders(customer, day=day)

    snapshot = take_snapshot(shop.engine, shop.day(5), customers=["cid", "ann", "nobody"])

    assert snapshot["customer_id"].to_pylist() == ["ann", "cid"]
    assert snapshot["recency_days"].to_pylist() == [4, 2]


def test_a_part_of_the_features_is_the_same_as_in_the_whole(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("ann", day=4, products=("a", "b")).refunds("bob", day=2)
    whole = take_snapshot(shop.engine, shop.day(9))

    for name in FEATURES:
        part = take_snapshot(shop.engine, shop.day(9), features=[name])
        assert part.column_names == ["as_of", "customer_id", name]
        assert part.equals(whole.select(part.column_names))


def test_the_snapshot_table_holds_each_moment_once(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("bob", day=2)

    for day in (5, 5, 9):
        assert write_snapshot(shop.lake, shop.engine, shop.day(day)) == 2

    rows = shop.engine.query("SELECT as_of, count(*) AS n, sum(recency_days) AS r FROM s GROUP BY as_of", {"s": SNAPSHOT})
    assert sorted((r["n"], r["r"]) for r in rows.to_pylist()) == [(2, 5), (2, 13)]


def test_an_unknown_feature_is_answered_with_the_nearest(shop: ShopBuilder) -> None:
    with pytest.raises(UnknownName, match="did you mean 'recency_days'"):
        take_snapshot(shop.engine, shop.day(1), features=["recency_day"])


def test_a_moment_without_a_zone_or_in_no_zone_is_refused(shop: ShopBuilder) -> None:
    with pytest.raises(SettingsError, match="no time zone"):
        take_snapshot(shop.engine, shop.day(1).replace(tzinfo=None))
    for zone in ("Beijing", "", "../etc", "Asia"):
        with pytest.raises(SettingsError, match="no IANA time zone"):
            take_snapshot(shop.engine, shop.day(1), zone=zone)
