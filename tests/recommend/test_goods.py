"""Fees, postage and corrections are no goods; what is only called like them in part is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lifeloop.lake import DuckEngine
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.goods import is_goods, note_of
from lifeloop.recommend.learning.reading import read_deeds, read_lately
from lifeloop.testing.shop import ShopBuilder
from lifeloop.unify.resolved import RESOLVED


@pytest.mark.parametrize(
    ("product_id", "title"),
    [
        ("POST", "POSTAGE"),
        ("DOT", "DOTCOM POSTAGE"),
        ("M", "Manual"),
        ("C2", "CARRIAGE"),
        ("D", "Discount"),
        ("S", "SAMPLES"),
        ("BANK CHARGES", " Bank Charges"),
        ("AMAZONFEE", "AMAZON FEE"),
        ("CRUK", "CRUK Commission"),
        ("ADJUST", "Adjustment by Peter on 24/05/2010 1"),
        ("PADS", "PADS TO MATCH ALL CUSHIONS"),
        ("shipping", None),
        ("DOT", ""),
        ("4711", "Shipping  &  Handling"),
        ("4711", "Express Delivery."),
        ("4711", "运费"),
        ("4711", "【补差价】"),
        ("4711", "邮费专拍"),
        ("快递费", None),
    ],
)
def test_fees_postage_and_corrections_are_no_goods(product_id: str, title: str | None) -> None:
    assert is_goods([product_id], [title]).tolist() == [False]


@pytest.mark.parametrize(
    ("product_id", "title"),
    [
        ("4711", "Postage stamp mug"),
        ("4711", "Wooden post box"),
        ("4711", "Delivery bag for bikes"),
        ("4711", "Hotel manual grinder"),
        ("4711", "Discount card holder"),
        ("4711", "Perfume samples box"),
        ("4711", "运费险计算器图书"),
        ("4711", "样品盒"),
        ("M", "Mango"),
        ("M", None),
        ("DOT", "Polka dot scarf"),
        ("POST", "Fence post, 2 m"),
        ("PADS", "Knee pads"),
        ("4711", None),
        ("4711", ""),
        ("gift_0001_20", "Gift Voucher £20.00"),
        ("postcard", None),
    ],
)
def test_goods_that_are_only_called_like_them_in_part_stay_goods(product_id: str, title: str | None) -> None:
    assert is_goods([product_id], [title]).tolist() == [True]


def test_without_titles_the_ids_tell() -> None:
    assert is_goods(["tea", "POST", "M"]).tolist() == [True, False, True]
    assert is_goods([]).tolist() == []


def test_postage_is_in_no_history_no_order_and_not_among_what_was_done_lately(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    shop.orders("ann", day=1, products=("tea", "POST")).does("ann", "Product Viewed", day=2, product="POST")
    shop.orders("bob", day=2, products=("POST",)).does("bob", "Product Viewed", day=3, product="tea")
    engine = DuckEngine(shop.lake, views=RESOLVED)
    products = Catalogue.read(engine).products

    deeds = read_deeds(engine, products, shop.day(9))
    lately = read_lately(engine, products, shop.day(0), shop.day(9))

    tea = products.places["tea"]
    assert products.ids == ["POST", "tea"]
    assert np.unique(deeds.histories.items).tolist() == np.unique(lately.histories.items).tolist() == [tea]
    assert [deeds.orders.one(number).tolist() for number in range(len(deeds.orders))] == [[tea]]


def test_what_only_its_title_tells_is_left_out_where_titles_are_known(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    shop.orders("ann", day=1, products=("tea", "x9"))
    engine = DuckEngine(shop.lake, views=RESOLVED)
    products = Catalogue.read(engine).products

    deeds = read_deeds(engine, products, shop.day(9), titles=["Tea", "Postage"])

    assert deeds.histories.items.tolist() == deeds.orders.items.tolist() == [products.places["tea"]]


def test_a_run_notes_how_many_products_are_no_goods() -> None:
    assert [note.say("en") for note in note_of(is_goods(["tea", "POST", "DOT"]))] == [
        "Fees, postage and corrections are never recommended (2 of the products)."
    ]
    assert note_of(is_goods(["tea"])) == ()
