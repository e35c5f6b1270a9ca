"""Recommendations over HTTP: what may be asked, what is answered, and what is logged before it is answered."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from lifeloop.api.parts import Parts
from lifeloop.api.recommendation_shapes import MOST_ITEMS
from lifeloop.app import App
from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.errors import SettingsError, StoreError, UnknownName
from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.base.text import Text
from lifeloop.collect.live.exposure import Placed, shown
from lifeloop.collect.spool import SpoolBusy, SpoolFull
from lifeloop.recommend.answering.notes import NO_CONSENT
from lifeloop.recommend.asked import Answer, Asked, Deed, Reason, Recommended
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.recommend.learning.fit import unfitted
from lifeloop.testing.live import NOON, said
from lifeloop.testing.served import Basket, House, open_house

VIEWED = Text("Because you viewed {product}", "因为您浏览过“{product}”")
REST = Text("Other things", "其他因素")
MUG = Recommended(
    "mug", 1, 3.0, "personal", 1.0, False,  # noqa: FBT003 - as it is declared
    (Reason(VIEWED, {"product": "Tea"}, "tea", 2.25), Reason(REST, contribution=0.75)), {"taste": 2.25, "trend": 0.75},
)  # fmt: skip
POT = Recommended("pot", 2, 1.0, "new", 0.25, True, ())  # noqa: FBT003

SHOP = Catalogue.of([{"product_id": name, "title": name} for name in ("mug", "pot", "tea")])
MODEL = unfitted(SHOP, RecommendSettings(), NOON)


class Shelf:
    """A shopfront that answers what a test tells it to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.people: list[tuple[str | None, str | None]] = []
        self.fresh: list[Sequence[Deed]] = []
        self.threads: list[str] = []
        self.products: tuple[Recommended, ...] = (MUG, POT)
        self.notes: tuple[Text, ...] = ()
        self.failure: Exception | None = None
        self.version = "v1"
        self.catalogue = SHOP
        self.model = MODEL

    def refresh(self) -> None:
        """Have nothing to take up."""

    def answer(
        self,
        asked: Asked,
        *,
        customer_id: str | None = None,
        anonymous_id: str | None = None,
        fresh: Sequence[Deed] = (),
        generator: np.random.Generator,
    ) -> Answer:
        """Answer the list."""
        assert isinstance(generator, np.random.Generator)
        self.asked.append(asked)
        self.people.append((customer_id, anonymous_id))
        self.fresh.append(fresh)
        self.threads.append(threading.current_thread().name)
        if self.failure:
            raise self.failure
        return Answer(asked.placement, self.version, self.products, self.notes, is_personal=not self.notes)

    def titles(self, product_ids: Iterable[str]) -> dict[str, str]:
        """Know the mug alone."""
        return {name: "杯子" for name in product_ids if name == "mug"}


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="module")
def basket() -> Basket:
    return Basket()


@pytest.fixture(scope="module")
def house(shelf: Shelf, basket: Basket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    app = App.open(tmp_path_factory.mktemp("home"), clock=FixedClock(NOON))
    with open_house(Parts(app=app, spool=basket, shopfront=shelf)) as house:
        yield house
    app.store.close()


@pytest.fixture(scope="module")
def reader(house: House) -> httpx.Client:
    return house.with_key("read")


@pytest.fixture(autouse=True)
def _anew(shelf: Shelf, basket: Basket) -> None:
    shelf.__init__()  # type: ignore[misc]  # as it was made
    basket.__init__()  # type: ignore[misc]


def ask(reader: httpx.Client, **asked: Any) -> httpx.Response:
    return reader.get("/v1/recommendations", params={"placement": "home"} | asked)


def test_a_list_is_answered_with_titles_reasons_and_chances(reader: httpx.Client) -> None:
    told = ask(reader, customer="ann", k=2).json()

    assert (told["placement"], told["version"], told["personal"], told["notes"]) == ("home", "v1", True, [])
    mug, pot = told["products"]
    assert mug == {
        "product_id": "mug",
        "title": "杯子",
        "rank": 1,
        "score": 3.0,
        "propensity": 1.0,
        "explored": False,
        "strategy": "personal",
        "reasons": [
            {"text": "Because you viewed Tea", "because_of": "tea", "share": 0.75},
            {"text": "Other things", "because_of": None, "share": 0.25},
        ],
    }
    assert (pot["title"], pot["explored"], pot["propensity"], pot["reasons"]) == (None, True, 0.25, [])


def test_reasons_are_in_the_language_asked_for_and_notes_in_both(reader: httpx.Client, shelf: Shelf) -> None:
    shelf.notes = (Text("Not much", "不多"),)
    told = ask(reader, language="zh").json()

    assert told["products"][0]["reasons"][0]["text"] == "因为您浏览过“Tea”"
    assert told["notes"] == [{"en": "Not much", "zh": "不多"}]


def test_what_is_asked_is_passed_on_as_it_was_meant(reader: httpx.Client, shelf: Shelf) -> None:
    ask(reader, placement="cart", customer="ann", anonymous="v1", items="a, b", k=3, language="zh", category="Tea")
    ask(reader, items=["a", "b,c"], customer="", anonymous="", category="")

    assert shelf.asked[0] == Asked(placement="cart", k=3, items=("a", "b"), language="zh", category="Tea")
    assert shelf.asked[1] == Asked(placement="home", items=("a", "b,c"))
    assert shelf.people == [("ann", "v1"), (None, None)]


def test_a_shop_has_its_own_hits_ranked(reader: httpx.Client, shelf: Shelf) -> None:
    hits = {"items": ["a,b", "c"], "anonymous": "v1", "k": 2}
    answer = reader.post("/v1/recommendations/search", json=hits)

    assert answer.status_code == 200
    assert shelf.asked == [Asked(placement="search", k=2, items=("a,b", "c"))]
    assert shelf.people == [(None, "v1")]


def test_a_list_is_logged_before_it_is_answered_with_what_a_ranker_learns_from(reader: httpx.Client, basket: Basket) -> None:
    told = ask(reader, customer="ann", anonymous="v1").json()

    (record,) = basket.records
    assert (record.stamp.form, record.stamp.source, record.stamp.received_at) == ("exposure", "live", micros(NOON))
    logged = shown(record.body)
    assert (logged.exposure_id, logged.placement, logged.version) == (told["exposure_id"], "home", "v1")
    assert (logged.shown_at, logged.customer_id, logged.anonymous_id) == (micros(NOON), "ann", "v1")
    assert logged.products == [
        Placed("mug", 1.0, False, "personal", 3.0, {"taste": 2.25, "trend": 0.75}),  # noqa: FBT003
        Placed("pot", 0.25, True, "new", 1.0),  # noqa: FBT003
    ]


def test_no_two_lists_have_the_same_id(reader: httpx.Client) -> None:
    assert len({ask(reader).json()["exposure_id"] for _ in range(20)}) == 20


def test_who_has_not_agreed_is_not_named_in_the_log(reader: httpx.Client, shelf: Shelf, basket: Basket) -> None:
    shelf.notes = (NO_CONSENT,)
    ask(reader, customer="ann", anonymous="v1")

    logged = shown(basket.records[0].body)
    assert (logged.customer_id, logged.anonymous_id) == (None, None)
    assert b"ann" not in basket.records[0].body


def test_a_preview_is_the_same_answer_and_stands_in_no_log(
    house: House, reader: httpx.Client, basket: Basket, shelf: Shelf
) -> None:
    name = 'lifeloop_recommended_products_total{placement="message",strategy="personal"}'
    before = _figure(house, name)
    looked = ask(reader, placement="message", customer="ann", preview="true").json()
    searched = reader.post("/v1/recommendations/search", json={"items": ["mug"], "customer": "ann", "preview": True}).json()

    assert basket.records == []
    assert (looked["exposure_id"], searched["exposure_id"], looked["notes"]) == (None, None, [])
    assert _figure(house, name) == before
    shown = ask(reader, placement="message", customer="ann").json()
    assert looked == shown | {"exposure_id": None}
    assert (len(basket.records), _figure(house, name)) == (1, before + 1)


def test_an_empty_list_is_an_answer_and_nothing_is_logged(reader: httpx.Client, shelf: Shelf, basket: Basket) -> None:
    shelf.products, shelf.version, shelf.notes = (), "none", (Text("Nothing yet", "尚无"),)
    answer = ask(reader)

    assert answer.status_code == 200
    assert (answer.json()["products"], answer.json()["exposure_id"], answer.json()["version"]) == ([], None, "none")
    assert len(answer.json()["notes"]) == 1
    assert basket.records == []


@pytest.mark.parametrize("failure", [SpoolBusy("busy"), SpoolFull("full")])
def test_a_page_has_its_list_although_the_spool_does_not_take_it(
    reader: httpx.Client, basket: Basket, house: House, failure: Exception
) -> None:
    basket.failure = failure
    before = _figure(house, "lifeloop_unlogged_lists_total")
    told = ask(reader).json()

    assert (told["exposure_id"], len(told["products"])) == (None, 2)
    assert "not be logged" in told["notes"][0]["en"]
    assert _figure(house, "lifeloop_unlogged_lists_total") == before + 1


def test_what_was_collected_a_moment_ago_is_passed_on_with_the_very_next_question(
    house: House, reader: httpx.Client, shelf: Shelf
) -> None:
    sender = house.with_key("ingest")
    view = said("m1", event="Product Viewed", userId="ann", anonymousId="v1", properties={"product_id": "mug"})
    assert sender.post("/v1/track", json=view).status_code == 200
    ask(reader, customer="ann")
    ask(reader, anonymous="v1")
    ask(reader, customer="bob")
    hog = {"distinct_id": "v9", "$device_id": "v9", "$is_identified": False, "product_id": "pot"}
    clicked = {"event": "Product Clicked", "uuid": "m2", "timestamp": NOON.isoformat(), "properties": hog}
    assert sender.post("/e/", json=clicked).status_code == 200
    ask(reader, anonymous="v9")

    mug = Deed("mug", "view", micros(NOON))
    assert [list(fresh) for fresh in shelf.fresh] == [[mug], [mug], [], [Deed("pot", "view", micros(NOON))]]


def test_an_event_the_spool_did_not_take_changes_nothing(
    house: House, reader: httpx.Client, shelf: Shelf, basket: Basket
) -> None:
    basket.failure = SpoolFull("full")
    view = said("m3", event="Product Viewed", userId="eve", properties={"product_id": "mug"})
    assert house.with_key("ingest").post("/v1/track", json=view).status_code == 503
    basket.failure = None
    ask(reader, customer="eve")

    assert shelf.fresh == [()]


def test_an_unknown_placement_is_refused_with_the_nearest_there_is(reader: httpx.Client) -> None:
    answer = ask(reader, placement="chart")

    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_name")
    assert "did you mean 'cart'" in answer.json()["asked"]


@pytest.mark.parametrize(
    ("failure", "status", "error"),
    [
        (SettingsError("cannot list 0"), 400, "bad_request"),
        (UnknownName("product", "mugg", ["mug"]), 404, "unknown_name"),
        (StoreError("away"), 503, "store_unavailable"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_the_one_form(
    reader: httpx.Client, shelf: Shelf, basket: Basket, failure: Exception, status: int, error: str
) -> None:
    shelf.failure = failure
    answer = ask(reader)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert basket.records == []


@pytest.mark.parametrize(
    "asked",
    [
        {"k": "many"},
        {"k": "9" * 5000},
        {"language": "de"},
        {"customer": "x" * 300},
        {"placement": "x" * 100},
        {"customer": "a\0b"},
        {"anonymous": "\0"},
        {"category": "Tea\0"},
        {"preview": "perhaps"},
    ],
)
def test_values_of_no_kind_are_refused(reader: httpx.Client, asked: dict[str, str]) -> None:
    answer = ask(reader, **asked)

    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")


@pytest.mark.parametrize("said", [{"customer": "a\0b"}, {"anonymous": "\0"}, {"category": "\0"}, {"preview": "perhaps"}])
def test_a_search_with_values_of_no_kind_is_refused(reader: httpx.Client, said: dict[str, str]) -> None:
    answer = reader.post("/v1/recommendations/search", json={"items": ["mug"]} | said)

    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")


def test_too_many_products_are_refused_with_how_many_may_be_named(reader: httpx.Client) -> None:
    many = [f"p{number}" for number in range(MOST_ITEMS + 1)]
    by_get = ask(reader, items=",".join(many))
    by_post = reader.post("/v1/recommendations/search", json={"items": many})
    large = reader.post("/v1/recommendations/search", json={"items": ["x" * 256] * 5000})

    for answer in (by_get, by_post, large):
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert "Name at most 1,000." in by_get.json()["fix"]
    assert ask(reader, items=",".join(many[1:])).status_code == 200


def test_quick_answers_are_worked_out_by_the_loop_and_those_that_look_into_the_lake_never(
    reader: httpx.Client, shelf: Shelf
) -> None:
    for _ in range(60):
        ask(reader)
    ask(reader, placement="message", customer="ann")

    assert not shelf.threads[-2].startswith("AnyIO")
    assert shelf.threads[-1].startswith("AnyIO")


@pytest.mark.parametrize("asked", [{"k": 100}, {"items": "mugg"}, {"items": ",".join(["mug"] * 60)}, {"placement": "cart"}])
def test_what_may_take_long_is_not_worked_out_by_the_loop(
    reader: httpx.Client, shelf: Shelf, asked: dict[str, str | int]
) -> None:
    for _ in range(60):
        ask(reader)
    ask(reader, **asked)
    ask(reader, items="mug,tea")

    assert shelf.threads[-2].startswith("AnyIO")
    assert not shelf.threads[-1].startswith("AnyIO")


def test_how_long_refused_requests_took_counts_too(reader: httpx.Client, shelf: Shelf) -> None:
    shelf.failure = SettingsError("cannot list 0")
    for _ in range(60):
        ask(reader, placement="search")

    assert shelf.threads[0].startswith("AnyIO")
    assert not shelf.threads[-1].startswith("AnyIO")


def test_figures_tell_what_was_recommended_by_placement_and_strategy_and_how_long_it_took(
    house: House, reader: httpx.Client
) -> None:
    name = 'lifeloop_recommended_products_total{placement="product",strategy="personal"}'
    before = _figure(house, name)
    ask(reader, placement="product", items="tea")

    assert _figure(house, name) == before + 1
    assert _figure(house, 'lifeloop_recommend_seconds_count{placement="product"}') >= 1


def test_recommendations_have_a_rate_of_their_own(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "lifeloop.toml").write_text("[serve]\nread_per_second = 1\nrecommend_per_second = 3\n")
    app = App.open(tmp_path, clock=FixedClock(NOON + timedelta(hours=1)))
    with open_house(Parts(app=app, spool=Basket(), shopfront=shelf)) as house:
        client = house.with_key("read")
        answers = [ask(client) for _ in range(40)]
        assert client.get("/v1/imports").status_code == 200
    app.store.close()

    refused = [answer for answer in answers if answer.status_code != 200]
    assert {answer.status_code for answer in refused} == {429}
    assert answers[0].headers["X-RateLimit-Limit"] == "6"
    assert "more than 3 requests a second" in refused[0].json()["found"]


def _figure(house: House, name: str) -> float:
    lines = house.client().get("/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + " ")), 0.0)
