"""The command `lifeloop`: its commands, and the one place where an error becomes words and an exit code."""

from __future__ import annotations

import json
import os
import sys
from typing import NoReturn

import typer

from lifeloop.base.errors import LifeloopError, SettingsError
from lifeloop.cli import (
    evaluate,
    facts,
    keys,
    loop,
    people,
    recommend,
    reconcile,
    reference,
    rehearsal,
    rules,
    serving,
    simulated,
)

app = typer.Typer(
    name="lifeloop",
    help="Where each customer stands in their life with the shop, what happens next, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
facts.register(app)
loop.register(app)
people.register(app)
recommend.register(app)
rules.register(app)
evaluate.register(app)
keys.register(app)
simulated.register(app)
rehearsal.register(app)
serving.register(app)
reconcile.register(app)
reference.register(app)

_STOPPED = 130
"""The exit code after Ctrl-C."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed, 2 wrong use, 3 file, 4 too little data, 5 lake, 6 model."""
    try:
        app()
    except LifeloopError as error:
        _end(error)
    except (KeyboardInterrupt, SystemExit) as ended:  # an interruption comes as either, by where it came
        if isinstance(ended, SystemExit) and ended.code != _STOPPED:
            raise
        sys.stderr.write("stopped; what was written so far is whole\n")
        sys.exit(_STOPPED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        where = error.filename or "a file"
        _end(SettingsError(f"cannot use {where}", error.strerror or str(error), "Check space and rights of its folder."))


def _end(error: LifeloopError) -> NoReturn:
    """Say what went wrong, as JSON too where that was asked for, and end with its exit code."""
    if "--json" in sys.argv:
        body = {"error": type(error).__name__, "asked": error.asked, "found": error.found, "fix": error.fix}
        sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
    sys.stderr.write(f"{error}\n")
    sys.exit(error.exit_code)
