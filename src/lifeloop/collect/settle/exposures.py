"""Exposures: lists of recommendations from the spool, each product of each list once, however often its record is read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lifeloop.base.clock import instant_of
from lifeloop.collect.live.exposure import Shown
from lifeloop.collect.settle.change import Change
from lifeloop.collect.stage import materialise
from lifeloop.lake import Engine
from lifeloop.schema import EXPOSURE

_NAMES = tuple(EXPOSURE.columns)
FRESH_EXPOSURES_SQL = f"""
WITH told AS (
    SELECT s.*, row_number() OVER (PARTITION BY s.exposure_id, s.rank ORDER BY s.received_at) AS copy FROM staged AS s
)
SELECT {", ".join(f"t.{name} AS {name}" for name in _NAMES)}
FROM told AS t LEFT JOIN (
    SELECT DISTINCT e.exposure_id AS exposure_id, e.rank AS rank FROM exposures AS e
    WHERE e.shown_at >= $first AND e.shown_at <= $last
) AS k ON t.exposure_id = k.exposure_id AND t.rank = k.rank
WHERE t.copy = 1 AND k.exposure_id IS NULL
"""
"""The products of lists the lake does not have. A list told again was shown at the same moment: no older row is read."""
_BATCH_ROWS = 20_000
_GIVEN = (
    "exposure_id", "shown_at", "received_at", "placement", "version", "customer_id", "anonymous_id", "rank", "product_id",
    "propensity", "is_explored", "strategy", "score", "signals",
)  # fmt: skip


class ShownLists:
    """The lists one step reads, in a temporary file; at most a batch of rows is in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: list[tuple[Any, ...]] = []
        self._writer: pq.ParquetWriter | None = None
        self._span: tuple[int, int] | None = None
        self.lists = 0

    def take(self, shown: Shown, received_at: int) -> None:
        """Take one list, which came in at `received_at`, in microseconds since 1970 UTC."""
        head = (shown.exposure_id, shown.shown_at, received_at, shown.placement, shown.version)
        whose = (shown.customer_id, shown.anonymous_id)
        for rank, one in enumerate(shown.products, 1):
            place = (rank, one.product_id, one.propensity, one.is_explored, one.strategy, one.score, one.signals_text)
            self._rows.append((*head, *whose, *place))
        first, last = self._span or (shown.shown_at, shown.shown_at)
        self._span = min(first, shown.shown_at), max(last, shown.shown_at)
        self.lists += 1
        if len(self._rows) >= _BATCH_ROWS:
            self._write()

    def close(self) -> None:
        """Write what is left."""
        self._write()
        if self._writer is not None:
            self._writer.close()

    def settle(self, engine: Engine) -> Change | None:
        """Return what the lake lacks of them; None where it has all. Close first."""
        if self._writer is None or self._span is None:
            return None
        first, last = (instant_of(at) for at in self._span)
        return _missing(engine, self._folder, first, last)

    def _write(self) -> None:
        if not self._rows:
            return
        columns = dict(zip(_GIVEN, zip(*self._rows, strict=True), strict=True))
        schema = EXPOSURE.arrow()
        table = pa.table({name: pa.array(columns[name], schema.field(name).type) for name in schema.names}, schema)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._folder / "exposure.parquet", schema, compression="lz4")
        self._writer.write_table(table)
        self._rows = []


def _missing(engine: Engine, folder: Path, first: datetime, last: datetime) -> Change | None:
    tables = {"staged": [folder / "exposure.parquet"], "exposures": EXPOSURE}
    reader = engine.stream(FRESH_EXPOSURES_SQL, tables, first=first, last=last)
    fresh = materialise(reader, folder / "fresh-exposure.parquet")
    if not pq.read_metadata(fresh[0]).num_rows:
        return None
    return Change(EXPOSURE, "append", "SELECT * FROM fresh", {"fresh": fresh})
