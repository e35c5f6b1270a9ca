"""Sections about products: what is bought together, and what messages recommend."""

from __future__ import annotations

from lifeloop.console.sections.parts import Grid, Section, figures
from lifeloop.console.voice import Voice
from lifeloop.measure.report_data import ReportData


def together(data: ReportData, voice: Voice) -> Section:
    """Tell which products are bought in the same orders more often than by chance."""
    say, rules = voice.say, data.goods.rules
    if not rules:
        return Section("together", say("together"), none=say("together_none"))
    first = rules[0]
    heads = [say("who_buys"), say("buys_too"), say("orders"), say("confidence"), say("interval95"), say("lift")]
    rows = [
        [
            one.if_title or one.if_product,
            one.then_title or one.then_product,
            voice.count(one.orders_both),
            voice.share(one.confidence),
            f"{voice.share(one.low)} – {voice.share(one.high)}",
            f"{one.lift:,.1f}",
        ]
        for one in rules
    ]
    return Section(
        "together",
        say("together"),
        lead=say(
            "together_lead",
            first=first.if_title or first.if_product,
            then=first.then_title or first.then_product,
            share=voice.share(first.confidence),
            lift=f"{first.lift:,.1f}",
        ),
        tables=[Grid(heads, rows, figures(2, 3, 4, 5))],
        note=say("together_note"),
    )


def recommended(data: ReportData, voice: Voice) -> Section:
    """Tell what messages would recommend, and to how many."""
    say, goods = voice.say, data.goods
    if not goods.customers:
        return Section("recommended", say("recommended"), none=say("recommended_none"))
    heads = [say("product"), say("in_lists"), say("share"), say("stands_first")]
    rows = [
        [
            one.title or one.product_id,
            voice.count(one.customers),
            voice.share(one.customers / goods.customers),
            voice.count(one.first),
        ]
        for one in goods.wanted
    ]
    return Section(
        "recommended",
        say("recommended"),
        lead=say("recommended_lead", customers=voice.count(goods.customers), products=voice.count(goods.products)),
        tables=[Grid(heads, rows, figures(1, 2, 3))],
        note=say("recommended_note"),
    )
