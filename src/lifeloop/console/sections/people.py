"""Sections about where customers stand: stages, moves, reasons, and who is worth a look."""

from __future__ import annotations

from markupsafe import Markup

from lifeloop.console.charts.flow import flow_chart
from lifeloop.console.charts.points import meter
from lifeloop.console.charts.rows import Pull, pull_chart
from lifeloop.console.sections.parts import Grid, Section, figures
from lifeloop.console.voice import Voice
from lifeloop.measure.customers import NOT_THEIR_OWN, Worth, told
from lifeloop.measure.report_data import ReportData
from lifeloop.measure.stage_flow import StageCount, improved, worsened


def stages(data: ReportData, voice: Voice) -> Section:
    """Tell where customers stand, with the rules."""
    say = voice.say
    if not data.stages:
        return Section("stages", say("stages"), none=say("stages_none"))
    heads = [say("stage"), say("customers"), say("share")]
    if data.previous_as_of:
        heads.append(say("since", day=voice.day(data.previous_as_of)))
    heads += [say("revenue_expected"), say("bought")]
    rules = [[say(f"stage_{name}"), told[voice.language]] for name, told in data.rules.items()]
    return Section(
        "stages",
        say("stages"),
        lead=_stages_lead(data, voice),
        tables=[Grid(heads, [_stage_row(one, data, voice) for one in data.stages], figures(*range(1, len(heads))))],
        folded=[Grid([say("stage"), say("rule")], rules, caption=say("rules"), wide=figures(1))] if rules else [],
    )


def _stages_lead(data: ReportData, voice: Voice) -> str:
    loyal = next(one for one in data.stages if one.stage == "loyal")
    total = data.outlook.revenue_minor
    if not total or loyal.revenue_minor is None or not loyal.customers:
        return voice.say("stages_plain")
    return voice.say(
        "stages_lead",
        loyal=voice.count(loyal.customers),
        share=voice.share(loyal.customers / max(data.outlook.customers, 1)),
        revenue=voice.share(loyal.revenue_minor / total),
        days=data.outlook.value_days or 0,
    )


def _stage_row(one: StageCount, data: ReportData, voice: Voice) -> list[str | Markup]:
    everybody = sum(stage.customers for stage in data.stages) or 1
    share = one.customers / everybody
    row: list[str | Markup] = [
        Markup('<span class="dot stage-{}"></span>{}').format(one.stage, voice.say(f"stage_{one.stage}")),
        voice.count(one.customers),
        Markup('{}<span class="bar"><i style="width:{:.1f}%"></i></span>').format(voice.share(share), share * 100),
    ]
    if data.previous_as_of:
        difference = one.customers - (one.before or 0)
        row.append(f"{difference:+,}".replace("-", "\u2212") if difference else "0")
    return [*row, voice.money(one.revenue_minor), voice.money(one.goods_minor)]


def flow(data: ReportData, voice: Voice) -> Section:
    """Tell how customers moved since the moment before."""
    say = voice.say
    if not data.moves or data.previous_as_of is None:
        return Section("flow", say("flow"), none=say("flow_none"))
    before, after = voice.day(data.previous_as_of), voice.day(data.as_of)
    names = {name: say(f"stage_{name}") for name in ("none", *(one.stage for one in data.stages))}
    rows = [
        [names[move.before], names[move.after], voice.count(move.customers), voice.share(move.share, 1)] for move in data.moves
    ]
    return Section(
        "flow",
        say("flow"),
        lead=say("flow_lead", day=before, nearer=voice.count(improved(data.moves)), away=voice.count(worsened(data.moves))),
        drawing=flow_chart(f"flow-{voice.language}", data.moves, names, voice, before=before, after=after),
        legend=[
            ("nearer", say("came_nearer")),
            ("away", say("went_away")),
            ("stays", say("stayed")),
            ("arrives", say("arrived")),
        ],
        folded=[Grid([say("from"), say("to"), say("customers"), say("share")], rows, figures(2, 3))],
    )


def reasons(data: ReportData, voice: Voice) -> Section:
    """Tell what pushes customers away and what holds them."""
    say = voice.say
    if not data.reasons:
        return Section("reasons", say("reasons"), none=say("reasons_none"), half=True)
    pulls: dict[str, dict[bool, float]] = {}
    words: dict[str, str] = {}
    for one in data.reasons:
        pulls.setdefault(one.feature, {})[one.raises] = one.share
        words[one.feature] = one.label.say(voice.language)
    drawn = [
        Pull(
            _capital(words[feature]),
            sides.get(True, 0.0),
            sides.get(False, 0.0),
            voice.share(sides.get(True, 0.0)),
            voice.share(sides.get(False, 0.0)),
        )
        for feature, sides in pulls.items()
    ]
    pushing = next((words[one.feature] for one in data.reasons if one.raises and one.feature not in NOT_THEIR_OWN), None)
    return Section(
        "reasons",
        say("reasons"),
        lead=say("reasons_lead", reason=pushing) if pushing else "",
        drawing=pull_chart(
            f"reasons-{voice.language}",
            drawn,
            title=say("reasons_title"),
            about=say("reasons_about"),
            heads=(f"← {say('holds')}", f"{say('pushes')} →"),
        ),
        note=say("reasons_about"),
        folded=[
            Grid(
                [say("reason"), say("pushes"), say("holds")],
                [[pull.words, pull.away_words, pull.holds_words] for pull in drawn],
                figures(1, 2),
            )
        ],
        half=True,
    )


def worth(data: ReportData, voice: Voice) -> Section:
    """List the most valuable customers at risk."""
    say = voice.say
    if not data.worth:
        return Section("worth", say("worth"), none=say("worth_none" if data.stages else "stages_none"))
    days = data.outlook.value_days
    valued = [one.revenue_minor for one in data.worth if one.revenue_minor is not None]
    heads = ["customer", "stage", "churn", "value", "so_far", "next_order", "reason"]
    lead = ""
    if valued and days:
        lead = say("worth_lead", count=len(data.worth), sum=voice.money(sum(valued)), days=days)
    return Section(
        "worth",
        say("worth"),
        lead=lead,
        tables=[
            Grid(
                [say(head, days=days or 0) if head == "value" else say(head) for head in heads],
                [_worth_row(one, voice) for one in data.worth],
                figures(2, 3, 4),
                wide=figures(6),
            )
        ],
    )


def _worth_row(one: Worth, voice: Voice) -> list[str | Markup]:
    value: str | Markup = voice.money(one.revenue_minor)
    if one.revenue_minor is not None and one.revenue_low_minor is not None and one.revenue_high_minor is not None:
        ends = voice.between(one.revenue_low_minor, one.revenue_high_minor)
        value = Markup('{}<span class="under">{}</span>').format(voice.money(one.revenue_minor), ends)
    churn: str | Markup = "–"
    if one.p_churn is not None:
        churn = Markup("{}{}").format(voice.share(one.p_churn), meter(one.p_churn))
    return [
        Markup('<span class="id">{}</span>').format(one.customer_id),
        voice.say(f"stage_{one.stage}"),
        churn,
        value,
        Markup('{}<span class="under">{}</span>').format(
            voice.money(one.goods_minor), voice.say("so_far_orders", orders=voice.count(one.orders))
        ),
        voice.say("around", day=voice.day(one.next_order)) if one.next_order else voice.say("may_not_return"),
        told(one.reason, voice.language),
    ]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
