"""The shopfront of a small shop: who is answered with what, and how soon what changed is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.base.clock import FixedClock, micros
from lifeloop.base.config import Settings
from lifeloop.base.recommend_settings import Placement, RecommendSettings
from lifeloop.base.versions import versions
from lifeloop.lake import DuckEngine
from lifeloop.recommend import shopfront as module
from lifeloop.recommend.answering.notes import NOTHING_DONE
from lifeloop.recommend.asked import Answer, Asked, Deed
from lifeloop.recommend.learning.nightly import recommend_all
from lifeloop.recommend.model import QUESTION
from lifeloop.recommend.shopfront import Shopfront
from lifeloop.schema import EVENT, EXPOSURE, PRODUCT
from lifeloop.store import Store, open_store
from lifeloop.store.consents import ConsentRow, add_consents
from lifeloop.store.profiles import DEVICE
from lifeloop.store.timeline import EventRow, add_events
from lifeloop.testing.shop import ShopBuilder
from lifeloop.unify.resolved import RESOLVED

FREE = RecommendSettings(consent="unless_withdrawn", threads=1, exploration=0, diversity=0)
DAY = 8


class Ticks:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class House:
    """A shop whose customers come in two kinds, its store and its shopfront on day 8, after a run as of day 7."""

    def __init__(self, folder: Path, settings: RecommendSettings = FREE, *, is_fitted: bool = True) -> None:
        self.shop = ShopBuilder(folder)
        self.models = folder / "models"
        self.settings = Settings(recommend=settings)
        self.ticks = Ticks()
        self.store: Store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
        draw = np.random.default_rng(5)
        for number in range(30):
            half = 15 * (number % 2)
            for day in range(6):
                self.shop.does(f"c{number:02}", "Product Viewed", day=day, product=f"p{half + int(draw.integers(15))}")
            self.shop.orders(f"c{number:02}", day=6, products=(f"p{half + number % 3}",))
        self.engine = DuckEngine(self.shop.lake, views=RESOLVED)
        if is_fitted:
            self.run(7)
        self.front = self.opened(self.store)

    def run(self, day: float) -> None:
        recommend_all(self.shop.lake, self.engine, self.models, self.shop.day(day), settings=self.settings)

    def opened(self, store: Store | None) -> Shopfront:
        clock = FixedClock(self.shop.day(DAY))
        return Shopfront(self.shop.lake, self.engine, self.models, self.settings, clock=clock, store=store, ticks=self.ticks)

    def asks(
        self, who: str | None = None, placement: Placement = "home", front: Shopfront | None = None, **more: Any
    ) -> Answer:
        asked = Asked(placement=placement, k=more.pop("k", 8), items=more.pop("items", ()))
        return (front or self.front).answer(asked, customer_id=who, generator=np.random.default_rng(1), **more)

    def does(self, name: str, product: str, *, who: str | None = None, device: str | None = None, **more: Any) -> None:
        """Say to the store what was done a quarter of an hour ago."""
        at = micros(self.shop.day(DAY) - timedelta(minutes=15))
        number = f"{name} {product} {who} {device}"
        row = EventRow("web", number, "s", 1, 1, who, device, "track", name, at, at, product, None, None, is_bot=False)
        with self.store.writing() as connection:
            add_events(connection, [row._replace(**more)])

    def says(self, owner: str, state: str, day: float = 5) -> None:
        at = micros(self.shop.day(day))
        row = ConsentRow(f"{owner}{day}", owner, "web", "personalization", state, "banner", None, "web", at, at)
        with self.store.writing() as connection:
            add_consents(connection, [row])


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def names(answer: Answer) -> list[str]:
    return [one.product_id for one in answer.products]


def half(answer: Answer, first: int = 5) -> float:
    """Return which share of the first products is of the second kind."""
    return float(np.mean([int(name[1:]) >= 15 for name in names(answer)[:first]]))


def because(answer: Answer) -> set[str | None]:
    return {reason.because_of for one in answer.products for reason in one.reasons}


def test_customers_are_answered_by_their_own_history(house: House) -> None:
    assert half(house.asks("c00")) < 0.3
    assert half(house.asks("c01")) > 0.7
    assert house.asks("c01").is_personal
    assert house.front.version == "20240108T000000Z"


def test_a_click_changes_the_next_answer_before_anybody_else_knows_of_it(house: House) -> None:
    clicked = Deed("p20", "view", micros(house.shop.day(DAY)))

    before, after = house.asks("c00"), house.asks("c00", fresh=(clicked,))

    assert "p20" not in because(before)
    assert "p20" in because(after)


def test_what_the_store_knows_changes_the_next_answer_and_counts_once(house: House) -> None:
    house.does("Product Viewed", "p20", who="c00")
    after = house.asks("c00")
    known = Deed("p20", "view", micros(house.shop.day(DAY) - timedelta(minutes=15)))

    assert "p20" in because(after)
    assert house.asks("c00", fresh=(known,)) == after


def test_a_customer_of_whom_nothing_is_known_is_answered_as_a_visitor_and_a_note_says_so(house: House) -> None:
    unknown, visitor, known = house.asks("nobody"), house.asks(None, anonymous_id="a new phone"), house.asks("c00")

    assert [one.product_id for one in unknown.products] == [one.product_id for one in visitor.products]
    assert NOTHING_DONE in unknown.notes
    assert NOTHING_DONE not in (*visitor.notes, *known.notes)


def test_a_visitor_is_answered_by_the_visit_so_far(house: House) -> None:
    stranger = house.asks(None, anonymous_id="phone")
    house.does("Product Viewed", "p20", device="phone")
    visitor = house.asks(None, anonymous_id="phone")

    assert not stranger.is_personal
    assert names(stranger) == names(house.asks())
    assert because(visitor) >= {"p20"}
    assert half(visitor) > 0.7


def test_robots_and_what_was_done_before_the_fit_are_not_heard_from_the_store(house: House) -> None:
    before = house.asks("c00")
    house.does("Product Viewed", "p20", who="c00", is_bot=True)
    house.does("Product Viewed", "p21", who="c00", occurred_at=micros(house.shop.day(3)))
    house.does("Cart Viewed", "p22", who="c00")
    assert house.asks("c00") == before


def test_an_order_told_to_the_store_takes_its_products_out(house: House) -> None:
    first = names(house.asks("c00"))[:2]
    listed = json.dumps({"products": [{"product_id": name} for name in first]})
    house.does("Order Completed", "", who="c00", product_id=None, properties=listed)

    assert not set(first) & set(names(house.asks("c00")))


@pytest.mark.parametrize(
    ("rule", "said", "is_personal"),
    [
        ("given", [], False),
        ("given", ["given"], True),
        ("given", ["given", "withdrawn"], False),
        ("unless_withdrawn", [], True),
        ("unless_withdrawn", ["withdrawn"], False),
        ("unless_withdrawn", ["withdrawn", "given"], True),
    ],
)
def test_only_the_history_of_those_who_agree_is_used(
    tmp_path: Path, rule: Any, said: Sequence[str], *, is_personal: bool
) -> None:
    house = House(tmp_path, FREE.model_copy(update={"consent": rule}))
    for day, state in enumerate(said):
        house.says("c01", state, day=day)
        house.says(DEVICE + "phone", state, day=day)
    house.does("Product Viewed", "p20", device="phone")

    assert house.asks("c01").is_personal == is_personal
    assert bool(because(house.asks(None, anonymous_id="phone")) - {None}) == is_personal


def test_the_store_knows_better_than_the_lake_who_agreed(tmp_path: Path) -> None:
    house = House(tmp_path, FREE.model_copy(update={"consent": "given"}), is_fitted=False)
    row: dict[str, Any] = {"source": "test", "message_id": "given", "type": "track", "name": "Signed Up", "customer_id": "c01"}
    row |= {"occurred_at": house.shop.day(1), "received_at": house.shop.day(1), "properties": '{"consent":["个性化"]}'}
    house.shop.lake.append(EVENT, pa.Table.from_pylist([row], schema=EVENT.arrow()))
    house.run(7)

    assert house.asks("c01").is_personal
    assert house.asks("c01", front=house.opened(None)).is_personal
    house.says("c01", "withdrawn", day=2)

    assert not house.asks("c01").is_personal


def test_consent_taken_back_after_the_run_counts_without_a_store(house: House) -> None:
    row: dict[str, Any] = {
        "source": "test",
        "message_id": "back",
        "type": "track",
        "name": "Consent Withdrawn",
        "customer_id": "c01",
    }
    row |= {"occurred_at": house.shop.day(7.5), "received_at": house.shop.day(7.5)}
    row |= {"properties": '{"channel": "web", "purpose": "personalization"}'}
    front = house.opened(None)
    assert house.asks("c01", front=front).is_personal
    house.shop.lake.append(EVENT, pa.Table.from_pylist([row], schema=EVENT.arrow()))
    house.ticks.now += module.SINCE_SECONDS
    front.refresh()

    assert not house.asks("c01", front=front).is_personal


def test_what_was_done_since_the_fit_comes_from_the_lake_where_there_is_no_store(house: House) -> None:
    house.shop.does("c00", "Product Viewed", day=7.1, product="p20")
    front = house.opened(None)
    house.shop.lake  # noqa: B018 - writes what waits

    assert "p20" in because(house.asks("c00", front=front))


def test_what_is_sold_out_is_gone_within_seconds(house: House) -> None:
    first = names(house.asks("c00"))[0]
    gone = {"source": "test", "product_id": first, "title": "Tea", "stock": 0.0, "updated_at": house.shop.day(7)}
    house.shop.lake.append(PRODUCT, pa.Table.from_pylist([gone], schema=PRODUCT.arrow()))
    house.front.refresh()
    assert first in names(house.asks("c00"))
    house.ticks.now += module.CATALOGUE_SECONDS
    house.front.refresh()
    assert first not in names(house.asks("c00"))
    assert house.front.titles([first, "nonsense"]) == {first: "Tea"}


def test_what_trends_today_is_learned_today(house: House) -> None:
    before = house.front.model
    for number in range(60):
        house.shop.does(f"new{number}", "Product Added", day=7.2, product="p29")
    house.shop.lake  # noqa: B018 - writes what waits
    house.front.refresh()
    assert house.front.model is before
    house.ticks.now += module.SINCE_SECONDS
    house.front.refresh()
    assert names(house.asks())[0] == "p29"
    assert house.front.model.people[house.front.model.products.places["p29"]] >= 60


def test_a_newer_run_answers_as_soon_as_it_is_looked_for_and_a_damaged_one_does_not(house: House) -> None:
    house.asks("c00")
    house.run(7.5)
    house.front.refresh()
    assert house.front.version == "20240108T120000Z"

    house.run(7.6)
    newest = versions(house.models, QUESTION)[-1]
    (newest / "model.json").write_text("{")
    house.front.refresh()

    assert house.front.version == "20240108T120000Z"


def test_a_run_for_a_moment_to_come_answers_from_then_on(house: House) -> None:
    house.run(7.5)
    house.run(30)
    house.run(31)
    house.run(7.6)
    house.front.refresh()
    assert house.front.version == "20240108T142400Z"

    later = Shopfront(house.shop.lake, house.engine, house.models, house.settings, clock=FixedClock(house.shop.day(30)))

    assert later.version == "20240131T000000Z"


@pytest.mark.parametrize("others", [0, 1])
def test_a_version_that_is_away_for_a_moment_answers_on(house: House, others: int) -> None:
    if others:
        house.run(6.5)
    house.asks("c00")
    newest = versions(house.models, QUESTION)[-1]
    (newest.parent / ".replaced-x").mkdir()
    away = newest.replace(newest.parent / ".replaced-x" / newest.name)
    house.front.refresh()
    assert house.front.version == newest.name

    away.replace(newest)
    house.run(7)
    house.front.refresh()
    assert house.front.version == newest.name


def test_before_the_first_run_what_trends_and_the_visit_is_answered(tmp_path: Path) -> None:
    house = House(tmp_path, is_fitted=False)
    front = house.front

    assert front.version == "none"
    assert len(names(house.asks("c00"))) == 8
    house.run(7)
    front.refresh()

    assert front.version == "20240108T000000Z"


def test_a_shop_without_anything_answers_with_nothing(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    front = Shopfront(shop.lake, shop.engine, tmp_path / "models", Settings(), clock=FixedClock(shop.day(1)))
    answer = front.answer(Asked(placement="home"), customer_id="ann", generator=np.random.default_rng(0))

    assert answer.products == ()
    assert answer.version == "none"
    assert answer.notes


def test_what_stood_in_a_message_is_not_sent_again(house: House) -> None:
    first = names(house.asks("c00", "message"))[0]
    shown: dict[str, Any] = {"exposure_id": "e", "rank": 1, "shown_at": house.shop.day(3), "received_at": house.shop.day(3)}
    shown |= {"placement": "message", "customer_id": "c00", "product_id": first, "propensity": 1.0, "is_explored": False}
    rows = pa.Table.from_pylist([shown | {"strategy": "personal", "version": "v"}], schema=EXPOSURE.arrow())
    house.shop.lake.append(EXPOSURE, rows)

    assert first not in names(house.asks("c00", "message"))
    assert first in names(house.asks("c00"))
