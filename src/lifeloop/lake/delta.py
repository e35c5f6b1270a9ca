"""The lake: one Delta table per declared table, in a folder or behind an object-store URL.

Many processes may read while one writes: a reader keeps the file list of the version it opened, and files are only
deleted when a customer is erased or `vacuum` is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, WriterProperties, write_deltalake
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from lifeloop.base.errors import LakeError
from lifeloop.schema import EVENT, EXPOSURE, IDENTITY, TABLES, Table

Rows: TypeAlias = pa.Table | pa.RecordBatchReader
T = TypeVar("T")

_UNWRITABLE = re.compile(r"[\[\]^|\\\x00-\x1f]|%[0-9a-fA-F]{2}")
"""What deltalake cannot have in the path of a table: it ends the process, or looks in another folder than it wrote to."""

KEEP_HOURS = 168
"""Hours a replaced file is kept for whoever is still reading it."""

_GONE = "_gone"
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_WRITER = WriterProperties(compression="ZSTD", compression_level=3)


class Lake:
    """All tables of one shop under one URL."""

    def __init__(self, url: str | Path, options: Mapping[str, str] | None = None) -> None:
        self.url = str(url).rstrip("/")
        self.options = dict(options or {})
        unwritable = _UNWRITABLE.search(self.url) if self.is_local else None
        if unwritable:
            raise LakeError(
                f"cannot keep a lake in {self.url}",
                f"{unwritable[0]!r} stands in its path, which Delta tables cannot have there",
                "Choose a folder without it; blanks, quotes and any language are fine.",
            )

    @property
    def is_local(self) -> bool:
        """Whether the files lie in a folder of this machine, so that an engine may read them by path."""
        return "://" not in self.url

    def exists(self, table: Table) -> bool:
        """Return whether anything was ever written to `table`."""
        return DeltaTable.is_deltatable(self._uri(table), storage_options=self.options or None)

    def version(self, table: Table) -> int:
        """Return the number of the table's last commit; -1 before the first."""
        return self._open(table).version() if self.exists(table) else -1

    def files(self, table: Table) -> list[str]:
        """Return the data files of the table's present version; none before the first write.

        The files of a local lake are paths: Delta writes them as a URL does, a blank as `%20`.
        """
        found = self._open(table).file_uris() if self.exists(table) else []
        return [unquote(file) for file in found] if self.is_local else found

    def schema(self, table: Table) -> pa.Schema:
        """Return the Arrow schema as written, or as declared before the first write."""
        if not self.exists(table):
            return table.arrow()
        return pa.schema(self._open(table).schema().to_arrow())

    def scan(self, table: Table, columns: list[str] | None = None) -> pa.RecordBatchReader:
        """Stream the rows of the table's present version through the object store."""
        if not self.exists(table):
            return table.empty().to_reader()
        dataset = self._open(table).to_pyarrow_dataset()
        reader: pa.RecordBatchReader = dataset.scanner(columns=columns).to_reader()
        return reader

    def append(self, table: Table, rows: Rows) -> None:
        """Add rows behind those that are there."""
        self._write(table, rows, mode="append")

    def lacks(self, table: Table) -> tuple[str, ...]:
        """Return the declared columns a stored table does not have, because it was last written before they were declared."""
        written = set(self.schema(table).names) if self.exists(table) else set(table.columns)
        return tuple(name for name in table.columns if name not in written)

    def merge(self, table: Table, rows: pa.Table, gone: pa.Table | None = None) -> None:
        """Put `rows` in the place of those with the same key, add the new ones, and take away the keys in `gone`; one commit.

        Only files that hold such a row are written anew. Take memory for the keys of the table.
        """
        schema = table.arrow()
        if not self.exists(table):
            self.append(table, rows.cast(schema))
            return
        loose = pa.schema([field.with_nullable(True) for field in schema])  # noqa: FBT003 - pyarrow's own
        stays = rows.select(schema.names).cast(loose)
        source = stays.append_column(_GONE, pa.repeat(pa.scalar(False), stays.num_rows))  # noqa: FBT003 - pyarrow's own
        if gone is not None and gone.num_rows:
            given = {name: gone[name] for name in table.key}
            columns = [
                given.get(name, pa.nulls(gone.num_rows, field.type)) for name, field in zip(loose.names, loose, strict=True)
            ]
            leaves = pa.table(columns, schema=loose)
            flags = pa.repeat(pa.scalar(True), leaves.num_rows)  # noqa: FBT003 - pyarrow's own
            source = pa.concat_tables([source, leaves.append_column(_GONE, flags)])
        same = " AND ".join(f"t.{name} = s.{name}" for name in table.key)

        def change(opened: DeltaTable) -> None:
            merge = opened.merge(source, same, source_alias="s", target_alias="t", writer_properties=_WRITER)
            merge = merge.when_matched_delete(predicate=f"s.{_GONE}")
            merge = merge.when_matched_update_all(except_cols=[_GONE])
            merge.when_not_matched_insert_all(predicate=f"NOT s.{_GONE}", except_cols=[_GONE]).execute()

        self._widen(table)
        self._guard(table, change)

    def overwrite(self, table: Table, rows: Rows) -> None:
        """Replace all rows of the table, in one commit."""
        self._write(table, rows, mode="overwrite")

    def overwrite_as_of(self, table: Table, rows: Rows, as_of: datetime, where: str = "") -> None:
        """Replace the rows of one `as_of` (and of `where`, a further SQL condition), in one commit: run twice, same table."""
        predicate = f"as_of = '{as_of.isoformat()}'" + (f" AND {where}" if where else "")
        if not self.exists(table):
            self._write(table, rows, mode="append")
        else:
            self._write(table, rows, mode="overwrite", predicate=predicate)

    def drop_before(self, table: Table, as_of: datetime) -> None:
        """Delete the rows of every `as_of` before one; their files go with the next `vacuum`."""
        if self.exists(table):
            self._guard(table, lambda opened: opened.delete(f"as_of < '{as_of.isoformat()}'"))

    def delete_customer(self, customer_id: str) -> dict[str, int]:
        """Delete every row of one customer from every table, and every old file that still holds one.

        What means the customer goes with it: rows of linked ids, and what was done on a device while it was theirs.
        The deletion is a merge, because the log keeps a deletion's condition for ever and it would name the customer.
        Returns the rows deleted by table. A reader that had an old file open keeps it until it closes.
        """
        names, devices = self._means(customer_id)
        by_name = "t.customer_id = s.customer_id"
        deleted = {}
        for table in TABLES.values():
            if "customer_id" not in table.columns or not self.exists(table):
                continue
            gone = self._delete(table, names, by_name)
            if table in (EVENT, EXPOSURE) and devices.num_rows:
                done_at = f"t.{table.time}"
                own = (
                    f"t.customer_id IS NULL AND t.anonymous_id = s.identifier AND {done_at} >= s.since AND {done_at} < s.until"
                )
                gone += self._delete(table, devices, own)
            if table is IDENTITY:
                gone += self._delete(table, names.rename_columns(["identifier"]), "t.identifier = s.identifier")
            deleted[table.name] = gone
            self.vacuum(table, keep_hours=0)
        return deleted

    def _means(self, customer_id: str) -> tuple[pa.Table, pa.Table]:
        """Return the ids by which facts name a customer, and the devices that were theirs, with since when and until when."""
        rows = self.scan(IDENTITY).read_all() if self.exists(IDENTITY) else IDENTITY.empty()
        theirs = rows.filter(pc.equal(rows["customer_id"], customer_id))
        is_device = pc.equal(theirs["kind"], "device")
        names = {customer_id, *theirs.filter(pc.invert(is_device))["identifier"].to_pylist()}
        devices = theirs.filter(is_device).select(["identifier", "since", "until"])
        ended = pc.fill_null(devices["until"], pa.scalar(_NEVER, devices.schema.field("until").type))
        return pa.table({"customer_id": sorted(names)}), devices.set_column(2, "until", ended)

    def _delete(self, table: Table, whom: pa.Table, same: str) -> int:
        def delete(opened: DeltaTable) -> dict[str, Any]:
            merge = opened.merge(whom, same, source_alias="s", target_alias="t", writer_properties=_WRITER)
            return merge.when_matched_delete().execute()

        return int(self._guard(table, delete)["num_target_rows_deleted"])

    def compact(self, table: Table, *, target_bytes: int | None = None) -> int:
        """Join small files to larger ones of about `target_bytes` (None: 100 MB); returns how many files went.

        A merge writes anew every file that holds a row it changes: where rows change, smaller files are cheaper.
        """
        if not self.exists(table):
            return 0
        done = self._guard(table, lambda opened: opened.optimize.compact(target_size=target_bytes, writer_properties=_WRITER))
        return int(done["numFilesRemoved"])

    def vacuum(self, table: Table, *, keep_hours: int = KEEP_HOURS) -> None:
        """Delete the files no present row lies in, once they are older than `keep_hours`; younger ones may still be read."""
        if self.exists(table):
            self._guard(
                table,
                lambda opened: opened.vacuum(retention_hours=keep_hours, dry_run=False, enforce_retention_duration=False),
            )

    def _widen(self, table: Table) -> None:
        """Add the columns declared since the table was written; a merge that did so itself would lose the rows it leaves."""
        lacking = self.lacks(table)
        if lacking:
            fields = DeltaSchema.from_arrow(pa.schema([table.arrow().field(name) for name in lacking])).fields
            self._guard(table, lambda opened: opened.alter.add_columns(fields))

    def _uri(self, table: Table) -> str:
        return f"{self.url}/{table.name}"

    def _open(self, table: Table) -> DeltaTable:
        try:
            return DeltaTable(self._uri(table), storage_options=self.options or None)
        except (DeltaError, TableNotFoundError, OSError) as error:
            raise LakeError(
                f"cannot open the table {table.name} at {self.url}", str(error), "Check the lake's URL and rights."
            ) from error

    def _guard(self, table: Table, work: Callable[[DeltaTable], T], tries: int = 5) -> T:
        """Run one change; another process that committed first makes us try again on its version."""
        for left in reversed(range(tries)):
            try:
                return work(self._open(table))
            except CommitFailedError as error:
                if not left:
                    raise LakeError(
                        f"cannot change the table {table.name}",
                        f"others wrote to it {tries} times meanwhile: {error}",
                        "Try again when they are done.",
                    ) from error
            except (DeltaError, OSError) as error:
                raise LakeError(
                    f"cannot change the table {table.name}", str(error), "Check space and rights of the lake."
                ) from error
        raise AssertionError("unreachable")

    def _write(self, table: Table, rows: Rows, *, mode: str, predicate: str | None = None) -> None:
        try:
            if self.is_local:
                Path(self.url).mkdir(parents=True, exist_ok=True)
            write_deltalake(
                self._uri(table),
                rows,
                mode=mode,  # type: ignore[call-overload]
                predicate=predicate,
                schema_mode="merge" if table.widens or self.lacks(table) else None,
                writer_properties=_WRITER,
                configuration=_configuration(table),
                storage_options=self.options or None,
            )
        except (DeltaError, OSError) as error:
            raise LakeError(
                f"cannot write the table {table.name} at {self.url}", str(error), "Check space and rights of the lake."
            ) from error


def _configuration(table: Table) -> dict[str, str | None]:
    """Return the properties a table is made with: no statistics of personal columns, which the log would keep for ever.

    Live facts make thousands of commits a day; those older than two days are forgotten, so that opening a table stays quick.
    """
    plain = [name for name, column in table.columns.items() if not column.personal]
    return {"delta.dataSkippingStatsColumns": ",".join(plain), "delta.logRetentionDuration": "interval 2 days"}
