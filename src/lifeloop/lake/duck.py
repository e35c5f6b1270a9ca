"""The default engine: DuckDB, in memory, over the lake's own file lists."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from lifeloop.base.errors import LakeError
from lifeloop.lake.delta import Lake
from lifeloop.lake.engine import Source, Value, View
from lifeloop.schema import Table
from lifeloop.schema.declare import Dtype

_BATCH_ROWS = 122_880
_PATTERN = re.compile(r"[*?\[]")
"""What DuckDB takes for a pattern in a file's name; in brackets it means itself."""

_TYPES: dict[Dtype, str] = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}


class _Database:
    """One in-memory database, opened when it is first needed: opening it takes 12 ms, a connection .1 ms."""

    def __init__(self, memory_mb: int, threads: int | None) -> None:
        self._memory_mb = memory_mb
        self._threads = threads
        self._opening = threading.Lock()
        self._opened: duckdb.DuckDBPyConnection | None = None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a new connection."""
        with self._opening:
            if self._opened is None:
                spill = tempfile.mkdtemp(prefix="lifeloop-")
                weakref.finalize(self, shutil.rmtree, spill, ignore_errors=True)
                opened = duckdb.connect()
                opened.execute(f"SET GLOBAL memory_limit = '{self._memory_mb}MB'")
                opened.execute(f"SET GLOBAL temp_directory = '{spill}'")
                opened.execute("SET GLOBAL preserve_insertion_order = false")
                opened.execute("SET GLOBAL TimeZone = 'UTC'")
                opened.execute("SET GLOBAL enable_external_file_cache = false")  # erased rows must not stay in memory
                if self._threads:
                    opened.execute(f"SET GLOBAL threads = {self._threads}")
                self._opened = opened
            return self._opened.cursor()


class DuckEngine:
    """Runs each query in a connection of its own to one database that keeps nothing; spills to disk beyond `memory_mb`.

    `views` says by the name of a table how it is read.
    """

    def __init__(
        self,
        lake: Lake,
        *,
        memory_mb: int = 3000,
        threads: int | None = None,
        views: Mapping[str, View] | None = None,
        database: _Database | None = None,
    ) -> None:
        self._lake = lake
        self._views = dict(views or {})
        self._database = database or _Database(memory_mb, threads)

    @property
    def as_stored(self) -> DuckEngine:
        """The same engine, on the same database, reading every table as it is written."""
        return DuckEngine(self._lake, database=self._database) if self._views else self

    def query(self, sql: str, tables: Mapping[str, Source], **values: Value) -> pa.Table:
        """Return all rows of `sql`. Raises LakeError."""
        with self._connected(sql, tables) as connection:
            rows: pa.Table = connection.sql(sql, params=values or None).to_arrow_table()
            return rows

    def stream(self, sql: str, tables: Mapping[str, Source], **values: Value) -> pa.RecordBatchReader:
        """Return the rows of `sql` piece by piece; the connection lives as long as the reader."""
        held = ExitStack()
        connection = held.enter_context(self._connected(sql, tables))
        reader = connection.sql(sql, params=values or None).to_arrow_reader(_BATCH_ROWS)

        def batches() -> Iterator[pa.RecordBatch]:
            with held:
                yield from reader

        return pa.RecordBatchReader.from_batches(reader.schema, batches())

    @contextmanager
    def _connected(self, sql: str, tables: Mapping[str, Source]) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._database.cursor() as connection:
            try:
                for name, source in tables.items():
                    self._name(connection, name, source)
                yield connection
            except duckdb.Error as error:
                raise LakeError("the engine refused a query", str(error), f"The query was:\n{sql}") from error

    def _name(self, connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> None:
        """Let `name` stand for `source` in the queries of one connection."""
        if isinstance(source, Table):
            view = self._view(source)
            relation = self._table(connection, name, source) if view is None else self._viewed(connection, name, source, view)
            connection.execute(f'CREATE TEMP VIEW "{name}" AS {relation}')
        elif isinstance(source, list):
            connection.execute(f'CREATE TEMP VIEW "{name}" AS {_read([str(Path(file)) for file in source])}')
        else:
            connection.register(name, source)

    def _view(self, table: Table) -> View | None:
        view = self._views.get(table.name)
        return view if view is not None and (view.needs is None or self._lake.exists(view.needs)) else None

    def _viewed(self, connection: duckdb.DuckDBPyConnection, name: str, table: Table, view: View) -> str:
        named = {"stored": table, **view.tables}
        stored = (f'"{inner}" AS ({self._table(connection, f"{name} {inner}", one)})' for inner, one in named.items())
        return f"WITH {', '.join(stored)} {view.sql}"

    def _table(self, connection: duckdb.DuckDBPyConnection, name: str, table: Table) -> str:
        """Return a query of a table as stored; columns declared since it was last written are null."""
        files = self._lake.files(table) if self._lake.is_local else []
        written = set(self._lake.schema(table).names)
        lacking = {inner: column for inner, column in table.columns.items() if inner not in written}
        further = "".join(f", CAST(NULL AS {_TYPES[column.dtype]}) AS {inner}" for inner, column in lacking.items())
        if files:
            return f"SELECT *{further} FROM ({_read(files)})"
        rows = self._lake.schema(table).empty_table() if self._lake.is_local else self._lake.scan(table).read_all()
        connection.register(f"{name} rows", rows)
        return f'SELECT *{further} FROM "{name} rows"'


def _read(files: list[str]) -> str:
    listed = ", ".join("'" + _PATTERN.sub(r"[\g<0>]", file).replace("'", "''") + "'" for file in files)
    return f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
