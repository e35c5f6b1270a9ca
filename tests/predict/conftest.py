"""A made-up past, and real shops in a lake, filled straight from the public files by the recipes of docs/models/churn.md.

One order is one invoice (Online Retail), one customer-day (CDNOW) or one basket (complete journey).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lifeloop.lake import DuckEngine, Lake
from lifeloop.predict.examples import Example
from lifeloop.schema import ORDER, ORDER_LINE, REFUND, Table

_RETAIL = """SELECT InvoiceNo AS order_id, CAST(CustomerID AS VARCHAR) AS customer_id, InvoiceDate AS time,
    StockCode AS product_id, CAST(Quantity AS DOUBLE) AS quantity, Quantity * UnitPrice AS amount,
    InvoiceNo LIKE 'C%' AS back
    FROM read_parquet('{data}/online_retail_ii/year_2010_2011.parquet') WHERE CustomerID IS NOT NULL AND UnitPrice > 0"""

_RETAIL_BEFORE = """SELECT Invoice, CAST("Customer ID" AS VARCHAR), InvoiceDate, StockCode, CAST(Quantity AS DOUBLE),
    Quantity * Price, Invoice LIKE 'C%'
    FROM read_parquet('{data}/online_retail_ii/year_2009_2010.parquet')
    WHERE "Customer ID" IS NOT NULL AND Price > 0 AND InvoiceDate < TIMESTAMP '2010-12-01'"""

LINES: dict[str, str] = {
    "online_retail": _RETAIL,
    "online_retail_ii": f"{_RETAIL} UNION ALL {_RETAIL_BEFORE}",
    "cdnow": """SELECT customer_id || ' ' || strftime(date, '%Y-%m-%d') AS order_id,
        CAST(customer_id AS VARCHAR) AS customer_id, date AS time, 'cd' AS product_id,
        CAST(number_of_cds AS DOUBLE) AS quantity, dollar_value AS amount, false AS back
        FROM read_parquet('{data}/cdnow/cdnow_master.parquet')""",
    "complete_journey": """SELECT CAST(basket_id AS VARCHAR) AS order_id, CAST(household_id AS VARCHAR) AS customer_id,
        CAST(transaction_timestamp AS TIMESTAMP) AS time, CAST(product_id AS VARCHAR) AS product_id,
        CAST(quantity AS DOUBLE) AS quantity, sales_value AS amount, false AS back
        FROM read_parquet('{data}/completejourney/transactions.parquet')""",
}
"""Per shop, its lines in one shape: order_id, customer_id, time, product_id, quantity, amount, back (given back)."""

_STAMP = "timezone('UTC', min(time) OVER (PARTITION BY order_id))"

_ROWS: dict[str, str] = {
    ORDER.name: """SELECT 'test' AS source, order_id, customer_id, timezone('UTC', min(time)) AS placed_at,
        timezone('UTC', min(time)) AS received_at, 'GBP' AS currency, total AS total_minor, total AS goods_minor,
        sum(quantity) AS quantity, count(DISTINCT product_id) AS products, order_id AS digest
        FROM (
            SELECT *, CAST(round(sum(100 * amount) OVER (PARTITION BY order_id)) AS BIGINT) AS total FROM lines WHERE NOT back
        )
        GROUP BY order_id, customer_id, total""",
    ORDER_LINE.name: f"""SELECT 'test' AS source, order_id, row_number() OVER (PARTITION BY order_id) AS line_no, customer_id,
        {_STAMP} AS placed_at, {_STAMP} AS received_at, product_id, quantity, 'GBP' AS currency,
        CAST(round(100 * amount) AS BIGINT) AS amount_minor, CAST(round(100 * amount) AS BIGINT) AS goods_minor
        FROM lines WHERE NOT back""",
    REFUND.name: f"""SELECT 'test' AS source, order_id AS refund_id, row_number() OVER (PARTITION BY order_id) AS line_no,
        customer_id, {_STAMP} AS refunded_at, {_STAMP} AS received_at, product_id, -quantity AS quantity, 'GBP' AS currency,
        CAST(round(-100 * amount) AS BIGINT) AS amount_minor, CAST(round(-100 * amount) AS BIGINT) AS goods_minor
        FROM lines WHERE back""",
}


@dataclass(frozen=True)
class RealShop:
    """A public shop in a lake of its own."""

    lake: Lake
    engine: DuckEngine


def build_real_shop(name: str, data: Path, folder: Path) -> RealShop:
    """Fill a lake under `folder` with the shop `name` from the files under `data`."""
    lake = Lake(folder)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE lines AS {LINES[name].format(data=data)}")
        for table in (ORDER, ORDER_LINE, REFUND):
            rows = connection.sql(_ROWS[table.name]).to_arrow_table()
            if rows.num_rows:
                lake.append(table, _whole(rows, table))
    return RealShop(lake, DuckEngine(lake))


def _whole(rows: pa.Table, table: Table) -> pa.Table:
    """Return the rows with every declared column, in order."""
    schema = table.arrow()
    columns = [
        rows.column(field.name).cast(field.type) if field.name in rows.column_names else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


@dataclass(frozen=True)
class Past:
    """A made-up shop's customers: the days each ordered on, within `days`."""

    days: int
    order_days: tuple[np.ndarray, ...]

    def example(self, day: int, horizon_days: int = 30) -> Example:
        """Return what was known when `day` began, and what followed."""
        rows = [
            _known(f"c{number:05d}", own[own < day], own[(own >= day) & (own < day + horizon_days)], day)
            for number, own in enumerate(self.order_days)
            if (own < day).any()
        ]
        as_of = pa.array([datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)] * len(rows), pa.timestamp("us", tz="UTC"))
        table = pa.Table.from_pylist(rows)
        labels = table.select(["customer_id", "label_orders"]).rename_columns(["customer_id", "orders"])
        count = labels.column("orders")
        for name, column in {
            "order_days": count,
            "revenue_minor": pc.multiply(count, 1000),
            "churned": pc.equal(count, 0),
        }.items():
            labels = labels.append_column(name, column)
        snapshot = table.drop_columns(["label_orders"]).add_column(0, "as_of", as_of)
        return Example.of(snapshot, labels, horizon_days)


def _known(customer: str, before: np.ndarray, after: np.ndarray, day: int) -> dict[str, object]:
    gaps = np.diff(before)
    spent = 1000 + 10 * int(before.sum() % 50)
    return {
        "customer_id": customer,
        "recency_days": int(day - 1 - before[-1]),
        "tenure_days": int(day - 1 - before[0]),
        "life_days": int(before[-1] - before[0]),
        "orders": int(before.size),
        "order_days": int(before.size),
        "goods_minor": spent * int(before.size),
        "repeat_day_value_mean_minor": float(spent) if before.size > 1 else 0.0,
        "order_value_mean_minor": float(spent),
        "last_day_value_minor": spent,
        "gap_mean_days": float(gaps.mean()) if gaps.size else None,
        "orders_30d": int((before >= day - 30).sum()),
        "orders_90d": int((before >= day - 90).sum()),
        "goods_90d_minor": spent * int((before >= day - 90).sum()),
        "month": 1 + (day // 30) % 12,
        "label_orders": int(after.size),
    }


def past_shop(customers: int, *, days: int = 400, seed: int = 0) -> Past:
    """Make customers who come over time, order at rates of their own and drop out by chance."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(customers):
        rate, gone, day = rng.gamma(0.8, 0.06) + 1e-3, rng.beta(1.0, 5.0), rng.integers(0, days - 60)
        own = [int(day)]
        while rng.uniform() > gone:
            day = day + 1 + int(rng.exponential(1 / rate))
            if day >= days:
                break
            own.append(int(day))
        made.append(np.array(own))
    return Past(days, tuple(made))


@pytest.fixture(scope="session")
def known_past() -> Past:
    """A shop of 1,500 customers over 400 days."""
    return past_shop(1500)


@pytest.fixture(scope="session")
def online_retail(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RealShop:
    """One year of a gift wholesaler: 2010-12-01 .. 2011-12-09."""
    return build_real_shop("online_retail", real_data, tmp_path_factory.mktemp("online_retail"))


@pytest.fixture(scope="session")
def cdnow(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RealShop:
    """A CD shop's customers of the first quarter of 1997, until mid 1998."""
    return build_real_shop("cdnow", real_data, tmp_path_factory.mktemp("cdnow"))


@pytest.fixture(scope="session")
def complete_journey(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RealShop:
    """Baskets of 2,469 households in 2017."""
    return build_real_shop("complete_journey", real_data, tmp_path_factory.mktemp("complete_journey"))
