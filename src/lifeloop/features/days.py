"""The rhythm of a customer: the days they ordered on, the gaps between those days, and what they spent on each.

Two orders on one day are one visit to the shop, so gaps are between order days.
"""

from __future__ import annotations

from lifeloop.base.text import Text
from lifeloop.features.declare import Feature, Subject
from lifeloop.features.orders import MINOR

DAYS = Subject(
    name="days",
    about="One row per customer and day with an order.",
    facts=("orders",),
    sql="""SELECT customer, day, value_minor, ((day + 3) % 7 + 7) % 7 AS weekday,
    day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap_days,
    row_number() OVER (PARTITION BY customer ORDER BY day) AS from_first,
    count(*) OVER (PARTITION BY customer) - row_number() OVER (PARTITION BY customer ORDER BY day) + 1 AS from_last
    FROM (SELECT customer, day, sum(goods_minor) AS value_minor FROM orders GROUP BY customer, day) AS by_day""",
    columns={
        "day": "the day, counted from 1970-01-01",
        "value_minor": "paid for goods on it",
        "weekday": "0 = Monday to 6 = Sunday",
        "gap_days": "days since the order day before; null on the first",
        "from_first": "1 on the first order day, counting up",
        "from_last": "1 on the last order day, counting back",
    },
)


def _days(
    name: str, sql: str, unit: str, about: str, label: Text, *, whole: bool = False, empty: float | None = None
) -> Feature:
    return Feature(name, DAYS, sql, ("int64" if unit == MINOR else "int32") if whole else "float64", unit, about, label, empty)


FEATURES: tuple[Feature, ...] = (
    _days(
        "order_days",
        "count(*)",
        "days",
        "Days with at least one order.",
        Text("days with an order", "下单天数"),
        whole=True,
        empty=0,
    ),
    _days(
        "gap_mean_days",
        "avg(gap_days)",
        "days",
        "Mean gap between order days; not known below two.",
        Text("average days between orders", "平均下单间隔天数"),
    ),
    _days(
        "gap_sd_days",
        "stddev_samp(gap_days)",
        "days",
        "Standard deviation of the gaps; not known below three order days.",
        Text("spread of the days between orders", "下单间隔波动"),
    ),
    _days(
        "gap_min_days",
        "min(gap_days)",
        "days",
        "Shortest gap.",
        Text("shortest gap between orders", "最短下单间隔天数"),
        whole=True,
    ),
    _days(
        "gap_max_days",
        "max(gap_days)",
        "days",
        "Longest gap.",
        Text("longest gap between orders", "最长下单间隔天数"),
        whole=True,
    ),
    _days(
        "gap_median_days",
        "median(gap_days)",
        "days",
        "Median gap; the mean of the middle two where their number is even.",
        Text("usual days between orders", "通常下单间隔天数"),
    ),
    _days(
        "gap_last_days",
        "max(gap_days) FILTER (WHERE from_last = 1)",
        "days",
        "Gap before the last order day.",
        Text("days between the last two orders", "最近两次下单间隔天数"),
        whole=True,
    ),
    _days(
        "gap_before_last_days",
        "max(gap_days) FILTER (WHERE from_last = 2)",
        "days",
        "The gap before the last gap.",
        Text("the gap before the last gap between orders", "上上次下单间隔天数"),
        whole=True,
    ),
    _days(
        "first_day_value_minor",
        "max(value_minor) FILTER (WHERE from_first = 1)",
        MINOR,
        "Paid for goods on the first order day.",
        Text("spent on the first day", "首次下单日金额"),
        whole=True,
    ),
    _days(
        "last_day_value_minor",
        "max(value_minor) FILTER (WHERE from_last = 1)",
        MINOR,
        "Paid for goods on the last order day.",
        Text("spent on the last order day", "最近下单日金额"),
        whole=True,
    ),
    _days(
        "second_last_day_value_minor",
        "max(value_minor) FILTER (WHERE from_last = 2)",
        MINOR,
        "Paid for goods on the order day before the last.",
        Text("spent on the order day before the last", "倒数第二个下单日金额"),
        whole=True,
    ),
    _days(
        "third_last_day_value_minor",
        "max(value_minor) FILTER (WHERE from_last = 3)",
        MINOR,
        "Paid for goods on the third last order day.",
        Text("spent on the third last order day", "倒数第三个下单日金额"),
        whole=True,
    ),
    _days(
        "day_value_max_minor",
        "max(value_minor)",
        MINOR,
        "Most paid for goods on one day.",
        Text("most spent on one day", "单日最高消费"),
        whole=True,
    ),
    _days(
        "repeat_day_value_mean_minor",
        "avg(value_minor) FILTER (WHERE from_first > 1)",
        MINOR,
        "Mean paid for goods on an order day, the first day left out; 0 where there is no second.",
        Text("average spent on a repeat day", "复购日均消费"),
        empty=0,
    ),
    _days(
        "day_value_trend",
        "corr(value_minor, day)",
        "-1 to 1",
        "Correlation of the value of an order day with its date; not known where either does not vary.",
        Text("trend of spending", "消费金额趋势"),
    ),
    _days(
        "weekday_mean",
        "avg(weekday)",
        "0 = Monday to 6 = Sunday",
        "Mean weekday of the order days.",
        Text("usual weekday of ordering", "通常下单的星期"),
    ),
    _days(
        "weekday_sd",
        "stddev_samp(weekday)",
        "days",
        "Standard deviation of the weekday; not known below two order days.",
        Text("spread over the days of the week", "下单星期的分散程度"),
    ),
)
