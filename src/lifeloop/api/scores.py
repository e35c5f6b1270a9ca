"""The export of scores: every prediction of one run, as lines of JSON, as CSV or as Parquet, however many there are."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc
import pyarrow.parquet as pq
from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from lifeloop.api.errors import problems
from lifeloop.api.guard import KEYED, REFUSALS, ReadRoute
from lifeloop.api.parts import TheDoor
from lifeloop.api.shapes import AsOf
from lifeloop.schema import SCORE

Form = Literal["jsonl", "csv", "parquet"]


def _name(about: str) -> Any:
    return Query(max_length=64, pattern=r"^[a-z_]+$", description=about)


EXPORT_SQL = """
SELECT as_of, customer_id, model, target, horizon_days, value, low, high, label, reasons, version
FROM scores
WHERE as_of = $as_of AND ($model IS NULL OR model = $model) AND ($target IS NULL OR target = $target)
ORDER BY customer_id, model, target
"""

_FORMULA = r"^[=+@\t\r-]"

MEDIA: dict[Form, str] = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}

scores = APIRouter(
    prefix="/v1", tags=["scores"], route_class=ReadRoute, dependencies=[KEYED], responses=REFUSALS | problems(400, 404)
)


@scores.get(
    "/scores",
    summary="Export every score of a run",
    response_class=StreamingResponse,
    responses={200: {"description": "One row per score.", "content": {media.split(";")[0]: {} for media in MEDIA.values()}}},
)
def export(
    door: TheDoor,
    model: Annotated[str | None, _name("Only of this model: churn, value, next_order, stage, segment.")] = None,
    target: Annotated[str | None, _name("Only this figure: p_churn, orders, revenue_minor, days, stage, rfm, cluster.")] = None,
    as_of: AsOf = None,
    form: Annotated[Form, Query(description="How the rows are written.")] = "jsonl",
) -> Response:
    """Return the scores of one run, by customer; `model` and `target` narrow them down.

    In CSV, reasons are JSON,
    and an id that a spreadsheet would take for a formula has a quote before it.
    """
    moment = door.app.last_run(as_of)
    reader = door.app.engine.stream(EXPORT_SQL, {"scores": SCORE}, as_of=moment, model=model, target=target)
    name = f"scores-{moment:%Y-%m-%d}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(WRITERS[form](reader), media_type=MEDIA[form], headers=headers)


def json_lines(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    """Yield one JSON object a line; reasons as they are kept, and no value where there is none."""
    encoder, buffer = msgspec.json.Encoder(), bytearray()
    for batch in reader:
        for row in batch.to_pylist():
            at: datetime = row["as_of"]
            row |= {"as_of": at.isoformat(), "reasons": msgspec.Raw((row["reasons"] or "[]").encode())}
            encoder.encode_into(row, buffer, -1)
            buffer += b"\n"
        yield bytes(buffer)
        buffer.clear()


def comma_separated(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    """Yield CSV with a header."""
    sink = io.BytesIO()
    with pc.CSVWriter(sink, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(_harmless(batch))
            yield _taken(sink)
    yield _taken(sink)


def _harmless(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Put a quote before ids that a spreadsheet would take for a formula: whoever sends events may choose their id."""
    ids = batch.column("customer_id")
    quoted = compute.binary_join_element_wise("'", ids, "")
    safe = compute.if_else(compute.match_substring_regex(ids, _FORMULA), quoted, ids)
    place = batch.schema.get_field_index("customer_id")
    return batch.set_column(place, batch.schema.field(place), safe)


def parquet(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    """Yield a Parquet file."""
    sink = io.BytesIO()
    with pq.ParquetWriter(_Onward(sink), reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            yield _taken(sink)
    yield _taken(sink)


WRITERS: dict[Form, Callable[[pa.RecordBatchReader], Iterator[bytes]]] = {
    "jsonl": json_lines,
    "csv": comma_separated,
    "parquet": parquet,
}


class _Onward(io.RawIOBase):
    """A sink that only grows and knows how far it has come, whatever was taken out of it meanwhile."""

    def __init__(self, sink: io.BytesIO) -> None:
        super().__init__()
        self._sink = sink
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        held = bytes(data)  # type: ignore[call-overload]  # whatever Arrow hands over has a buffer
        self._sink.write(held)
        self._written += len(held)
        return len(held)

    def tell(self) -> int:
        return self._written


def _taken(sink: io.BytesIO) -> bytes:
    held = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return held
