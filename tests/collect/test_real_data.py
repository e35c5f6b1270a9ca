"""The public data sets beside the checkout come in whole, by guess alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifeloop.base.clock import FixedClock
from lifeloop.base.config import Settings
from lifeloop.collect import import_files
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import EVENT, ORDER, ORDER_LINE, REFUND, REJECTED, TABLES
from lifeloop.unify import unify

pytestmark = pytest.mark.real
CLOCK = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
BRITISH = Settings(shop={"currency": "GBP", "timezone": "Europe/London"})  # type: ignore[arg-type]


def count(engine: DuckEngine, table: object) -> int:
    return int(engine.query("SELECT count(*) AS n FROM t", {"t": table})["n"][0].as_py())  # type: ignore[dict-item]


def test_both_years_of_online_retail_are_accounted_for_row_by_row(tmp_path: Path, real_data: Path) -> None:
    lake = Lake(tmp_path / "lake")
    engine = DuckEngine(lake)
    years = [real_data / "online_retail_ii" / f"year_{year}.parquet" for year in ("2009_2010", "2010_2011")]

    report = import_files(lake, engine, years, settings=BRITISH, clock=CLOCK)

    assert [file.rows for file in report.files] == [525_461, 541_909]
    assert (report.orders_new, report.lines, report.refunds, sum(report.rejected.values())) == (
        40_083,
        1_019_723,
        19_165,
        5_959,
    )
    assert report.lines + report.refunds + sum(report.rejected.values()) == 1_044_847
    assert [count(engine, table) for table in (ORDER, ORDER_LINE, REFUND, REJECTED)] == [40_083, 1_019_723, 19_165, 5_959]
    assert report.rejected == {"stock_adjustment": 5_954, "negative_price": 5}
    assert unify(lake, engine) == 5_942

    before = {table.name: lake.version(table) for table in TABLES.values()}
    again = import_files(lake, engine, years[1:], settings=BRITISH, clock=CLOCK)
    assert (again.orders_new, again.orders_updated, again.written) == (0, 0, ())
    assert unify(lake, engine) == 5_942
    assert {table.name: lake.version(table) for table in TABLES.values()} == before


def test_every_cdnow_customer_and_day_comes_in_by_guess_alone(tmp_path: Path, real_data: Path) -> None:
    lake = Lake(tmp_path / "lake")
    engine = DuckEngine(lake)

    report = import_files(lake, engine, [real_data / "cdnow" / "cdnow_master.parquet"], settings=Settings(), clock=CLOCK)

    assert (report.files[0].rows, report.orders_new, report.rejected) == (69_659, 67_591, {})
    assert unify(lake, engine) == 23_570
    total = engine.query("SELECT sum(total_minor) AS cents, sum(quantity) AS pieces FROM o", {"o": ORDER}).to_pylist()
    assert total == [{"cents": 250_031_563, "pieces": 167_881.0}]

    sample = import_files(lake, engine, [real_data / "cdnow" / "cdnow_sample.parquet"], settings=Settings(), clock=CLOCK)
    assert (sample.orders_new, sample.orders_unchanged, sample.orders_updated, sample.written) == (0, 6_696, 0, ())
    assert sample.files[0].guess.columns["customer_id"].theirs == "master_id"


def test_the_complete_journey_comes_in_by_guess_alone(tmp_path: Path, real_data: Path) -> None:
    lake = Lake(tmp_path / "lake")
    engine = DuckEngine(lake)
    folder = real_data / "completejourney"

    report = import_files(
        lake, engine, [folder / "transactions.parquet", folder / "products.parquet"], settings=Settings(), clock=CLOCK
    )

    assert report.files[0].guess.columns["amount"].theirs == "sales_value"
    assert (report.files[0].rows, report.lines, report.rejected) == (1_469_307, 1_460_438, {"zero_quantity": 8_869})
    assert report.orders_new == 155_518
    total = engine.query("SELECT sum(goods_minor) AS cents FROM l", {"l": ORDER_LINE})["cents"][0].as_py()
    assert total == 459_602_706, "the shop's own sum of what was paid, to the cent"
    assert unify(lake, engine) == 2_469


def test_the_clicks_of_a_sample_of_retailrocket_come_in_by_guess_alone(tmp_path: Path, real_data: Path) -> None:
    lake = Lake(tmp_path / "lake")
    engine = DuckEngine(lake)
    events = real_data / "clickstream_retailrocket_sample" / "events.parquet"

    report = import_files(lake, engine, [events], settings=Settings(), clock=CLOCK)

    assert (report.events, report.rejected) == (9_385, {})
    found = engine.query("SELECT name, count(*) AS n FROM e GROUP BY name ORDER BY name", {"e": EVENT}).to_pylist()
    assert found == [
        {"name": "Order Completed", "n": 46},
        {"name": "Product Added", "n": 263},
        {"name": "Product Viewed", "n": 9_076},
    ]
