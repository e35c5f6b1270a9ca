"""Heat maps: the darker a cell, the more of it there is; the figure stands in the cell, so that colour is never needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lifeloop.console.charts.svg import chart, label, rect, tag


@dataclass(frozen=True)
class Cell:
    """One cell; `level` 0..1 is how dark it is."""

    words: str
    level: float
    hint: str = ""
    below: str = ""
    """A second, smaller line."""


def cell(one: Cell, x: float, y: float, width: float, height: float) -> list[Markup]:
    """Draw one cell."""
    dark = one.level > 0.72
    drawn = [
        rect(
            x,
            y,
            width - 2,
            height - 2,
            class_="heat",
            hint=one.hint,
            fill_opacity=round(0.05 + 0.9 * max(0.0, min(one.level, 1.0)), 3),
            rx=2,
        )
    ]
    middle = y + (height - 2) / 2
    if one.words:
        at = middle - (8 if one.below else 0)
        drawn.append(label(one.words, x + (width - 2) / 2, at, anchor="middle", class_="in-dark" if dark else "in-light"))
    if one.below:
        class_ = "small in-dark" if dark else "small in-light"
        drawn.append(label(one.below, x + (width - 2) / 2, middle + 9, anchor="middle", class_=class_))
    return drawn


def heat_map(
    name: str,
    rows: Sequence[tuple[str, str, Sequence[Cell | None]]],
    columns: Sequence[str],
    *,
    title: str,
    about: str,
    heads: tuple[str, str, str],
    width: int = 1040,
    left: int = 170,
    row_height: int = 26,
) -> Markup:
    """Draw rows of (name, figure beside it, cells); `heads` stand over the names, the figures and the columns."""
    step = (width - left) / max(len(columns), 1)
    top = 44
    parts = [
        label(heads[0], 0, 12, class_="axis"),
        label(heads[1], left - 16, 12, anchor="end", class_="axis"),
        label(heads[2], left, 12, class_="axis"),
    ]
    parts += [
        label(words, left + step * (place + 0.5) - 1, 32, anchor="middle", class_="axis") for place, words in enumerate(columns)
    ]
    for number, (words, figure, cells) in enumerate(rows):
        y = top + number * row_height
        parts.append(label(words, 0, y + row_height / 2 - 1))
        parts.append(label(figure, left - 16, y + row_height / 2 - 1, anchor="end", class_="number"))
        for place, one in enumerate(cells):
            if one is not None:
                parts += cell(one, left + place * step, y, step, row_height)
    return chart(name, width, top + len(rows) * row_height + 2, title, about, parts)


def square_grid(
    name: str, cells: Sequence[Sequence[Cell]], *, title: str, about: str, across: str, up: str, names: Sequence[str]
) -> Markup:
    """Draw a 5 by 5 grid, the first row at the bottom; `across` and `up` name the axes, `names` their steps."""
    width, height, left, bottom = 520, 350, 44, 46
    step_x, step_y = (width - left) / 5, (height - bottom) / 5
    parts: list[Markup] = []
    for row, line in enumerate(cells):
        y = height - bottom - (row + 1) * step_y
        parts.append(label(names[row], left - 10, y + step_y / 2, anchor="end", class_="axis"))
        for column, one in enumerate(line):
            parts += cell(one, left + column * step_x, y, step_x, step_y)
    for column, words in enumerate(names):
        parts.append(label(words, left + (column + 0.5) * step_x, height - bottom + 14, anchor="middle", class_="axis"))
    parts.append(label(across, left + (width - left) / 2, height - 10, anchor="middle", class_="axis"))
    middle = (height - bottom) / 2
    parts.append(tag("text", up, x=10, y=middle, text_anchor="middle", class_="axis", transform=f"rotate(-90 10 {middle:.0f})"))
    return chart(name, width, height, title, about, parts)
