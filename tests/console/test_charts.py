"""Drawings are safe, well-formed, named for those who cannot see them, and their sizes are right."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from lifeloop.console.charts.columns import Bar, Slot, column_chart
from lifeloop.console.charts.flow import BODY, flow_chart
from lifeloop.console.charts.heat import Cell, heat_map, square_grid
from lifeloop.console.charts.points import calibration_chart
from lifeloop.console.charts.rows import Pair, Pull, pair_chart, pull_chart
from lifeloop.console.charts.svg import nice_ticks, tag
from lifeloop.console.voice import Voice
from lifeloop.measure.judgement import calibration
from lifeloop.measure.stage_flow import Move
from lifeloop.predict.stage.rules import STAGES

EN = Voice("en", "EUR")
NAMES = {"none": "Not yet", **{name: rule.label.en for name, rule in STAGES.items()}}
SVG = "{http://www.w3.org/2000/svg}"


def parsed(drawing: Markup) -> ET.Element:
    return ET.fromstring(str(drawing).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")))
def test_no_word_can_leave_its_element(words: str) -> None:
    element = ET.fromstring(str(tag("text", words, class_=words, x=1)))

    assert (element.text or "") == words
    assert element.get("class") == words.replace("\t", " ")
    assert not list(element)


@given(st.floats(1e-6, 1e9))
def test_a_scale_has_round_steps_and_reaches_the_top(top: float) -> None:
    ticks = nice_ticks(top)

    assert ticks[0] == 0
    assert ticks[-1] >= top * (1 - 1e-6)
    assert 2 <= len(ticks) <= 7


def test_ribbons_are_as_thick_as_there_are_customers() -> None:
    moves = [Move("new", "active", 30, 1.0), Move("active", "active", 60, 1.0), Move("none", "new", 10, 1.0)]

    drawing = parsed(flow_chart("flow", moves, NAMES, EN, before="1 May", after="1 June"))

    nodes = {rect.get("class", "").split("stage-")[-1]: float(rect.get("height", 0)) for rect in drawing.iter(f"{SVG}rect")}
    assert nodes["active"] == pytest.approx(0.9 * BODY)  # the last drawn: the right side
    assert [path.get("class") for path in drawing.iter(f"{SVG}path")] == [
        "ribbon arrives",
        "ribbon nearer",
        "ribbon stays",
    ]
    hints = [title.text for path in drawing.iter(f"{SVG}path") for title in path.iter(f"{SVG}title")]
    assert "New → Active: 30 (100% of New)" in hints


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("active", "at_risk", "away"),
        ("at_risk", "lapsed", "away"),
        ("lapsed", "won_back", "nearer"),
        ("new", "loyal", "nearer"),
    ],
)
def test_a_ribbon_is_coloured_by_where_customers_went(before: str, after: str, kind: str) -> None:
    drawing = flow_chart("flow", [Move(before, after, 1, 1.0)], NAMES, EN, before="a", after="b")

    assert f'class="ribbon {kind}"' in drawing


def test_a_column_is_as_high_as_its_figure_on_the_scale() -> None:
    slots = [Slot("Jan", (Bar(50, "good", "fifty"),)), Slot("Feb", (Bar(100, "good", "a hundred"),))]

    drawing = parsed(column_chart("c", slots, title="t", about="a", unit="EUR", tick=str))
    first, second = (float(rect.get("height", 0)) for rect in drawing.iter(f"{SVG}rect"))

    assert second == pytest.approx(2 * first, abs=0.02)


def test_every_drawing_has_a_title_and_a_description() -> None:
    bins = calibration([{"predicted": 0.2, "observed": 0.25, "rows": 40}])
    drawings = [
        calibration_chart("a", bins, EN),
        heat_map("b", [("Jan", "3", [Cell("1", 0.5), None])], ["1", "2"], title="t", about="x", heads=("a", "b", "c")),
        square_grid("c", [[Cell("1", 0.1)] * 5] * 5, title="t", about="x", across="a", up="b", names="12345"),
        pull_chart("d", [Pull("x", 0.5, 0.1, "50%", "10%")], title="t", about="x", heads=("l", "r")),
        pair_chart("e", [Pair("x", 0.5, None, "50%", "")], title="t", about="x"),
        column_chart("f", [], title="t", about="x", unit="EUR", tick=str),
    ]

    for drawing in drawings:
        element = parsed(drawing)
        assert element.get("role") == "img"
        named = (element.get("aria-labelledby") or "").split()
        found = {child.get("id"): child.text for child in element if child.get("id")}
        assert all(found[name] for name in named)


def test_the_interval_of_a_calibration_point_is_wilsons() -> None:
    (one,) = calibration([{"predicted": 0.5, "observed": 0.5, "rows": 100}])

    assert (round(one.low, 3), round(one.high, 3)) == (0.436, 0.564)
