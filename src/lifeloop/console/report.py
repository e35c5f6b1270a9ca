"""The report: one HTML file that opens anywhere, in both languages, without a script and without a single request."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from lifeloop.base.files import write_whole
from lifeloop.base.text import LANGUAGES, Language
from lifeloop.console.sections import body_of
from lifeloop.console.voice import Voice
from lifeloop.measure.report_data import ReportData

LANGUAGE_NAMES = {"en": "English", "zh": "中文"}


def write_report(path: Path, data: ReportData, *, language: Language | None = None) -> Path:
    """Write the report to `path` and return it; `language` is shown first, by default the shop's.

    The file is replaced at once, so that nobody ever opens half a report. Both languages are in it; a switch that needs no
    script shows one of them. Names and reasons from the data are escaped.
    """
    html = render_report(data, language=language)
    return write_whole(path, html)


def render_report(data: ReportData, *, language: Language | None = None) -> str:
    """Return the report as HTML."""
    environment = Environment(
        loader=PackageLoader("lifeloop.console", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = language or data.language
    bodies = {one: body_of(data, Voice(one, data.currency, data.zone)) for one in LANGUAGES}
    page = environment.get_template("report.html.j2")
    return page.render(data=data, bodies=bodies, shown=shown, names=LANGUAGE_NAMES)
