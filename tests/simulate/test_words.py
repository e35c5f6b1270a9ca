"""The simulated shop speaks both languages, in many words, and never says what it knows."""

from __future__ import annotations

import random
import re

import pytest

from lifeloop.simulate.words.answers import SETTLED, TOPICS
from lifeloop.simulate.words.asks import ASKS
from lifeloop.simulate.words.aspects import KINDS, THINGS_ONLY
from lifeloop.simulate.words.goods import BRANDS, COMPLEMENTS, THINGS, description, finishes, kind_of, title
from lifeloop.simulate.words.remarks import REMARKS
from lifeloop.simulate.words.reviews import SENTIMENTS, comment, nps_comment, review
from lifeloop.simulate.words.sayings import REVIEWS
from lifeloop.simulate.words.support import BLANKS, INTENTS, MOODS, OUTCOMES, after, ask, opener, reply

PRODUCT = {"en": "Teapot, oak", "zh": "橡木茶壶"}
_RANDOM = random.Random(7)
ORDER = {
    "en": {"order_id": "A-10293", "product": "Teapot, oak", "coupon": "SPRING10", "city": "Leeds", "amount": "€12.50"},
    "zh": {"order_id": "A-10293", "product": "橡木茶壶", "coupon": "SPRING10", "city": "杭州", "amount": "12.50欧元"},
}
PICKS = [_RANDOM.getrandbits(64) for _ in range(6_000)]
LABELS = re.compile(
    r"positive|neutral|negative|persuadable|sure thing|lost cause|sleeping dog|resolved|handed.over|[a-z]_[a-z]|[{}]"
    r"|正面|负面|中性|可说服|意图|情感",
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
    every = {finish for thing in THINGS for finish in finishes(thing)}
    assert len({title(thing, finish, language) for thing in THINGS for finish in every}) == len(THINGS) * len(every)


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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_good_is_spoken_of_in_words_that_fit_it(language: str, kind: str) -> None:
    product = {"en": "Thing, plain", "zh": "东西"}[language]
    reviews = [{review(language, sentiment, product, pick, kind=kind) for pick in PICKS} for sentiment in SENTIMENTS]
    comments = [{comment(language, sentiment, product, pick, kind=kind) for pick in PICKS} for sentiment in SENTIMENTS]
    questions = {ask(language, "product_question", ORDER[language], pick, kind=kind).text for pick in PICKS}
    told = {reply(language, "product_question", "resolved", ORDER[language], pick, kind=kind) for pick in PICKS[:500]}

    assert all(len(texts) >= 1_000 for texts in reviews)
    assert all(len(texts) >= 400 for texts in comments)
    assert len(questions) >= 300
    assert not reviews[0] & reviews[1]
    assert not reviews[1] & reviews[2]
    assert not reviews[0] & reviews[2]
    said = [*set.union(*reviews, *comments), *questions, *told]
    assert all(in_its_language(language, text) and not LABELS.search(text) for text in said)
    if kind not in ("ware", "textile"):
        wares = re.compile(r"colour|scratch(?!y)|crack|photos|flimsy|dishwasher|warranty|颜色|色差|做工|划痕|裂纹|洗碗机|保修")
        assert not [text for text in said if wares.search(text)]


def test_every_shelf_has_a_kind() -> None:
    kinds = {kind_of(f"{thing.department_en} > {thing.category_en}") for thing in THINGS}

    assert kinds == set(KINDS)
    assert [kind_of(path) for path in ("Pets > Pet treats", "Tea", "Light & scent > Candles")] == ["pet", "food", "scent"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_only_things_can_be_is_one_of_the_sayings(language: str) -> None:
    said = {one for (tongue, _), pools in REVIEWS.items() if tongue == language for pool in pools for one in pool}
    said |= {one for (tongue, _), pools in REMARKS.items() if tongue == language for one in pools[0]}
    said |= {one for forms in (*ASKS.values(), *SETTLED.values()) for one in forms[language == "zh"]}

    assert {one for one in THINGS_ONLY if bool(CJK.search(one)) == (language == "zh")} <= said


def test_the_same_pick_says_the_same_and_a_review_names_its_product() -> None:
    for pick in PICKS[:200]:
        assert review("en", "positive", "Mug, glass", pick) == review("en", "positive", "Mug, glass", pick)
        assert comment("zh", "negative", "玻璃马克杯", pick) == comment("zh", "negative", "玻璃马克杯", pick)
        assert nps_comment("en", 3, pick) == nps_comment("en", 3, pick)
    assert any("mug" in review("en", "positive", "Mug, glass", pick) for pick in PICKS[:50])
    assert any("玻璃马克杯" in review("zh", "positive", "玻璃马克杯", pick) for pick in PICKS[:50])


def blanks_in(forms: tuple[str, ...]) -> set[str]:
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}


@pytest.mark.parametrize("intent", INTENTS)
def test_an_intent_has_the_same_blanks_in_both_languages(intent: str) -> None:
    english, chinese = ASKS[intent]
    assert len(set(english)) == len(english) >= 10
    assert len(set(chinese)) == len(chinese) >= 10
    assert blanks_in(english) == blanks_in(chinese) == set(BLANKS[intent]) <= set(ORDER["en"])

    english, chinese = SETTLED[intent]
    assert len(english) == len(chinese)
    assert [blanks_in((form,)) for form in english] == [blanks_in((form,)) for form in chinese]
    assert blanks_in(english) <= set(BLANKS[intent])


def test_every_intent_can_be_answered() -> None:
    assert len(INTENTS) >= 14
    assert set(INTENTS) == set(SETTLED) == set(TOPICS)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("intent", INTENTS)
def test_a_question_names_exactly_what_stands_in_it(language: str, intent: str) -> None:
    blanks = ORDER[language]
    said = [ask(language, intent, blanks, pick) for pick in PICKS[:2_000]]

    for text, entities in said:
        assert {name for name, value in blanks.items() if value in text} == set(entities)
        assert all(blanks[name] == value for name, value in entities.items())
    texts = {text for text, _ in said}
    assert all(in_its_language(language, text) and not LABELS.search(text) for text in texts)
    assert len(texts) >= (20 if not BLANKS[intent] or intent == "complaint" else 150)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_small_share_of_questions_is_typed_carelessly(language: str) -> None:
    neat = [form.format_map(ORDER[language]) for form in ASKS["return_item"][language == "zh"]]
    texts = [ask(language, "return_item", ORDER[language], pick).text for pick in PICKS]

    careless = sum(not text.startswith(tuple(neat)) for text in texts) / len(texts)
    assert 0.15 < careless < 0.4


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("intent", INTENTS)
def test_every_answer_is_in_the_language_of_the_question(language: str, intent: str) -> None:
    blanks = {name: ORDER[language][name] for name in BLANKS[intent]}
    for outcome in OUTCOMES:
        texts = {reply(language, intent, outcome, blanks, pick) for pick in PICKS[:300]}
        assert len(texts) >= 3
        assert all(in_its_language(language, text) and not LABELS.search(text) for text in texts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_conversations_begin_and_end_in_ten_ways_or_more(language: str) -> None:
    begun = [{opener(language, mood, pick) for pick in PICKS} for mood in MOODS]
    ended = [{after(language, outcome, pick) for pick in PICKS} for outcome in OUTCOMES]

    assert all(len(texts) >= 10 for texts in begun + ended)
    assert not begun[0] & begun[1]
    assert len(set.union(*ended)) == sum(map(len, ended))
    assert all(text.strip() and not LABELS.search(text) for texts in begun + ended for text in texts)
    if language == "en":
        assert not any(CJK.search(text) for texts in begun + ended for text in texts)


def test_a_conversation_with_the_same_picks_is_the_same() -> None:
    for pick in PICKS[:100]:
        for language in ("en", "zh"):
            blanks = ORDER[language]
            assert ask(language, "cancel_order", blanks, pick) == ask(language, "cancel_order", dict(blanks), pick)
            assert reply(language, "cancel_order", "resolved", blanks, pick) == reply(
                language, "cancel_order", "resolved", dict(blanks), pick
            )


def test_a_question_without_its_blank_is_refused() -> None:
    with pytest.raises(KeyError, match="product"):
        ask("en", "product_question", {"order_id": "A-1"}, 0)
