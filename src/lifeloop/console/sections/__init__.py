"""The report's sections: from figures to sentences, drawings and rows, in one language.

A section that nothing is known of says so in words; the template never decides what is true.
"""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.console.sections import goods, groups, money, people, trust
from lifeloop.console.sections.parts import Grid, Section, Tile
from lifeloop.console.voice import Voice
from lifeloop.measure.report_data import ReportData

__all__ = ["Body", "Grid", "Section", "Tile", "body_of"]


@dataclass(frozen=True)
class Body:
    """The whole report in one language."""

    voice: Voice
    tiles: list[Tile]
    grave: list[str]
    """Notes that stand above everything."""
    sections: list[Section]
    notes: list[str]


def body_of(data: ReportData, voice: Voice) -> Body:
    """Return the report in the language of `voice`."""
    sections = [
        people.stages(data, voice),
        people.flow(data, voice),
        people.worth(data, voice),
        people.reasons(data, voice),
        trust.calibration(data, voice),
        money.revenue(data, voice),
        money.cohorts(data, voice),
        money.deciles(data, voice),
        groups.clusters(data, voice),
        groups.rfm(data, voice),
        goods.together(data, voice),
        goods.recommended(data, voice),
        trust.models(data, voice),
        trust.quality(data, voice),
    ]
    return Body(
        voice=voice,
        tiles=money.tiles(data, voice),
        grave=trust.notes(data, voice, grave=True),
        sections=sections,
        notes=trust.notes(data, voice, grave=False),
    )
