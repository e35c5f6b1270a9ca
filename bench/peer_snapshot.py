"""The same features as `lifeloop.features`, written the way one writes them with pandas: grouped, without `apply`."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

WINDOWS = (7, 14, 30, 60, 90, 180, 365)


def _read(files: list[str], columns: list[str], time: str, as_of: pd.Timestamp) -> pd.DataFrame:
    frame = pd.concat([pd.read_parquet(file, columns=columns) for file in files], ignore_index=True)
    frame = frame[(frame[time] < as_of) & frame["customer_id"].notna()]
    return frame.assign(day=frame[time].dt.floor("D"))


def pandas_snapshot(orders: list[str], lines: list[str], refunds: list[str], as_of: datetime) -> pd.DataFrame:
    """Return one row per customer with an order and one column per feature (the shop's zone is UTC)."""
    moment = pd.Timestamp(as_of)
    parts = [
        *_orders(
            _read(orders, ["customer_id", "placed_at", "goods_minor", "quantity", "products"], "placed_at", moment), moment
        ),
        _lines(_read(lines, ["customer_id", "placed_at", "product_id", "quantity", "goods_minor"], "placed_at", moment)),
        _refunds(_read(refunds, ["customer_id", "refunded_at", "refund_id", "goods_minor"], "refunded_at", moment), moment),
    ]
    snapshot = pd.concat(parts, axis=1)
    counts = ["lines", "products", "refunds", "refunds_90d", "refunded_minor"]
    snapshot[counts] = snapshot[counts].fillna(0)
    for name in ("event_recency_days", "events_30d", "event_days_30d", "sessions_30d", "product_views_30d", "cart_adds_30d"):
        snapshot[name] = np.nan if name == "event_recency_days" else 0
    return _combined(snapshot, moment)


def _orders(orders: pd.DataFrame, as_of: pd.Timestamp) -> list[pd.DataFrame]:
    last_day = as_of - pd.Timedelta(days=1)
    grouped = orders.groupby("customer_id")
    all_time = grouped.agg(
        first=("day", "min"),
        last=("day", "max"),
        orders=("day", "size"),
        goods_minor=("goods_minor", "sum"),
        quantity=("quantity", "sum"),
        order_value_mean_minor=("goods_minor", "mean"),
        order_value_sd_minor=("goods_minor", "std"),
        order_value_max_minor=("goods_minor", "max"),
        order_value_min_minor=("goods_minor", "min"),
        products_per_order_mean=("products", "mean"),
        products_per_order_max=("products", "max"),
    )
    all_time["recency_days"] = (last_day - all_time["last"]).dt.days
    all_time["tenure_days"] = (last_day - all_time["first"]).dt.days
    all_time["life_days"] = (all_time["last"] - all_time["first"]).dt.days
    for window in WINDOWS:
        recent = orders[orders["placed_at"] >= as_of - pd.Timedelta(days=window)].groupby("customer_id")
        sums = recent.agg(n=("day", "size"), g=("goods_minor", "sum"), q=("quantity", "sum"))
        sums.columns = [f"orders_{window}d", f"goods_{window}d_minor", f"quantity_{window}d"]
        all_time = all_time.join(sums)
        all_time[list(sums.columns)] = all_time[list(sums.columns)].fillna(0)
    return [all_time.drop(columns=["first", "last"]), _days(orders)]


def _days(orders: pd.DataFrame) -> pd.DataFrame:
    days = orders.groupby(["customer_id", "day"], as_index=False)["goods_minor"].sum().sort_values(["customer_id", "day"])
    who = days.groupby("customer_id")
    days["gap"] = who["day"].diff().dt.days
    days["from_first"] = who.cumcount() + 1
    days["from_last"] = who.cumcount(ascending=False) + 1
    days["weekday"] = days["day"].dt.weekday
    days["number"] = (days["day"] - pd.Timestamp(0, tz="UTC")).dt.days
    grouped = days.groupby("customer_id")
    features = grouped.agg(
        order_days=("day", "size"),
        gap_mean_days=("gap", "mean"),
        gap_sd_days=("gap", "std"),
        gap_min_days=("gap", "min"),
        gap_max_days=("gap", "max"),
        gap_median_days=("gap", "median"),
        day_value_max_minor=("goods_minor", "max"),
        weekday_mean=("weekday", "mean"),
        weekday_sd=("weekday", "std"),
    )
    for name, column, rank, place in (
        ("gap_last_days", "gap", "from_last", 1),
        ("gap_before_last_days", "gap", "from_last", 2),
        ("first_day_value_minor", "goods_minor", "from_first", 1),
        ("last_day_value_minor", "goods_minor", "from_last", 1),
        ("second_last_day_value_minor", "goods_minor", "from_last", 2),
        ("third_last_day_value_minor", "goods_minor", "from_last", 3),
    ):
        features[name] = days[days[rank] == place].set_index("customer_id")[column]
    repeat = days[days["from_first"] > 1].groupby("customer_id")["goods_minor"].mean()
    features["repeat_day_value_mean_minor"] = repeat.reindex(features.index).fillna(0)
    x = days["goods_minor"] - grouped["goods_minor"].transform("mean")
    y = days["number"] - grouped["number"].transform("mean")
    sums = (
        pd.DataFrame({"customer_id": days["customer_id"], "xy": x * y, "xx": x * x, "yy": y * y}).groupby("customer_id").sum()
    )
    spread = np.sqrt(sums["xx"] * sums["yy"])
    features["day_value_trend"] = (sums["xy"] / spread).where(spread > 0)
    return features


def _lines(lines: pd.DataFrame) -> pd.DataFrame:
    lines = lines.assign(price=lines["goods_minor"] / lines["quantity"])
    per_product = lines.groupby(["customer_id", "product_id"]).size().reset_index(name="n")
    per_product["n_ln"] = per_product["n"] * np.log(per_product["n"])
    entropy = per_product.groupby("customer_id").agg(lines=("n", "sum"), products=("n", "size"), n_ln=("n_ln", "sum"))
    entropy["product_entropy"] = np.log(entropy["lines"]) - entropy.pop("n_ln") / entropy["lines"]
    price = lines.groupby("customer_id").agg(unit_price_mean_minor=("price", "mean"), unit_price_max_minor=("price", "max"))
    return entropy.join(price)


def _refunds(refunds: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    features = refunds.groupby("customer_id").agg(refunds=("refund_id", "nunique"), refunded_minor=("goods_minor", "sum"))
    recent = refunds[refunds["refunded_at"] >= as_of - pd.Timedelta(days=90)]
    return features.join(recent.groupby("customer_id")["refund_id"].nunique().rename("refunds_90d"))


def _combined(snapshot: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    def ratio(top: pd.Series, bottom: pd.Series) -> pd.Series:
        return top / bottom.where(bottom != 0)

    return snapshot.assign(
        recency_over_gap=ratio(snapshot["recency_days"], snapshot["gap_mean_days"]),
        orders_30d_over_before=ratio(snapshot["orders_30d"], snapshot["orders_90d"] - snapshot["orders_30d"]),
        orders_90d_over_before=ratio(snapshot["orders_90d"], snapshot["orders_180d"] - snapshot["orders_90d"]),
        goods_90d_over_before=ratio(snapshot["goods_90d_minor"], snapshot["goods_180d_minor"] - snapshot["goods_90d_minor"]),
        month=as_of.month,
    )
