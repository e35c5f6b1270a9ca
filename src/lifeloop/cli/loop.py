"""Commands about the loop: run it, judge the models, write the report, or see it all at once on a simulated shop."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifeloop.cli.options import AsOfOption, HomeOption, JsonOption, home_path, open_app
from lifeloop.cli.show import emit, progress, say, table, words_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifeloop.app import App, RunReport
    from lifeloop.base.progress import Progress
    from lifeloop.simulate.verdict import Verdict

QUESTIONS = ("churn", "value")
_FIGURES = {
    "churn": ("auc", "ap_churned", "ap_kept", "brier", "ece", "slope"),
    "value": ("gini", "spearman", "total_ratio", "decile_mape", "mae"),
}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("run")(run)
    app.command("backtest")(backtest)
    app.command("report")(report)
    app.command("demo")(demo)


def run(home: HomeOption = None, as_of: AsOfOption = None, as_json: JsonOption = False) -> None:
    """Compute the features and every prediction as of one moment. Run twice, the tables are the same."""
    app = open_app(home)
    with progress(quiet=as_json) as shown:
        done = app.run(app.as_of(as_of), progress=shown)
    emit(done, lambda: _show_run(app, done), as_json=as_json)


def backtest(
    home: HomeOption = None,
    question: Annotated[str, typer.Option(help="What to judge: churn or value.")] = "churn",
    horizon: Annotated[int | None, typer.Option(help="Days ahead. Default: the home's setting.", show_default=False)] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Model by name; repeatable. Default: ours and the baselines.", show_default=False),
    ] = None,
    first: Annotated[
        str | None,
        typer.Option("--from", help="First moment asked at, such as 2011-03-01. Default: rolling.", show_default=False),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", help="Last moment asked at. Default: the last whose horizon is known.", show_default=False),
    ] = None,
    every: Annotated[str, typer.Option(help="Days between two of these moments, or month.")] = "7",
    test: Annotated[int, typer.Option(help="How many of the last origins are the test; the models learn before them.")] = 4,
    as_json: JsonOption = False,
) -> None:
    """Judge the models on the past, beside the baselines, with intervals."""
    app = open_app(home)
    with progress(quiet=as_json) as shown:
        result = app.backtest(
            question,
            horizon_days=horizon,
            models=model,
            origins=app.origins(first, last, every, horizon_days=horizon, question=question) if first or last else None,
            test_origins=test,
            progress=shown,
        )
    emit(result, lambda: _show_backtest(result, app.home.settings.shop.language), as_json=as_json)


def report(
    home: HomeOption = None,
    as_of: AsOfOption = None,
    out: Annotated[
        Path | None, typer.Option(help="The file. Default: reports/report.html in the home.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report: one HTML file that opens anywhere."""
    app = open_app(home)
    with progress(quiet=as_json) as shown:
        file = _write_report(app, as_of, out, shown)
    emit({"report": file}, lambda: say(f"The report is in {file}"), as_json=as_json)


def demo(
    home: HomeOption = None,
    customers: Annotated[int, typer.Option(help="Customers to simulate.")] = 4000,
    seed: Annotated[int, typer.Option(help="Seed of the simulated shop.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Run the whole loop on a simulated shop; needs no file."""
    from lifeloop.cli.recommend import answers_json, every_placement, example, show_answers
    from lifeloop.cli.simulated import write_shop
    from lifeloop.simulate import WorldConfig

    folder = home_path(home)
    _make_demo_home(folder)
    with progress(quiet=as_json) as shown:
        config = WorldConfig().but(shop={"customers": customers, "seed": seed})
        made, truth = write_shop(config, folder / "simulated", "tables", shown)
        app = open_app(folder)
        app.import_files(made["files"], progress=shown)
        app = open_app(folder)
        done = app.run(app.as_of(config.shop.end.isoformat()), progress=shown)
        for question in QUESTIONS:
            app.backtest(question, progress=shown)
        written = _write_report(app, None, None, shown)
        verdicts = truth.compare(app.scores(done.as_of))

    worth = [one.customer_id for one in app.report_data(done.as_of).worth]
    shown_to = example(app, worth)
    answers = every_placement(app, shown_to, k=3)

    def render() -> None:
        _show_run(app, done)
        _show_verdicts(verdicts)
        if shown_to:
            say(f"What {shown_to} is shown")
        show_answers(app, answers)
        say(
            f"The report is in {written}",
            f"Look at one of them: {_command()} customer {shown_to or 'C000001'} --home {folder}",
            f"The simulated files are in {folder / 'simulated'}; your own: {_command()} init --home my-shop",
        )

    recommended = answers_json(app, shown_to, answers)
    emit({"run": done, "report": written, "truth": verdicts, "recommended": recommended}, render, as_json=as_json)


_VERDICTS = {
    ("p_churn", "auc"): ("{days} days without an order: AUC", "{:.3f}"),
    ("p_churn", "mean"): ("{days} days without an order: share of customers", "{:.1%}"),
    ("orders", "total_ratio"): ("orders in {days} days: total, of the true one", "{:.2f}"),
    ("orders", "spearman"): ("orders in {days} days: rank correlation", "{:.2f}"),
    ("revenue_minor", "total_ratio"): ("revenue in {days} days: total, of the true one", "{:.2f}"),
    ("revenue_minor", "top_decile_share"): ("revenue in {days} days: share of the tenth ranked highest", "{:.1%}"),
}
"""Target and figure of a verdict -> what it is called, and how it is written."""


def _show_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Show how near the predictions come to what only the simulator knows."""
    rows = []
    for one in verdicts:
        target, _, horizon = one.about.partition(", ")
        if (target, one.figure) in _VERDICTS:
            name, form = _VERDICTS[target, one.figure]
            rows.append((name.format(days=horizon.split()[0]), form.format(one.ours), form.format(one.best)))
    table("Beside the truth, which only a simulated shop can tell", ["", "predicted", "truth"], rows, right=[1, 2])


def _command() -> str:
    """Return what to type for this program: its name where the shell finds it, else its path."""
    return "lifeloop" if shutil.which("lifeloop") else sys.argv[0]


def _make_demo_home(folder: Path) -> None:
    """Make a home for the demo; a home with a shop of its own is refused."""
    from lifeloop.base.config import SETTINGS_FILE
    from lifeloop.base.errors import SettingsError

    settings = '[shop]\nname = "A simulated shop"\ncurrency = "EUR"\ntimezone = "UTC"\n'
    file = folder / SETTINGS_FILE
    if file.exists() and file.read_text("utf-8") != settings:
        raise SettingsError(
            f"cannot run the demo in {folder}",
            "it is the home of another shop",
            "Name another folder with --home, or remove it.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(settings, "utf-8")


def _write_report(app: App, as_of: str | None, out: Path | None, shown: Progress) -> Path:
    from lifeloop.console import write_report

    shown("report", 0, 1)
    moment = app.last_run(as_of)
    file = out or app.home.reports / "report.html"
    written = write_report(file, app.report_data(moment), language=app.home.settings.shop.language)
    shown("report", 1, 1)
    return written


def _show_run(app: App, done: RunReport) -> None:
    from lifeloop.console.tables import worth_table
    from lifeloop.console.voice import Voice

    data, shown = app.report_data(done.as_of), done.recommended
    day = done.as_of.astimezone(app.home.settings.shop.zone)
    say(f"{done.customers:,} customers, {done.features} features as of {day:%Y-%m-%d}")
    table(
        "",
        ["model", "version", "learned from", "scored"],
        [
            *((one.question, one.version, f"{one.learned_from:,} rows", f"{one.scored:,}") for one in done.models),
            ("recommend", shown.version, f"{shown.deeds:,} deeds", f"{shown.customers:,}"),
        ],
        right=[2, 3],
    )
    notes = [*(note for one in done.models for note in one.notes), *shown.notes]
    say(*(note.say(data.language) for note in notes))
    words_table(worth_table(data.worth, Voice(data.language, data.currency, data.zone), value_days=data.outlook.value_days))


def _show_backtest(result: dict[str, Any], language: str) -> None:
    names = _FIGURES[result["question"]]
    rows = [[one["name"], *(_interval(one["figures"].get(name)) for name in names)] for one in result["models"]]
    table(f"{result['question']}, {result['horizon_days']} days ahead", ["model", *names], rows, right=range(1, len(names) + 1))
    say(result["verdict"][language])


def _interval(figure: dict[str, float | None] | None) -> str:
    if not figure or figure["value"] is None:
        return ""
    if figure.get("low") is None or figure.get("high") is None:
        return f"{figure['value']:.3g}"
    return f"{figure['value']:.3g} ({figure['low']:.3g}–{figure['high']:.3g})"
