"""Sections about money and time: the headline, revenue by month, cohorts, value by tenths."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.console.charts.columns import Bar, Slot, column_chart
from lifeloop.console.charts.heat import Cell, heat_map
from lifeloop.console.sections.parts import Grid, Section, Tile, figures, upto
from lifeloop.console.voice import Voice
from lifeloop.measure.cohorts import Cohort
from lifeloop.measure.outlook import Decile
from lifeloop.measure.report_data import ReportData
from lifeloop.measure.revenue import MonthRevenue, Period

SHOWN_COHORTS = 18


def tiles(data: ReportData, voice: Voice) -> list[Tile]:
    """Return the headline figures."""
    say, expected = voice.say, data.outlook
    by_days = {period.days: period for period in data.periods}
    month, quarter = by_days[30], by_days[90]
    customers = Tile(
        say("customers"),
        voice.count(expected.customers or _ordered(data)),
        say("customers_sub", active=voice.count(quarter.customers)),
    )
    return [customers, _revenue_tile(month, voice), _expected_tile(data, voice), _churn_tile(data, voice)]


def _ordered(data: ReportData) -> int:
    return sum(cohort.customers for cohort in data.cohorts)


def _revenue_tile(period: Period, voice: Voice) -> Tile:
    say = voice.say
    name, figure = say("revenue_days", days=period.days), voice.money(period.goods_minor)
    if not period.known_before or not period.goods_before_minor:
        return Tile(name, figure, say("nothing_before", days=period.days))
    change = voice.change(period.goods_minor, period.goods_before_minor)
    return Tile(
        name,
        figure,
        say("against", days=period.days),
        change,
        period.goods_minor >= period.goods_before_minor,
    )


def _expected_tile(data: ReportData, voice: Voice) -> Tile:
    say, expected = voice.say, data.outlook
    if expected.revenue_minor is None or expected.value_days is None:
        return Tile(say("revenue_expected"), "–", say("expected_none"))
    below = ""
    if expected.revenue_low_minor is not None and expected.revenue_high_minor is not None:
        below = say("between", range=voice.between(expected.revenue_low_minor, expected.revenue_high_minor))
    return Tile(say("expected", days=expected.value_days), voice.money(expected.revenue_minor), below)


def _churn_tile(data: ReportData, voice: Voice) -> Tile:
    say, expected = voice.say, data.outlook
    if expected.churn_expected is None or expected.churn_days is None:
        return Tile(say("churn"), "–", say("reasons_none"))
    below = say(
        "churn_share",
        share=voice.share(expected.churn_expected / max(expected.customers, 1)),
        low=voice.count(expected.churn_low),
        high=voice.count(expected.churn_high),
    )
    return Tile(say("churn_expected", days=expected.churn_days), voice.count(expected.churn_expected), below)


def period_table(data: ReportData, voice: Voice) -> Grid:
    """Return the last days against as many before."""
    say = voice.say
    rows = []
    for one in data.periods:
        known = one.known_before
        rows.append(
            [
                say("last_days", days=one.days),
                voice.money(one.goods_minor),
                voice.change(one.goods_minor, one.goods_before_minor) if known else "–",
                voice.count(one.orders),
                voice.change(one.orders, one.orders_before) if known else "–",
                voice.count(one.customers),
                voice.change(one.customers, one.customers_before) if known else "–",
            ]
        )
    change = say("change")
    heads = [say("period"), say("revenue"), change, say("orders"), change, say("buyers"), change]
    return Grid(heads, rows, upto(7), caption=say("periods"))


def revenue(data: ReportData, voice: Voice) -> Section:
    """Tell what each month brought."""
    say = voice.say
    if not data.revenue:
        return Section("revenue", say("revenue_months"), none=say("revenue_none"))
    every = -(-len(data.revenue) // 26)
    slots = [_month_slot(one, number, every, voice) for number, one in enumerate(data.revenue)]
    best = max(data.revenue, key=lambda one: one.goods_minor)
    rows = [
        [
            voice.month(one.month) + ("" if one.complete else f" ({say('incomplete')})"),
            voice.money(one.goods_minor),
            voice.money(one.refunded_minor),
            voice.count(one.orders),
            voice.count(one.customers),
        ]
        for one in data.revenue
    ]
    return Section(
        "revenue",
        say("revenue_months"),
        lead=say("revenue_lead", month=voice.month(best.month), revenue=voice.money(best.goods_minor)),
        drawing=column_chart(
            f"revenue-{voice.language}",
            slots,
            title=say("revenue_title"),
            about=say("revenue_about"),
            unit=data.currency,
            tick=voice.compact,
        ),
        tables=[period_table(data, voice)],
        folded=[Grid([say("month"), say("revenue"), say("refunded"), say("orders"), say("buyers")], rows, upto(5))],
    )


def _month_slot(one: MonthRevenue, number: int, every: int, voice: Voice) -> Slot:
    hint = voice.say(
        "revenue_hint", month=voice.month(one.month), revenue=voice.money(one.goods_minor), orders=voice.count(one.orders)
    )
    bar = Bar(voice.units(one.goods_minor), "good" if one.complete else "good part", hint)
    january = one.month.endswith("-01") or number == 0
    return Slot(voice.month_short(one.month) if number % every == 0 else "", (bar,), one.month[:4] if january else "")


def cohorts(data: ReportData, voice: Voice) -> Section:
    """Tell who comes back."""
    say = voice.say
    if len(data.cohorts) < 2 or max(len(one.active) for one in data.cohorts) < 2:
        return Section("cohorts", say("cohorts"), none=say("cohorts_none"))
    shown = data.cohorts[-SHOWN_COHORTS:]
    ages = min(max(len(one.active) for one in shown), SHOWN_COHORTS)
    most = max((one.active[age] / one.customers for one in shown for age in range(1, min(len(one.active), ages))), default=1.0)
    rows = [
        (voice.month(one.month), voice.count(one.customers), [_cohort_cell(one, age, most, voice) for age in range(1, ages)])
        for one in shown
    ]
    ages_all = max(len(one.active) for one in data.cohorts)
    table = [
        [
            voice.month(one.month),
            voice.count(one.customers),
            *(voice.share(one.active[age] / one.customers) if age < len(one.active) else "" for age in range(1, ages_all)),
        ]
        for one in data.cohorts
    ]
    money = [
        [
            voice.month(one.month),
            *(voice.share(one.revenue_share[age]) if age < len(one.active) else "" for age in range(1, ages_all)),
        ]
        for one in data.cohorts
    ]
    numbers = [str(age) for age in range(1, ages_all)]
    cut = len(shown) < len(data.cohorts)
    return Section(
        "cohorts",
        say("cohorts"),
        lead=_cohorts_lead(data.cohorts, voice),
        drawing=heat_map(
            f"cohorts-{voice.language}",
            rows,
            [str(age) for age in range(1, ages)],
            title=say("cohorts_title"),
            about=say("cohorts_about"),
            heads=(say("first_order"), say("customers"), say("months_since")),
        ),
        note=say("cohorts_cut", shown=len(shown), all=len(data.cohorts)) if cut else "",
        folded=[
            Grid([say("first_order"), say("customers"), *numbers], table, upto(ages_all + 1), caption=say("cohorts_title")),
            Grid([say("first_order"), *numbers], money, upto(ages_all), caption=say("revenue_share")),
        ],
    )


def _cohort_cell(one: Cohort, age: int, most: float, voice: Voice) -> Cell | None:
    if age >= len(one.active) or not one.customers:
        return None
    share = one.active[age] / one.customers
    hint = voice.say(
        "cohort_hint",
        month=voice.month(one.month),
        age=age,
        active=voice.count(one.active[age]),
        customers=voice.count(one.customers),
        share=voice.share(one.revenue_share[age]),
    )
    return Cell(f"{share * 100:.0f}" if share else "0", share / most if most else 0.0, hint)


def _cohorts_lead(all_cohorts: Sequence[Cohort], voice: Voice) -> str:
    """Return the mean share back after one and six months, over cohorts of which that whole month is known."""

    def back(age: int) -> float | None:
        shares = [
            one.active[age] / one.customers
            for one in all_cohorts
            if one.customers and age < len(one.active) - (1 if one.unfinished else 0)
        ]
        return sum(shares) / len(shares) if shares else None

    one, six = back(1), back(6)
    if one is None:
        return ""
    if six is None:
        return voice.say("cohorts_lead_short", one=voice.share(one))
    return voice.say("cohorts_lead", one=voice.share(one), six=voice.share(six))


def deciles(data: ReportData, voice: Voice) -> Section:
    """Tell who the value lies with: predicted against actual where the past was asked, else predicted alone."""
    say = voice.say
    judged = data.judged("value")
    shown = judged.deciles if judged and judged.deciles else data.deciles
    if not shown:
        return Section("deciles", say("deciles"), none=say("deciles_none"), half=True)
    back = shown[0].actual_mean_minor is not None
    lead = say("deciles_back_lead") if back else say("deciles_lead", share=voice.share(shown[0].share))
    if back and data.deciles:
        lead = voice.together(say("deciles_lead", share=voice.share(data.deciles[0].share)), lead)
    heads = [say("tenth"), say("predicted"), *([say("actual")] if back else []), say("customers")]
    rows = [
        [
            str(one.number),
            voice.money(one.predicted_mean_minor),
            *([voice.money(one.actual_mean_minor)] if back else []),
            voice.count(one.customers),
        ]
        for one in shown
    ]
    return Section(
        "deciles",
        say("deciles"),
        lead=lead,
        drawing=column_chart(
            f"deciles-{voice.language}",
            [Slot(str(one.number), tuple(_decile_bars(one, voice))) for one in shown],
            title=say("deciles_title"),
            about=say("deciles_about"),
            unit=f"{data.currency}, {say('per_customer')}",
            tick=voice.compact,
            width=520,
            height=330,
        ),
        legend=[("good", say("predicted")), ("quiet", say("actual"))] if back else [],
        folded=[Grid(heads, rows, figures(*range(1, len(heads))))],
        half=True,
    )


def _decile_bars(one: Decile, voice: Voice) -> list[Bar]:
    bars = []
    for mean, class_, name in ((one.predicted_mean_minor, "good", "predicted"), (one.actual_mean_minor, "quiet", "actual")):
        if mean is not None:
            told = voice.say("deciles_hint", number=one.number, mean=voice.money(mean))
            bars.append(Bar(voice.units(max(mean, 0.0)), class_, f"{voice.say(name)}, {told}"))
    return bars
