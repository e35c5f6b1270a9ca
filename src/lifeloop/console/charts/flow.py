"""Ribbons between the stages of two moments: as thick as there are customers, coloured by where they went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lifeloop.console.charts.svg import chart, group, label, rect, tag
from lifeloop.console.voice import Voice
from lifeloop.measure.stage_flow import Move

WIDTH, BODY, GAP, TOP, NODE = 1040, 330, 22, 34, 10
LEFT, RIGHT = 210, 830

ORDER = ("none", "prospect", "new", "loyal", "active", "won_back", "at_risk", "lapsed")
"""From the top: neighbours are the stages most people move between."""

_NEARNESS = {"none": 0, "prospect": 0, "lapsed": 1, "at_risk": 2, "new": 3, "won_back": 3, "active": 3, "loyal": 4}


@dataclass
class _Node:
    y: float
    height: float
    customers: int
    used: float = 0.0


def flow_chart(name: str, moves: Sequence[Move], names: Mapping[str, str], voice: Voice, *, before: str, after: str) -> Markup:
    """Draw the moves; `before` and `after` say of which moments, `names` calls the stages."""
    total = sum(move.customers for move in moves) or 1
    left = _nodes(moves, total, side="before")
    right = _nodes(moves, total, side="after")
    height = int(max(_bottom(left), _bottom(right)) + 14)
    ranked = sorted(moves, key=lambda move: (ORDER.index(move.before), ORDER.index(move.after)))
    ribbons = [_ribbon(move, left, right, total, names, voice) for move in ranked]
    parts = [
        label(before, LEFT, 12, anchor="end", class_="axis"),
        label(after, RIGHT + NODE, 12, class_="axis"),
        group(ribbons),
        group(_column(left, names, voice, x=LEFT - NODE, side="left")),
        group(_column(right, names, voice, x=RIGHT, side="right")),
    ]
    return chart(name, WIDTH, height, voice.say("flow_title"), voice.say("flow_about", before=before, after=after), parts)


def _nodes(moves: Sequence[Move], total: int, *, side: str) -> dict[str, _Node]:
    nodes: dict[str, _Node] = {}
    y = float(TOP)
    for stage in ORDER:
        customers = sum(move.customers for move in moves if getattr(move, side) == stage)
        if customers:
            height = max(customers / total * BODY, 1.5)
            nodes[stage] = _Node(y, height, customers)
            y += height + GAP
    return nodes


def _bottom(nodes: Mapping[str, _Node]) -> float:
    return max((node.y + node.height for node in nodes.values()), default=float(TOP))


def _ribbon(
    move: Move, left: Mapping[str, _Node], right: Mapping[str, _Node], total: int, names: Mapping[str, str], voice: Voice
) -> Markup:
    start, end = left[move.before], right[move.after]
    thick = max(move.customers / total * BODY, 0.8)
    y0, y1 = start.y + start.used, end.y + end.used
    start.used += thick
    end.used += thick
    middle = (LEFT + RIGHT) / 2
    path = (
        f"M{LEFT} {y0:.1f}C{middle} {y0:.1f} {middle} {y1:.1f} {RIGHT} {y1:.1f}V{y1 + thick:.1f}"
        f"C{middle} {y1 + thick:.1f} {middle} {y0 + thick:.1f} {LEFT} {y0 + thick:.1f}Z"
    )
    hint = voice.say(
        "flow_hint",
        before=names[move.before],
        after=names[move.after],
        customers=voice.count(move.customers),
        share=voice.share(move.share),
    )
    return tag("path", tag("title", hint), d=path, class_=f"ribbon {_kind(move)}")


def _kind(move: Move) -> str:
    if move.before == move.after:
        return "stays"
    if move.before == "none":
        return "arrives"
    return "nearer" if _NEARNESS[move.after] >= _NEARNESS[move.before] else "away"


def _column(nodes: Mapping[str, _Node], names: Mapping[str, str], voice: Voice, *, x: float, side: str) -> list[Markup]:
    drawn = []
    for stage, node in nodes.items():
        middle = node.y + node.height / 2
        drawn.append(rect(x, node.y, NODE, node.height, class_=f"node stage-{stage}", rx=2))
        count = tag("tspan", voice.count(node.customers), class_="strong")
        name = tag("tspan", names[stage])
        space = Markup("\u2002")
        words = [name, space, count] if side == "left" else [count, space, name]
        where = x - 10 if side == "left" else x + NODE + 10
        anchor = "end" if side == "left" else "start"
        drawn.append(tag("text", *words, x=where, y=middle, text_anchor=anchor, dominant_baseline="central"))
    return drawn
