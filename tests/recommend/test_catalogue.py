"""The catalogue: what is sold, for how much, and whether there is any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import ErrorLevel

from lifeloop.lake import DuckEngine, Lake
from lifeloop.recommend.catalogue import CATALOGUE_SQL, SOLD_SQL, Catalogue
from lifeloop.recommend.histories import Products
from lifeloop.schema import PRODUCT
from lifeloop.testing.shop import ShopBuilder

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def lake_with(folder: Path, *rows: dict[str, Any]) -> DuckEngine:
    lake = Lake(folder / "lake")
    base = {"source": "shop", "updated_at": NOON, "currency": "EUR"}
    lake.append(PRODUCT, pa.Table.from_pylist([base | row for row in rows], schema=PRODUCT.arrow()))
    return DuckEngine(lake)


def test_a_lake_tells_its_products_by_id(tmp_path: Path) -> None:
    tea = {"product_id": "tea", "title": "Green tea", "category": "Drinks > Tea", "brand": "Yun", "stock": 4.0}
    engine = lake_with(tmp_path, tea | {"price_minor": 900, "cost_minor": 450}, {"product_id": "pot", "price_minor": 2000})

    shop = Catalogue.read(engine)

    assert shop.products.ids == ["pot", "tea"]
    assert shop.title == (None, "Green tea")
    assert shop.price_minor.tolist() == [2000, 900]
    assert shop.margin()[1] == 0.5
    assert np.isnan(shop.margin()[0])
    assert shop.in_stock().all()
    assert (shop.brand_code.tolist(), shop.category_code.tolist()) == ([-1, 0], [-1, 0])
    assert shop.updated_at[0] == 1_772_366_400_000_000


def test_an_empty_lake_has_an_empty_catalogue(tmp_path: Path) -> None:
    shop = Catalogue.read(DuckEngine(Lake(tmp_path / "lake")))

    assert len(shop) == 0
    assert shop.near("tea") is None
    assert shop.in_stock().shape == shop.below("Tea").shape == shop.margin().shape == (0,)


def test_a_shop_of_a_test_says_what_it_sells(shop: ShopBuilder) -> None:
    shop.sells("tea", price=9, cost=4.5, stock=0, title="Green tea", category="Drinks > Tea").sells("pot", price=None)

    found = Catalogue.read(shop.engine)

    assert (found.title, found.in_stock().tolist()) == ((None, "Green tea"), [True, False])
    assert (found.price_minor[1], found.margin()[1]) == (900, 0.5)


def test_without_products_the_order_lines_name_them(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path).orders("ann", day=1, products=("tea", "pot")).orders("bob", day=2, products=("tea",))

    found = Catalogue.read(shop.engine, also=("cup", "tea"))

    assert found.products.ids == ["cup", "pot", "tea"]
    assert found.title == (None, "pot", "tea")


def test_prices_are_converted_to_the_base_currency_where_there_is_a_rate(tmp_path: Path) -> None:
    engine = lake_with(
        tmp_path,
        {"product_id": "a", "price_minor": 1000},
        {"product_id": "b", "price_minor": 1000, "currency": "JPY"},
        {"product_id": "c", "price_minor": 1000, "cost_minor": 500, "currency": "GBP"},
    )

    shop = Catalogue.read(engine, base="EUR", rates={"JPY": 0.006})

    assert shop.price_minor[:2].tolist() == pytest.approx([1000, 600])
    assert np.isnan(shop.price_minor[2])
    assert np.isnan(shop.margin()[2])


def test_of_two_sources_that_know_a_product_the_word_that_counts_stands(tmp_path: Path) -> None:
    later = NOON + timedelta(days=2)
    list_told = '{"stock": "list 2026-03-01 12:00:00.000000", "title": "list 2026-03-01 12:00:00.000000"}'
    engine = lake_with(
        tmp_path,
        {"product_id": "tea", "title": "Tea", "stock": 0.0, "told": list_told},
        {"product_id": "tea", "title": "tea!!", "price_minor": 700, "source": "live", "updated_at": later},
    )

    shop = Catalogue.read(engine)

    assert (shop.products.ids, shop.title, shop.price_minor.tolist()) == (["tea"], ("Tea",), [700])
    assert not shop.in_stock()[0]


def test_what_is_sold_out_is_not_in_stock_and_what_nobody_counts_is() -> None:
    shop = Catalogue.of({"product_id": name, "stock": stock} for name, stock in (("a", 0), ("b", 0.5), ("c", None)))

    assert shop.in_stock().tolist() == [False, True, True]


def test_of_what_is_given_away_no_margin_is_left_unless_nobody_knows_its_cost() -> None:
    shop = Catalogue.of(
        {"product_id": str(place), "price_minor": price, "cost_minor": cost}
        for place, (price, cost) in enumerate([(0, 100), (0, 0), (0, None), (None, 100), (200, 100)])
    )

    assert np.array_equal(shop.margin(), [-np.inf, -np.inf, np.nan, np.nan, 0.5], equal_nan=True)


def test_a_category_holds_all_below_it_whatever_its_case() -> None:
    paths = ("Home > Kitchen", "Home > Kitchen > Pots", "Homeware", "Office > Kitchen", None)
    shop = Catalogue.of({"product_id": str(place), "category": path} for place, path in enumerate(paths))

    assert shop.below("HOME>kitchen").tolist() == [True, True, False, False, False]
    assert shop.below("Home").tolist() == [True, True, False, False, False]
    assert shop.below("kitchen").tolist() == [True, True, False, True, False], "no path begins so: looked for anywhere"
    assert not shop.below("Garden").any()
    assert not shop.below(" > ").any()


def test_what_lies_anywhere_in_a_path_is_found_beside_what_begins_with_it() -> None:
    paths = ("Alcohol", "Food > Alcohol > Wine", "Food > Alcohol-free", "Food", None)
    shop = Catalogue.of({"product_id": str(place), "category": path} for place, path in enumerate(paths))

    assert shop.anywhere("ALCOHOL").tolist() == [True, True, False, False, False]
    assert shop.anywhere("Food > Alcohol").tolist() == [False, True, False, False, False]
    assert shop.below("Alcohol").tolist() == [True, False, False, False, False]
    assert not shop.anywhere(" > ").any()


@pytest.mark.parametrize("sign", [">", " / ", "|", " › ", "＞", "｜", " → "])
def test_levels_of_a_path_are_parted_as_shops_part_them(sign: str) -> None:
    shop = Catalogue.of([{"product_id": "a", "category": sign.join(["Ｆｏｏｄ", "Alcohol  Free", "酒"])}])

    assert shop.anywhere("alcohol free").all()
    assert shop.below("food > Alcohol Free > 酒").all()
    assert shop.anywhere("酒").all()
    assert not shop.anywhere("Alcohol").any()


def test_long_and_many_unknown_names_are_looked_for_too() -> None:
    shop = Catalogue.of({"product_id": f"{number:05d}-{'x' * 300}"} for number in range(200))

    assert shop.near(f"00042-{'y' * 100_000}") is None
    assert shop.near(f"0042-{'x' * 300}") in shop.products.places
    assert [shop.near(f"gone {number}") for number in range(3000)] == [None] * 3000


def test_an_unknown_product_is_answered_with_the_nearest() -> None:
    shop = Catalogue.of({"product_id": f"SKU-{number:05d}"} for number in range(3000))

    assert shop.near("sku-00077") == "SKU-00077"
    assert shop.near("SKU-0O077") is not None
    assert shop.near("XSKU-02999") == "SKU-02999"
    assert shop.near("完全不同") is None


def test_other_products_are_found_by_their_place() -> None:
    shop = Catalogue.of([{"product_id": "b"}, {"product_id": "a"}])

    assert shop.aligned(Products(["gone", "b", "a"])).tolist() == [-1, 1, 0]


@pytest.mark.parametrize("sql", [CATALOGUE_SQL, SOLD_SQL])
def test_its_queries_can_be_said_in_sparks_dialect(sql: str) -> None:
    assert sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(["A", "A > B", "A > B > C", "B", "b > c", None, "AB"]), max_size=12), st.sampled_from("AB"))
def test_below_a_top_category_lies_what_begins_with_it(paths: list[str | None], wanted: str) -> None:
    shop = Catalogue.of({"product_id": f"{place:02d}", "category": path} for place, path in enumerate(paths))
    begins = [path is not None and path.split(" > ")[0].casefold() == wanted.casefold() for path in paths]

    if any(begins):
        assert shop.below(wanted).tolist() == begins
