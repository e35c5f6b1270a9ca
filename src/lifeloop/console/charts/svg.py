"""SVG elements as text that is safe to put into a page: every attribute and every word is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Value = str | float | int | None


def tag(name: str, *children: str | Markup, **attributes: Value) -> Markup:
    """Return one element; `class_` is written class, `text_anchor` text-anchor; attributes that are None are left out.

    >>> str(tag("text", "a < b", x=1.234, class_="note"))
    '<text x="1.23" class="note">a &lt; b</text>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_shown(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = Markup("").join(escape(child) for child in children)
    return Markup(f"<{name}{told}>{inner}</{name}>")  # noqa: S704 - the parts are escaped above


def _shown(value: Value) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def group(children: Iterable[Markup], **attributes: Value) -> Markup:
    """Return elements as one group."""
    return tag("g", *children, **attributes)


def label(words: str, x: float, y: float, *, anchor: str = "start", class_: str | None = None) -> Markup:
    """Return words whose middle line is at `y`."""
    return tag("text", words, x=x, y=y, text_anchor=anchor, dominant_baseline="central", class_=class_)


def rect(x: float, y: float, width: float, height: float, *, class_: str, hint: str = "", **attributes: Value) -> Markup:
    """Return a rectangle; `hint` is shown when the pointer rests on it."""
    inner = [tag("title", hint)] if hint else []
    return tag("rect", *inner, x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=class_, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, *, class_: str) -> Markup:
    """Return a straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def chart(name: str, width: int, height: int, title: str, about: str, children: Iterable[Markup]) -> Markup:
    """Return a whole drawing with a title and a description for those who cannot see it; `name` is unique in the page."""
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", about, id=f"{name}-about"),
        *children,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_labelledby=f"{name}-title {name}-about",
        class_="chart wide" if width > 700 else "chart",
    )


def nice_ticks(top: float, *, about: int = 4) -> list[float]:
    """Return round steps from 0 to at least `top`.

    >>> nice_ticks(870)
    [0.0, 250.0, 500.0, 750.0, 1000.0]
    """
    if top <= 0:
        return [0.0, 1.0]
    rough = top / about
    power = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 1.0
    while power > rough:
        power /= 10
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    ticks = [0.0]
    while ticks[-1] < top - 1e-9 * top:
        ticks.append(ticks[-1] + step)
    return ticks
