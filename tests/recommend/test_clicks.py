"""What was shown and what came of it, as the ranker learns from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.recommend.answering.signals import SIGNALS
from lifeloop.recommend.learning.clicks import GAINS, read_shown
from lifeloop.recommend.names import Names
from lifeloop.schema import EVENT, EXPOSURE
from lifeloop.testing.shop import ShopBuilder

NAMES = Names.of(["cann", "cbob", "vphone"])


@pytest.fixture
def shop(tmp_path: Path) -> ShopBuilder:
    return ShopBuilder(tmp_path)


def shows(shop: ShopBuilder, number: str, *products: str, day: float = 1, signals: str | None = None, **whose: str) -> None:
    list_: dict[str, Any] = {"exposure_id": number, "shown_at": shop.day(day), "received_at": shop.day(day), "version": "v"}
    list_ |= {"placement": "home", "propensity": 1.0, "is_explored": False, "strategy": "personal", "signals": signals, **whose}
    rows = [{**list_, "rank": rank, "product_id": name} for rank, name in enumerate(products, start=1)]
    shop.lake.append(EXPOSURE, pa.Table.from_pylist(rows, schema=EXPOSURE.arrow()))


def clicks(shop: ShopBuilder, number: str, product: str, name: str = "Product Clicked", day: float = 1.5, **more: Any) -> None:
    row: dict[str, Any] = {"source": "test", "message_id": f"{number}{product}{name}{day}", "type": "track", "name": name}
    row |= {"occurred_at": shop.day(day), "received_at": shop.day(day), "product_id": product, **more}
    row["properties"] = json.dumps({"exposure_id": number})
    shop.lake.append(EVENT, pa.Table.from_pylist([row], schema=EVENT.arrow()))


def test_lists_come_with_what_came_of_each_product(shop: ShopBuilder) -> None:
    shows(shop, "b", "tea", "pot", "cup", day=2, customer_id="ann")
    shows(shop, "a", "tea", "pot", day=1, anonymous_id="phone")
    shows(shop, "ignored", "tea", customer_id="bob")
    clicks(shop, "b", "pot", day=2.5)
    clicks(shop, "b", "pot", "Product Added", day=2.6)
    clicks(shop, "a", "tea")

    shown, taught = read_shown(shop.engine, NAMES, shop.day(10))

    assert shown.starts.tolist() == [0, 2, 5]
    assert shown.gains.tolist() == [GAINS["view"], 0, 0, GAINS["cart"], 0]
    assert shown.ranks.tolist() == [1, 2, 1, 2, 3]
    assert taught.tolist() == [True, False, True]


def test_who_followed_a_list_taught_by_it_whoever_was_shown_it(shop: ShopBuilder) -> None:
    shows(shop, "a", "tea", "pot", anonymous_id="unheard of")
    shows(shop, "ignored", "tea", customer_id="bob")
    clicks(shop, "a", "tea", customer_id="ann")
    clicks(shop, "a", "cup", anonymous_id="phone")
    clicks(shop, "a", "pot", customer_id="bob", is_bot=True)
    clicks(shop, "unheard of", "pot", customer_id="bob")

    _, taught = read_shown(shop.engine, NAMES, shop.day(10))

    assert taught.tolist() == [True, False, True]


def test_signals_are_read_as_they_were_logged_and_what_is_no_signal_is_left_out(shop: ShopBuilder) -> None:
    shows(shop, "a", "tea", signals='{"score": 1.5, "people": null, "unheard_of": 3}')
    shows(shop, "b", "tea", day=2, signals="{cut off")
    clicks(shop, "a", "tea")
    clicks(shop, "b", "tea", day=3)

    shown, _ = read_shown(shop.engine, NAMES, shop.day(10))

    assert shown.signals[0, SIGNALS.index("score")] == 1.5
    assert np.isnan(shown.signals).sum() == 2 * len(SIGNALS) - 1


def test_nothing_of_the_moment_or_later_and_nothing_of_robots_is_read(shop: ShopBuilder) -> None:
    shows(shop, "a", "tea", "pot")
    shows(shop, "b", "tea", "pot")
    clicks(shop, "a", "pot", day=10)
    clicks(shop, "b", "pot", is_bot=True)

    assert len(read_shown(shop.engine, NAMES, shop.day(10))[0]) == 0
    assert len(read_shown(shop.engine, NAMES, shop.day(11))[0]) == 1


def test_a_shop_that_showed_nothing_has_no_lists(shop: ShopBuilder) -> None:
    shown, taught = read_shown(shop.engine, NAMES, shop.day(10))

    assert len(shown) == 0
    assert shown.signals.shape == (0, len(SIGNALS))
    assert not taught.any()
