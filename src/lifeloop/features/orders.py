"""What a customer ordered: how long ago, how often, for how much, all time and within windows.

Source  the windows and their names after the features whose gain was measured on three public shops (docs/models/churn.md)
"""

from __future__ import annotations

from lifeloop.base.text import Text
from lifeloop.features.declare import Feature, Subject

MINOR = "minor units of the shop's base currency"

WINDOWS = (7, 14, 30, 60, 90, 180, 365)
"""Days looked back: from the last week to the last year."""

ORDERS = Subject(
    name="orders",
    about="One row per order known as of the moment.",
    facts=("orders",),
    sql="SELECT * FROM orders",
    columns={
        "day": "its day, counted from 1970-01-01",
        "last_day": "the last known day, the same in every row",
        "age_days": "whole days before as_of; 0 is the last known day",
        "goods_minor": "paid for the goods",
        "quantity": "pieces",
        "products": "distinct products in it",
    },
)


def _windows(days: int) -> tuple[Feature, Feature, Feature]:
    """Return orders, money and pieces within the last `days` days."""
    return (
        Feature(
            f"orders_{days}d",
            ORDERS,
            "count(*)",
            "int32",
            "orders",
            f"Orders placed in the {days} days before as_of.",
            Text(f"orders in the last {days} days", f"近{days}天订单数"),
            empty=0,
            window_days=days,
        ),
        Feature(
            f"goods_{days}d_minor",
            ORDERS,
            "sum(goods_minor)",
            "int64",
            MINOR,
            f"Paid for goods in the {days} days before as_of.",
            Text(f"spent in the last {days} days", f"近{days}天消费金额"),
            empty=0,
            window_days=days,
        ),
        Feature(
            f"quantity_{days}d",
            ORDERS,
            "sum(quantity)",
            "float64",
            "pieces",
            f"Pieces bought in the {days} days before as_of.",
            Text(f"pieces bought in the last {days} days", f"近{days}天购买件数"),
            empty=0,
            window_days=days,
        ),
    )


FEATURES: tuple[Feature, ...] = (
    Feature(
        "recency_days",
        ORDERS,
        "max(last_day) - max(day)",
        "int32",
        "days",
        "Days from the last order to the last known day; 0 = bought on the last known day.",
        Text("days since the last order", "距上次下单天数"),
    ),
    Feature(
        "tenure_days",
        ORDERS,
        "max(last_day) - min(day)",
        "int32",
        "days",
        "Days from the first order to the last known day.",
        Text("days since the first order", "距首次下单天数"),
    ),
    Feature(
        "life_days",
        ORDERS,
        "max(day) - min(day)",
        "int32",
        "days",
        "Days from the first order to the last one.",
        Text("days between the first and the last order", "首末次下单间隔天数"),
    ),
    Feature(
        "orders",
        ORDERS,
        "count(*)",
        "int32",
        "orders",
        "Orders placed before as_of.",
        Text("orders so far", "累计订单数"),
        empty=0,
    ),
    Feature(
        "goods_minor",
        ORDERS,
        "sum(goods_minor)",
        "int64",
        MINOR,
        "Paid for goods before as_of; refunds are not taken off.",
        Text("spent so far", "累计消费金额"),
        empty=0,
    ),
    Feature(
        "quantity",
        ORDERS,
        "sum(quantity)",
        "float64",
        "pieces",
        "Pieces bought before as_of.",
        Text("pieces bought so far", "累计购买件数"),
        empty=0,
    ),
    Feature(
        "order_value_mean_minor",
        ORDERS,
        "avg(goods_minor)",
        "float64",
        MINOR,
        "Mean goods value of an order.",
        Text("average order value", "平均订单金额"),
    ),
    Feature(
        "order_value_sd_minor",
        ORDERS,
        "stddev_samp(goods_minor)",
        "float64",
        MINOR,
        "Standard deviation of the goods value of orders; not known below two orders.",
        Text("spread of order values", "订单金额波动"),
    ),
    Feature(
        "order_value_max_minor",
        ORDERS,
        "max(goods_minor)",
        "int64",
        MINOR,
        "Goods value of the largest order.",
        Text("largest order", "最大单笔金额"),
    ),
    Feature(
        "order_value_min_minor",
        ORDERS,
        "min(goods_minor)",
        "int64",
        MINOR,
        "Goods value of the smallest order.",
        Text("smallest order", "最小单笔金额"),
    ),
    Feature(
        "products_per_order_mean",
        ORDERS,
        "avg(products)",
        "float64",
        "products",
        "Mean number of distinct products in an order.",
        Text("different products per order", "每单商品种数"),
    ),
    Feature(
        "products_per_order_max",
        ORDERS,
        "max(products)",
        "int32",
        "products",
        "Most distinct products in one order.",
        Text("most different products in one order", "单笔订单最多商品种数"),
    ),
    *(feature for days in WINDOWS for feature in _windows(days)),
)
