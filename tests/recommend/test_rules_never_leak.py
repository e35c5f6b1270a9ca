"""A rule never leaks: whatever the catalogue, the matrices, the settings, the person and the request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.recommend.oracle import leaks

from lifeloop.base.errors import UnknownName
from lifeloop.base.recommend_settings import PLACEMENTS, RecommendSettings, RuleSettings
from lifeloop.recommend.answering import answer as answering
from lifeloop.recommend.answering.answer import answer
from lifeloop.recommend.answering.exploring import Placed
from lifeloop.recommend.answering.gate import passed
from lifeloop.recommend.answering.request import Request
from lifeloop.recommend.asked import DEED_KINDS, Answer, Asked, Deed, Person
from lifeloop.recommend.catalogue import Catalogue
from lifeloop.testing.shopfronts import DAY, NOW, model

NAMES = [f"p{number:02d}" for number in range(14)]
STRANGE = ["gone", "never"]
"""One that only the model knows, and one that nobody does."""
CATEGORIES = ["Home", "Home > Kitchen", "Home / Kitchen/Pots", "Garden", "Garden | kitchen", "Kitchen", "Kitchen › Pots"]
LAW = settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
BRIEFLY = settings(LAW, max_examples=80)


class Backwards:
    """A ranker that likes what it should not."""

    def rank(self, signals: Any) -> Any:
        return -np.nan_to_num(signals).sum(axis=1)


@dataclass(frozen=True)
class Case:
    """A shop, somebody, and a request."""

    rows: list[dict[str, Any]]
    settings: RecommendSettings
    asked: Asked
    person: Person
    gaps: dict[str, float]
    seed: int
    known: list[str]
    has_ranker: bool

    def answer(self) -> Answer:
        chance = np.random.default_rng(self.seed)
        size = len(self.known)
        cells = {
            name: np.where(chance.random((size, size)) < 0.6, chance.normal(size=(size, size)), 0)
            for name in ("personal", "similar", "together", "content")
        }
        shop = model(
            self.known,
            wanted={name: int(chance.integers(4)) for name in self.known},
            people={name: int(chance.integers(40)) for name in self.known},
            gaps={name: days for name, days in self.gaps.items() if name in self.known},
            ranker=Backwards() if self.has_ranker else None,  # type: ignore[arg-type] # only `rank` is asked of it
            **cells,  # type: ignore[arg-type] # arrays
        )
        return answer(shop, Catalogue.of(self.rows), self.asked, self.person, settings=self.settings, now=NOW, generator=chance)

    def leaks(self, said: Answer) -> list[str]:
        gaps = {name: days for name, days in self.gaps.items() if name in self.known}
        return leaks(said, self.rows, self.settings, self.asked, self.person, gaps, NOW)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(strategy, strategy, strategy, st.none())


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=len(NAMES)) | st.just(NAMES) | st.just(NAMES))
    return [
        {
            "product_id": name,
            "title": draw(maybe(st.sampled_from(["Tea 100 g", "Tea 250 g", "Pot", "Pot, blue", "Cup"]))),
            "category": draw(maybe(st.sampled_from(CATEGORIES))),
            "brand": draw(maybe(st.sampled_from(["x", "y"]))),
            "price_minor": draw(maybe(st.integers(0, 3000) | st.just(1000))),
            "cost_minor": draw(maybe(st.integers(0, 2000) | st.just(300))),
            "currency": "EUR",
            "stock": draw(st.sampled_from([None, -1, 0, 1, 2, 3, 5, 9, 20])),
        }
        for name in names
    ]


RULES = {
    "margin_floor": st.sampled_from([-0.5, 0.0, 0.3, 0.6]),
    "lowest_price": st.sampled_from([0.2, 0.5, 5.0]),
    "highest_price": st.sampled_from([1.5, 10.0, 25.0]),
    "excluded_categories": st.lists(st.sampled_from([*CATEGORIES, "kitchen", "Pots", "Nowhere"]), min_size=1, max_size=2).map(
        tuple
    ),
    "excluded_products": st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(tuple),
    "brand_cap": st.integers(1, 3),
    "category_cap": st.integers(1, 3),
    "diversity": st.sampled_from([0.0, 0.5, 1.0]),
    "exploration": st.sampled_from([0.0, 0.25, 0.5]),
}


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a few rules: with all at once nothing would be left to leak."""
    chosen = draw(st.lists(st.sampled_from(sorted(RULES)), unique=True, max_size=3))
    return {name: draw(RULES[name]) for name in chosen}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    shop = draw(rows())
    every = [row["product_id"] for row in shop] + STRANGE
    some = st.lists(st.sampled_from(every), max_size=6)
    deeds = draw(st.lists(st.tuples(st.sampled_from(every), st.sampled_from(DEED_KINDS), st.integers(0, 90)), max_size=8))
    deeds.sort(key=lambda deed: -deed[2])
    known = sorted({*draw(some), *(every[:-1] if draw(st.integers(0, 3)) else [])})
    own = draw(st.dictionaries(st.sampled_from(PLACEMENTS), rules().map(lambda said: RuleSettings(**said)), max_size=2))
    return Case(
        rows=shop,
        settings=RecommendSettings(**draw(rules()), placements=own, repeats=draw(st.booleans())),
        asked=Asked(
            placement=draw(st.sampled_from([*PLACEMENTS, "home", "message"])),
            k=draw(st.sampled_from([1, 5, 10, 101])),
            items=tuple(draw(some)),
            category=draw(st.sampled_from([*[None] * 12, *CATEGORIES, "Nowhere"])),
        ),
        person=Person(
            deeds=tuple(Deed(name, kind, NOW - days * DAY) for name, kind, days in deeds),
            is_known=draw(st.booleans()),
            has_consent=draw(st.booleans()),
            sent=frozenset(draw(some)),
        ),
        gaps=draw(st.dictionaries(st.sampled_from(every), st.sampled_from([7.0, 30.0]), max_size=6)),
        seed=draw(st.integers(0, 1000)),
        known=known,
        has_ranker=draw(st.booleans()),
    )


def answered(case: Case) -> Answer:
    assume(case.asked.placement != "product" or case.asked.items)
    try:
        return case.answer()
    except UnknownName:
        assume(False)  # noqa: FBT003 # Hypothesis asks for it so
        raise


@given(cases())
@LAW
def test_whatever_leaves_any_placement_keeps_every_rule(case: Case) -> None:
    assert case.leaks(answered(case)) == []


def carelessly(request: Request, chosen: list[int]) -> list[Placed]:
    """Stand for a placement that forgot every rule."""
    order = request.generator.permutation(len(request.shelf)).tolist()
    return [Placed(place, 1.0, is_explored=False) for place in [*chosen, *order, *order]]


@given(cases())
@LAW
def test_a_placement_that_forgot_every_rule_is_caught_at_the_gate(case: Case) -> None:
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(answering, "tried", carelessly)
        broken.setattr("lifeloop.recommend.answering.gate.log", lambda: Quiet())
        said = answered(case)

    assert case.leaks(said) == []


class Quiet:
    """A log that keeps nothing."""

    def error(self, *args: object, **values: object) -> None:
        pass


def test_without_the_gate_such_a_placement_would_leak() -> None:
    shop = [{"product_id": "tea", "stock": 0}, {"product_id": "pot", "stock": 5}]
    case = Case(shop, RecommendSettings(), Asked(placement="home"), Person(), {}, 0, ["pot", "tea"], has_ranker=False)
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(answering, "tried", carelessly)
        broken.setattr(answering, "passed", lambda chosen, request: (tuple(chosen), 0))
        said = case.answer()

    assert "tea: out of stock" in case.leaks(said)


def test_what_breaks_a_rule_is_counted_told_and_logged() -> None:
    shop = [{"product_id": "tea", "stock": 0}, {"product_id": "pot", "stock": 5}]
    case = Case(shop, RecommendSettings(), Asked(placement="home"), Person(), {}, 0, ["pot", "tea"], has_ranker=False)
    told: list[Any] = []
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(answering, "tried", carelessly)
        broken.setattr("lifeloop.recommend.answering.gate.log", lambda: Listening(told))
        said = case.answer()

    assert [one.product_id for one in said.products] == ["pot"]
    assert any("2 products were taken out" in text.say("en") for text in said.notes)
    assert told == [("recommendations_broke_rules", {"placement": "home", "faults": {"tea": "stock", "pot": "twice"}})]


class Listening:
    """A log that can be read."""

    def __init__(self, told: list[Any]) -> None:
        self.told = told

    def error(self, event: str, **values: object) -> None:
        self.told.append((event, values))


@given(cases())
@BRIEFLY
def test_somebody_without_consent_gets_what_a_stranger_gets(case: Case) -> None:
    assume(not case.person.has_consent)
    said = answered(case)
    assert said == replace(case, person=Person()).answer()


@given(cases())
@BRIEFLY
def test_without_consent_what_a_request_names_changes_nothing_at_home_and_in_messages(case: Case) -> None:
    assume(not case.person.has_consent and case.asked.placement in ("home", "message"))
    bare = replace(case, person=Person(), asked=replace(case.asked, items=())).answer()
    said = replace(case.answer(), notes=bare.notes)

    assert said == bare


@given(cases())
@BRIEFLY
def test_a_list_that_keeps_the_rules_passes_the_gate_as_it_is(case: Case) -> None:
    seen: list[int] = []
    with pytest.MonkeyPatch.context() as watched:
        watched.setattr(answering, "passed", lambda chosen, request: _watch(chosen, request, seen))
        answered(case)

    assert seen == [0] or case.rows == []


def _watch(chosen: Any, request: Request, seen: list[int]) -> Any:
    kept, dropped = passed(chosen, request)
    seen.append(dropped)
    return kept, dropped
