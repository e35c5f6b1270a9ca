"""Commands about people: one customer, or the segments they form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lifeloop.base.text import Text
from lifeloop.cli.options import AsOfOption, HomeOption, JsonOption, open_app
from lifeloop.cli.show import emit, say, table

if TYPE_CHECKING:
    from lifeloop.app import App
    from lifeloop.measure.customers import CustomerCard, Score
    from lifeloop.measure.grids import Group
    from lifeloop.measure.report_data import ReportData

RFM_TITLE = Text("Segments by recency, frequency and money", "按最近购买、频次与金额划分的人群")
CLUSTER_TITLE = Text("Segments by cluster", "聚类人群")
SEGMENT_HEADINGS = (
    Text("segment", "人群"),
    Text("customers", "顾客数"),
    Text("share", "占比"),
    Text("bought so far", "累计消费"),
    Text("expected", "预期收入"),
    Text("churn", "流失概率"),
)
TARGETS = {
    "p_churn": Text("No order within {days} days", "{days} 天内不下单"),
    "p_buy": Text("Buys within {days} days", "{days} 天内下单"),
    "orders": Text("Orders within {days} days", "{days} 天内订单数"),
    "revenue_minor": Text("Revenue within {days} days", "{days} 天内消费额"),
    "days": Text("Days to the next order", "距下次下单天数"),
    "rfm": Text("RFM", "RFM 人群"),
    "cluster": Text("Cluster", "聚类人群"),
}
"""What each target of the score table is called here."""
WHY_ONCE = {"p_buy", "orders"}
"""Their reasons are those of the revenue."""
UNKNOWN = Text("not known", "未知")
HISTORY_HEADINGS = (Text("when", "时间"), Text("what", "事项"), Text("number", "编号"), Text("amount", "金额"))
HISTORY_TITLE = Text("Latest first", "最近的在前")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("customer")(customer)
    app.command("segments")(segments)


def customer(
    customer_id: Annotated[str, typer.Argument(help="The shop's customer id.")],
    home: HomeOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one customer: stage, scores with reasons, and what they did."""
    app = open_app(home)
    card = app.customer(customer_id, app.last_run(as_of))
    emit(card, lambda: _show_card(app, card), as_json=as_json)


def segments(home: HomeOption = None, as_of: AsOfOption = None, as_json: JsonOption = False) -> None:
    """Show the segments: RFM names and clusters, with their size and worth."""
    app = open_app(home)
    data = app.report_data(app.last_run(as_of))
    shown = {"as_of": data.as_of, "rfm": data.rfm, "clusters": data.clusters, "cluster_facts": data.cluster_facts}
    emit(shown, lambda: _show_segments(data), as_json=as_json)


def _show_card(app: App, card: CustomerCard) -> None:
    from lifeloop.base.money import show_money

    language = app.home.settings.shop.language
    zone = app.home.settings.shop.zone
    stage = card.stage.label if card.stage else ""
    say(f"{card.customer_id}  {stage}")
    if card.stage:
        say(*(reason.zh if language == "zh" else reason.en for reason in card.stage.reasons))
    say(*(f"{name}: {value}" for name, value in card.profile.items() if value is not None and name != "customer_id"))
    for score in sorted((one for one in card.scores if one.model != "stage"), key=lambda one: list(TARGETS).index(one.target)):
        say("", _score_line(app, score))
        if score.target not in WHY_ONCE:
            say(*(f"  - {reason.zh if language == 'zh' else reason.en}" for reason in score.reasons[:3]))
    say("")
    table(
        HISTORY_TITLE.say(language),
        [heading.say(language) for heading in HISTORY_HEADINGS],
        [
            (
                f"{one.happened_at.astimezone(zone):%Y-%m-%d %H:%M}",
                one.kind,
                one.reference,
                "" if one.amount_minor is None else show_money(one.amount_minor, app.home.currency),
            )
            for one in card.history
        ],
        right=[3],
    )


def _score_line(app: App, score: Score) -> str:
    """Return one score in words: what it is, its figure, its 80 % interval."""
    language = app.home.settings.shop.language
    name = TARGETS[score.target].say(language, days=score.horizon_days)
    value = score.label or (UNKNOWN.say(language) if score.value is None else _figure(app, score, score.value))
    ends = [_figure(app, score, end) for end in (score.low, score.high) if end is not None]
    return f"{name}: {value}" + (f" ({' – '.join(ends)})" if ends else "")


def _figure(app: App, score: Score, value: float) -> str:
    from lifeloop.base.money import show_money

    if score.target.startswith("p_"):
        return f"{value:.1%}"
    if score.target.endswith("_minor"):
        return show_money(value, app.home.currency)
    return f"{value:,.1f}"


def _show_segments(data: ReportData) -> None:
    table(RFM_TITLE.say(data.language), *_group_rows(data, data.rfm), right=range(1, 6))
    table(CLUSTER_TITLE.say(data.language), *_group_rows(data, data.clusters), right=range(1, 6))
    facts = data.cluster_facts
    if facts:
        stability = "not known" if facts.stability is None else f"{facts.stability:.2f}"
        say(f"{facts.method}, {facts.clusters} clusters; stability (adjusted Rand index over bootstrap samples): {stability}")


def _group_rows(data: ReportData, groups: tuple[Group, ...]) -> tuple[list[str], list[tuple[str, ...]]]:
    from lifeloop.base.money import show_money

    def money(minor: float | None) -> str:
        return "" if minor is None else show_money(minor, data.currency, decimals=False)

    rows: list[tuple[str, ...]] = [
        (
            group.zh if data.language == "zh" else group.en,
            f"{group.customers:,}",
            f"{group.share:.1%}",
            money(group.goods_minor),
            money(group.revenue_minor),
            "" if group.churn_mean is None else f"{group.churn_mean:.0%}",
        )
        for group in groups
    ]
    return [heading.say(data.language) for heading in SEGMENT_HEADINGS], rows
