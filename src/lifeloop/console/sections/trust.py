"""Sections about trust: calibration, the models with their verdicts, the facts behind everything, and the notes."""

from __future__ import annotations

from math import isfinite

from lifeloop.console.charts.points import calibration_chart
from lifeloop.console.sections.parts import Grid, Section, figures, upto
from lifeloop.console.voice import Voice
from lifeloop.measure.judgement import Figure, Judgement
from lifeloop.measure.report_data import ReportData

GRAVE = ("no_orders", "no_scores", "short_history", "silence")
"""Notes that stand above everything else."""


def calibration(data: ReportData, voice: Voice) -> Section:
    """Tell whether churn probabilities came true."""
    say = voice.say
    judged = data.judged("churn")
    if judged is None or not judged.bins:
        return Section("calibration", say("calibration"), none=say("calibration_none"), half=True)
    rows = [
        [
            voice.share(one.predicted, 1),
            voice.share(one.observed, 1),
            f"{voice.share(one.low, 1)} – {voice.share(one.high, 1)}",
            voice.count(one.rows),
        ]
        for one in judged.bins
    ]
    heads = [say("predicted"), say("observed"), say("interval"), say("number")]
    return Section(
        "calibration",
        say("calibration"),
        lead=say("calibration_about"),
        drawing=calibration_chart(f"calibration-{voice.language}", judged.bins, voice),
        folded=[Grid(heads, rows, figures(0, 1, 2, 3))],
        half=True,
    )


def models(data: ReportData, voice: Voice) -> Section:
    """List the models with what their past says of them."""
    say = voice.say
    if not data.models:
        return Section("models", say("models"), none=say("models_none"))
    rows = []
    for card in data.models:
        judged = data.judged(card.question)
        verdict = say("not_judged") if card.question in ("churn", "value") else "–"
        if judged:
            verdict = judged.verdict_zh if voice.language == "zh" else judged.verdict_en
        rows.append(
            [
                say(f"question_{card.question}") if f"question_{card.question}" in KNOWN else card.question,
                card.version,
                say("days", days=card.horizon_days) if card.horizon_days else "–",
                voice.count(card.customers),
                verdict,
            ]
        )
    heads = [say("question"), say("version"), say("horizon"), say("customers"), say("verdict")]
    return Section(
        "models",
        say("models"),
        tables=[Grid(heads, rows, figures(2, 3), wide=figures(4))],
        folded=[_figures(judged, voice) for judged in data.judgements],
    )


KNOWN = frozenset(f"question_{name}" for name in ("stage", "churn", "value", "next_order", "segment"))


def _figures(judged: Judgement, voice: Voice) -> Grid:
    say = voice.say
    names = list(dict.fromkeys(name for one in judged.models for name in one.figures))
    rows = [[one.name, *(_shown(one.figures.get(name)) for name in names)] for one in judged.models]
    question = say(f"question_{judged.question}")
    caption = say("figures", question=question, days=judged.horizon_days)
    about = say("judged_on", rows=voice.count(judged.rows), origins=judged.origins)
    return Grid([say("model"), *(name.replace("_", " ") for name in names)], rows, upto(len(names) + 1), f"{caption}. {about}.")


def _shown(figure: Figure | None) -> str:
    if figure is None or figure.value is None or not isfinite(figure.value):
        return "–"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def quality(data: ReportData, voice: Voice) -> Section:
    """Tell what the facts are and which rows were refused."""
    say, facts = voice.say, data.quality
    if facts.first is None or facts.last is None:
        return Section("quality", say("quality"), none=say("quality_none"))
    counted = [[say(f"table_{name}"), voice.count(rows)] for name, rows in facts.rows.items()]
    refused = [
        [one.reason.replace("_", " "), voice.count(one.rows), voice.count(one.files), one.example] for one in facts.rejected
    ]
    tables = [Grid([say("table"), say("rows")], counted, figures(1))]
    if refused:
        tables.append(
            Grid([say("rejected"), say("rows"), say("files"), say("example")], refused, figures(1, 2), wide=figures(3))
        )
    lead = say(
        "quality_lead", orders=voice.count(facts.rows["order"]), first=voice.day(facts.first), last=voice.day(facts.last)
    )
    if refused:
        lead = voice.together(lead, say("quality_rejected", rows=voice.count(facts.rejected_rows)))
    return Section("quality", say("quality"), lead=lead, tables=tables, note="" if refused else say("rejected_none"))


def notes(data: ReportData, voice: Voice, *, grave: bool) -> list[str]:
    """Return the notes that stand above everything (`grave`), or those at the end."""
    chosen = [note for note in data.notes if (note.name in GRAVE) == grave]
    return [note.zh if voice.language == "zh" else note.en for note in chosen]
