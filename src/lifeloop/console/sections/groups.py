"""Sections about segments: the RFM grid and the clusters."""

from __future__ import annotations

from lifeloop.console.charts.heat import Cell, square_grid
from lifeloop.console.charts.rows import Pair, pair_chart
from lifeloop.console.sections.parts import Grid, Section, upto
from lifeloop.console.voice import Voice
from lifeloop.measure.grids import Group
from lifeloop.measure.report_data import ReportData

STABLE_FROM = 0.8


def rfm(data: ReportData, voice: Voice) -> Section:
    """Tell how customers spread over recency and frequency, and what the groups are called."""
    say = voice.say
    if not data.grid:
        return Section("rfm", say("rfm"), none=say("rfm_none"))
    most = max(cell.customers for cell in data.grid) or 1
    rows: list[list[Cell]] = [[] for _ in range(5)]
    for one in data.grid:
        goods = voice.money(one.goods_mean_minor)
        hint = say("rfm_hint", r=one.recency, f=one.frequency, customers=voice.count(one.customers), goods=goods)
        mean = voice.compact(round(voice.units(one.goods_mean_minor))) if one.customers else ""
        words = voice.count(one.customers) if one.customers else ""
        rows[one.recency - 1].append(Cell(words, one.customers / most, hint, mean))
    drawing = square_grid(
        f"rfm-{voice.language}",
        rows,
        title=say("rfm_title"),
        about=say("rfm_about"),
        across=say("rfm_across"),
        up=say("rfm_up"),
        names=["1", "2", "3", "4", "5"],
    )
    bought = sum(group.goods_minor for group in data.rfm) or 1
    best = max(data.rfm, key=lambda group: group.goods_minor)
    return Section(
        "rfm",
        say("rfm"),
        lead=say(
            "rfm_lead", name=_name(best, voice), share=voice.share(best.share), goods=voice.share(best.goods_minor / bought)
        ),
        drawing=drawing,
        note=voice.together(say("rfm_about"), say("rfm_ties")),
        tables=[_table(data.rfm, voice)],
    )


def clusters(data: ReportData, voice: Voice) -> Section:
    """Tell which customers are alike, and how far to trust it."""
    say = voice.say
    if not data.clusters:
        return Section("segments", say("segments"), none=say("segments_none"), half=True)
    facts = data.cluster_facts
    if len(data.clusters) == 1:
        return Section("segments", say("segments"), lead=say("segments_one"), tables=[_table(data.clusters, voice)], half=True)
    total = sum(group.revenue_minor or 0.0 for group in data.clusters)
    pairs = [
        Pair(
            _name(group, voice),
            group.share,
            (group.revenue_minor or 0.0) / total if total else None,
            voice.share(group.share),
            voice.share((group.revenue_minor or 0.0) / total) if total else "",
        )
        for group in data.clusters
    ]
    lead = note = ""
    if facts and facts.stability is not None:
        sound = facts.stability >= STABLE_FROM
        lead = say("segments_stable" if sound else "segments_unstable", stability=f"{facts.stability:.2f}")
        note = say(
            "segments_how",
            method=facts.method,
            clusters=facts.clusters,
            sampled=voice.count(facts.sampled),
            silhouette=f"{facts.silhouette or 0.0:.2f}",
        )
    return Section(
        "segments",
        say("segments"),
        lead=lead,
        drawing=pair_chart(f"segments-{voice.language}", pairs, title=say("segments_title"), about=say("segments_about")),
        legend=[("quiet", say("of_customers")), ("good", say("of_revenue"))] if total else [("quiet", say("of_customers"))],
        note=note,
        folded=[_table(data.clusters, voice)],
        half=True,
    )


def _name(group: Group, voice: Voice) -> str:
    return group.zh if voice.language == "zh" else group.en


def _table(groups: tuple[Group, ...], voice: Voice) -> Grid:
    say = voice.say
    rows = [
        [
            _name(group, voice),
            voice.count(group.customers),
            voice.share(group.share),
            voice.money(group.goods_minor),
            voice.money(group.revenue_minor),
            voice.share(group.churn_mean),
        ]
        for group in groups
    ]
    heads = [say("segment"), say("customers"), say("share"), say("bought"), say("revenue_expected"), say("churn_mean")]
    return Grid(heads, rows, upto(6))
