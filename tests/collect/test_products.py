"""What a product list tells of a product stands; lines tell the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifeloop.base.clock import FixedClock
from lifeloop.schema import PRODUCT
from lifeloop.testing.till import Till

LIST = "sku,title,category,price,cost,updated at\nmug,Mug,Cups,9.50,4,2024-01-01\n"
CHINESE = "order,customer,date,sku,title,category,qty,price\n1,ann,2024-02-01,mug,杯子,杯,1,8.00\n"
ENGLISH = "order,customer,date,sku,title,category,qty,price\n2,bob,2024-03-01,mug,A mug,Kitchen,1,9.00\n"
FRENCH = "order,customer,date,sku,title,qty,amount\n3,eve,2024-04-01,mug,Une tasse,1,7.00\n"
COSTS = "sku,cost,brand,updated at\nmug,3.80,Acme,2024-05-01\n"
RENAMED = "sku,title,updated at\nmug,Mug of clay,2024-02-15\n"
FORMER = "sku,title,category,brand,updated at\nmug,Cup,Crockery,Potter,2023-06-01\n"
TOLD = ("title", "category", "brand", "price_minor", "cost_minor", "currency", "updated_at", "told")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_title_of_the_product_list_stands_whatever_language_customers_read(till: Till, order: tuple[int, ...]) -> None:
    for place in order:
        till.takes([LIST, CHINESE, ENGLISH][place], name=f"{place}.csv")

    assert till.products("title", "category", "price_minor", "cost_minor") == [("Mug", "Cups", 950, 400)]
    assert [at.isoformat() for at in till.products("updated_at")] == ["2024-03-01T00:00:00+00:00"]
    assert till.lines("title") == ["A mug", "杯子"], "lines keep what they called it"


def test_without_a_product_list_the_newest_line_names_a_product(till: Till) -> None:
    till.takes(ENGLISH)
    till.takes(CHINESE, name="older.csv")

    assert till.products("title", "category", "price_minor") == [("A mug", "Kitchen", 900)]


def test_lines_tell_what_no_list_has_told(till: Till) -> None:
    till.takes(COSTS)
    till.takes(CHINESE, name="older.csv")
    till.takes(ENGLISH, name="newer.csv")

    assert till.products("title", "brand", "cost_minor", "price_minor") == [("A mug", "Acme", 380, 900)]


@given(st.permutations([LIST, CHINESE, ENGLISH, FRENCH, COSTS, RENAMED, FORMER]), st.integers(1, 6))
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_imports_gives_the_same_product(
    tmp_path_factory: pytest.TempPathFactory, files: list[str], together: int
) -> None:
    till = Till(tmp_path_factory.mktemp("till"))
    till.takes(*files[:together])
    for number, text in enumerate(files[together:]):
        till.takes(text, name=f"{number}.csv")

    *found, told = till.products(*TOLD)[0]
    assert found == ["Mug of clay", "Cups", "Acme", 950, 380, "GBP", datetime(2024, 5, 1, tzinfo=UTC)]
    assert '"title": "list 2024-02-15 00:00:00.000000"' in told
    assert '"price_minor": "list 2024-01-01 00:00:00.000000"' in told
    assert till.takes(*files).written == ()


def test_two_words_of_one_instant_are_settled_alike_whichever_comes_first(till: Till) -> None:
    other = ENGLISH.replace("A mug", "Ein Becher").replace("\n2,", "\n4,")
    till.takes(ENGLISH)
    till.takes(other, name="other.csv")
    first = till.products(*TOLD)
    till.takes(ENGLISH, name="again.csv")

    assert first == till.products(*TOLD)
    assert till.products("title") == ["A mug"]


def test_a_list_without_dates_is_told_when_it_is_imported_and_repeated_tells_nothing(till: Till) -> None:
    undated = "sku,title,price\nmug,Mug,9.50\n"
    till.takes(undated)
    told = till.products("told")
    till.clock = FixedClock(till.clock.now() + timedelta(days=1))

    assert till.takes(undated, name="same.csv").written == ()
    assert till.takes("sku,title,price\nmug,Big mug,9.50\n", name="changed.csv").written == ("product",)
    assert till.products("title") == ["Big mug"]
    assert till.products("told") > told


def test_a_line_that_names_a_product_like_its_list_takes_nothing_from_the_list(till: Till) -> None:
    till.takes(ENGLISH)
    till.takes("sku,title\nmug,A mug\n", name="products.csv")
    till.takes(ENGLISH.replace("2024-03-01", "2024-05-31").replace("A mug", "Becher").replace("\n2,", "\n5,"), name="later.csv")

    assert till.products("title") == ["A mug"]


@pytest.mark.parametrize(
    "words", ["sku,name,description", "SKU,Title,Body (HTML)", "商品编码,商品名称,商品描述", "sku,title,详情"]
)
def test_what_a_shop_writes_about_a_product_is_kept_as_it_stands(till: Till, words: str) -> None:
    till.takes(f'{words}\nmug,Mug,"<p>A mug,\nmade of clay</p>"\n')

    assert till.products("title", "description") == [("Mug", "<p>A mug,\nmade of clay</p>")]


def test_a_list_that_has_only_a_description_calls_its_products_so(till: Till) -> None:
    till.takes("StockCode,Description,Price\n85123A,WHITE HANGING HEART,2.55\n")

    assert till.products("title", "description") == [("WHITE HANGING HEART", None)]


def test_a_lake_from_before_is_read_and_takes_the_new_columns(till: Till) -> None:
    before = pa.schema([field for field in PRODUCT.arrow() if field.name not in ("description", "stock", "told")])
    row = {
        "source": "shop",
        "title": "杯子",
        "currency": "GBP",
        "price_minor": 800,
        "updated_at": datetime(2024, 2, 1, tzinfo=UTC),
    }
    rows = pa.Table.from_pylist([row | {"product_id": "mug"}, row | {"product_id": "pot"}], before)
    write_deltalake(f"{till.lake.url}/product", rows)

    till.takes(LIST.replace("title", "description,title,stock").replace("Mug", "Of clay,Mug,3"))

    assert till.products("product_id", "title", "description", "price_minor", "stock", "told IS NULL") == [
        ("mug", "Mug", "Of clay", 950, 3, False),
        ("pot", "杯子", None, 800, None, True),
    ]
