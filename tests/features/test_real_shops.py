"""On three real shops the snapshots and labels reproduce the counts that were taken from the files themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.features import take_labels, take_snapshot
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import ORDER, ORDER_LINE, REFUND, Table

pytestmark = pytest.mark.real

UCI = """SELECT InvoiceNo AS order_id, CAST(CustomerID AS VARCHAR) AS customer_id, StockCode AS product_id,
    CAST(InvoiceDate AS TIMESTAMP) AS happened, CAST(Quantity AS DOUBLE) AS quantity,
    CAST(round(UnitPrice * 100) * Quantity AS BIGINT) AS goods_minor
    FROM file WHERE CustomerID IS NOT NULL AND UnitPrice > 0"""

CDNOW = """SELECT CAST(row_number() OVER () AS VARCHAR) AS order_id, CAST(customer_id AS VARCHAR) AS customer_id,
    CAST(NULL AS VARCHAR) AS product_id, CAST(date AS TIMESTAMP) AS happened, CAST(number_of_cds AS DOUBLE) AS quantity,
    CAST(round(dollar_value * 100) AS BIGINT) AS goods_minor FROM file"""

JOURNEY = """SELECT CAST(basket_id AS VARCHAR) AS order_id, CAST(household_id AS VARCHAR) AS customer_id,
    CAST(product_id AS VARCHAR) AS product_id, CAST(transaction_timestamp AS TIMESTAMP) AS happened,
    CAST(greatest(quantity, 1) AS DOUBLE) AS quantity, CAST(round(sales_value * 100) AS BIGINT) AS goods_minor FROM file"""

CONSTANT = {"source": "'test'", "currency": "'EUR'", "digest": "'-'", "line_no": "1", "refund_id": "order_id"}
SQL_TYPE = {"string": "VARCHAR", "int32": "INTEGER", "int64": "BIGINT", "float64": "DOUBLE", "timestamp": "TIMESTAMPTZ"}


def column(name: str, table: Table) -> str:
    """Return the SQL of one declared column over the rows of a file; what the file does not say is null."""
    if name in (table.time, "received_at"):
        return f"happened AT TIME ZONE 'UTC' AS {name}"
    if name in ("amount_minor", "total_minor"):
        return f"goods_minor AS {name}"
    given = {"order_id", "customer_id", "product_id", "quantity", "goods_minor", "products"}
    value = CONSTANT.get(name, name if name in given else "NULL")
    return f"CAST({value} AS {SQL_TYPE[table.columns[name].dtype]}) AS {name}"


def shop_from(file: Path, rows: str, folder: Path) -> DuckEngine:
    """Return an engine over a lake with the file's rows: lines sold, their orders, and `C` invoices as refunds."""
    lake = Lake(folder / "lake")
    engine = DuckEngine(lake, threads=2)
    rows = f"SELECT *, NULL AS products FROM ({rows})"
    sold = f"SELECT * FROM ({rows}) WHERE order_id NOT LIKE 'C%'"
    orders = f"""SELECT order_id, customer_id, NULL AS product_id, min(happened) AS happened, sum(quantity) AS quantity,
        sum(goods_minor) AS goods_minor, count(DISTINCT product_id) AS products FROM ({sold}) GROUP BY order_id, customer_id"""
    back = f"SELECT * REPLACE (-quantity AS quantity, -goods_minor AS goods_minor) FROM ({rows}) WHERE order_id LIKE 'C%'"
    for table, source in ((ORDER, orders), (ORDER_LINE, sold), (REFUND, back)):
        columns = ", ".join(column(name, table) for name in table.columns)
        facts = engine.query(f"SELECT {columns} FROM ({source})", {"file": [file]})
        lake.append(table, facts.cast(table.arrow()))
    return engine


def total(snapshot: pa.Table, name: str) -> int:
    return int(pc.sum(snapshot[name]).as_py())


def churn_at(engine: DuckEngine, days: list[datetime], horizon_days: int) -> tuple[int, float]:
    """Return rows and churn rate over snapshots that know the whole of each day."""
    labels = pa.concat_tables([take_labels(engine, day + timedelta(days=1), horizon_days) for day in days])
    return labels.num_rows, pc.mean(labels["churned"]).as_py()


def days_of(first: datetime, count: int) -> list[datetime]:
    return [first + timedelta(weeks=week) for week in range(count)]


def test_online_retail_has_the_counts_of_its_file(real_data: Path, tmp_path: Path) -> None:
    engine = shop_from(real_data / "online_retail_ii/year_2010_2011.parquet", UCI, tmp_path)

    snapshot = take_snapshot(engine, datetime(2011, 12, 10, tzinfo=UTC))

    assert snapshot.num_rows == 4_371
    assert pc.sum(pc.greater(snapshot["orders"], 0)).as_py() == 4_338
    assert total(snapshot, "orders") == 18_532
    assert total(snapshot, "lines") == 397_884
    assert total(snapshot, "refunds") == 22_186 - 18_532
    rows, churn = churn_at(engine, days_of(datetime(2011, 8, 15, tzinfo=UTC), 4), 30)
    assert (rows, round(churn, 3)) == (13_162, 0.732)
    assert round(churn_at(engine, days_of(datetime(2011, 8, 15, tzinfo=UTC), 4), 90)[1], 3) == 0.446


def test_cdnow_has_the_counts_of_its_file_and_the_summary_of_its_papers(real_data: Path, tmp_path: Path) -> None:
    engine = shop_from(real_data / "cdnow/cdnow_master.parquet", CDNOW, tmp_path)

    snapshot = take_snapshot(engine, datetime(1998, 7, 1, tzinfo=UTC))

    assert snapshot.num_rows == 23_570
    assert total(snapshot, "orders") == 69_659
    assert total(snapshot, "order_days") == 67_591
    month_ends = [datetime(1998, 1, 31, tzinfo=UTC), datetime(1998, 2, 28, tzinfo=UTC), datetime(1998, 3, 31, tzinfo=UTC)]
    rows, churn = churn_at(engine, month_ends, 30)
    assert (rows, round(churn, 3)) == (70_710, 0.927)


def test_the_cdnow_sample_has_the_summary_of_the_papers(real_data: Path, tmp_path: Path) -> None:
    sample = """SELECT CAST(row_number() OVER () AS VARCHAR) AS order_id, CAST(master_id AS VARCHAR) AS customer_id,
        CAST(NULL AS VARCHAR) AS product_id, CAST(date AS TIMESTAMP) AS happened, quantity,
        CAST(round(value * 100) AS BIGINT) AS goods_minor FROM file"""
    engine = shop_from(real_data / "cdnow/cdnow_sample.parquet", sample, tmp_path)

    known = take_snapshot(engine, datetime(1997, 10, 1, tzinfo=UTC), features=["order_days", "tenure_days", "life_days"])

    assert known.num_rows == 2_357
    assert total(known, "order_days") - known.num_rows == 2_457  # repeat days of the calibration period
    assert (pc.min(known["tenure_days"]).as_py(), pc.max(known["tenure_days"]).as_py()) == (27 * 7, 39 * 7 - 1)
    later = take_labels(engine, datetime(1997, 10, 1, tzinfo=UTC), 273)
    assert total(later, "order_days") == 1_882


def test_complete_journey_has_the_counts_of_its_file(real_data: Path, tmp_path: Path) -> None:
    engine = shop_from(real_data / "completejourney/transactions.parquet", JOURNEY, tmp_path)

    snapshot = take_snapshot(engine, datetime(2018, 1, 2, tzinfo=UTC), features=["orders", "lines"])

    assert snapshot.num_rows == 2_469
    assert total(snapshot, "orders") == 155_848
    assert total(snapshot, "lines") == 1_469_307
    rows, churn = churn_at(engine, days_of(datetime(2017, 9, 8, tzinfo=UTC), 4), 30)
    assert (rows, round(churn, 3)) == (9_762, 0.168)
