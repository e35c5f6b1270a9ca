"""A till for tests of sources: writes small files, imports them into a lake of its own, and shows what came of them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lifeloop.base.clock import FixedClock
from lifeloop.base.config import Settings
from lifeloop.collect import ImportReport, import_files
from lifeloop.lake import DuckEngine, Lake
from lifeloop.schema import CUSTOMER, EVENT, ORDER, ORDER_LINE, PRODUCT, REFUND, REJECTED, TABLES, Table

NOW = datetime(2024, 6, 1, tzinfo=UTC)
"""When every import of a till happens."""


class Till:
    """Imports files into one lake; `settings` are those of a British shop until they are replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = Lake(folder / "lake")
        self.engine = DuckEngine(self.lake, threads=1)
        self.shop: dict[str, Any] = {"currency": "GBP"}
        self.sources: dict[str, Any] = {}
        self.clock = FixedClock(NOW)

    @property
    def settings(self) -> Settings:
        """The settings of its shop."""
        return Settings(shop=self.shop, sources=self.sources)

    def file(self, content: str | bytes, name: str = "orders.csv", *, encoding: str = "utf-8") -> Path:
        """Write a file; a name that ends in .gz is gzipped."""
        path = self.folder / name
        data = content if isinstance(content, bytes) else content.encode(encoding)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def takes(self, *contents: str | bytes | Path, name: str = "orders.csv", **options: Any) -> ImportReport:
        """Import some files in one call."""
        paths = [
            content if isinstance(content, Path) else self.file(content, f"{number or ''}{name}")
            for number, content in enumerate(contents)
        ]
        return import_files(self.lake, self.engine, paths, settings=self.settings, clock=self.clock, **options)

    def rows(self, table: Table, *columns: str, by: str = "") -> list[Any]:
        """Return some columns of a table, sorted; a single column as plain values."""
        order = by or ", ".join(columns)
        listed = ", ".join(columns)
        found = self.engine.query(f"SELECT {listed} FROM t ORDER BY {order} NULLS FIRST", {"t": table}).to_pylist()
        values = [tuple(row.values()) for row in found]
        return [value[0] for value in values] if len(columns) == 1 else values

    def orders(self, *columns: str) -> list[Any]:
        """Return columns of the orders."""
        return self.rows(ORDER, *columns)

    def rows_in_order(self, *columns: str) -> list[Any]:
        """Return columns of the orders, in the order of their numbers."""
        return self.rows(ORDER, *columns, by="CAST(order_id AS INTEGER)")

    def lines(self, *columns: str) -> list[Any]:
        """Return columns of the order lines."""
        return self.rows(ORDER_LINE, *columns)

    def refunds(self, *columns: str) -> list[Any]:
        """Return columns of the refunds."""
        return self.rows(REFUND, *columns)

    def rejected(self, *columns: str) -> list[Any]:
        """Return columns of the rejected rows, in the order of the file."""
        return self.rows(REJECTED, *columns, by="file, line")

    def products(self, *columns: str) -> list[Any]:
        """Return columns of the products."""
        return self.rows(PRODUCT, *columns)

    def customers(self, *columns: str) -> list[Any]:
        """Return columns of the customers."""
        return self.rows(CUSTOMER, *columns)

    def events(self, *columns: str) -> list[Any]:
        """Return columns of the events."""
        return self.rows(EVENT, *columns)

    def versions(self) -> Mapping[str, int]:
        """Return the version of every table."""
        return {name: self.lake.version(table) for name, table in TABLES.items()}


def csv(*lines: Sequence[object]) -> str:
    """Return lines of cells as a CSV file."""
    return "".join(",".join(str(cell) for cell in line) + "\n" for line in lines)
