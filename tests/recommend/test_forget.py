"""Somebody who is forgotten was never there: not in a count, not in a matrix, not as a byte."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.base.config import Settings
from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.base.versions import versions
from lifeloop.lake import DuckEngine
from lifeloop.recommend.answering.ranker import Ranker
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.deeds import Deeds
from lifeloop.recommend.histories import Histories
from lifeloop.recommend.learning.fit import fit_model
from lifeloop.recommend.learning.forget import forget_customer, without
from lifeloop.recommend.learning.keep import load_model, save_model
from lifeloop.recommend.learning.nightly import recommend_all
from lifeloop.recommend.matrices import memory
from lifeloop.recommend.model import QUESTION, Model
from lifeloop.recommend.names import Names
from lifeloop.testing.shop import ShopBuilder
from lifeloop.unify.resolved import RESOLVED

PRODUCTS = 6
DAY_US = 86_400_000_000
AS_OF = ShopBuilder.day(40)
FREE = RecommendSettings(consent="unless_withdrawn", threads=1)
SHOP = Catalogue.of(
    [
        {"product_id": f"p{number}", "category": f"g{number % 2}", "title": f"thing {number}", "price_minor": 100 * number}
        for number in range(PRODUCTS)
    ]
)
ITEMS = st.lists(st.integers(0, PRODUCTS - 1), max_size=12)
PERSON = st.tuples(ITEMS, st.lists(st.lists(st.integers(0, PRODUCTS - 1), min_size=1, max_size=4, unique=True), max_size=7))


def deeds_of(people: dict[str, tuple[list[int], list[list[int]]]]) -> Deeds:
    """Return deeds, a day each from day 1 on, and orders, five days each, of people by name; `nobody` only orders."""
    names = Names.of([name for name in people if name != "nobody"])
    listed = [people[name][0] for name in names]
    histories = Histories.of(listed, products=PRODUCTS)
    start = int(ShopBuilder.day(1).timestamp()) * 1_000_000
    at = np.concatenate([start + DAY_US * np.arange(len(one)) for one in listed] or [np.zeros(0, np.int64)]).astype(np.int64)
    kinds = (histories.items % 4).astype(np.int8)
    owners = [*names, *(["nobody"] if "nobody" in people else [])]
    orders = [(place, number, items) for place, name in enumerate(owners) for number, items in enumerate(people[name][1])]
    owner = np.array([place if place < len(names) else -1 for place, _, _ in orders], np.int32)
    return dataclasses.replace(
        Deeds.none(PRODUCTS),
        names=names,
        histories=dataclasses.replace(histories, at=at, kinds=kinds, names=names),
        source=(histories.items % 2).astype(np.int16),
        sources=("app", "web"),
        language=np.array([len(name) % 3 - 1 for name in names], np.int16),
        languages=("en", "zh"),
        consent=np.ones(len(names), np.int8),
        orders=Histories.of([items for _, _, items in orders], products=PRODUCTS),
        owner=owner,
        ordered_at=np.array([start + 5 * DAY_US * number for _, number, _ in orders], np.int64),
        refunds=dataclasses.replace(
            Histories.of([one[:1] for one in listed], products=PRODUCTS),
            at=np.zeros(sum(bool(one) for one in listed), np.int64),
            kinds=np.full(sum(bool(one) for one in listed), 4, np.int8),
        ),
        taught=np.array([len(name) % 2 == 0 for name in names]),
    )


def told(model: Model) -> dict[str, Any]:
    """Return everything a model is, as arrays."""
    parts: dict[str, Any] = {
        "taste": model.taste,
        "taste matrix": model.taste.matrix,
        "following": model.following,
        "following matrix": model.following.matrix,
        "within a visit": model.following.counted,
        "similar": model.similar,
        "together": model.together,
        "together matrix": model.together.matrix,
        "content": model.content,
        "trending": model.trending,
        "deeds": model.deeds,
    }
    arrays = {f"{name} {inner}": one for name, part in parts.items() for inner, one in part.arrays().items()}
    return arrays | {"people": model.people, "gaps": model.gaps}


def assert_same(left: Model, right: Model) -> None:
    first, second = told(left), told(right)
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert np.array_equal(array, second[name], equal_nan=array.dtype.kind == "f"), name


@pytest.mark.parametrize("most_dense", [6_000, 0])
@given(st.dictionaries(st.sampled_from(["cann", "cbob", "ceve", "vphone", "nobody"]), PERSON, min_size=2), st.data())
@settings(max_examples=25, deadline=None, derandomize=True)
def test_what_is_left_is_what_a_fit_without_them_gives(most_dense: int, people: Any, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(people)).filter(lambda name: name != "nobody"))
    others = {name: one for name, one in people.items() if name != gone}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "MOST_DENSE", most_dense)
        whole, expected = (fit_model(deeds_of(some), SHOP, FREE, AS_OF) for some in (people, others))
        flags = np.array([name == gone for name in whole.deeds.names])

        assert_same(without(whole, flags, SHOP, FREE), expected)


@given(st.dictionaries(st.sampled_from(["cann", "cbob", "nobody"]), PERSON, min_size=1))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_model_comes_back_as_it_was_saved(tmp_path_factory: pytest.TempPathFactory, people: Any) -> None:
    model = fit_model(deeds_of(people), SHOP, FREE, AS_OF, version="x")
    back = load_model(save_model(tmp_path_factory.mktemp("models"), model), threads=1)

    assert_same(model, back)
    assert list(back.products.ids) == list(model.products.ids)
    assert np.array_equal(back.wanted(category="g1", source="web"), model.wanted(category="g1", source="web"))
    some = np.array([1, 2], np.int32)
    assert np.array_equal(back.personal.scores(some), model.personal.scores(some))
    assert np.array_equal(back.visit.scores(some), model.visit.scores(some))


def test_a_ranker_goes_with_those_it_learned_from_and_stays_otherwise() -> None:
    people: Any = {"cann": ([1, 2], []), "cboby": ([2, 3], [])}
    model = dataclasses.replace(fit_model(deeds_of(people), SHOP, FREE, AS_OF), ranker=Ranker("tree"))

    assert model.deeds.taught.tolist() == [True, False]
    assert without(model, np.array([True, False]), SHOP, FREE).ranker is None
    assert without(model, np.array([False, True]), SHOP, FREE).ranker == model.ranker


def test_no_byte_of_a_forgotten_customer_stays_in_any_version(tmp_path: Path) -> None:
    shop, other = ShopBuilder(tmp_path / "one"), ShopBuilder(tmp_path / "other")
    for builder in (shop, other):
        for number in range(20):
            product = ("tea", "pot", "cup")[number % 3]
            builder.does(f"c{number:02}", "Product Viewed", day=1, product=product).orders(
                f"c{number:02}", day=2, products=(product, "mug")
            )
    shop.orders("ann-to-forget", day=1, products=("tea", "cup")).does("ann-to-forget", "Product Viewed", day=3, product="pot")
    shop.orders("guest-of-ann", day=2, products=("tea", "pot"))
    for builder, home in ((shop, tmp_path / "models"), (other, tmp_path / "others")):
        engine = DuckEngine(builder.lake, views=RESOLVED)
        for day in (5, 6):
            recommend_all(builder.lake, engine, home, builder.day(day), settings=Settings(recommend=FREE))
    catalogue = Catalogue.read(shop.engine)
    (tmp_path / "models" / QUESTION / ".writing-x").mkdir()
    (tmp_path / "models" / QUESTION / ".writing-x" / "half").write_bytes(b"ann-to-forget")

    forgotten = forget_customer(
        tmp_path / "models", "ann-to-forget", catalogue=catalogue, settings=FREE, also=["guest-of-ann"], devices=["phone"]
    )

    assert forgotten == 2
    files = [file for file in (tmp_path / "models").rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if b"ann" in file.read_bytes()]
    for left, right in zip(versions(tmp_path / "models", QUESTION), versions(tmp_path / "others", QUESTION), strict=True):
        assert left.name == right.name
        assert_same(load_model(left, threads=1), load_model(right, threads=1))
    assert forget_customer(tmp_path / "models", "ann-to-forget", catalogue=catalogue, settings=FREE) == 0
