"""A real shop and its twin in one drawing: whole, safe, named in both languages, and drawn to scale."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from lifeloop.base.text import LANGUAGES, Language
from lifeloop.console.marginals import closeness_table, marginals_figure
from lifeloop.console.marginals_texts import MONTHS, TEXTS, WEEKDAYS
from lifeloop.console.voice import Voice
from lifeloop.measure.closeness import closeness
from lifeloop.measure.marginals import Marginals, marginals
from lifeloop.testing import ShopBuilder

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("Ours & <b>", "模拟店铺")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Marginals:
    shop = ShopBuilder(tmp_path_factory.mktemp("real"))
    for number in range(30):
        for day in range(number, 60, 5 + number):
            shop.orders(f"c{number}", day=day, spent=10 + number, products=("cup", "mug", "jug")[: 1 + number % 3])
    return marginals(shop.engine, zone="UTC")


@pytest.fixture
def simulated(real: Marginals) -> Marginals:
    return replace(real, orders_histogram=(0.5, 0.5, 0, 0, 0, 0, 0, 0), popularity=tuple(0.5 * one for one in real.popularity))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_drawing_stands_alone_and_says_everything_in_its_language(
    real: Marginals, simulated: Marginals, language: Language
) -> None:
    drawing = ET.fromstring(marginals_figure(real, simulated, language=language, names=NAMES))

    said = [element.text for element in drawing.iter(f"{SVG}text")]
    for key in ("orders", "gaps", "weekday", "hour", "month", "lines", "price", "popularity", "value"):
        assert TEXTS[key].say(language) in said
    assert TEXTS["price_x"].say(language, unit="EUR") in said
    assert {*NAMES, *WEEKDAYS.say(language).split()} <= set(said)
    assert not [text for text in said if text is None or "{" in text]
    assert drawing.get("lang") == language


def test_bars_are_as_tall_as_their_shares(real: Marginals, simulated: Marginals) -> None:
    drawing = ET.fromstring(marginals_figure(real, simulated, language="en", names=NAMES))

    first = drawing.find(f"{SVG}g")
    assert first is not None
    bars = [bar for bar in first.iter(f"{SVG}rect") if bar.get("class") == "simulated"]
    assert [float(bar.get("height", 0)) for bar in bars] == pytest.approx([135.0, 135.0, *[0.0] * 6])  # of 162 at 60 %
    assert bars[0].find(f"{SVG}title").text == "模拟店铺: 50.0%"  # type: ignore[union-attr]


def test_nothing_is_drawn_outside_the_paper(real: Marginals, simulated: Marginals) -> None:
    drawing = ET.fromstring(marginals_figure(real, simulated, language="zh", names=NAMES))

    width, height = (float(drawing.get(name, 0)) for name in ("width", "height"))
    for panel in drawing.iter(f"{SVG}g"):
        x, y = (float(place) for place in panel.get("transform", "")[10:-1].split())
        for bar in panel.iter(f"{SVG}rect"):
            assert 0 <= x + float(bar.get("x", 0)) <= width - float(bar.get("width", 0))
            assert y <= y + float(bar.get("y", 0)) <= height - float(bar.get("height", 0))


def test_what_one_shop_does_not_have_is_left_out(real: Marginals) -> None:
    poor = replace(real, gap_days=None, price_minor=None, popularity=())

    drawing = ET.fromstring(marginals_figure(real, poor, language="en"))

    assert len(list(drawing.iter(f"{SVG}g"))) == 6


def test_shops_of_two_currencies_are_told_in_minor_units(real: Marginals) -> None:
    drawing = marginals_figure(real, replace(real, currency="CNY"), language="en")

    assert "price per piece, minor units" in drawing
    assert "EUR" not in drawing


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_for_the_terminal_tell_each_figure_with_its_verdict(
    real: Marginals, simulated: Marginals, language: Language
) -> None:
    rows = closeness(real, simulated)
    table = closeness_table(rows, Voice(language, "EUR"), names=NAMES)

    assert len(table.headings) == 6
    assert all(len(row) == 6 and all(row) for row in table.rows)
    told = {row[0]: row for row in table.rows}
    price = told["Price per piece" if language == "en" else "单价"]
    assert price[1].endswith(" EUR")
    assert price[3] == "0.000"
    assert {row[0] for row in table.rows if row[5].startswith(("no", "否"))} == {
        row.name.say(language) for row in rows if row.key in ("orders_histogram", "popularity")
    }
    assert table.title == TEXTS["table"].say(language, good=21, all=23)


def test_every_text_is_there_in_both_languages() -> None:
    for text in TEXTS.values():
        assert text.en != text.zh
    assert len(MONTHS.en.split()) == len(MONTHS.zh.split()) == 12


def test_the_picture_of_a_shop_can_be_kept_as_a_file(real: Marginals, tmp_path: Path) -> None:
    kept = tmp_path / "marginals.svg"
    kept.write_text(marginals_figure(real, real, language="zh"), "utf-8")

    assert ET.parse(kept).getroot().tag == f"{SVG}svg"
