"""What the command line shows: one JSON object with --json, tables and progress for people otherwise."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifeloop.base.progress import Progress, silent

if TYPE_CHECKING:
    from lifeloop.console.tables import TableWords


PLAIN_WIDTH = 140
"""Columns of a table that goes into a file or a pipe."""


def plain(value: Any) -> Any:
    """Return `value` as what JSON can hold: dataclasses as objects, times as ISO text, paths as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and value != value:  # NaN is not JSON
        return None
    return value.item() if hasattr(value, "item") else value


def emit(data: Any, render: Callable[[], None], *, as_json: bool) -> None:
    """Print `data` as one JSON object, or let `render` show it to a person."""
    if as_json:
        sys.stdout.write(json.dumps(plain(data), ensure_ascii=False) + "\n")
    else:
        render()


def say(*lines: str) -> None:
    """Print lines for a person."""
    from rich.console import Console

    console = Console(highlight=False)
    for line in lines:
        console.print(line, markup=False)


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """Print a table; columns numbered in `right` are aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as RichText

    shown = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for number, heading in enumerate(headings):
        shown.add_column(heading, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(RichText("" if cell is None else str(cell)) for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH).print(shown)


def words_table(words: TableWords) -> None:
    """Print a table the console put into words."""
    table(words.title, words.headings, words.rows, right=words.figures)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Show how far a long piece of work is, on standard error, and leave nothing behind."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    with Bars(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(step: str, done: float, total: float) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield advance
