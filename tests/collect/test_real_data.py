"""The public data sets beside the checkout come in whole, by guess alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifeloop.base.clock import FixedClock
from lifeloop.base.config import Settings
from lifeloop.collect import import_files
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import ORDER, ORDER_LINE, REFUND, REJECTED, TABLES
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
