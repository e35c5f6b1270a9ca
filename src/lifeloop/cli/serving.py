"""Commands about the server: collect what happens now and answer over HTTP; see what it does in the background."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from lifeloop.cli.options import HomeOption, JsonOption, open_app
from lifeloop.cli.show import emit, say, table


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("serve")(serve)
    app.command("jobs")(jobs)


def serve(
    home: HomeOption = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0: any free one. Default: the home's setting.", show_default=False)
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. Default: the home's setting.", show_default=False)
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="api, collect or worker; repeatable, with PostgreSQL. Default: all.", show_default=False),
    ] = None,
    spool: Annotated[
        str | None,
        typer.Option(
            help="Name of this process's spool, where several collect or answer. Default: main; shown with --only api.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Collect events, answer over HTTP and run every night, until stopped. Logs are JSON lines on the standard error."""
    from lifeloop.api.serve import serve as serve_until_stopped
    from lifeloop.api.serve import serving
    from lifeloop.base.logging import leave

    app = open_app(home)
    what = serving(app, host=host, port=port, only=only or [], spool=spool)

    def started(address: str) -> None:
        if as_json:
            sys.stdout.write(json.dumps({"address": address}) + "\n")
            sys.stdout.flush()
        else:
            say(f"lifeloop serves {app.home.path} at {address}; what it answers: {address}/docs. Ctrl-C stops it.")

    serve_until_stopped(app, what, started=started)
    leave()


def jobs(
    home: HomeOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List nightly runs and imports the server did, does, or will do."""
    from lifeloop.base.clock import instant_of
    from lifeloop.store.jobs import list_jobs

    app = open_app(home)
    with app.store.reading() as connection:
        known = list_jobs(connection, limit=limit)
    times = ("made_at", "started_at", "ended_at")
    rows = [
        {**asdict(job), **{name: instant_of(at) for name in times if (at := getattr(job, name)) is not None}} for job in known
    ]

    def render() -> None:
        shown = [
            (row["job_id"], row["kind"], row["state"], row["tries"], row["made_at"].isoformat(timespec="seconds"))
            for row in rows
        ]
        table("", ["job", "kind", "state", "tries", "asked for"], shown, right=[3])

    emit({"jobs": rows}, render, as_json=as_json)
