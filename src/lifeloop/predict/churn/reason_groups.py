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
from lifeloop.predict.churn.inputs import NO_ORDER, P_ALIVE

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


def _both(text: Text, **values: str | Sentence) -> Sentence:
    """Return a text in both languages; a value may differ between them."""
    pairs = {name: value if isinstance(value, tuple) else (value, value) for name, value in values.items()}
    en = text.say("en", **{name: pair[0] for name, pair in pairs.items()})
    return en, text.say("zh", **{name: pair[1] for name, pair in pairs.items()})


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _days(number: float) -> Sentence:
    shown = _count(number)
    return f"{shown} day" if shown == "1" else f"{shown} days", f"{shown}天"


def _ratio(number: float) -> str:
    return f"{number:.1f}"


JUST_NOW = Text("Ordered on the last known day", "最近一天刚下过单")
RHYTHM_NOW = Text("Ordered on the last known day; usually orders every {gap}", "最近一天刚下过单，平时约每{gap}下单一次")
RHYTHM = Text("Last order {recency} ago; usually orders every {gap}", "距上次下单已{recency}，平时约每{gap}下单一次")
ONE_DAY = Text("Ordered on one day only, {recency} ago", "只在{recency}前的一天下过单")


def _rhythm(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    recency, gap = values
    if math.isnan(gap):
        return _both(ONE_DAY, recency=_days(recency)) if recency >= 1 else _both(JUST_NOW)
    if recency < 1:
        return _both(RHYTHM_NOW, gap=_days(max(gap, 1)))
    return _both(RHYTHM, recency=_days(recency), gap=_days(max(gap, 1)))


QUIET = Text("No order in the last 90 days", "近90天没有下单")
RECENT = Text("Orders in the last 30 days: {month}; in the last 90 days: {quarter}", "近30天下单{month}次，近90天{quarter}次")
RECENT_SPEND = Text(
    "Orders in the last 30 days: {month}; in the last 90 days: {quarter}, worth {spent}",
    "近30天下单{month}次，近90天{quarter}次、消费{spent}",
)


def _recent(values: tuple[float, ...], money: Money | None) -> Sentence:
    month, quarter, spent = values
    if quarter <= 0:
        return _both(QUIET)
    if money is None or math.isnan(spent):
        return _both(RECENT, month=_count(month), quarter=_count(quarter))
    return _both(RECENT_SPEND, month=_count(month), quarter=_count(quarter), spent=money(spent))


SO_FAR = Text("Orders so far: {orders}", "累计下单{orders}次")
SPENT_SO_FAR = Text("Orders so far: {orders}, worth {spent}", "累计下单{orders}次、消费{spent}")


def _so_far(values: tuple[float, ...], money: Money | None) -> Sentence:
    orders, spent = values
    if money is None or math.isnan(spent):
        return _both(SO_FAR, orders=_count(orders))
    return _both(SPENT_SO_FAR, orders=_count(orders), spent=money(spent))


ONE_ORDER_VALUE = Text("Their one order came to {mean}", "唯一一单金额为{mean}")
ORDER_VALUE = Text("Spends {mean} per order; {last} on the last order day", "平均每单{mean}，最近一次下单日消费{last}")
LAST_AGAINST_USUAL = Text(
    "The last order day came to {ratio} times their average order", "最近一次下单日的金额是其平均每单的{ratio}倍"
)
WORTH_OF_ORDERS = Text("How much an order of theirs comes to", "每单的金额大小")


def _order_value(values: tuple[float, ...], money: Money | None) -> Sentence:
    orders, mean, last = values
    if not mean > 0 or math.isnan(last) or (money is None and orders < 2):
        return _both(WORTH_OF_ORDERS)
    if money is None:
        return _both(LAST_AGAINST_USUAL, ratio=_ratio(last / mean))
    if orders < 2:
        return _both(ONE_ORDER_VALUE, mean=money(mean))
    return _both(ORDER_VALUE, mean=money(mean), last=money(last))


TENURE = Text("First order {tenure} ago", "首次下单距今{tenure}")
TENURE_LIFE = Text("First order {tenure} ago, the last one {life} later", "首次下单距今{tenure}，首末两单相隔{life}")


def _tenure(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    tenure, life = values
    if not life > 0:
        return _both(TENURE, tenure=_days(tenure))
    return _both(TENURE_LIFE, tenure=_days(tenure), life=_days(life))


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
SEASON = Text("The time of year (month {month})", "所处月份（{month}月）")
VISITS = Text("Seen in the shop on {days} of the last 30 days", "近30天有{days}天到访")


def _weekday(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(WEEKDAY)


def _season(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(SEASON, month=_count(values[0]))


def _visits(values: tuple[float, ...], money: Money | None) -> Sentence:  # noqa: ARG001 - one shape for all
    return _both(VISITS, days=_count(values[0]))


GROUPS: tuple[Group, ...] = (
    Group("recency_days", rf"recency_.*|gap_.*|{P_ALIVE}|{NO_ORDER}", ("recency_days", "gap_mean_days"), _rhythm),
    Group(
        "orders_90d",
        r"(orders|goods|quantity)_\d+d.*",
        ("orders_30d", "orders_90d", "goods_90d_minor"),
        _recent,
    ),
    Group("orders", r"orders|order_days|goods_minor|quantity", ("orders", "goods_minor"), _so_far),
    Group(
        "order_value_mean_minor",
        r"order_value_.*|\w*day_value_.*",
        ("orders", "order_value_mean_minor", "last_day_value_minor"),
        _order_value,
    ),
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
