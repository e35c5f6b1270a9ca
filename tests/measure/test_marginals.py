"""The marginals of a small shop are those worked out by hand, and how far two shops lie apart is said as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.base.errors import NotEnoughData
from lifeloop.measure.closeness import KINDS, TOLERANCE, closeness
from lifeloop.measure.distribution import QUANTILES, TOP_SHARES, Distribution, popularity
from lifeloop.measure.marginals import ORDER_BINS, marginals
from lifeloop.measure.seasons import month_index
from lifeloop.schema import CUSTOMER, PRODUCT
from lifeloop.testing import ShopBuilder

JANUARY_2024 = 19_723
"""The first of January 2024 in days since 1970."""


@pytest.fixture
def corner(shop: ShopBuilder) -> ShopBuilder:
    """Four customers, of whom one buys twice on one day, and a guest; one cup comes back."""
    shop.orders("ann", day=0, spent=30, products=("cup", "mug", "jug")).orders("ann", day=7, spent=10, products=("cup",))
    shop.orders("ann", day=7, spent=10, products=("cup",)).orders("ann", day=21, spent=20, products=("cup", "mug"))
    shop.orders("bob", day=2, products=("cup",)).orders("eve", day=40, products=("cup",)).orders("lee", day=50)
    shop.orders(None, day=60, spent=20, products=("cup", "cup"))
    return shop.refunds("ann", day=25, product="cup").refunds("bob", day=70, product="jug", amount=2)


def test_every_figure_of_a_tiny_shop_is_the_one_found_by_hand(corner: ShopBuilder) -> None:
    found = marginals(corner.engine, zone="UTC")

    assert (found.first, found.last, found.days) == (date(2024, 1, 1), date(2024, 3, 1), 61)
    assert (found.customers, found.orders, found.currency) == (4, 8, "EUR")
    assert (found.unnamed_share, found.orders_per_customer, found.once_share) == (1 / 8, 7 / 4, 3 / 4)
    assert dict(zip(ORDER_BINS, found.orders_histogram, strict=True)) == dict.fromkeys(ORDER_BINS, 0.0) | {"1": 0.75, "4": 0.25}
    assert found.early_share == 0.5
    assert found.same_day_share == pytest.approx(1 / 7)
    assert found.arrivals == (0.5, 0.5, 0.0)
    assert found.gap_days == Distribution.of([7, 14], [1, 1])
    assert found.lines_per_order == Distribution.of([1, 2, 3], [5, 2, 1])
    assert found.products_per_order == Distribution.of([1, 2, 3], [6, 1, 1])
    assert found.pieces_per_line == Distribution.of([1], [12])
    assert found.price_minor == Distribution.of([1000], [12])
    assert (found.price_log_mean, found.price_log_sd) == (pytest.approx(np.log(1000)), 0.0)
    assert found.order_minor == Distribution.of([1000, 2000, 3000], [5, 2, 1])
    assert found.products_sold == 4
    assert found.top(0.2) == pytest.approx(0.8 * 8 / 12), "a fifth of four products is most of a cup"
    assert found.returned_lines_share == 2 / 12
    assert found.returned_goods_share == 1200 / 12_000
    assert found.returns_known_share == 0.5, "nobody saw bob buy a jug"
    assert found.return_days == Distribution.of([4], [1])
    assert found.btyd.customers == 4
    assert (found.countries, found.languages, found.events_per_order, found.margin_share) == ((), (), (), None)


def test_days_and_hours_are_those_of_the_shop(corner: ShopBuilder) -> None:
    here, there = (marginals(corner.engine, zone=zone).seasons for zone in ("UTC", "Asia/Shanghai"))

    assert here.weekday == (4 / 8, 1 / 8, 1 / 8, 0, 1 / 8, 1 / 8, 0)
    assert here.hour[12] == 1.0
    assert there.hour[20] == 1.0
    late = marginals(corner.engine, zone="Pacific/Auckland")
    assert late.first == date(2024, 1, 2)
    assert late.days == 61
    assert (here.daily_orders.rows, here.daily_orders.mean, here.daily_orders.quantile(0.99)) == (61, 8 / 61, 2.0)


def test_a_return_that_names_its_order_is_counted_from_it(corner: ShopBuilder) -> None:
    corner.orders("lee", day=55, products=("cup",), order_id="first").orders("lee", day=58, products=("cup",))
    corner.refunds("lee", day=64, product="cup")
    told = corner._waiting["refund"][-1]

    assert _return_days(corner, told, "first").values == (4.0, 9.0)
    assert _return_days(corner, told | {"refund_id": "again"}, "its own number").values == (4.0, 6.0, 9.0)


def _return_days(shop: ShopBuilder, refund: dict[str, Any], order_id: str) -> Distribution:
    shop._waiting["refund"] = [*shop._waiting.get("refund", [])[:-1], refund | {"order_id": order_id}]
    found = marginals(shop.engine, zone="UTC").return_days
    assert found is not None
    return found


def test_what_is_known_of_people_and_products_is_told(corner: ShopBuilder) -> None:
    lake = corner.lake
    people = [("ann", "en", "France"), ("bob", "zh", "China"), ("eve", "zh", "China"), ("lee", None, None)]
    rows = [
        {
            "customer_id": who,
            "first_seen_at": corner.day(0),
            "last_seen_at": corner.day(9),
            "language": language,
            "country": land,
        }
        for who, language, land in people
    ]
    lake.append(CUSTOMER, pa.Table.from_pylist(rows, schema=CUSTOMER.arrow()))
    goods = [("cup", 1000, 400), ("mug", 500, 400), ("jug", 500, None)]
    listed = [
        {"source": "test", "product_id": name, "price_minor": price, "cost_minor": cost, "updated_at": corner.day(0)}
        for name, price, cost in goods
    ]
    lake.append(PRODUCT, pa.Table.from_pylist(listed, schema=PRODUCT.arrow()))
    corner.does("ann", "Product Viewed", day=1).does("ann", "Product Viewed", day=2).does("bob", "Product Added", day=2)

    found = marginals(corner.engine, zone="UTC")

    assert found.countries == (("China", 2 / 3), ("France", 1 / 3))
    assert found.languages == (("zh", 2 / 3), ("en", 1 / 3))
    assert found.events_per_order == (("Product Viewed", 2 / 8), ("Product Added", 1 / 8))
    assert (found.products_listed, found.margin_share) == (3, pytest.approx(0.4))


@pytest.mark.parametrize(
    ("missing", "customer"), [("no orders", ""), ("none that names a customer", None), ("no order lines", "ann")]
)
def test_what_is_missing_is_named(shop: ShopBuilder, missing: str, customer: str | None) -> None:
    if customer != "":
        shop.orders(customer, day=1)
    if customer == "ann":
        del shop._waiting["order_line"]

    with pytest.raises(NotEnoughData, match=missing):
        marginals(shop.engine, zone="UTC")


def test_a_shop_of_products_without_names_has_no_popularity(shop: ShopBuilder) -> None:
    shop.orders("ann", day=1).orders("bob", day=3)
    for row in shop._waiting["order_line"]:
        row |= {"product_id": None, "goods_minor": 0}

    found = marginals(shop.engine, zone="UTC")

    assert (found.products_sold, found.popularity, found.price_minor, found.gap_days) == (0, (), None, None)
    assert np.isnan(found.top(0.2))
    assert {"popularity", "price", "gap_days"}.isdisjoint(row.key for row in closeness(found, found))


def test_a_shop_is_as_close_to_itself_as_can_be(corner: ShopBuilder) -> None:
    found = marginals(corner.engine, zone="UTC")

    rows = closeness(found, found)

    assert len(rows) == len({row.key for row in rows}) == 24
    assert all(row.distance == 0 and row.good and row.real == row.simulated for row in rows)


def test_a_figure_that_is_off_says_by_how_much(corner: ShopBuilder) -> None:
    found = marginals(corner.engine, zone="UTC")
    other = replace(found, customers=5, once_share=0.6, orders_histogram=(0.6, 0.15, 0, 0.25, 0, 0, 0, 0), products_sold=0)

    rows = {row.key: row for row in closeness(found, other) if row.distance}

    assert {key: (row.kind, round(row.distance, 9), row.good) for key, row in rows.items()} == {
        "customers": ("relative", 0.25, False),
        "once": ("points", 0.15, False),
        "orders_histogram": ("cumulative", 0.15, False),
        "products_sold": ("relative", 1.0, False),
    }
    assert {row.key: row.distance for row in closeness(other, found)}["products_sold"] == float("inf")
    assert set(TOLERANCE) == set(KINDS) == {row.kind for row in closeness(found, found)}


@given(st.lists(st.integers(-50, 5_000), min_size=1, max_size=900), st.lists(st.integers(0, 5_000), min_size=1, max_size=30))
def test_quantiles_and_distances_are_those_of_the_rows(rows: list[int], others: list[int]) -> None:
    one, two = Distribution.of(rows, np.ones(len(rows))), Distribution.of(others, np.ones(len(others)))
    assert one is not None
    assert two is not None

    assert one.quantiles == tuple(np.quantile(rows, QUANTILES, method="inverted_cdf"))
    assert (one.rows, one.mean) == (len(rows), pytest.approx(np.mean(rows)))
    assert one.sd == pytest.approx(np.std(rows), abs=1e-9)
    points = np.array(sorted({*rows, *others}))
    apart = np.abs(_share_up_to(rows, points) - _share_up_to(others, points)).max()
    assert one.distance(two) == pytest.approx(apart, abs=0.0025 + 1e-9)
    assert one.distance(two) == two.distance(one)
    assert one.distance(one) == 0


def _share_up_to(rows: list[int], points: Any) -> Any:
    return np.searchsorted(np.sort(rows), points, side="right") / len(rows)


def test_alike_products_make_a_straight_popularity_curve_and_a_lone_seller_none() -> None:
    assert popularity(np.array([3]), np.array([50])) == pytest.approx(TOP_SHARES)
    assert popularity(np.array([1_000, 1]), np.array([1, 99]))[0] == pytest.approx(1000 / 1099)


def test_growth_is_taken_out_of_the_season_and_a_cut_month_tells_nothing() -> None:
    days = np.arange(366 + 365 + 9)  # two years from January 2024, and nine days
    months = (JANUARY_2024 + days).astype("datetime64[D]").astype("datetime64[M]").astype(int)
    season = 1 + 0.5 * (months % 12 == 10)
    daily = 40.0 * season * 1.5 ** ((months - months[0]) / 12)
    daily[-9:] = 1_000

    index, growth = month_index(JANUARY_2024, daily)

    assert growth == pytest.approx(1.5)
    assert index == pytest.approx(np.where(np.arange(12) == 10, 1.5, 1.0) / (12.5 / 12))


def test_below_a_year_the_trend_is_called_season_and_unknown_months_are_average() -> None:
    index, growth = month_index(JANUARY_2024, np.repeat([10.0, 30.0, 90.0], [31, 29, 5]))

    assert growth is None
    assert index.tolist() == [0.5, 1.5, *[1.0] * 10]
