"""The gate refuses each kind of fault by itself, and reasons read well in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.base.text import LANGUAGES, Text, blanks
from lifeloop.recommend.answering import gate, notes, reasons, rules
from lifeloop.recommend.answering.gate import passed
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.answering.shelf import Shelf
from lifeloop.recommend.answering.variants import stem
from lifeloop.recommend.asked import Asked, Person, Reason, Recommended
from lifeloop.testing.shopfronts import NOW, Front, customer, product

POT = Recommended("pot", 1, 0.5, "trending", 1.0, is_explored=False, reasons=())
RULES = RecommendSettings(
    margin_floor=0.2, highest_price=50, excluded_categories=("Toys",), excluded_products=("ban",), brand_cap=1, category_cap=2
)
ROWS = [
    product("pot", brand="Clay", category="Kitchen"),
    product("cup", brand="Clay", category="Kitchen"),
    product("pan", brand="Iron", category="Kitchen"),
    product("lid", category="Kitchen"),
    product("out", stock=0),
    product("thin", cost_minor=990),
    product("gift", price_minor=0, cost_minor=100),
    product("dear", price_minor=5001),
    product("toy", category="Toys > Balls"),
    product("doll", category="Gifts / Toys"),
    product("ban"),
    product("had"),
    product("tea", title="Tea 100 g"),
    product("tea2", title="Tea 250 g"),
]


class Quiet:
    """A log that keeps nothing."""

    def error(self, *args: object, **values: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "log", Quiet)


def request(person: Person | None = None, **asked: Any) -> Request:
    front = Front.of(*ROWS, settings=RULES)
    whole = Asked(**({"placement": "home"} | asked))
    shelf = Shelf.of(front.model, front.catalogue, front.settings)
    return Request(shelf, whole, person or Person(), whole.k, whole.items, NOW, np.random.default_rng(0))


def names(kept: tuple[Recommended, ...]) -> list[str]:
    return [one.product_id for one in kept]


def through(one: Recommended, person: Person | None = None, **asked: Any) -> bool:
    return passed([one], request(person, **asked))[0] == (one,)


def test_a_product_that_keeps_every_rule_passes_as_it_is() -> None:
    assert through(POT)


@pytest.mark.parametrize("name", ["out", "thin", "gift", "dear", "toy", "doll", "ban", "nowhere"])
def test_one_that_breaks_a_rule_of_the_shop_does_not(name: str) -> None:
    assert not through(replace(POT, product_id=name))


def test_nor_does_what_the_request_or_the_person_keeps_out() -> None:
    had = replace(POT, product_id="had")
    bought = customer(("had", "order"))

    assert through(had)
    assert not through(had, bought)
    assert through(had, bought, placement="search", items=("had",))
    assert not through(had, placement="search", items=("pot",))
    assert not through(had, placement="cart", items=("had",))
    assert not through(had, customer(sent=frozenset({"had"})), placement="message")
    assert not through(had, category="Kitchen")
    assert not through(had, customer(("had", "cart")))
    assert through(had, customer(("had", "cart")), placement="message")
    assert not through(replace(POT, product_id="tea2"), placement="cart", items=("tea",))


def test_nothing_of_a_person_leaves_without_consent() -> None:
    because = replace(POT, reasons=(Reason(reasons.VIEWED, {"product": "Cup"}, "cup", 0.5),))

    assert not through(replace(POT, strategy="personal"))
    assert not through(because)
    assert not through(replace(because, strategy="similar"), placement="home", items=("cup",))
    assert not through(replace(because, strategy="session"), placement="product", items=("cup",))
    assert through(replace(because, strategy="similar"), placement="product", items=("cup",))
    assert through(replace(because, strategy="personal"), customer(("cup", "view")))


@pytest.mark.parametrize("chance", [0.0, -0.1, 1.1, float("nan")])
def test_a_chance_is_above_0_and_at_most_1(chance: float) -> None:
    assert not through(replace(POT, propensity=chance))


def test_caps_count_what_stands_above_and_ranks_close_up() -> None:
    shown = [replace(POT, product_id=name, rank=number + 1) for number, name in enumerate(["pot", "cup", "pot", "pan", "lid"])]
    kept, dropped = passed(shown, request())

    assert names(kept) == ["pot", "pan"]
    assert [one.rank for one in kept] == [1, 2]
    assert dropped == 3


def test_no_more_than_were_asked_for_pass() -> None:
    shown = [replace(POT, product_id=name) for name in ("pot", "pan", "had")]

    assert names(passed(shown, request(k=2))[0]) == ["pot", "pan"]


def test_of_categories_asked_for_no_more_is_remembered_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front.of(*ROWS)
    book = Shelf.of(front.model, front.catalogue, front.settings).book
    before = len(book._below)
    for number in range(1000):
        assert not book.below(f"Nothing {number}").any()
    assert len(book._below) == before, "what nothing lies in is not remembered"

    assert book.below("Toys") is book.below(" TOYS")
    monkeypatch.setattr(rules, "_MOST_BYTES", len(front.catalogue) * 2)
    assert [int(book.below(name).sum()) for name in ("Toys", "Kitchen", "Gifts", "Balls")] == [1, 4, 1, 1]
    assert len(book._below) == 2


def texts(module: Any) -> list[Text]:
    return [value for value in vars(module).values() if isinstance(value, Text)]


@pytest.mark.parametrize("text", [*texts(reasons), *texts(notes)], ids=lambda text: text.en[:40])
def test_every_text_reads_in_both_languages(text: Text) -> None:
    named = {blank: f"<{blank}>" for blank in blanks(text.en)}
    english, chinese = (text.say(language, **named) for language in LANGUAGES)

    assert english[0].isupper() or english[0] in "{<"
    assert all(f"<{blank}>" in said for said in (english, chinese) for blank in named)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in english)
    assert english.endswith((".", "?")) == chinese.endswith(("。", "？"))


def test_notes_take_names_as_they_are() -> None:
    said = notes.note(notes.UNKNOWN, name="{x} {0}")

    assert said.say("en") == "No product '{x} {0}' is known; it was left out."
    assert said.say("zh") == "没有名为“{x} {0}”的商品，已略过。"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Green Tea 100 g", "Green Tea - 250g", True),
        ("Green Tea", "Black Tea", False),
        ("T-Shirt blue / XL", "T-Shirt red / S", True),
        ("Phone 15", "Phone 16", False),
        ("Phone 15 128GB Black", "Phone 15 256GB White", True),
        ("龙井茶 250克", "龙井茶 500克", True),
        ("纯棉T恤 红色 大号", "纯棉T恤 蓝色 小号", True),
        ("龙井茶", "普洱茶", False),
        ("P001", "P002", False),
    ],
)
def test_variants_are_told_from_other_things(one: str, other: str, *, is_same: bool) -> None:
    assert (stem(one) == stem(other)) == is_same
