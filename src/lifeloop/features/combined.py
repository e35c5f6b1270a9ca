"""Features made of other features: ratios that say whether a customer speeds up or slows down, and the season."""

from __future__ import annotations

from lifeloop.base.text import Text
from lifeloop.features.declare import Feature, Subject

COMBINED = Subject(
    name="combined",
    about="One row per customer: all features of the other subjects.",
    columns={
        "month_of_as_of": "the calendar month in which the unknown begins, 1 to 12",
        "any other feature": "its value",
    },
)


def _ratio(name: str, sql: str, about: str, label: Text) -> Feature:
    return Feature(name, COMBINED, sql, "float64", "ratio", about, label)


FEATURES: tuple[Feature, ...] = (
    _ratio(
        "recency_over_gap",
        "recency_days / nullif(gap_mean_days, 0)",
        "Days since the last order over the mean gap: above 1, the next order is late. Not known below two order days.",
        Text("silence compared with the usual gap", "沉默时长与平时间隔之比"),
    ),
    _ratio(
        "orders_30d_over_before",
        "orders_30d / nullif(orders_90d - orders_30d, 0)",
        "Orders of the last 30 days over those of the 60 days before them; not known where there were none.",
        Text("orders in the last 30 days against the 60 before", "近30天订单与此前60天之比"),
    ),
    _ratio(
        "orders_90d_over_before",
        "orders_90d / nullif(orders_180d - orders_90d, 0)",
        "Orders of the last 90 days over those of the 90 days before them; not known where there were none.",
        Text("orders in the last 90 days against the 90 before", "近90天订单与此前90天之比"),
    ),
    _ratio(
        "goods_90d_over_before",
        "goods_90d_minor / nullif(goods_180d_minor - goods_90d_minor, 0)",
        "Spent in the last 90 days over the 90 days before them; not known where nothing was spent.",
        Text("spent in the last 90 days against the 90 before", "近90天消费与此前90天之比"),
    ),
    Feature(
        "month",
        COMBINED,
        "month_of_as_of",
        "int32",
        "1 to 12",
        "The calendar month in which the unknown begins.",
        Text("time of year", "所处月份"),
    ),
)
