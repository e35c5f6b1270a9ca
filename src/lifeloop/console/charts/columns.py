"""Standing columns: revenue by month, value by tenths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lifeloop.console.charts.svg import chart, label, line, nice_ticks, rect


@dataclass(frozen=True)
class Bar:
    """One column."""

    height: float
    class_: str
    hint: str


@dataclass(frozen=True)
class Slot:
    """Columns side by side over one name."""

    words: str
    bars: tuple[Bar, ...]
    below: str = ""
    """A second line under the name, such as a year."""


def column_chart(
    name: str,
    slots: Sequence[Slot],
    *,
    title: str,
    about: str,
    unit: str,
    tick: Callable[[float], str],
    width: int = 1040,
    height: int = 270,
) -> Markup:
    """Draw the columns over a round scale; `tick` writes a figure of the scale, `unit` stands above it."""
    left, top, bottom = 52, 26, 42 if any(slot.below for slot in slots) else 26
    ticks = nice_ticks(max((bar.height for slot in slots for bar in slot.bars), default=0.0))
    scale = (height - top - bottom) / ticks[-1]
    floor = height - bottom
    parts: list[Markup] = [label(unit, 0, 9, class_="axis")]
    for one in ticks:
        y = floor - one * scale
        parts.append(line(left, y, width, y, class_="grid" if one else "base"))
        parts.append(label(tick(one), left - 8, y, anchor="end", class_="axis"))
    step = (width - left) / max(len(slots), 1)
    for place, slot in enumerate(slots):
        start = left + place * step
        room = step * (0.7 if len(slots) < 40 else 0.85)
        bar_width = room / max(len(slot.bars), 1)
        for number, bar in enumerate(slot.bars):
            x = start + (step - room) / 2 + number * bar_width
            tall = bar.height * scale
            parts.append(
                rect(
                    x,
                    floor - tall,
                    bar_width - (1 if len(slot.bars) > 1 else 0),
                    tall,
                    class_=bar.class_,
                    hint=bar.hint,
                    rx=1.5,
                )
            )
        parts.append(label(slot.words, start + step / 2, floor + 13, anchor="middle", class_="axis"))
        if slot.below:
            parts.append(label(slot.below, start + step / 2, floor + 31, anchor="middle", class_="axis strong"))
    return chart(name, width, height, title, about, parts)
