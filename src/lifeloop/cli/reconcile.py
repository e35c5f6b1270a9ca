"""The command that asks a shop system what it has, because webhooks get lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lifeloop.cli.options import HomeOption, JsonOption, open_app
from lifeloop.cli.show import emit, progress, say, table

if TYPE_CHECKING:
    from lifeloop.app.reconcile import Reconciliation


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("reconcile")(reconcile)


def reconcile(
    name: Annotated[str, typer.Argument(help="The shop, as lifeloop.toml has it: [webhooks.NAME].")],
    home: HomeOption = None,
    from_: Annotated[
        list[Path] | None,
        typer.Option("--from", help="Its export (CSV), or pages of its API (JSON); repeatable.", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Ask for what changed since, such as 2024-01-31. Default: the last 30 days.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a shop what it has and bring in what no webhook told; twice changes nothing."""
    import time
    from dataclasses import asdict

    from lifeloop.app.reconcile import reconcile as bring_in
    from lifeloop.base.clock import parse_instant

    app = open_app(home)
    moment = parse_instant(since, app.home.settings.shop.zone) if since else None
    with progress(quiet=as_json) as shown:
        done = bring_in(app, name, pause=time.sleep, since=moment, files=from_ or [], progress=shown)
    emit({**asdict(done), "brought_in": done.brought_in}, lambda: _show(done), as_json=as_json)


def _show(done: Reconciliation) -> None:
    rows = [
        (f"{kind}s", f"{one.looked_at:,}", f"{one.never_told:,}", f"{one.told_older:,}")
        for kind, one in done.documents.items()
        if one.looked_at
    ]
    if rows:
        table(
            f"{done.name} ({done.system})", ["", "looked at", "not known", "known in an older version"], rows, right=[1, 2, 3]
        )
        lost = f"{done.brought_in:,} of them no webhook had told; they are in now." if done.brought_in else "Nothing was lost."
        say(lost)
    if done.imported is not None:
        report = done.imported
        say(
            f"Export: {report.orders_new:,} orders were not known, {report.orders_updated:,} are told anew, "
            f"{report.orders_unchanged:,} were known; {report.refunds:,} refunds.",
            *report.warnings,
        )
    if not rows and done.imported is None:
        say("The shop has nothing that changed since.")
    if done.untold:
        say(f"The shop does not tell {', '.join(done.untold)}: its webhooks are missing or switched off.")
    if done.refused:
        say(f"{done.refused:,} documents are not what they should be; they stand in the table `rejected`.")
