"""Rows for the terminal say the same as the report."""

from __future__ import annotations

import pytest

from lifeloop.base.errors import NotEnoughData
from lifeloop.console.tables import card_words, segment_table, worth_table
from lifeloop.console.voice import Voice
from lifeloop.measure.customers import customer_card
from lifeloop.measure.report_data import ReportData
from lifeloop.testing import ShopBuilder

EN, ZH = Voice("en", "EUR"), Voice("zh", "EUR")


def test_customers_worth_a_look_come_with_figures_and_a_reason(data: ReportData) -> None:
    table = worth_table(data.worth, EN, value_days=180)

    assert table.headings == ("Customer", "Stage", "Churn", "Value, 180 days", "Next order", "Reason")
    assert table.rows
    assert {row[1] for row in table.rows} == {"At risk"}
    assert all(row[2].endswith("%") and row[3].endswith("EUR") and row[5] for row in table.rows)
    assert worth_table(data.worth, ZH, value_days=180).rows[0][1] == "有流失风险"


def test_segments_come_with_their_size_and_worth(data: ReportData) -> None:
    rows = segment_table(data.rfm, EN).rows

    assert sum(int(row[1]) for row in rows) == 41


def test_the_card_of_a_customer_reads_in_words(lively: ShopBuilder) -> None:
    card = card_words(customer_card(lively.engine, "c00", lively.day(180)), EN)

    assert card.title == "Customer c00"
    assert card.stage
    assert card.stage_reason.endswith(".")
    scores = {row[0]: row[1] for row in card.scores.rows}
    assert scores["Chance of no order, 30 days"].endswith("%")
    assert scores["Revenue expected, 180 days"].endswith("EUR")
    features = {row[0]: row[1] for row in card.features.rows}
    assert features["Average order value"] == "10.00 EUR"
    assert len(card.history.rows) == 20
    assert card.history.rows[0][1:] == ("order", card.history.rows[0][2], "10.00 EUR")


def test_the_card_reads_in_chinese_too(lively: ShopBuilder) -> None:
    card = card_words(customer_card(lively.engine, "c00", lively.day(180)), ZH)

    scores = {row[0]: row[1] for row in card.scores.rows}
    assert next(iter(scores)).startswith("不下单的可能")
    assert not [answer for answer in scores.values() if "buyers" in answer or "spenders" in answer or "customers" in answer]


def test_the_card_of_nobody_is_an_error_that_says_what_to_do(lively: ShopBuilder) -> None:
    with pytest.raises(NotEnoughData, match="ghost"):
        card_words(customer_card(lively.engine, "ghost", lively.day(180)), ZH)
