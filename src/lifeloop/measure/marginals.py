"""The marginals of a shop: how often, when, how much and what its customers buy, each figure on its own.

Reads    order, order_line, refund, product, customer, event: everything in the lake, whatever its date
Returns  Marginals: what a simulated shop can be fitted to, and laid beside
Source   BTYD parameters by Fader, Hardie & Lee (2005), as fitted in lifeloop.predict.btyd
Limits   each figure alone: nothing here says which of them go together
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.base.errors import NotEnoughData
from lifeloop.lake import Engine
from lifeloop.measure import marginals_sql as sql
from lifeloop.measure.distribution import TOP_SHARES, Distribution, popularity
from lifeloop.measure.seasons import Seasons, local_seconds, seasons_of
from lifeloop.predict.btyd.bg_nbd import WEEK_DAYS, BgNbd, fit_bg_nbd
from lifeloop.predict.columns import Floats
from lifeloop.schema import CUSTOMER, EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND, Table

ORDER_BINS = ("1", "2", "3", "4", "5", "6-10", "11-20", "21+")
"""Orders of one customer, as the histogram counts them."""

_ORDER_EDGES = (0, 1, 2, 3, 4, 5, 10, 20)

EARLY_DAYS = 30
"""Whoever orders within so many days of the first known day was probably a customer before."""


@dataclass(frozen=True, kw_only=True)
class Marginals:
    """One shop in figures. Shares are 0..1, money is minor units of the base currency, days are those of the shop's zone."""

    first: date
    """Day of the first order."""
    last: date
    """Day of the last order."""
    days: int
    """From the first to the last day, both counted."""
    currency: str
    """The currency most orders were paid in."""
    customers: int
    """Customers who ordered."""
    orders: int
    unnamed_share: float
    """Share of the orders nobody is named in."""
    orders_per_customer: float
    """Orders that name a customer, over customers."""
    orders_histogram: tuple[float, ...]
    """Share of customers with so many orders as ORDER_BINS say, shape (8,)."""
    once_share: float
    """Share of customers with a single order."""
    early_share: float
    """Share of customers whose first order fell within EARLY_DAYS of the first day."""
    same_day_share: float
    """Share of named orders that follow another one of the same customer on the same day."""
    arrivals: tuple[float, ...]
    """Share of customers by the calendar month of their first order, from the first month to the last."""
    gap_days: Distribution | None
    """Days between an order day of a customer and their next; None where nobody ordered on two days."""
    seasons: Seasons
    """Weekday, hour, month of the year, orders a day, growth."""
    lines_per_order: Distribution
    """Order lines in an order."""
    products_per_order: Distribution
    """Distinct products in an order; lines that name no product count none."""
    pieces_per_line: Distribution
    price_minor: Distribution | None
    """Paid per piece, over lines, to the whole minor unit; lines that cost nothing are left out."""
    price_log_mean: float
    """Mean over lines of the natural logarithm of the price in minor units; 0 without a price."""
    price_log_sd: float
    """Its standard deviation over lines."""
    order_minor: Distribution
    """Goods of an order."""
    products_sold: int
    """Distinct products that were ever sold."""
    popularity: tuple[float, ...]
    """Share of the lines that the best-selling TOP_SHARES of the products make, shape (12,); empty without products."""
    returned_lines_share: float
    """Refund lines with goods, over order lines."""
    returned_goods_share: float
    """Goods paid back over goods sold."""
    returns_known_share: float
    """Share of the refund lines with goods of which the purchase is known; only they have return days."""
    return_days: Distribution | None
    """Whole days from a purchase to its return: from its order where that is told, else from the customer's latest purchase
    of the product before; None where no purchase is known."""
    countries: tuple[tuple[str, float], ...]
    """The five countries with most customers, and their share of the customers whose country is known."""
    languages: tuple[tuple[str, float], ...]
    """The same of the languages customers read; empty where none is known."""
    events_per_order: tuple[tuple[str, float], ...]
    """Events by name over orders, the commonest first; empty where there are none."""
    products_listed: int
    """Products in the catalogue."""
    margin_share: float | None
    """Mean over the catalogue of 1 - cost / price; None where costs are not known."""
    btyd: BgNbd
    """BG/NBD fitted to order days: r, alpha (weeks), a, b; customers of before the first day count as new."""

    def top(self, share: float) -> float:
        """Return the share of the lines that the best-selling `share` of the products make; nan without products.

        Between the known shares the curve is taken as straight.
        """
        if not self.popularity:
            return float("nan")
        return float(np.interp(share, (0.0, *TOP_SHARES, 1.0), (0.0, *self.popularity, 1.0)))


def marginals(engine: Engine, *, zone: str) -> Marginals:
    """Return the marginals of the shop in the lake; `zone` is the IANA name of its time zone.

    Raises NotEnoughData without orders, without customers or without order lines, saying which.
    """
    shop = _row(engine, sql.SHOP_SQL, orders=ORDER)
    goods = _row(engine, sql.GOODS_SQL, lines=ORDER_LINE)
    for missing, there in (
        ("no orders", shop["orders"]),
        ("orders, but none that names a customer", shop["customers"]),
        ("orders, but no order lines", goods["lines"]),
    ):
        if not there:
            raise NotEnoughData(
                "cannot measure the marginals of the shop", f"its lake has {missing}", "Import them: lifeloop import FILE."
            )
    quarters = engine.query(sql.QUARTERS_SQL, {"orders": ORDER})
    seconds = local_seconds(_ints(quarters, "quarter"), zone)
    calendar = pa.table({"quarter": quarters["quarter"], "day": pa.array(seconds // 86_400, pa.int32())})
    seasons = seasons_of(seconds, _ints(quarters, "orders"))
    return Marginals(
        currency=str(_row(engine, sql.CURRENCY_SQL, orders=ORDER)["currency"]),
        customers=shop["customers"],
        orders=shop["orders"],
        unnamed_share=1.0 - shop["named"] / shop["orders"],
        orders_per_customer=shop["named"] / shop["customers"],
        seasons=seasons,
        gap_days=_counted(engine.query(sql.GAPS_SQL, {"orders": ORDER, "calendar": calendar})),
        **_span(seconds),
        **_lives(engine.query(sql.LIVES_SQL, {"orders": ORDER, "calendar": calendar}), seconds),
        **_baskets(engine),
        **_returns(engine, goods),
        **_names(engine, shop["orders"]),
    )


def _span(seconds: npt.NDArray[np.int64]) -> dict[str, Any]:
    first, last = (date(1970, 1, 1) + timedelta(days=int(second // 86_400)) for second in (seconds.min(), seconds.max()))
    return {"first": first, "last": last, "days": (last - first).days + 1}


def _lives(lives: pa.Table, seconds: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Return what is counted per customer, from rows of equal lives."""
    orders, order_days, first_day, last_day, customers = (_ints(lives, name) for name in lives.column_names)
    start, end = int(seconds.min() // 86_400), int(seconds.max() // 86_400)
    known = float(customers.sum())
    bins = np.bincount(np.searchsorted(_ORDER_EDGES, orders, side="left") - 1, customers, len(ORDER_BINS)) / known
    months = first_day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first_month, last_month = (int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64)) for day in (start, end))
    arrivals = np.bincount(months - first_month, customers, last_month - first_month + 1) / known
    x, t_x, T = (days.astype(np.float64) for days in (order_days - 1, last_day - first_day, end - first_day))
    return {
        "orders_histogram": tuple(bins.tolist()),
        "once_share": float(bins[0]),
        "early_share": float(customers[first_day < start + EARLY_DAYS].sum()) / known,
        "same_day_share": 1.0 - float((order_days * customers).sum() / (orders * customers).sum()),
        "arrivals": tuple(arrivals.tolist()),
        "btyd": fit_bg_nbd(x, t_x / WEEK_DAYS, T / WEEK_DAYS, customers.astype(np.float64)),
    }


def _baskets(engine: Engine) -> dict[str, Any]:
    """Return what is counted per order and per line."""
    baskets = engine.query(sql.BASKETS_SQL, {"lines": ORDER_LINE})
    rows = _ints(baskets, "rows")
    prices = engine.query(sql.PRICES_SQL, {"lines": ORDER_LINE})
    logs = Distribution.of(np.log(_floats(prices, "value")), _ints(prices, "rows"))
    sold = engine.query(sql.POPULARITY_SQL, {"lines": ORDER_LINE})
    return {
        "lines_per_order": Distribution.of(_ints(baskets, "lines"), rows),
        "products_per_order": Distribution.of(_ints(baskets, "products"), rows),
        "pieces_per_line": _counted(engine.query(sql.PIECES_SQL, {"lines": ORDER_LINE})),
        "price_minor": _counted(prices),
        "price_log_mean": logs.mean if logs else 0.0,
        "price_log_sd": logs.sd if logs else 0.0,
        "order_minor": _counted(engine.query(sql.VALUES_SQL, {"orders": ORDER})),
        "products_sold": int(_ints(sold, "products").sum()),
        "popularity": popularity(_ints(sold, "lines"), _ints(sold, "products")),
    }


def _returns(engine: Engine, goods: Mapping[str, Any]) -> dict[str, Any]:
    back = _row(engine, sql.RETURNED_SQL, refunds=REFUND)
    found = engine.query(sql.RETURN_DAYS_SQL, {"orders": ORDER, "lines": ORDER_LINE, "refunds": REFUND})
    days = _counted(found)
    return {
        "returned_lines_share": back["lines"] / goods["lines"],
        "returned_goods_share": back["goods_minor"] / goods["goods_minor"] if goods["goods_minor"] else 0.0,
        "returns_known_share": days.rows / back["lines"] if days else 0.0,
        "return_days": days,
    }


def _names(engine: Engine, orders: int) -> dict[str, Any]:
    events = engine.query(sql.EVENTS_SQL, {"events": EVENT}).to_pylist()
    catalogue = _row(engine, sql.MARGIN_SQL, products=PRODUCT)
    return {
        "countries": _shares(engine.query(sql.COUNTRIES_SQL, {"customers": CUSTOMER})),
        "languages": _shares(engine.query(sql.LANGUAGES_SQL, {"customers": CUSTOMER})),
        "events_per_order": tuple((row["name"], row["rows"] / orders) for row in events),
        "products_listed": catalogue["products"],
        "margin_share": catalogue["margin_share"],
    }


def _shares(rows: pa.Table, most: int = 5) -> tuple[tuple[str, float], ...]:
    total = float(_ints(rows, "rows").sum())
    return tuple((row["name"], row["rows"] / total) for row in rows.to_pylist()[:most])


def _row(engine: Engine, query: str, **tables: Table) -> dict[str, Any]:
    row: dict[str, Any] = engine.query(query, tables).to_pylist()[0]
    return row


def _counted(rows: pa.Table) -> Distribution | None:
    return Distribution.of(_floats(rows, "value"), _ints(rows, "rows"))


def _ints(rows: pa.Table, name: str) -> npt.NDArray[np.int64]:
    return np.asarray(rows.column(name).to_numpy(), dtype=np.int64)


def _floats(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows.column(name).to_numpy(), dtype=np.float64)
