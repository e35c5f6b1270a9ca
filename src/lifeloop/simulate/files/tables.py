"""The facts of a simulated shop as Parquet files of the declared tables, streamed day by day.

A second thread packs the rows while the next days are lived; one thread, first come first served, so the bytes are always
the same. Files appear under their names when all of them are whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from lifeloop.base.progress import Progress, silent
from lifeloop.simulate.shop import Seen, Shop

ROW_GROUP = 250_000
"""Rows that are packed together; the days of a small shop are gathered until there are as many."""
_UNIQUE = frozenset(
    "message_id anonymous_id session_id order_id refund_id properties email "
    "occurred_at received_at placed_at refunded_at".split()
)
"""Columns whose values hardly repeat within a row group: a dictionary of them is built in vain (a quarter of the packing)."""
_WAITING = 2


def nobody(_seen: Seen) -> None:
    """Watch nothing."""


def write_tables(
    shop: Shop,
    folder: Path,
    *,
    days: int | None = None,
    progress: Progress = silent,
    watch: Callable[[Seen], None] = nobody,
) -> dict[str, Path]:
    """Live the shop's next `days` days (all that are left) and write what it saw to one Parquet file a table.

    The products are the shop's list at the end, with its stock then. Returns the file of each table. `watch` is shown every
    day. Memory holds a few row groups, however long the history. Raises OSError; then no file has appeared.
    """
    with Drafts(folder) as drafts:
        with Packing() as packing:
            tables: dict[str, TableFile] = {}
            total = shop.days_left if days is None else days
            for number, seen in enumerate(shop.history(days), 1):
                for name, rows in seen.tables().items():
                    if name not in tables:
                        tables[name] = TableFile(drafts.path(f"{name}.parquet"), rows.schema, packing)
                    if name != "product":
                        tables[name].add(rows)
                watch(seen)
                progress("simulating", number, total)
            if tables:
                tables["product"].add(shop.products())
            for table in tables.values():
                table.close()
        return drafts.files()


class Drafts:
    """Files under names nobody reads; they get their own when the block ends well, and vanish when it does not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Return where to write what shall become the file `name`."""
        self._names.append(name)
        return self._draft(name)

    def files(self) -> dict[str, Path]:
        """Return what the drafts will be called, by stem, in the order in which they were begun."""
        return {Path(name).stem: self.folder / name for name in self._names}

    def drop(self) -> None:
        """Remove what was drafted so far."""
        for name in self._names:
            self._draft(name).unlink(missing_ok=True)
        self._names = []

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give the drafts their names, or remove them."""
        if kind is not None:
            self.drop()
        for name in self._names:
            self._draft(name).replace(self.folder / name)

    def _draft(self, name: str) -> Path:
        return self.folder / f".{name}{WRITING}"


WRITING = ".writing"
"""How the names of drafts end."""


class Packing:
    """Work done in order in a second thread; whoever brings more than it can take waits, and hears of its errors."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def add(self, work: Callable[[], None]) -> None:
        """Have something done. Raises what went wrong before."""
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(work))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Wait until all is done; raise what went wrong unless something else did before."""
        self._thread.shutdown(cancel_futures=kind is not None)
        if kind is None:
            for work in self._waiting:
                work.result()


class TableFile:
    """One Parquet file that grows by row groups."""

    def __init__(self, file: Path, schema: pa.Schema, packing: Packing) -> None:
        self._packing = packing
        self._writer = pq.ParquetWriter(
            file,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[name for name in schema.names if name not in _UNIQUE],
            write_statistics=True,
        )
        self._rows: list[pa.Table] = []
        self._count = 0

    def add(self, rows: pa.Table) -> None:
        """Append rows."""
        self._rows.append(rows)
        self._count += len(rows)
        if self._count < ROW_GROUP:
            return
        whole = pa.concat_tables(self._rows)
        full = self._count - self._count % ROW_GROUP
        self._packing.add(lambda: self._writer.write_table(whole.slice(0, full), row_group_size=ROW_GROUP))
        self._rows, self._count = [whole.slice(full)], self._count - full

    def close(self) -> None:
        """Write what is left and end the file."""
        rest = pa.concat_tables(self._rows)
        self._packing.add(lambda: self._finish(rest))

    def _finish(self, rest: pa.Table) -> None:
        if len(rest):
            self._writer.write_table(rest, row_group_size=ROW_GROUP)
        self._writer.close()
