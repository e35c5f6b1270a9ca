"""The simulated shop speaks both languages, in many words, and never says what it knows."""

from __future__ import annotations

import re

import pytest

from lifeloop.simulate.words.goods import BRANDS, COMPLEMENTS, FINISHES, THINGS, description, finishes, title

CJK = re.compile(r"[\u3400-\u9fff]")


def in_its_language(language: str, text: str) -> bool:
    return bool(text.strip()) and bool(CJK.search(text)) == (language == "zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_two_products_share_a_title(language: str) -> None:
    titles = [title(thing, finish, language) for thing in THINGS for finish in finishes(thing)]

    assert len(titles) == len(set(titles)) >= 3_600
    assert all(in_its_language(language, text) for text in titles)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_any_finish_on_any_thing_still_has_its_own_title(language: str) -> None:
    assert len({title(thing, finish, language) for thing in THINGS for finish in FINISHES}) == len(THINGS) * len(FINISHES)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_description_is_one_sentence_in_its_language(language: str) -> None:
    for number, thing in enumerate(THINGS):
        for finish in finishes(thing):
            said = description(thing, finish, BRANDS[number % len(BRANDS)], language)
            assert in_its_language(language, said)
            assert said[-1] in ".。"
            assert said.count(said[-1]) == 1


def test_the_shelves_are_wide_enough() -> None:
    assert len({thing.department_en for thing in THINGS}) == len({thing.department_zh for thing in THINGS}) == 8
    assert len({thing.category_en for thing in THINGS}) == len({thing.category_zh for thing in THINGS}) == 32
    assert all(len(finishes(thing)) == len(set(finishes(thing))) == 24 for thing in THINGS)
    assert len(set(BRANDS)) == 24
    assert all(thing.price > 0 for thing in THINGS)
    assert any(thing.cycle_days is None for thing in THINGS)
    assert all(thing.cycle_days is None or 10 <= thing.cycle_days <= 365 for thing in THINGS)


def test_what_goes_together_is_on_the_shelves() -> None:
    shelves = {thing.category_en for thing in THINGS}

    assert len(set(COMPLEMENTS)) == len(COMPLEMENTS) >= 24
    assert {name for pair in COMPLEMENTS for name in pair} <= shelves
    assert all(one != other for one, other in COMPLEMENTS)
