"""The simulated shop speaks both languages, in many words, and never says what it knows."""

from __future__ import annotations

import random
import re

import pytest

from lifeloop.simulate.words.goods import BRANDS, COMPLEMENTS, FINISHES, THINGS, description, finishes, title
from lifeloop.simulate.words.reviews import SENTIMENTS, comment, nps_comment, review

PRODUCT = {"en": "Teapot, oak", "zh": "橡木茶壶"}
_RANDOM = random.Random(7)
PICKS = [_RANDOM.getrandbits(64) for _ in range(6_000)]
LABELS = re.compile(
    r"positive|neutral|negative|persuadable|sure thing|lost cause|sleeping dog|resolved|handed.over|[a-z]_[a-z]|[{}]"
    r"|正面|负面|中性|可说服|意图|情感|转人工成功",
    re.IGNORECASE,
)
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


@pytest.mark.parametrize("sentiment", SENTIMENTS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_reviews_come_in_many_words_and_lengths(language: str, sentiment: str) -> None:
    texts = {review(language, sentiment, PRODUCT[language], pick) for pick in PICKS}

    assert len(texts) >= 1_500
    assert min(map(len, texts)) <= (6 if language == "zh" else 12)
    assert max(map(len, texts)) >= (40 if language == "zh" else 120)
    assert all(in_its_language(language, text) and not LABELS.search(text) for text in texts)


@pytest.mark.parametrize("sentiment", SENTIMENTS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_comments_are_short_and_come_in_many_words(language: str, sentiment: str) -> None:
    texts = {comment(language, sentiment, PRODUCT[language], pick) for pick in PICKS}

    assert len(texts) >= 900
    assert max(map(len, texts)) <= 70
    assert all(in_its_language(language, text) and not LABELS.search(text) for text in texts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_score_has_its_words(language: str) -> None:
    said = [{nps_comment(language, score, pick) for pick in PICKS} for score in range(11)]

    assert all(len(texts) >= 70 for texts in said)
    assert said[0] == said[6]
    assert said[7] == said[8]
    assert said[9] == said[10]
    assert not said[6] & said[7]
    assert not said[8] & said[9]
    assert all(in_its_language(language, text) and not LABELS.search(text) for texts in said for text in texts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_opinion_is_said_in_the_words_of_another(language: str) -> None:
    said = [{review(language, sentiment, PRODUCT[language], pick) for pick in PICKS} for sentiment in SENTIMENTS]

    assert not said[0] & said[1]
    assert not said[1] & said[2]
    assert not said[0] & said[2]


def test_the_same_pick_says_the_same_and_a_review_names_its_product() -> None:
    for pick in PICKS[:200]:
        assert review("en", "positive", "Mug, glass", pick) == review("en", "positive", "Mug, glass", pick)
        assert comment("zh", "negative", "玻璃马克杯", pick) == comment("zh", "negative", "玻璃马克杯", pick)
        assert nps_comment("en", 3, pick) == nps_comment("en", 3, pick)
    assert any("mug" in review("en", "positive", "Mug, glass", pick) for pick in PICKS[:50])
    assert any("玻璃马克杯" in review("zh", "positive", "玻璃马克杯", pick) for pick in PICKS[:50])
