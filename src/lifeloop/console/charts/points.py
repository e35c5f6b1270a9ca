"""Points with their intervals: predicted against observed chances, and the small bars of a table."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from lifeloop.console.charts.svg import chart, label, line, tag
from lifeloop.console.voice import Voice
from lifeloop.measure.judgement import Bin


def calibration_chart(name: str, bins: Sequence[Bin], voice: Voice) -> Markup:
    """Draw observed shares over predicted chances: on the diagonal, a probability can be taken at its word."""
    width, height, left, bottom, top, right = 520, 360, 52, 48, 10, 24
    across, up = width - left - right, height - bottom - top

    def x(share: float) -> float:
        return left + share * across

    def y(share: float) -> float:
        return height - bottom - share * up

    parts: list[Markup] = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(line(x(0), y(tick), x(1), y(tick), class_="grid" if tick else "base"))
        parts.append(label(voice.share(tick), left - 8, y(tick), anchor="end", class_="axis"))
        parts.append(label(voice.share(tick), x(tick), height - bottom + 14, anchor="middle", class_="axis"))
    parts.append(line(x(0), y(0), x(1), y(1), class_="diagonal"))
    for one in bins:
        hint = voice.say(
            "calibration_hint",
            predicted=voice.share(one.predicted),
            observed=voice.share(one.observed),
            rows=voice.count(one.rows),
        )
        parts.append(line(x(one.predicted), y(one.low), x(one.predicted), y(one.high), class_="whisker"))
        parts.append(tag("circle", tag("title", hint), cx=x(one.predicted), cy=y(one.observed), r=4.5, class_="point"))
    parts.append(label(voice.say("predicted"), x(0.5), height - 10, anchor="middle", class_="axis"))
    parts.append(
        tag(
            "text",
            voice.say("observed"),
            x=12,
            y=y(0.5),
            text_anchor="middle",
            class_="axis",
            transform=f"rotate(-90 12 {y(0.5):.0f})",
        )
    )
    return chart(name, width, height, voice.say("calibration_title"), voice.say("calibration_about"), parts)


def meter(share: float) -> Markup:
    """Return a small bar filled to `share`, 0..1, for a table's cell; the figure stands beside it."""
    return tag(
        "svg",
        tag("rect", width=56, height=6, rx=3, class_="meter-room"),
        tag("rect", width=max(min(share, 1.0), 0.0) * 56, height=6, rx=3, class_="bad"),
        viewBox="0 0 56 6",
        width=56,
        height=6,
        class_="meter",
        aria_hidden="true",
    )
