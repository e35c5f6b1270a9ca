"""The marginals of a real shop are those of its files, counted without any of our code."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from lifeloop.base.clock import FixedClock
from lifeloop.base.config import Settings
from lifeloop.collect import import_files
from lifeloop.lake import DuckEngine, Lake
from lifeloop.measure.closeness import closeness
from lifeloop.measure.distribution import QUANTILES
from lifeloop.measure.marginals import Marginals, marginals
from lifeloop.schema import ORDER
from lifeloop.unify import unify

pytestmark = pytest.mark.real
BRITISH = Settings(shop={"currency": "GBP", "timezone": "Europe/London"})  # type: ignore[arg-type]
YEARS = ("2009_2010", "2010_2011")


def imported(data: Path, folder: Path, *years: str) -> DuckEngine:
    lake = Lake(folder)
    engine = DuckEngine(lake)
    files = [data / "online_retail_ii" / f"year_{year}.parquet" for year in years]
    import_files(lake, engine, files, settings=BRITISH, clock=FixedClock(datetime(2026, 11, 22, tzinfo=UTC)))
    unify(lake, engine)
    return engine


@pytest.fixture(scope="module")
def gifts(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> DuckEngine:
    return imported(real_data, tmp_path_factory.mktemp("gifts"), *YEARS)


@pytest.fixture(scope="module")
def gift_shop(gifts: DuckEngine) -> Marginals:
    return marginals(gifts, zone="Europe/London")


@pytest.fixture(scope="module")
def years(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Marginals]:
    folder = tmp_path_factory.mktemp("years")
    return [marginals(imported(real_data, folder / year, year), zone="Europe/London") for year in YEARS]


def test_online_retail_has_the_marginals_of_its_own_file(real_data: Path, years: list[Marginals]) -> None:
    """Of the second year, from its file alone: invoices that do not begin with C, lines with pieces and a price or none."""
    found = years[1]

    rows = pq.read_table(real_data / "online_retail_ii" / "year_2010_2011.parquet").to_pydict()
    sold = [
        (
            invoice,
            str(who) if who is not None else None,
            product,
            pieces,
            round(price * 100),
            str(day)[:10],
            int(str(day)[11:13]),
        )
        for invoice, who, product, pieces, price, day in zip(
            *(rows[name] for name in ("InvoiceNo", "CustomerID", "StockCode", "Quantity", "UnitPrice", "InvoiceDate")),
            strict=True,
        )
        if str(invoice)[0].isdigit() and pieces > 0 and (price > 0 or who is not None)
    ]
    orders: dict[str, list[Any]] = {}
    for line in sold:
        orders.setdefault(line[0], []).append(line)
    bought: dict[str, set[str]] = {}
    for lines in orders.values():
        bought.setdefault(lines[0][1], set()).add(lines[0][0])
    bought.pop(None, None)  # type: ignore[call-overload]
    counts = np.array([len(invoices) for invoices in bought.values()])

    assert found.customers == counts.size
    assert found.orders == pytest.approx(len(orders), rel=0.002)
    assert found.once_share == pytest.approx((counts == 1).mean(), abs=0.002)
    assert found.orders_per_customer == pytest.approx(counts.mean(), rel=0.002)
    lengths = [len(lines) for lines in orders.values()]
    assert found.lines_per_order.quantiles == pytest.approx(np.quantile(lengths, QUANTILES, method="inverted_cdf"), rel=0.02)
    kinds = [len({line[2] for line in lines}) for lines in orders.values()]
    assert found.products_per_order.mean == pytest.approx(np.mean(kinds), rel=0.01)
    prices = np.array([line[4] for line in sold if line[4]])
    assert found.price_minor is not None
    assert found.price_minor.quantiles == tuple(np.quantile(prices, QUANTILES, method="inverted_cdf"))
    assert (found.price_log_mean, found.price_log_sd) == pytest.approx((np.log(prices).mean(), np.log(prices).std()), rel=1e-3)
    hours = np.bincount([lines[0][6] for lines in orders.values()], minlength=24) / len(orders)
    assert found.seasons.hour == pytest.approx(hours, abs=0.002)
    weekdays = [datetime.fromisoformat(lines[0][5]).weekday() for lines in orders.values()]
    assert found.seasons.weekday == pytest.approx(np.bincount(weekdays, minlength=7) / len(orders), abs=0.002)


def test_both_years_of_online_retail_together(gift_shop: Marginals) -> None:
    found = gift_shop

    assert (found.first, found.last, found.days) == (date(2009, 12, 1), date(2011, 12, 9), 739)
    assert (found.customers, found.orders, found.products_sold) == (5_881, 40_083, 4_916)
    assert found.lines_per_order.quantile(0.5) == 15
    assert found.price_minor is not None
    assert found.price_minor.quantile(0.5) == 210
    assert found.seasons.weekday[5] < 0.001, "the shop sleeps on Saturdays"
    assert max(range(12), key=lambda month: found.seasons.month[month]) == 10
    assert 0.9 < (found.seasons.growth or 0) < 1
    assert found.countries[0] == ("United Kingdom", pytest.approx(0.91, abs=0.01))
    assert found.btyd.dropout_identifiable


def test_every_named_order_has_its_gap_and_its_customer(gifts: DuckEngine, gift_shop: Marginals) -> None:
    rows = gifts.query("SELECT customer_id, placed_at FROM o WHERE customer_id IS NOT NULL", {"o": ORDER})
    days = rows["placed_at"].to_numpy().astype("datetime64[D]").astype(np.int64)  # no order between 23:00 and midnight
    who = np.unique(rows["customer_id"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    visits = np.unique(np.stack([who, days]), axis=1)
    gaps = np.diff(visits[1])[np.diff(visits[0]) == 0]

    assert gift_shop.gap_days is not None
    assert gift_shop.gap_days.rows == gaps.size
    assert gift_shop.gap_days.quantiles == tuple(np.quantile(gaps, QUANTILES, method="inverted_cdf"))
    assert gift_shop.same_day_share == pytest.approx(1 - visits.shape[1] / who.size)
    assert gift_shop.once_share == pytest.approx((np.bincount(who) == 1).mean())


def test_two_years_of_one_shop_are_close(years: list[Marginals]) -> None:
    assert [row.key for row in closeness(*years) if not row.good] == []
