"""Stock: how many pieces can be sold now, as a product list, an event or the shop system last told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifeloop.base.clock import FixedClock
from lifeloop.collect.shops import shopify, woocommerce
from lifeloop.collect.spool.record import Stamp
from lifeloop.collect.stock import in_stock, pieces
from lifeloop.testing.till import Till

JANUARY = "sku,title,stock,updated at\nmug,Mug,5,2024-01-01\n"
FEBRUARY = "sku,stock,updated at\nmug,0,2024-02-01\n"
MARCH = "sku,title,updated at\nmug,Mug of clay,2024-03-01\n"
APRIL = "sku,stock,updated at\nmug,12,2024-04-01\n"
SALE = "order,customer,date,sku,title,qty,price\n1,ann,2024-05-01,mug,Mug,1,8.00\n"


@pytest.mark.parametrize(
    "column", ["stock", "Inventory", "Quantity Available", "库存", "Variant Inventory Qty", "stock_quantity"]
)
def test_a_product_list_tells_the_stock_whatever_its_column_is_called(till: Till, column: str) -> None:
    till.takes(f"sku,title,{column}\nmug,Mug,7\npot,Pot,0\ncup,Cup,\ntin,Tin,-3\n")

    assert till.products("product_id", "stock") == [("cup", None), ("mug", 7), ("pot", 0), ("tin", 0)]


def test_a_list_of_nothing_but_stock_is_a_product_list(till: Till) -> None:
    till.takes("sku,stock\nmug,7\n")

    assert till.products("product_id", "title", "stock") == [("mug", None, 7)]


def test_a_word_says_whether_there_are_any_and_beats_the_figure_beside_it(till: Till) -> None:
    rows = ("a,5,in stock", "b,5,out of stock", "c,0,backorder", "d,,有货", "e,,售罄", "f,4,", "g,,")
    till.takes("sku,stock,availability\n" + "\n".join(rows) + "\n")

    assert till.products("product_id", "stock") == [("a", 5), ("b", 0), ("c", 1), ("d", 1), ("e", 0), ("f", 4), ("g", None)]


def test_what_nobody_understands_is_rejected_with_its_reason(till: Till) -> None:
    till.takes("sku,title,stock\nmug,Mug,7\npot,Pot,10+\ncup,Cup,ask us\ntin,Tin,sold out\n")

    assert till.products("product_id", "stock") == [("mug", 7), ("pot", 10), ("tin", 0)]
    assert till.rejected("line", "reason") == [(4, "bad_stock")]


def test_a_column_that_tells_of_other_things_is_not_taken_for_stock(till: Till) -> None:
    till.takes("sku,title,available\nmug,Mug,2024-01-01\npot,Pot,2024-02-01\n")

    assert till.products("product_id", "stock") == [("mug", None), ("pot", None)]


def test_the_product_exports_of_shop_systems_tell_their_stock(till: Till) -> None:
    shopify_list = "Handle,Title,Variant SKU,Variant Inventory Qty,Variant Price\nmug,Mug,RED,4,11.00\nmug,,BLUE,0,12.00\n"
    woo_list = "ID,SKU,Name,In stock?,Stock,Regular price\n31,CUP,Cup,1,7,3.00\n32,TEA,Tea,0,,6.00\n33,POT,Pot,1,,9.00\n"
    till.takes(shopify_list, woo_list)

    assert till.products("product_id", "price_minor", "stock") == [
        ("BLUE", 1200, 0), ("CUP", 300, 7), ("POT", 900, 1), ("RED", 1100, 4), ("TEA", 600, 0),
    ]  # fmt: skip


@given(st.permutations([JANUARY, FEBRUARY, MARCH, APRIL, SALE]), st.integers(1, 4))
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_later_word_on_the_stock_wins_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, files: list[str], together: int
) -> None:
    till = Till(tmp_path_factory.mktemp("till"))
    till.takes(*files[:together])
    for number, text in enumerate(files[together:]):
        till.takes(text, name=f"{number}.csv")

    stock, told = till.products("stock", "told")[0]
    assert stock == 12
    assert '"stock": "list 2024-04-01 00:00:00.000000"' in told
    assert till.takes(*files).written == ()


def test_what_says_nothing_of_stock_takes_none_away(till: Till) -> None:
    for number, text in enumerate((FEBRUARY, MARCH, SALE)):
        till.takes(text, name=f"{number}.csv")

    assert till.products("title", "stock") == [("Mug of clay", 0)]


def test_a_dateless_list_tells_the_stock_of_the_day_it_is_imported(till: Till) -> None:
    counts = []
    for day, count in enumerate((5, 0, 0, 5)):
        till.clock = FixedClock(till.clock.now() + timedelta(days=1))
        till.takes(f"sku,stock\nmug,{count}\n", name=f"{day}.csv")
        counts.append(till.products("stock"))

    assert counts == [[5], [0], [0], [5]]


def test_lifeloop_s_own_table_tells_stock_as_it_stands(till: Till) -> None:
    head = "product_id,currency,price_minor,updated_at,stock\n"
    till.takes(f"{head}mug,GBP,950,2024-01-01,4\npot,GBP,,2024-01-01,-2\ncup,,,2024-01-01,\n")

    assert till.products("product_id", "stock") == [("cup", None), ("mug", 4), ("pot", 0)]


def said_by_event(**properties: Any) -> str:
    event = {
        "type": "track",
        "event": "Product Updated",
        "messageId": "m1",
        "userId": "shop",
        "timestamp": "2024-01-01T00:00:00Z",
    }
    return json.dumps(event | {"properties": {"product_id": "mug", **properties}}) + "\n"


@pytest.mark.parametrize(
    ("properties", "stock"),
    [
        ({"stock": 4}, 4), ({"inventory": "3"}, 3), ({"inventory_quantity": -1}, 0), ({"quantity_available": 2.0}, 2),
        ({"in_stock": False}, 0), ({"in_stock": True}, 1), ({"availability": "https://schema.org/OutOfStock", "stock": 9}, 0),
        ({"stock": {"odd": 1}, "name": "Mug"}, None), ({"name": "Mug", "quantity": 3}, None),
    ],
)  # fmt: skip
def test_an_updated_product_tells_its_stock_in_segment_s_form(
    till: Till, properties: dict[str, Any], stock: float | None
) -> None:
    till.takes(said_by_event(**properties), name="events.jsonl")

    assert till.products("stock") == [stock]


def test_who_looks_at_a_product_tells_nothing_of_its_stock(till: Till) -> None:
    till.takes(said_by_event(name="Mug", stock=4).replace("Updated", "Viewed"), name="events.jsonl")

    assert till.products("title", "stock") == [("Mug", None)]


def stocks(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(one["properties"].get(name) for name in ("product_id", "stock", "availability")) for one in events]


def shopify_says(*variants: dict[str, Any], **fields: Any) -> list[tuple[Any, ...]]:
    product = {"id": 1, "title": "Mug", "updated_at": "2024-02-01T00:00:00Z", "variants": variants} | fields
    return stocks(shopify.said(Stamp("shopify", "shopify", 0, topic="products/update"), json.dumps(product).encode()))


def woo_says(**fields: Any) -> list[tuple[Any, ...]]:
    product = {"id": 31, "name": "Mug", "date_modified_gmt": "2024-02-01T00:00:00"} | fields
    return stocks(woocommerce.said(Stamp("woocommerce", "woo", 0, topic="product.updated"), json.dumps(product).encode()))


def test_shopify_tells_the_pieces_of_each_sku_over_all_its_variants() -> None:
    counted = {"inventory_management": "shopify", "inventory_policy": "deny"}
    red, blue, lid = ({"id": n, "sku": sku} | counted for n, sku in ((1, "MUG"), (2, "MUG"), (3, "LID")))

    counts = (red | {"inventory_quantity": 4}, lid | {"inventory_quantity": 0}, blue | {"inventory_quantity": -2})

    assert shopify_says(*counts) == [("MUG", "4", None), ("MUG", "4", None), ("LID", "0", None)]


def test_what_shopify_does_not_count_or_sells_on_is_in_stock() -> None:
    assert shopify_says({"id": 1, "sku": "A", "inventory_management": None, "inventory_quantity": 0}) == [
        ("A", None, "in stock")
    ]
    sold_on = {"id": 1, "sku": "A", "inventory_management": "shopify", "inventory_policy": "continue", "inventory_quantity": -4}
    assert shopify_says(sold_on) == [("A", None, "in stock")]
    assert shopify_says({"id": 1, "sku": "A"}) == [("A", None, None)]


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_shopify_does_not_show_is_sold_out(status: str) -> None:
    assert shopify_says({"id": 1, "sku": "A", "inventory_quantity": 7}, status=status) == [("A", 0, None)]


@pytest.mark.parametrize(
    ("fields", "stock"),
    [
        ({"manage_stock": True, "stock_quantity": 7, "stock_status": "instock"}, ("7", "instock")),
        ({"manage_stock": False, "stock_quantity": 7, "stock_status": "outofstock"}, (None, "outofstock")),
        ({"manage_stock": True, "stock_quantity": -2, "stock_status": "onbackorder"}, ("-2", "onbackorder")),
        ({"status": "draft", "stock_quantity": 7}, (0, None)), ({}, (None, None)),
    ],
)  # fmt: skip
def test_woocommerce_tells_a_figure_where_it_counts_and_its_word(fields: dict[str, Any], stock: tuple[Any, Any]) -> None:
    assert woo_says(**fields) == [("31", *stock)]


@given(st.lists(st.one_of(st.none(), st.integers(-9, 99).map(str)), min_size=1), st.sampled_from([None, "instock", "sold out"]))
def test_stock_is_never_below_nought_and_a_word_has_the_last_word(figures: list[str | None], word: str | None) -> None:
    found, odd = pieces(pa.array(figures, pa.string()), pa.array([word] * len(figures), pa.string()))

    for figure, stock in zip(figures, found.to_pylist(), strict=True):
        if word is None:
            assert stock == (None if figure is None else max(0, int(figure)))
        else:
            assert (stock > 0) == (in_stock(word) is True)
    assert not any(odd.to_pylist())
