"""Every table says what a row is, what makes it one row, and who it is about."""

from __future__ import annotations

import pytest

from lifeloop.base.errors import UnknownName
from lifeloop.schema import ORDER, TABLES, Column, Table, table_named, tables_reference


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_table_is_whole(table: Table) -> None:
    assert table.about.endswith(".")
    assert all(column.about for column in table.columns.values())
    assert table.columns[table.time].dtype == "timestamp"
    assert all(table.columns[name].required for name in (*table.key, table.time))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_customer_id_is_always_personal(table: Table) -> None:
    if "customer_id" in table.columns:
        assert "customer_id" in table.personal


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_money_has_its_currency_beside_it_or_is_in_the_shops_own(table: Table) -> None:
    for name, column in table.columns.items():
        if name.endswith("_minor"):
            assert column.dtype == "int64"
            assert "base currency" in column.unit or "currency" in table.columns


def test_a_key_that_is_no_column_is_refused() -> None:
    with pytest.raises(ValueError, match="has no column 'b'"):
        Table(name="t", about="A row.", key=("b",), time="a", columns={"a": Column("timestamp", "When.")})


def test_an_unknown_table_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'order_line'"):
        table_named("order_lines")


def test_the_reference_page_lists_every_column() -> None:
    page = tables_reference(TABLES.values())

    assert all(f"| {column} |" in page for table in TABLES.values() for column in table.columns)


def test_the_arrow_schema_keeps_order_types_and_nulls() -> None:
    schema = ORDER.arrow([("further", "float64")])

    assert schema.names == [*ORDER.columns, "further"]
    assert not schema.field("order_id").nullable
    assert schema.field("customer_id").nullable
    assert str(schema.field("placed_at").type) == "timestamp[us, tz=UTC]"
