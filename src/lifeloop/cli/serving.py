"""The command that serves: collects what happens now and answers over HTTP."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from lifeloop.cli.options import HomeOption, JsonOption, open_app
from lifeloop.cli.show import say


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("serve")(serve)


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
    spool: Annotated[str, typer.Option(help="Name of this process's spool, where several collect.")] = "main",
    as_json: JsonOption = False,
) -> None:
    """Collect events, answer over HTTP and run every night, until stopped. Logs are JSON lines on the standard error."""
    from lifeloop.api.serve import serve as serve_until_stopped
    from lifeloop.api.serve import serving

    app = open_app(home)
    what = serving(app, host=host, port=port, only=only or [], spool=spool)

    def started(address: str) -> None:
        if as_json:
            sys.stdout.write(json.dumps({"address": address}) + "\n")
            sys.stdout.flush()
        else:
            say(f"lifeloop serves {app.home.path} at {address}; what it answers: {address}/docs. Ctrl-C stops it.")

    serve_until_stopped(app, what, started=started)
