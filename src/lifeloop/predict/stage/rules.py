"""The seven stages: their names and rules in words, and how customers move between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from lifeloop.base.text import Text


@dataclass(frozen=True)
class StageRule:
    """One stage of a customer's life with the shop."""

    name: str
    label: Text
    rule: Text
    """The rule for anybody; the blanks are what was learned from the shop."""
    reason: Text
    """The rule for one customer; the blanks are their own figures."""
    once: Text | None = None
    """The same for somebody with one order day, who has no usual gap of their own."""


STAGES: dict[str, StageRule] = {
    stage.name: stage
    for stage in (
        StageRule(
            "prospect",
            Text("Prospect", "潜在顾客"),
            Text("Known to the shop, but has not ordered yet.", "店铺认识，但还没有下过单。"),
            Text("Known to the shop, but has not ordered yet.", "店铺认识，但还没有下过单。"),
        ),
        StageRule(
            "new",
            Text("New", "新客"),
            Text(
                "One order day, not more than {first_late} ago: by then {late_share} of those who came back had done so.",
                "只在一天下过单，且距今不超过 {first_late}：在此之前，回购的顾客中有 {late_share} 已经回来。",
            ),
            Text(
                "First order {recency} ago; {late_share} of those who come back do so within {late}.",
                "首单在 {recency}前；回购的顾客中有 {late_share} 会在 {late}内回来。",
            ),
        ),
        StageRule(
            "active",
            Text("Active", "活跃"),
            Text(
                "Ordered on several days and not late: not more than {late_gaps} times their own usual gap since the last.",
                "多次下单且没有逾期：距上次下单不超过自己平常间隔的 {late_gaps} 倍。",
            ),
            Text(
                "Last order {recency} ago, within their rhythm: they usually order every {usual}.",
                "上次下单在 {recency}前，符合其节奏：通常每 {usual}下一次单。",
            ),
        ),
        StageRule(
            "loyal",
            Text("Loyal", "忠诚"),
            Text(
                "Active, with {loyal_orders} order days or more over at least {loyal_days}.",
                "活跃，且在至少 {loyal_days}的时间里有 {loyal_orders} 个或更多的下单日。",
            ),
            Text(
                "Ordered on {order_days} days over {life}, the last {recency} ago: they usually order every {usual}.",
                "在 {life}里有 {order_days} 天下过单，最近一次在 {recency}前：通常每 {usual}下一次单。",
            ),
        ),
        StageRule(
            "at_risk",
            Text("At risk", "有流失风险"),
            Text(
                "Late: no order for longer than {late_share} of returning customers ever waited, measured in their own gaps "
                "({late_gaps} usual gaps; {first_late} after a first order).",
                "逾期：未下单的时间，按各自的间隔衡量，超过了 {late_share} 的回购顾客等待的时间"
                "（{late_gaps} 个平常间隔；首单之后为 {first_late}）。",
            ),
            Text(
                "No order for {recency}; they usually order every {usual} and count as late after {late}.",
                "已有 {recency}没有下单；通常每 {usual}下一次单，超过 {late}即为逾期。",
            ),
            Text(
                "Their only order day was {recency} ago; {late_share} of those who come back do so within {late}.",
                "仅有的一次下单在 {recency}前；回购的顾客中有 {late_share} 会在 {late}内回来。",
            ),
        ),
        StageRule(
            "lapsed",
            Text("Lapsed", "已流失"),
            Text(
                "Silent for longer than {lapsed_share} of returning customers ever were ({lapsed_gaps} usual gaps; "
                "{first_lapsed} after a first order), or late and most likely gone by their own pattern.",
                "沉默的时间超过了 {lapsed_share} 的回购顾客（{lapsed_gaps} 个平常间隔；首单之后为 {first_lapsed}），"
                "或已逾期且按其自身规律很可能不再回来。",
            ),
            Text(
                "No order for {recency}; they usually order every {usual} and count as lapsed after {lapsed}.",
                "已有 {recency}没有下单；通常每 {usual}下一次单，超过 {lapsed}即算流失。",
            ),
            Text(
                "Their only order day was {recency} ago; {lapsed_share} of those who come back do so within {lapsed}.",
                "仅有的一次下单在 {recency}前；回购的顾客中有 {lapsed_share} 会在 {lapsed}内回来。",
            ),
        ),
        StageRule(
            "won_back",
            Text("Won back", "已赢回"),
            Text(
                "Had lapsed, then ordered again: the gap before the last order was as long as a lapse, and they are not late "
                "again.",
                "曾经流失，后来又下单：上次下单之前的空档已达到流失的标准，且目前没有再次逾期。",
            ),
            Text(
                "Came back {recency} ago after {away} without an order; {lapsed_then} would have counted as lapsed.",
                "在 {away}没有下单之后，于 {recency}前回来；满 {lapsed_then}即算流失。",
            ),
        ),
    )
}
"""Every stage by name, in the order of a customer's life."""

LIKELY_GONE = Text(
    "No order for {recency}, where they usually order every {usual}: by their own pattern the chance that they still "
    "count themselves a customer is {alive}.",
    "已有 {recency}没有下单，而平时每 {usual}下一次单：按其自身规律，仍算顾客的可能性只有 {alive}。",
)
"""Why a customer who is merely late may already count as lapsed."""

NO_RHYTHM = Text(
    "Too few customers have returned so far to know this shop's rhythm; the defaults decide.",
    "目前回购的顾客太少，还看不出本店的节奏；暂按默认值判断。",
)

NOT_YET = "none"
"""Stands for `not a customer (yet)` in a transition table."""

_FLOW = pa.schema(
    [("before", pa.string()), ("after", pa.string()), ("customers", pa.int64()), ("share", pa.float64())],
)


def transition_table(before: pa.Table, after: pa.Table) -> pa.Table:
    """Count how customers moved between two moments.

    Takes the stage rows of the score table of two `as_of`; other rows are ignored. Returns `before`, `after` (stage names,
    `none` for those not scored at that moment), `customers`, and `share` of those who stood at `before`; one row per move
    that happened, in the order of a customer's life.
    """
    was, now = _stage_of(before), _stage_of(after)
    moves = Counter((was.get(customer, NOT_YET), now.get(customer, NOT_YET)) for customer in was.keys() | now.keys())
    left: Counter[str] = Counter()
    for (start, _), customers in moves.items():
        left[start] += customers
    order = {name: place for place, name in enumerate((NOT_YET, *STAGES))}
    rows = [
        {"before": start, "after": end, "customers": customers, "share": customers / left[start]}
        for (start, end), customers in sorted(moves.items(), key=lambda move: (order[move[0][0]], order[move[0][1]]))
    ]
    return pa.Table.from_pylist(rows, schema=_FLOW)


def _stage_of(scores: pa.Table) -> dict[str, str]:
    rows = zip(*(scores.column(name).to_pylist() for name in ("customer_id", "target", "label")), strict=True)
    return {customer: label for customer, target, label in rows if target == "stage"}
