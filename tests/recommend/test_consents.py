"""Who agreed to personalisation, by what facts and the store tell."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lifeloop.base.clock import micros
from lifeloop.base.recommend_settings import RecommendSettings
from lifeloop.recommend.deeds import Deeds
from lifeloop.recommend.learning.consents import (
    GIVEN,
    SILENT,
    WITHDRAWN,
    Word,
    allowed,
    read_consents,
    read_lately,
    verdict,
    weighed,
)
from lifeloop.recommend.names import Names
from lifeloop.schema import EVENT
from lifeloop.store.consents import ConsentRow
from lifeloop.testing.shop import ShopBuilder

PURPOSES = RecommendSettings().consent_purposes
NAMES = Names.of(["cann", "veve"])
DAY_US = 86_400_000_000


def said(shop: ShopBuilder, day: float, name: str, properties: Any, **more: Any) -> None:
    text = properties if isinstance(properties, str) else json.dumps(properties, ensure_ascii=False)
    row: dict[str, Any] = {"source": "test", "message_id": f"{day} {name}", "type": "track", "name": name, "properties": text}
    row |= {"occurred_at": shop.day(day), "received_at": shop.day(day), "customer_id": "ann", **more}
    shop.lake.append(EVENT, pa.Table.from_pylist([row], schema=EVENT.arrow()))


def ann(shop: ShopBuilder, day: float = 10) -> int:
    return int(read_consents(shop.engine, NAMES, shop.day(day), PURPOSES)[0])


@pytest.mark.parametrize(
    ("properties", "state"),
    [
        ({"consent": ["email", "personalization"]}, GIVEN),
        ({"consent": ["email", "Personalisation"]}, GIVEN),
        ({"consent": ["个性化"]}, GIVEN),
        ({"consent": ["个性化推荐"]}, GIVEN),
        ({"consent": {"web": {"Personalized Recommendations": True}}}, GIVEN),
        ({"consent": {"web": {"personalised recommendations": False}}}, WITHDRAWN),
        ({"consent": ["email"]}, SILENT),
        ({"consent": {"web": {"personalization": "given", "ads": "withdrawn"}}}, GIVEN),
        ({"consent": {"personalization": False}}, WITHDRAWN),
        ({"note": "she asked for personalization"}, SILENT),
        ({"consent": {"web": {"personalization": "pending"}}}, SILENT),
        ('["personalization"]', SILENT),
        ('{"consent": ["personalization"', SILENT),
    ],
)
def test_consent_is_read_from_what_a_fact_says(tmp_path: Path, properties: Any, state: int) -> None:
    shop = ShopBuilder(tmp_path)
    said(shop, 1, "Signed Up", properties)

    assert ann(shop) == state


def test_the_last_word_before_the_moment_counts(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    said(shop, 3, "Consent Withdrawn", {"channel": "web", "purpose": "personalization"})
    said(shop, 1, "Signed Up", {"consent": ["personalization"]})
    said(shop, 5, "Consent Given", {"channel": "web", "purpose": "personalization"})

    assert [ann(shop, day) for day in (1, 2, 4, 6)] == [SILENT, GIVEN, WITHDRAWN, GIVEN]


def test_of_two_words_at_one_time_the_one_that_takes_back_counts(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    said(shop, 3, "Consent Withdrawn", {"purpose": "personalization"})
    said(shop, 3, "Consent Given", {"purpose": "personalization"})

    assert ann(shop) == WITHDRAWN


def test_a_visitor_may_agree_and_a_robot_agrees_to_nothing(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    given = {"consent": ["personalization"]}
    said(shop, 1, "Consent Given", given, customer_id=None, anonymous_id="eve")
    said(shop, 1, "Signed Up", given, is_bot=True)

    assert read_consents(shop.engine, NAMES, shop.day(2), PURPOSES).tolist() == [SILENT, GIVEN]


@pytest.mark.parametrize(("listed", "state"), [(["email"], WITHDRAWN), ([], WITHDRAWN), (["sms", "个性化"], GIVEN)])
def test_a_list_takes_back_what_it_leaves_out(tmp_path: Path, listed: list[str], state: int) -> None:
    shop = ShopBuilder(tmp_path)
    said(shop, 1, "Signed Up", {"consent": ["email", "personalization"]})
    said(shop, 3, "Preferences Updated", {"consent": listed})

    assert [ann(shop, day) for day in (2, 4)] == [GIVEN, state]


def test_a_list_says_nothing_of_what_was_never_given_and_what_is_given_after_it_counts(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    said(shop, 1, "Signed Up", {"consent": ["email"]})
    said(shop, 3, "Consent Given", {"purpose": "personalization"})

    assert [ann(shop, day) for day in (2, 4)] == [SILENT, GIVEN]


def test_to_take_back_channels_by_name_is_no_list_of_what_stays(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    said(shop, 1, "Signed Up", {"consent": ["email", "personalization"]})
    said(shop, 3, "Unsubscribed", {"consent": ["email"]})

    assert ann(shop) == GIVEN


def test_a_list_of_today_takes_back_what_was_known_before(tmp_path: Path) -> None:
    shop = ShopBuilder(tmp_path)
    said(shop, 3, "Preferences Updated", {"consent": ["email"]})
    said(shop, 3, "Preferences Updated", {"consent": ["email"]}, customer_id=None, anonymous_id="eve")
    before = dataclasses.replace(Deeds.none(1), names=NAMES, consent=np.array([GIVEN, SILENT], np.int8))
    span = shop.day(2), shop.day(4)

    assert read_lately(shop.engine, *span, PURPOSES, before=before) == {"cann": WITHDRAWN}
    assert read_lately(shop.engine, *span, PURPOSES) == {}


@pytest.mark.parametrize(
    ("store", "state"),
    [
        (Word(DAY_US * 2, -WITHDRAWN), WITHDRAWN),
        (Word(DAY_US * 2, -GIVEN), GIVEN),
        (Word(DAY_US * 20, -WITHDRAWN), WITHDRAWN),
        (Word(DAY_US * -5, -WITHDRAWN), GIVEN),
        (Word(DAY_US, -WITHDRAWN), WITHDRAWN),
        (Word(listed_at=DAY_US * 2), WITHDRAWN),
        (Word(listed_at=DAY_US), GIVEN),
    ],
)
def test_of_the_store_and_the_facts_the_later_word_counts_and_of_one_time_the_careful_one(
    tmp_path: Path, store: Word, state: int
) -> None:
    shop = ShopBuilder(tmp_path)
    start = micros(shop.day(0))
    said(shop, 1, "Signed Up", {"consent": ["personalization"]})
    moved = Word(start + store.at, store.careful) if store.at != -1 else Word(listed_at=start + store.listed_at)

    consent = read_consents(shop.engine, NAMES, shop.day(10), PURPOSES, {"cann": moved, "cunheard": moved})

    assert consent.tolist() == [state, SILENT]


def test_what_is_known_from_the_facts_counts_where_the_store_is_silent_or_older_and_less_careful() -> None:
    assert [weighed(Word(), known, 5) for known in (GIVEN, SILENT, WITHDRAWN)] == [GIVEN, SILENT, WITHDRAWN]
    assert [weighed(Word(at, -GIVEN), WITHDRAWN, 5) for at in (4, 5)] == [WITHDRAWN, GIVEN]
    assert weighed(Word(4, -WITHDRAWN), GIVEN, 5) == WITHDRAWN
    assert [weighed(Word(listed_at=at), GIVEN, 5) for at in (4, 5)] == [GIVEN, WITHDRAWN]


def test_what_the_store_keeps_is_judged_by_the_same_words() -> None:
    def row(channel: str, purpose: str, state: str, at: int) -> ConsentRow:
        return ConsentRow("id", "ann", channel, purpose, state, "consent", None, "test", at, at)

    assert verdict([row("web", "personalization", "given", 5), row("email", "marketing", "withdrawn", 9)], PURPOSES) == GIVEN
    assert (
        verdict([row("web", "个性化", "given", 5), row("personalization", "marketing", "withdrawn", 9)], PURPOSES) == WITHDRAWN
    )
    assert verdict([], PURPOSES) == SILENT


def test_silence_is_consent_only_where_the_shop_says_so() -> None:
    states = (GIVEN, SILENT, WITHDRAWN)

    assert [allowed(state, "given") for state in states] == [True, False, False]
    assert [allowed(state, "unless_withdrawn") for state in states] == [True, True, False]
