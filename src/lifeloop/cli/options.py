"""Options more than one command takes, and the way a command finds its home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lifeloop.base.errors import SettingsError

if TYPE_CHECKING:
    from lifeloop.app import App

HOME_VARIABLE = "LIFELOOP_HOME"
SETTINGS_FILE = "lifeloop.toml"

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="The data home; else LIFELOOP_HOME, else this folder if it is one.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="First instant not known, such as 2011-12-10, or now. Default: midnight after the last fact.",
        show_default=False,
    ),
]


def home_path(home: Path | None) -> Path:
    """Return the data home asked for, else LIFELOOP_HOME, else the working folder if it is one. Raises SettingsError."""
    if home is not None:
        return home
    if HOME_VARIABLE in os.environ:
        return Path(os.environ[HOME_VARIABLE])
    if Path(SETTINGS_FILE).exists():
        return Path()
    raise SettingsError(
        "no data home was named",
        f"neither --home nor {HOME_VARIABLE} is set, and this folder has no {SETTINGS_FILE}",
        "Make one with: lifeloop init --home my-shop",
    )


def open_app(home: Path | None) -> App:
    """Open the data home with the real clock. Raises SettingsError."""
    from lifeloop.app import App
    from lifeloop.base.clock import SystemClock

    return App.open(home_path(home), clock=SystemClock())
