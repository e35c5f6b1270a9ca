"""How close a simulated shop came to a real one: their marginals row by row, each with a distance and a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lifeloop.base.text import Text
from lifeloop.measure.distribution import Distribution
from lifeloop.measure.marginals import Marginals

Kind = Literal["relative", "points", "cumulative"]
"""What a distance is: |simulated / real - 1|; the difference of two shares; the largest difference of cumulative shares."""

Unit = Literal["count", "share", "days", "minor", "ratio"]
"""What a row's two figures are: a number of things, a share 0..1, days, minor units of money, or a plain ratio."""

TOLERANCE: dict[Kind, float] = {"relative": 0.15, "points": 0.03, "cumulative": 0.1}
"""Up to which distance a simulated shop is called close. The two years of Online Retail II lie at most .08, .023 and .064
apart: what is called close is little farther from the real shop than its own next year."""

KINDS: dict[Kind, Text] = {
    "relative": Text("relative difference", "相对差异"),
    "points": Text("difference of shares", "占比之差"),
    "cumulative": Text("largest difference of cumulative shares", "累计占比的最大差异"),
}


@dataclass(frozen=True)
class Closeness:
    """One figure of both shops; of a distribution, the figure is its median or the share of the real shop's peak."""

    key: str
    name: Text
    unit: Unit
    real: float
    simulated: float
    kind: Kind
    distance: float
    """0 is equal; what it measures says `kind`. Infinite where a figure is 0 in the real shop alone."""
    tolerance: float

    @property
    def good(self) -> bool:
        """Whether the distance is within the tolerance."""
        return self.distance <= self.tolerance


_Row = Closeness | None


def closeness(real: Marginals, simulated: Marginals) -> list[Closeness]:
    """Return a row for every marginal that both shops have, first who buys and how often, then when, what and what for."""
    a, b = real, simulated
    rows: list[_Row] = [
        _figure("customers", Text("Customers", "顾客数"), "count", a.customers, b.customers),
        _figure(
            "daily_orders",
            Text("Orders a day, mean", "日均订单数"),
            "ratio",
            a.seasons.daily_orders.mean,
            b.seasons.daily_orders.mean,
        ),
        _points("unnamed", Text("Orders nobody is named in", "无署名订单占比"), a.unnamed_share, b.unnamed_share),
        _points(
            "early",
            Text("Customers of the first 30 days", "前 30 天已出现的顾客占比"),
            a.early_share,
            b.early_share,
            tolerance=0.05,
        ),
        _figure(
            "orders_per_customer",
            Text("Orders per customer, mean", "人均订单数"),
            "ratio",
            a.orders_per_customer,
            b.orders_per_customer,
        ),
        _points("once", Text("Customers with one order", "仅购买一次的顾客占比"), a.once_share, b.once_share, tolerance=0.05),
        _histogram("orders_histogram", Text("Orders per customer", "每位顾客的订单数"), a.orders_histogram, b.orders_histogram),
        _spread("gap_days", Text("Days between orders", "两次下单间隔天数"), "days", a.gap_days, b.gap_days),
        _figure(
            "rate",
            Text("BG/NBD: orders a week, r/alpha", "BG/NBD：每周订单率 r/alpha"),
            "ratio",
            a.btyd.r / a.btyd.alpha,
            b.btyd.r / b.btyd.alpha,
            tolerance=0.25,
        ),
        _points(
            "dropout",
            Text("BG/NBD: drop-out per order, a/(a+b)", "BG/NBD：每单流失率 a/(a+b)"),
            a.btyd.a / (a.btyd.a + a.btyd.b),
            b.btyd.a / (b.btyd.a + b.btyd.b),
        ),
        _histogram("weekday", Text("Day of the week", "星期分布"), a.seasons.weekday, b.seasons.weekday, 0.05),
        _histogram("hour", Text("Hour of the day", "小时分布"), a.seasons.hour, b.seasons.hour, 0.05),
        _histogram("month", Text("Month of the year", "月份分布"), _of_one(a.seasons.month), _of_one(b.seasons.month), 0.03),
        _spread(
            "orders_on_a_day", Text("Orders on one day", "单日订单数"), "count", a.seasons.daily_orders, b.seasons.daily_orders
        ),
        _spread("lines", Text("Lines per order", "每单行数"), "count", a.lines_per_order, b.lines_per_order),
        _spread("products", Text("Products per order", "每单商品种数"), "count", a.products_per_order, b.products_per_order),
        _spread("pieces", Text("Pieces per line", "每行件数"), "count", a.pieces_per_line, b.pieces_per_line),
        _spread("price", Text("Price per piece", "单价"), "minor", a.price_minor, b.price_minor),
        _spread("order_value", Text("Goods of an order", "订单商品金额"), "minor", a.order_minor, b.order_minor),
        _figure("products_sold", Text("Products sold", "售出的商品数"), "count", a.products_sold, b.products_sold),
        _popularity(a, b),
        _points("returned_lines", Text("Lines returned", "退货行占比"), a.returned_lines_share, b.returned_lines_share),
        _points("returned_goods", Text("Goods returned", "退货金额占比"), a.returned_goods_share, b.returned_goods_share),
        _spread("return_days", Text("Days until a return", "退货前天数"), "days", a.return_days, b.return_days),
    ]
    return [row for row in rows if row is not None]


def _figure(key: str, name: Text, unit: Unit, real: float, simulated: float, tolerance: float | None = None) -> Closeness:
    apart = abs(simulated - real)
    distance = apart / abs(real) if real else (float("inf") if apart else 0.0)
    return Closeness(key, name, unit, real, simulated, "relative", distance, tolerance or TOLERANCE["relative"])


def _points(key: str, name: Text, real: float, simulated: float, tolerance: float | None = None) -> Closeness:
    apart = abs(simulated - real)
    return Closeness(key, name, "share", real, simulated, "points", apart, tolerance or TOLERANCE["points"])


def _spread(key: str, name: Text, unit: Unit, real: Distribution | None, simulated: Distribution | None) -> _Row:
    if real is None or simulated is None:
        return None
    middle = (real.quantile(0.5), simulated.quantile(0.5))
    return Closeness(key, name, unit, *middle, "cumulative", real.distance(simulated), TOLERANCE["cumulative"])


def _histogram(
    key: str, name: Text, real: Sequence[float], simulated: Sequence[float], tolerance: float | None = None
) -> Closeness:
    peak = int(np.argmax(real))
    apart = float(np.max(np.abs(np.cumsum(real) - np.cumsum(simulated))))
    return Closeness(key, name, "share", real[peak], simulated[peak], "cumulative", apart, tolerance or TOLERANCE["cumulative"])


def _popularity(real: Marginals, simulated: Marginals) -> _Row:
    if not real.popularity or not simulated.popularity:
        return None
    apart = float(np.max(np.abs(np.subtract(real.popularity, simulated.popularity))))
    name = Text("Lines of the best-selling fifth of products", "销量前 20% 商品的行占比")
    return Closeness(
        "popularity", name, "share", real.top(0.2), simulated.top(0.2), "cumulative", apart, TOLERANCE["cumulative"]
    )


def _of_one(index: Sequence[float]) -> list[float]:
    return [value / sum(index) for value in index]
