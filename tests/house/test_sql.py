"""Every SQL text of the whole loop is read by sqlglot and can be said in Spark's dialect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import ErrorLevel

from lifeloop.app import App
from lifeloop.base.clock import FixedClock
from lifeloop.lake import DuckEngine, Source
from lifeloop.simulate import Shop, WorldConfig
from lifeloop.simulate.files.tables import write_tables

CLOCK = FixedClock(datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every query of an import (twice), a run, a backtest, a report and a look at one customer."""
    said: set[str] = set()
    query, stream = DuckEngine.query, DuckEngine.stream

    def heard_query(self: DuckEngine, sql: str, tables: Mapping[str, Source], **values: Any) -> Any:
        said.add(sql)
        return query(self, sql, tables, **values)

    def heard_stream(self: DuckEngine, sql: str, tables: Mapping[str, Source], **values: Any) -> Any:
        said.add(sql)
        return stream(self, sql, tables, **values)

    folder = tmp_path_factory.mktemp("spoken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuckEngine, "query", heard_query)
        patch.setattr(DuckEngine, "stream", heard_stream)
        _live(folder)
    return said


def _live(folder: Path) -> None:
    world = WorldConfig().but(shop={"customers": 300, "products": 30}).lasting(400)
    files = write_tables(Shop(world), folder / "files")
    (folder / "home").mkdir()
    app = App.open(folder / "home", clock=CLOCK)
    for file in files.values():
        app.import_files([file])
    lines = pq.read_table(files["order_line"])
    sold = lines.filter(pc.equal(lines["order_id"], lines["order_id"][0]))
    dearer = pc.add(sold["amount_minor"], pa.scalar(900))
    pq.write_table(
        sold.set_column(sold.schema.get_field_index("amount_minor"), "amount_minor", dearer), folder / "again.parquet"
    )
    assert app.import_files([folder / "again.parquet"]).orders_updated == 1
    assert app.import_files(list(files.values())).orders_updated == 1
    as_of = app.as_of(None)
    app.run(as_of)
    app.backtest("churn")
    app.report_data(as_of)
    app.customer("C000001", as_of)
    app.doctor()


def test_every_query_parses_and_translates_to_spark(spoken: set[str]) -> None:
    assert len(spoken) > 20
    for sql in spoken:
        translated = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)
        assert len(translated) == 1
