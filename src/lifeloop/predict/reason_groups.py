"""What features speak of, and the sentence that tells a customer's own facts about it.

Windows of one subject move together (orders of the last 30, 60 and 90 days), and what BG/NBD says is a matter of purchase
rhythm: told one by one they would be three reasons for one fact. A group adds up what its features did.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from lifeloop.base.text import Text
from lifeloop.features import FEATURES
from lifeloop.predict.inputs import NO_ORDER, P_ALIVE

Money: TypeAlias = Callable[[float], str]
"""Shows an amount of minor units in the shop's currency."""

Sentence: TypeAlias = tuple[str, str]
"""English and Chinese."""


@dataclass(frozen=True)
class Group:
    """Features that speak of one thing."""

    lead: str
    """The feature the group is known by."""
    members: str
    """Which features belong to it, as a regular expression over their whole names."""
    reads: tuple[str, ...]
    """The features its sentence shows."""
    say: Callable[[tuple[float, ...], Money | None], Sentence]
    """From their values (NaN: not known) to the sentence; `money` is None where the currency is not known."""


def _both(text: Text, **values: object) -> Sentence:
    return text.say("en", **values), text.say("zh", **values)


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _ratio(number: float) -> str:
    return f"{number:.1f}"


JUST_NOW = Text("Ordered on the last known day", "最近一天刚下过单")
RHYTHM_NOW = Text("Ordered on the last known day; usually orders every {gap} days", "最近一天刚下过单，平时约每{gap}天下单一次")
RHYTHM = Text(
    "Last order {recency} days ago; usually orders every {gap} days", "距上次下单已{recency}天，平时约每{gap}天下单一次"
)
ONE_DAY = Text("Ordered on one day only, {recency} days ago", "只在{recency}天前的一天下过单")


def _rhythm(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    recency, gap = values
    if math.isnan(gap):
        return _both(ONE_DAY, recency=_count(recency)) if recency >= 1 else _both(JUST_NOW)
    if recency < 1:
        return _both(RHYTHM_NOW, gap=_count(max(gap, 1)))
    return _both(RHYTHM, recency=_count(recency), gap=_count(max(gap, 1)))


RECENT_ORDERS = Text(
    "Orders in the last 30 days: {month}; in the last 90 days: {quarter}", "近30天下单{month}次，近90天{quarter}次"
)


def _recent_orders(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(RECENT_ORDERS, month=_count(values[0]), quarter=_count(values[1]))


ORDERS = Text("Orders so far: {orders}", "累计下单{orders}次")


def _orders(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(ORDERS, orders=_count(values[0]))


NOTHING_SPENT = Text("Spent nothing in the last 90 days", "近90天没有消费")
RECENT_SPEND = Text("Spent {quarter} in the last 90 days, {all} in all", "近90天消费{quarter}，累计消费{all}")
RECENT_SHARE = Text("{share} % of all they ever spent was in the last 90 days", "近90天的消费占累计消费的{share}%")


def _recent_spend(values: tuple[float, ...], money: Money | None) -> Sentence:
    quarter, total = values
    if quarter <= 0 or total <= 0:
        return _both(NOTHING_SPENT)
    if money is None:
        return _both(RECENT_SHARE, share=_count(100 * quarter / total))
    return _both(RECENT_SPEND, quarter=money(quarter), all=money(total))


ORDER_VALUE = Text("Spends {mean} per order; {last} on the last order day", "平均每单{mean}，最近一次下单日消费{last}")
LAST_AGAINST_USUAL = Text(
    "The last order day came to {ratio} times their average order", "最近一次下单日的金额是其平均每单的{ratio}倍"
)
FREE_ORDERS = Text("What an order comes to", "每单的金额")


def _order_value(values: tuple[float, ...], money: Money | None) -> Sentence:
    mean, last = values
    if not mean > 0 or math.isnan(last):
        return _both(FREE_ORDERS)
    if money is None:
        return _both(LAST_AGAINST_USUAL, ratio=_ratio(last / mean))
    return _both(ORDER_VALUE, mean=money(mean), last=money(last))


PIECES = Text("Pieces bought so far: {all}; in the last 90 days: {quarter}", "累计购买{all}件，近90天{quarter}件")


def _pieces(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(PIECES, all=_count(values[0]), quarter=_count(values[1]))


TENURE = Text(
    "First order {tenure} days ago; {life} days between the first order and the last",
    "首次下单距今{tenure}天，首末两单相隔{life}天",
)


def _tenure(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(TENURE, tenure=_count(values[0]), life=_count(values[1]))


PRODUCTS = Text("Different products bought so far: {products}", "买过{products}种不同的商品")
VARIETY = Text("How varied what they buy is", "购买商品的多样性")


def _products(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(PRODUCTS, products=_count(values[0])) if values[0] > 0 else _both(VARIETY)


PRICE = Text("Pays {mean} per piece on average, {most} at most", "平均单价{mean}，最高{most}")
PRICE_RANGE = Text("The dearest piece cost {ratio} times their average piece", "买过最贵的商品是其平均单价的{ratio}倍")
PRICE_UNKNOWN = Text("What they pay per piece", "购买商品的单价")


def _price(values: tuple[float, ...], money: Money | None) -> Sentence:
    mean, most = values
    if not mean > 0 or math.isnan(most):
        return _both(PRICE_UNKNOWN)
    if money is None:
        return _both(PRICE_RANGE, ratio=_ratio(most / mean))
    return _both(PRICE, mean=money(mean), most=money(most))


NO_REFUND = Text("Never gave anything back", "从未退货或退款")
REFUNDS = Text("Refunds so far: {all}; in the last 90 days: {quarter}", "累计退款{all}次，近90天{quarter}次")


def _refunds(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(REFUNDS, all=_count(values[0]), quarter=_count(values[1])) if values[0] > 0 else _both(NO_REFUND)


WEEKDAY = Text("The days of the week they order on", "下单集中在星期几")
SEASON = Text("What customers do at this time of year (month {month})", "每年此时（{month}月）的购买规律")
VISITS = Text("Seen in the shop on {days} of the last 30 days", "近30天有{days}天到访")


def _weekday(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(WEEKDAY)


def _season(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(SEASON, month=_count(values[0]))


def _visits(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(VISITS, days=_count(values[0]))


GROUPS: tuple[Group, ...] = (
    Group("recency_days", rf"recency_.*|gap_.*|{P_ALIVE}|{NO_ORDER}", ("recency_days", "gap_mean_days"), _rhythm),
    Group("orders_90d", r"orders_\d+d.*", ("orders_30d", "orders_90d"), _recent_orders),
    Group("orders", r"orders|order_days", ("orders",), _orders),
    Group("goods_90d_minor", r"goods_.*", ("goods_90d_minor", "goods_minor"), _recent_spend),
    Group(
        "order_value_mean_minor",
        r"order_value_.*|\w*day_value_.*",
        ("order_value_mean_minor", "last_day_value_minor"),
        _order_value,
    ),
    Group("quantity", r"quantity.*", ("quantity", "quantity_90d"), _pieces),
    Group("tenure_days", r"tenure_days|life_days", ("tenure_days", "life_days"), _tenure),
    Group("products", r"products.*|product_entropy|lines", ("products",), _products),
    Group("unit_price_mean_minor", r"unit_price_.*", ("unit_price_mean_minor", "unit_price_max_minor"), _price),
    Group("refunds", r"refund.*", ("refunds", "refunds_90d"), _refunds),
    Group("weekday_mean", r"weekday_.*", (), _weekday),
    Group("month", r"month", ("month",), _season),
    Group("event_days_30d", r"event.*|sessions_.*|product_views_.*|cart_adds_.*", ("event_days_30d",), _visits),
)
"""Every group; a feature belongs to the first that fits."""


def group_of(column: str) -> Group:
    """Return the group a column belongs to; a feature of one's own makes a group of its own."""
    for group in GROUPS:
        if re.fullmatch(group.members, column):
            return group
    label = FEATURES[column].label if column in FEATURES else Text(column, column)

    def say(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
        shown = "?" if math.isnan(values[0]) else f"{values[0]:,.6g}"
        return f"{label.en}: {shown}", f"{label.zh}：{shown}"

    return Group(column, re.escape(column), (column,), say)
