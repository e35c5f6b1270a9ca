"""The report opens anywhere, in both languages, asks for nothing, and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from lifeloop.base.config import Settings, ShopSettings
from lifeloop.base.text import LANGUAGES, Language
from lifeloop.console.report import render_report, write_report
from lifeloop.console.sections import body_of
from lifeloop.console.texts import TEXTS
from lifeloop.console.voice import Voice
from lifeloop.features import take_snapshot, write_snapshot
from lifeloop.measure.report_data import ReportData, report_data
from lifeloop.predict.models import segment, stage
from lifeloop.schema import SCORE
from lifeloop.testing import ShopBuilder

VOID = {"meta", "input", "br", "link", "img"}


class Page(HTMLParser):
    """Reads a page and keeps what the tests ask for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(data: ReportData) -> Page:
    return Page(render_report(data))


def test_every_element_is_closed_and_every_id_is_unique(page: Page) -> None:
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_the_report_asks_for_nothing_and_runs_nothing(page: Page) -> None:
    names = {tag for tag, _ in page.tags}
    attributes = {name for _, held in page.tags for name in held}
    links = [held["href"] or "" for tag, held in page.tags if "href" in held]

    assert not names & {"script", "link", "img", "iframe", "object", "embed", "form"}
    assert not attributes & {"src", "srcset", "action", "data", "background"}
    assert not [name for name in attributes if name.startswith("on")]
    assert all(link.startswith("#") for link in links)
    assert {link.removeprefix("#") for link in links} <= set(page.ids)


def test_styles_fetch_nothing(data: ReportData) -> None:
    html = render_report(data)

    assert "@import" not in html
    assert "url(" not in html
    assert "http://" not in html
    assert "https://" not in html
    assert "default-src 'none'" in html


def test_names_from_the_data_are_shown_and_never_run(data: ReportData) -> None:
    html = render_report(data)

    assert "<script" not in html
    assert "<b>Co</b>" not in html
    assert "Gifts &amp; &lt;b&gt;Co&lt;/b&gt;" in html
    assert "&lt;script&gt;alert(" in html  # the customer worth a look
    assert "&lt;/script&gt; is no date" in html  # the example of a refused row


def test_both_languages_are_in_one_file_and_the_asked_one_is_shown(data: ReportData) -> None:
    for language in LANGUAGES:
        html = render_report(data, language=language)
        page = Page(html)
        checked = [held["id"] for tag, held in page.tags if tag == "input" and "checked" in held]

        assert checked == [f"show-{language}"]
        assert f'<html lang="{language}">' in html
        assert "Where customers stand" in html
        assert "顾客处于哪个阶段" in html


def test_the_shops_own_language_is_shown_first(lively: ShopBuilder) -> None:
    settings = Settings(shop=ShopSettings(language="zh"))

    assert '<html lang="zh">' in render_report(report_data(lively.engine, lively.day(180), settings=settings))


def test_the_file_is_written_whole_and_replaced(tmp_path: Path, data: ReportData) -> None:
    path = tmp_path / "reports" / "report.html"

    assert write_report(path, data) == path
    assert write_report(path, data).read_text("utf-8").rstrip().endswith("</html>")
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_shows_something_in_a_lively_shop(data: ReportData, language: Language) -> None:
    body = body_of(data, Voice(language, "EUR"))

    assert not [section.id for section in body.sections if section.none]
    assert all(section.drawing or section.tables for section in body.sections)
    assert all(
        section.folded or section.tables for section in body.sections if section.drawing
    )  # figures stand behind every drawing


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_of_an_empty_shop_says_why_in_words(nothing: ReportData, language: Language) -> None:
    body = body_of(nothing, Voice(language, "EUR"))

    assert all(section.none for section in body.sections)
    assert body.grave
    assert Page(render_report(nothing, language=language)).open == []


def one_customer(shop: ShopBuilder) -> None:
    shop.orders("ann", day=3)


def one_day(shop: ShopBuilder) -> None:
    for number in range(50):
        shop.orders(f"c{number}", day=3, spent=number)


def nobody_returned(shop: ShopBuilder) -> None:
    for number in range(50):
        shop.orders(f"c{number}", day=number, spent=10)


def nothing_was_paid(shop: ShopBuilder) -> None:
    for number in range(50):
        shop.orders(f"c{number % 25}", day=number, spent=0)


@pytest.mark.parametrize("story", [one_customer, one_day, nobody_returned, nothing_was_paid])
def test_a_shop_with_hardly_any_story_still_gets_an_honest_report(
    shop: ShopBuilder, story: Callable[[ShopBuilder], None]
) -> None:
    story(shop)
    day = shop.day(60)
    write_snapshot(shop.lake, shop.engine, day)
    now = take_snapshot(shop.engine, day)
    scores = [stage.fit([now]).score(now), segment.fit([now]).score(now)]
    shop.lake.overwrite_as_of(SCORE, pa.concat_tables(scores), day)

    told = report_data(shop.engine, day, settings=Settings())

    assert Page(render_report(told)).open == []
    assert "nan" not in render_report(told).lower().split()
    assert sum(one.customers for one in told.stages) == now.num_rows


def test_models_nobody_judged_say_so(unjudged: ReportData) -> None:
    sections = {section.id: section for section in body_of(unjudged, Voice("en", "EUR")).sections}

    assert "lifeloop backtest" in sections["calibration"].none
    assert sections["models"].tables[0].rows[1][-1] == "not judged yet"


def test_a_verdict_is_repeated_word_for_word(data: ReportData) -> None:
    for language, verdict in (("en", "No better than BTYD."), ("zh", "不优于 BTYD。")):
        sections = {section.id: section for section in body_of(data, Voice(language, "EUR")).sections}  # type: ignore[arg-type]
        assert verdict in [row[-1] for row in sections["models"].tables[0].rows]


def test_no_english_word_stands_in_the_chinese_report(nothing: ReportData) -> None:
    body = body_of(nothing, Voice("zh", "EUR"))
    words = " ".join([*(section.title + section.none for section in body.sections), *body.grave])

    assert set(re.findall(r"[A-Za-z]{2,}", words)) <= {
        "lifeloop", "run", "backtest", "import", "FILE", "RFM", "recommend", "consent",
    }  # fmt: skip


def test_every_text_the_report_asks_for_is_declared_and_every_declared_text_is_used() -> None:
    root = Path(__file__).parents[2] / "src" / "lifeloop" / "console"
    told = "\n".join(
        path.read_text("utf-8")
        for path in root.rglob("*")
        if path.suffix in (".py", ".j2") and path.name not in ("texts.py", "marginals.py")
    )
    asked = set(re.findall(r"say\(\s*[\"']([a-z0-9_]+)[\"']", told))
    put_together = ("stage_", "question_", "table_", "kind_", "target_")

    assert asked <= set(TEXTS)
    unused = [
        name for name in TEXTS if f'"{name}"' not in told and f"'{name}'" not in told and not name.startswith(put_together)
    ]
    assert unused == []
