"""What a customer did in the shop without buying, where the shop sends events. Names are Segment's e-commerce names."""

from __future__ import annotations

from lifeloop.base.text import Text
from lifeloop.features.declare import Feature, Subject

EVENTS = Subject(
    name="events",
    about="One row per event of a known customer as of the moment.",
    facts=("events",),
    sql="SELECT * FROM events",
    columns={
        "name": "what was done, such as `Product Viewed`",
        "session_id": "the visit it belongs to",
        "product_id": "the product it is about",
        "day": "its day, counted from 1970-01-01",
        "last_day": "the last known day, the same in every row",
        "age_days": "whole days before as_of; 0 is the last known day",
    },
)

SEEN = Subject(
    name="seen",
    about="One row per event, however old. Apart from `events`, whose features read no further back than 30 days.",
    facts=("events",),
    sql="SELECT * FROM events",
    columns={
        "day": "the day, counted from 1970-01-01",
        "last_day": "the last known day, the same in every row",
    },
)


def _last_30_days(name: str, sql: str, unit: str, about: str, label: Text) -> Feature:
    return Feature(name, EVENTS, sql, "int32", unit, about, label, empty=0, window_days=30)


FEATURES: tuple[Feature, ...] = (
    Feature(
        "event_recency_days",
        SEEN,
        "max(last_day) - max(day)",
        "int32",
        "days",
        "Days from the last event to the last known day.",
        Text("days since last seen in the shop", "距上次访问天数"),
    ),
    _last_30_days(
        "events_30d",
        "count(*)",
        "events",
        "Events in the 30 days before as_of.",
        Text("actions in the last 30 days", "近30天行为数"),
    ),
    _last_30_days(
        "event_days_30d",
        "count(DISTINCT day)",
        "days",
        "Days with an event in the 30 days before as_of.",
        Text("days active in the last 30 days", "近30天活跃天数"),
    ),
    _last_30_days(
        "sessions_30d",
        "count(DISTINCT session_id)",
        "sessions",
        "Sessions in the 30 days before as_of.",
        Text("visits in the last 30 days", "近30天访问次数"),
    ),
    _last_30_days(
        "product_views_30d",
        "count_if(name = 'Product Viewed')",
        "events",
        "Products viewed in the 30 days before as_of.",
        Text("products viewed in the last 30 days", "近30天浏览商品次数"),
    ),
    _last_30_days(
        "cart_adds_30d",
        "count_if(name = 'Product Added')",
        "events",
        "Products put into the cart in the 30 days before as_of.",
        Text("products put into the cart in the last 30 days", "近30天加购次数"),
    ),
)
