"""The nouns: every table of the lake, declared once."""

from lifeloop.schema.declare import Column, Table
from lifeloop.schema.reference import tables_reference
from lifeloop.schema.shown import ASSOCIATION_RULE, EXPOSURE, RECOMMENDATION
from lifeloop.schema.tables import (
    CUSTOMER,
    EVENT,
    IDENTITY,
    ORDER,
    ORDER_LINE,
    PRODUCT,
    REFUND,
    REJECTED,
    SCORE,
    SNAPSHOT,
    TABLES,
    table_named,
)

__all__ = [
    "ASSOCIATION_RULE",
    "CUSTOMER",
    "EVENT",
    "EXPOSURE",
    "IDENTITY",
    "ORDER",
    "ORDER_LINE",
    "PRODUCT",
    "RECOMMENDATION",
    "REFUND",
    "REJECTED",
    "SCORE",
    "SNAPSHOT",
    "TABLES",
    "Column",
    "Table",
    "table_named",
    "tables_reference",
]
