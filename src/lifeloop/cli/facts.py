"""Commands about facts: make a home, bring files in, see whether all is well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lifeloop.base.errors import SettingsError
from lifeloop.cli.options import SETTINGS_FILE, HomeOption, JsonOption, home_path, open_app
from lifeloop.cli.show import emit, progress, say, table

if TYPE_CHECKING:
    from lifeloop.collect import Guess, ImportReport

_STARTER = """\
# Settings of this shop; docs/reference/settings.md lists them all.
[shop]
name = {name}
timezone = "{timezone}"
language = "{language}"
{currency}
"""


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("init")(init)
    app.command("import")(import_)
    app.command("doctor")(doctor)


def init(
    home: HomeOption = None,
    name: Annotated[str, typer.Option(help="The shop's name, shown on reports.")] = "My shop",
    currency: Annotated[
        str | None, typer.Option(help="Base currency, such as EUR. Default: the first import's.", show_default=False)
    ] = None,
    timezone: Annotated[str, typer.Option(help="The shop's time zone, such as Asia/Shanghai.")] = "UTC",
    language: Annotated[str, typer.Option(help="Language of reports: en or zh.")] = "en",
    as_json: JsonOption = False,
) -> None:
    """Make a data home: a folder with lifeloop.toml."""
    import json

    from lifeloop.base.config import read_settings

    folder = home_path(home)
    file = folder / SETTINGS_FILE
    made = not file.exists()
    if made:
        folder.mkdir(parents=True, exist_ok=True)
        money = f'currency = "{currency}"' if currency else '# currency = "EUR"  (taken from the first import)'
        text = _STARTER.format(name=json.dumps(name, ensure_ascii=False), timezone=timezone, language=language, currency=money)
        draft = file.with_suffix(".toml.draft")
        draft.write_text(text, "utf-8")
        try:
            read_settings(draft)
        except SettingsError:
            draft.unlink()
            raise
        draft.rename(file)
    emit(
        {"home": folder.resolve(), "made": made},
        lambda: say(
            f"{folder} is ready." if made else f"{folder} is a home already; nothing changed.",
            f"Next: lifeloop import FILE --home {folder}",
        ),
        as_json=as_json,
    )


def import_(
    files: Annotated[list[Path], typer.Argument(help="Files: CSV, TSV, JSON lines, Parquet, XLSX, also gzipped.")],
    home: HomeOption = None,
    as_: Annotated[
        str | None,
        typer.Option("--as", help="orders, lines, refunds, products, customers, events. Default: guessed.", show_default=False),
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="OUR=THEIRS, such as customer_id=Buyer; repeatable.", show_default=False)
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="Name of the shop system; the same order number in one source is one order.", show_default=False),
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="How dates are written, such as %d/%m/%Y.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Accept the guessed columns without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring files in. Bad rows are kept in `rejected`; the same file twice changes nothing."""
    import sys

    app = open_app(home)
    columns = _columns(map_ or [])
    if not (yes or dry_run or as_json):
        for guess in app.guess(files, kind=as_, columns=columns, source=source, date_format=date_format):
            _show_guess(guess)
        if sys.stdin.isatty():
            typer.confirm("Import with these columns?", abort=True)
        else:
            raise SettingsError(
                "the columns were guessed and nobody confirmed them",
                "no terminal to ask on",
                "Add --yes to accept them, or --map.",
            )
    with progress(quiet=as_json) as shown:
        report = app.import_files(
            files, kind=as_, columns=columns, source=source, date_format=date_format, dry_run=dry_run, progress=shown
        )
    emit(report, lambda: _show_import(report), as_json=as_json)


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check the home: settings, tables, models, and what an import or a run left undone."""
    app = open_app(home)
    checks = app.doctor()

    def render() -> None:
        table("", ["", "check", "found"], [("ok" if check.ok else "!!", check.name, check.found) for check in checks])

    emit({"ok": all(check.ok for check in checks), "checks": checks}, render, as_json=as_json)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _columns(pairs: list[str]) -> dict[str, str]:
    columns = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or not ours or not theirs:
            raise SettingsError(f"cannot read --map {pair}", "it is not OUR=THEIRS", "Write --map customer_id=Buyer.")
        columns[ours.strip()] = theirs
    return columns


def _show_guess(guess: Guess) -> None:
    table(
        f"{guess.file}: {guess.kind} ({guess.form})",
        ["ours", "theirs", "found by", "first row"],
        [
            (ours, column.theirs, column.how, guess.sample[0].get(ours, "") if guess.sample else "")
            for ours, column in guess.columns.items()
        ],
    )
    if guess.unused:
        say(f"Not used: {', '.join(guess.unused)}")
    say(*guess.warnings)


def _show_import(report: ImportReport) -> None:
    title = "What would be imported" if report.dry_run else "Imported"
    counts = {
        "orders, new": report.orders_new,
        "orders, updated": report.orders_updated,
        "orders, known already": report.orders_unchanged,
        "order lines": report.lines,
        "refunds": report.refunds,
        "products": report.products,
        "customers": report.customers,
        "events": report.events,
    }
    rows = [(name, f"{count:,}") for name, count in counts.items() if count]
    rows += [(f"rejected: {reason}", f"{count:,}") for reason, count in report.rejected.items()]
    table(title, ["", "count"], rows or [("nothing new", "0")], right=[1])
    say(*report.warnings)
    if report.rejected and not report.dry_run:
        say("Rejected rows are kept with file, line and reason in the table `rejected`.")
