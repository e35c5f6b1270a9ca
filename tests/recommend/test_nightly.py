"""The nightly part on small shops: what is learned, what is written, and of whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.config import Settings
from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.base.versions import versions
from lifeloop.lake import DuckEngine
from lifeloop.recommend.answering.gate import passed
from lifeloop.recommend.answering.reasons import DUE, POPULAR
from lifeloop.recommend.answering.shelf import Shelf
from lifeloop.recommend.answering.understanding import understood
from lifeloop.recommend.asked import Asked, Reason, Recommended
from lifeloop.recommend.deeds import Deeds
from lifeloop.recommend.learning.consents import GIVEN, NOBODY, WITHDRAWN, Word
from lifeloop.recommend.learning.keep import load_model
from lifeloop.recommend.learning.nightly import NO_CONSENT, NO_DEEDS, NO_EVENTS, RecommendRun, recommend_all
from lifeloop.recommend.model import QUESTION
from lifeloop.recommend.people import People, Since
from lifeloop.recommend.shopfront import Shopfront
from lifeloop.schema import ASSOCIATION_RULE, EVENT, EXPOSURE, ORDER_LINE, PRODUCT, RECOMMENDATION
from lifeloop.testing.shop import ShopBuilder
from lifeloop.unify.resolved import RESOLVED

FREE = RecommendSettings(consent="unless_withdrawn", threads=1)
PRODUCTS = [f"p{number}" for number in range(30)]


@pytest.fixture
def shop(tmp_path: Path) -> ShopBuilder:
    return ShopBuilder(tmp_path)


def a_busy_shop(shop: ShopBuilder, customers: int = 40) -> ShopBuilder:
    """People who come in two kinds: each looks at, and buys, products of one half of the list."""
    draw = np.random.default_rng(5)
    for number in range(customers):
        half = 15 * (number % 2)
        for day in range(6):
            product = f"p{half + int(draw.integers(15))}"
            shop.does(f"c{number:02}", "Product Viewed", day=day + number / 1000, product=product)
        pair = tuple(f"p{half + int(place)}" for place in draw.integers(0, 3, 2))
        shop.orders(f"c{number:02}", day=6 + number / 1000, products=pair)
    return shop


def run(
    shop: ShopBuilder,
    folder: Path,
    day: float,
    settings: RecommendSettings = FREE,
    told: Mapping[str, Word] = NOBODY,
) -> RecommendRun:
    engine, chosen = DuckEngine(shop.lake, views=RESOLVED), Settings(recommend=settings)
    return recommend_all(shop.lake, engine, folder / "models", shop.day(day), settings=chosen, told=told)


def rows(shop: ShopBuilder, table: Any, as_of: datetime | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.lake.scan(table).read_all().to_pylist()
    chosen = [row for row in found if as_of is None or row["as_of"] == as_of]
    return sorted(chosen, key=lambda row: [str(row[name]).zfill(9) for name in table.key])


def test_every_customer_is_recommended_ten_products_that_their_like_had_and_they_did_not_buy(
    shop: ShopBuilder, tmp_path: Path
) -> None:
    done = run(a_busy_shop(shop), tmp_path, 7)

    lists = rows(shop, RECOMMENDATION)
    assert (done.customers, done.people, done.products) == (40, 40, 30)
    assert len(lists) == 400
    assert [row["rank"] for row in lists[:10]] == list(range(1, 11))
    bought = {(row["customer_id"], row["product_id"]) for row in shop.lake.scan(ORDER_LINE).read_all().to_pylist()}
    assert not bought & {(row["customer_id"], row["product_id"]) for row in lists}
    own = [(int(row["product_id"][1:]) >= 15) == int(row["customer_id"][1:]) % 2 for row in lists if row["rank"] <= 5]
    assert np.mean(own) > 0.9


def test_a_recommendation_says_because_of_which_deed_in_both_languages(shop: ShopBuilder, tmp_path: Path) -> None:
    run(a_busy_shop(shop), tmp_path, 7)

    did = {(row["customer_id"], row["product_id"]) for row in shop.lake.scan(EVENT).read_all().to_pylist()}
    did |= {(row["customer_id"], row["product_id"]) for row in shop.lake.scan(ORDER_LINE).read_all().to_pylist()}
    for row in rows(shop, RECOMMENDATION):
        (reason,) = json.loads(row["reasons"])
        assert {"en", "zh", "share"} <= reason.keys()
        if row["strategy"] == "personal":
            assert (row["customer_id"], reason["because_of"]) in did
            assert 0 < reason["share"] <= 1.001
        else:
            assert reason["en"] == "Popular right now"


def test_run_twice_the_tables_are_the_same(shop: ShopBuilder, tmp_path: Path) -> None:
    run(a_busy_shop(shop), tmp_path, 7)
    before = [rows(shop, table) for table in (RECOMMENDATION, ASSOCIATION_RULE)]
    kept = {file.name: file.read_bytes() for file in versions(tmp_path / "models", QUESTION)[0].iterdir()}

    run(shop, tmp_path, 7)

    assert [rows(shop, table) for table in (RECOMMENDATION, ASSOCIATION_RULE)] == before
    assert {file.name: file.read_bytes() for file in versions(tmp_path / "models", QUESTION)[0].iterdir()} == kept


def test_the_future_leaves_no_mark(shop: ShopBuilder, tmp_path: Path) -> None:
    run(a_busy_shop(shop), tmp_path, 7)
    before = rows(shop, RECOMMENDATION)
    kept = {file.name: file.read_bytes() for file in versions(tmp_path / "models", QUESTION)[0].iterdir()}

    shop.orders("c00", day=7, products=("p1", "p20")).does("c01", "Product Viewed", day=8, product="p29")
    shop.refunds("c02", day=9, product="p3").does("newcomer", "Product Added", day=7, product="p3")
    run(shop, tmp_path, 7)

    assert rows(shop, RECOMMENDATION) == before
    assert {file.name: file.read_bytes() for file in versions(tmp_path / "models", QUESTION)[0].iterdir()} == kept


def test_without_consent_nothing_is_recommended_and_the_run_says_so(shop: ShopBuilder, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "source": "test",
        "message_id": "given",
        "type": "track",
        "name": "Signed Up",
        "customer_id": "c03",
    }
    given |= {"occurred_at": shop.day(1), "received_at": shop.day(1), "properties": '{"consent": ["personalization"]}'}
    a_busy_shop(shop)
    settings = RecommendSettings(threads=1)

    assert NO_CONSENT in run(shop, tmp_path, 7, settings).notes
    assert rows(shop, RECOMMENDATION) == []
    shop.lake.append(EVENT, pa.Table.from_pylist([given], schema=EVENT.arrow()))

    assert run(shop, tmp_path, 7, settings).notes == ()
    assert {row["customer_id"] for row in rows(shop, RECOMMENDATION)} == {"c03"}


def test_what_the_store_knows_of_consent_decides_who_is_recommended_anything(shop: ShopBuilder, tmp_path: Path) -> None:
    at = micros(shop.day(20))
    told = {"cc01": Word(at, -GIVEN), "cc02": Word(at, -WITHDRAWN), "vphone": Word(at, -GIVEN)}
    a_busy_shop(shop, 6)

    run(shop, tmp_path, 7, RecommendSettings(threads=1), told)
    assert {row["customer_id"] for row in rows(shop, RECOMMENDATION)} == {"c01"}
    run(shop, tmp_path, 7, FREE, told)
    assert {row["customer_id"] for row in rows(shop, RECOMMENDATION)} == {f"c0{number}" for number in (0, 1, 3, 4, 5)}


def test_what_earlier_runs_recommended_goes_with_the_consent(shop: ShopBuilder, tmp_path: Path) -> None:
    a_busy_shop(shop, 6)
    for day in (7, 8):
        run(shop, tmp_path, day)
    before = rows(shop, RECOMMENDATION, shop.day(7))

    run(shop, tmp_path, 9, told={"cc02": Word(micros(shop.day(8.5)), -WITHDRAWN)})

    assert {row["customer_id"] for row in before} == {f"c0{number}" for number in range(6)}
    assert "c02" not in {row["customer_id"] for row in rows(shop, RECOMMENDATION)}
    assert rows(shop, RECOMMENDATION, shop.day(7)) == [row for row in before if row["customer_id"] != "c02"]


def test_orders_alone_are_enough(shop: ShopBuilder, tmp_path: Path) -> None:
    for number in range(40):
        pair = (("bread", "butter"), ("tea", "cup"), ("ink", "pen"), ("bread", "jam"))[number % 4]
        shop.orders(f"c{number:02}", day=number / 10, products=pair)
    shop.orders("ann", day=4, products=("tea",))

    done = run(shop, tmp_path, 7)

    assert done.notes == (NO_EVENTS,)
    found = {(row["if_product"], row["then_product"]) for row in rows(shop, ASSOCIATION_RULE)}
    assert found == {
        pair for one in (("tea", "cup"), ("ink", "pen"), ("bread", "butter"), ("bread", "jam")) for pair in (one, one[::-1])
    }
    assert done.rules == 8
    assert next(row["product_id"] for row in rows(shop, RECOMMENDATION) if row["customer_id"] == "ann") == "cup"


def test_a_shop_in_which_nobody_did_anything_gets_an_empty_model_and_a_note(shop: ShopBuilder, tmp_path: Path) -> None:
    done = run(shop, tmp_path, 7)

    assert done.notes == (NO_DEEDS,)
    assert load_model(versions(tmp_path / "models", QUESTION)[0]).wanted().tolist() == []
    assert rows(shop, RECOMMENDATION) == rows(shop, ASSOCIATION_RULE) == []


def test_a_shop_that_tells_events_alone_knows_the_products_they_tell_of(shop: ShopBuilder, tmp_path: Path) -> None:
    shop.does("ann", "Product Viewed", day=1, product="tea").does("bob", "Product Viewed", day=1, product="pot")

    assert run(shop, tmp_path, 7).products == 2


def test_what_is_sold_out_excluded_bought_sent_or_over_a_cap_is_recommended_to_nobody(
    shop: ShopBuilder, tmp_path: Path
) -> None:
    a_busy_shop(shop)
    listed = [
        {"source": "test", "product_id": name, "updated_at": shop.day(0), "stock": float(name != "p1")}
        | {"category": f"g{number % 3}", "brand": f"b{number % 6}"}
        for number, name in enumerate(PRODUCTS)
    ]
    shop.lake.append(PRODUCT, pa.Table.from_pylist(listed, schema=PRODUCT.arrow()))
    shown: dict[str, Any] = {
        "exposure_id": "e",
        "rank": 1,
        "shown_at": shop.day(3),
        "received_at": shop.day(3),
        "placement": "message",
    }
    shown |= {"customer_id": "c00", "product_id": "p5", "propensity": 1.0, "is_explored": False, "strategy": "personal"}
    shop.lake.append(EXPOSURE, pa.Table.from_pylist([shown | {"version": "v"}], schema=EXPOSURE.arrow()))
    settings = FREE.model_copy(update={"excluded_products": ("p2",), "category_cap": 3, "brand_cap": 2})

    run(shop, tmp_path, 7, settings)

    lists = rows(shop, RECOMMENDATION)
    named = {row["product_id"] for row in lists}
    assert len(named) > 20
    assert not named & {"p1", "p2"}
    assert "p5" not in {row["product_id"] for row in lists if row["customer_id"] == "c00"}
    assert "p5" in {row["product_id"] for row in lists if row["customer_id"] != "c00"}
    for groups, most in ((3, 3), (6, 2)):
        for customer in {row["customer_id"] for row in lists}:
            places = [int(row["product_id"][1:]) % groups for row in lists if row["customer_id"] == customer]
            assert max(np.bincount(places)) <= most


@pytest.mark.parametrize("repeats", [True, False])
@pytest.mark.parametrize(
    "caps", [{}, {"brand_cap": 1, "diversity": 0.6}, {"category_cap": 2, "margin_floor": 0.3, "highest_price": 7}]
)
def test_every_list_passes_the_gate_of_single_answers(
    shop: ShopBuilder, tmp_path: Path, caps: dict[str, Any], *, repeats: bool
) -> None:
    a_busy_shop(shop, 20)
    for number in range(20):
        shop.orders(f"c{number:02}", day=-40, products=("p3", "p20")).orders(f"c{number:02}", day=-30, products=("p3",))
        shop.refunds(f"c{number:02}", day=3, product=f"p{number}")
    listed = [
        {"source": "test", "product_id": name, "updated_at": shop.day(0), "stock": float(number % 7), "currency": "EUR"}
        | {
            "category": f"g{number % 4}",
            "brand": f"b{number % 9}",
            "price_minor": 30 * number,
            "cost_minor": 15 * (number % 30),
        }
        for number, name in enumerate(PRODUCTS)
    ]
    shop.lake.append(PRODUCT, pa.Table.from_pylist(listed, schema=PRODUCT.arrow()))
    settings = FREE.model_copy(update={"repeats": repeats, **caps})

    run(shop, tmp_path, 7, settings)

    front = Shopfront(
        shop.lake, shop.engine, tmp_path / "models", Settings(recommend=settings), clock=FixedClock(shop.day(7)), store=None
    )
    people = People(front.model, Since(Deeds.none(30)), settings)
    lists: dict[str, list[Recommended]] = {}
    for row in rows(shop, RECOMMENDATION):
        why = json.loads(row["reasons"])[0].get("because_of")
        one = Recommended(
            row["product_id"], row["rank"], row["score"], row["strategy"], 1.0, is_explored=False,
            reasons=(Reason(POPULAR, because_of=why),),
        )  # fmt: skip
        lists.setdefault(row["customer_id"], []).append(one)
    assert len(lists) == 20
    for customer, chosen in lists.items():
        person, _ = people.person(now=front.model.as_of, customer_id=customer)
        shelf = Shelf.of(front.model, front.catalogue, settings)
        request, _ = understood(
            shelf, Asked(placement="message"), person, now=front.model.as_of, generator=np.random.default_rng(0)
        )
        kept, faults = passed(chosen, request)
        assert (len(kept), faults) == (len(chosen), 0)


def test_what_is_due_is_sent_among_the_first_and_says_so_and_what_is_not_due_is_not_sent(
    shop: ShopBuilder, tmp_path: Path
) -> None:
    a_busy_shop(shop, 20)
    for number in range(20):
        shop.orders(f"c{number:02}", day=-40, products=("soap",)).orders(f"c{number:02}", day=-30, products=("soap",))
    shop.orders("c03", day=0, products=("soap",))

    run(shop, tmp_path, 7)

    first = {row["customer_id"]: row for row in rows(shop, RECOMMENDATION) if row["rank"] <= 5 and row["product_id"] == "soap"}
    assert len(first) == 19
    assert "c03" not in {row["customer_id"] for row in rows(shop, RECOMMENDATION) if row["product_id"] == "soap"}
    told = json.loads(first["c00"]["reasons"])
    assert told == [{"en": DUE.say("en"), "zh": DUE.say("zh"), "share": 1.0}]


def test_a_list_among_all_is_nearly_the_answer_to_a_single_request(shop: ShopBuilder, tmp_path: Path) -> None:
    settings = FREE.model_copy(update={"exploration": 0, "diversity": 0})
    run(a_busy_shop(shop), tmp_path, 7, settings)
    front = Shopfront(
        shop.lake, shop.engine, tmp_path / "models", Settings(recommend=settings), clock=FixedClock(shop.day(7)), store=None
    )
    shared = []
    for number in range(40):
        answer = front.answer(Asked(placement="message"), customer_id=f"c{number:02}", generator=np.random.default_rng(0))
        listed = {row["product_id"] for row in rows(shop, RECOMMENDATION) if row["customer_id"] == f"c{number:02}"}
        shared.append(len(listed & {one.product_id for one in answer.products}) / 10)

    assert np.mean(shared) > 0.9


def test_old_versions_go(shop: ShopBuilder, tmp_path: Path) -> None:
    a_busy_shop(shop, 6)
    for day in (5, 6, 7, 8):
        run(shop, tmp_path, day)

    assert [folder.name for folder in versions(tmp_path / "models", QUESTION)] == ["20240108T000000Z", "20240109T000000Z"]
