"""Every query of importing and unifying parses, and translates for Spark."""

from __future__ import annotations

from types import ModuleType

import pytest
import sqlglot

from lifeloop.collect.settle import customers, events, given_back, products, refunds_sql, rejections, sales_sql
from lifeloop.unify import customers as unifying

QUERIES = {
    f"{module.__name__.rsplit('.', 1)[-1]}.{name}": text
    for module in (sales_sql, refunds_sql, given_back, products, customers, events, rejections, unifying)
    for name, text in vars(module).items()
    if isinstance(module, ModuleType) and isinstance(text, str) and not name.startswith("_") and "SELECT" in text
}


def test_all_queries_are_found() -> None:
    assert len(QUERIES) >= 20
    assert {"sales_sql.DOCUMENTS", "sales_sql.ORDERS_TOLD", "customers.SEEN"} <= QUERIES.keys()


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_translates_for_spark(name: str) -> None:
    (parsed,) = sqlglot.parse(QUERIES[name], read="duckdb")
    spark = sqlglot.transpile(QUERIES[name], read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]

    assert parsed is not None
    assert sqlglot.parse_one(spark, read="spark") is not None
