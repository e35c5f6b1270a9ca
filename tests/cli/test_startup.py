"""Asking for help is quick: nothing heavy is loaded until a command needs it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "numpy",
    "pyarrow",
    "duckdb",
    "deltalake",
    "pydantic",
    "lightgbm",
    "sklearn",
    "scipy",
    "numba",
    "jinja2",
    "rich",
}


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from lifeloop.cli.main import app; app(['--help'], standalone_mode=False); "
        "print(*sys.modules, file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "import" in done.stdout
    assert not HEAVY & set(done.stderr.split())
