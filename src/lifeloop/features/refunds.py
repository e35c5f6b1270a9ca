"""What a customer gave back or was paid back."""

from __future__ import annotations

from lifeloop.base.text import Text
from lifeloop.features.declare import Feature, Subject
from lifeloop.features.orders import MINOR

REFUNDS = Subject(
    name="refunds",
    about="One row per product given back, or amount paid back, as of the moment.",
    facts=("refunds",),
    sql="SELECT * FROM refunds",
    columns={
        "refund_id": "the refund it belongs to",
        "age_days": "whole days before as_of; 0 is the last known day",
        "goods_minor": "paid back; zero or more",
    },
)

FEATURES: tuple[Feature, ...] = (
    Feature(
        "refunds",
        REFUNDS,
        "count(DISTINCT refund_id)",
        "int32",
        "refunds",
        "Refunds before as_of.",
        Text("refunds so far", "累计退款次数"),
        empty=0,
    ),
    Feature(
        "refunds_90d",
        REFUNDS,
        "count(DISTINCT refund_id)",
        "int32",
        "refunds",
        "Refunds in the 90 days before as_of.",
        Text("refunds in the last 90 days", "近90天退款次数"),
        empty=0,
        window_days=90,
    ),
    Feature(
        "refunded_minor",
        REFUNDS,
        "sum(goods_minor)",
        "int64",
        MINOR,
        "Paid back for goods before as_of.",
        Text("paid back so far", "累计退款金额"),
        empty=0,
    ),
)
