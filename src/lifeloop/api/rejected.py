"""What came in and could not become a fact: kept whole, with the reason, so that it can be mended and sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from lifeloop.api.errors import problems
from lifeloop.api.guard import KEYED, REFUSALS, ReadRoute
from lifeloop.api.paging import Cursor, Limit, cursor_of, place_of
from lifeloop.api.parts import TheDoor
from lifeloop.base.clock import instant_of, micros
from lifeloop.schema import REJECTED

REJECTED_SQL = """
SELECT file, file_sha256, line, reason, detail, raw, received_at
FROM rejected
WHERE ($reason IS NULL OR reason = $reason)
    AND (received_at < $at OR (received_at = $at AND (file_sha256 > $sha OR (file_sha256 = $sha AND line > $line))))
ORDER BY received_at DESC, file_sha256, line
LIMIT $limit
"""
_NEVER = (1 << 53, "", 0)


class Rejected(BaseModel):
    """One row, or one event, that could not become a fact."""

    file: str = Field(description="Name of the file; `live:SOURCE` of what was sent live.")
    line: int
    reason: str = Field(description="What is wrong with it, as a short code.")
    detail: str = Field(description="What is wrong with it, in words.")
    raw: str = Field(description="As it came.")
    received_at: datetime


class RejectedPage(BaseModel):
    """A page of what was rejected."""

    rejected: list[Rejected] = Field(description="Newest first.")
    next: str | None = Field(description="The `cursor` of the next page; null on the last.")


rejected = APIRouter(
    prefix="/v1", tags=["rejected"], route_class=ReadRoute, dependencies=[KEYED], responses=REFUSALS | problems(400)
)


@rejected.get("/rejected", summary="What could not become a fact")
def all_rejected(
    door: TheDoor,
    reason: Annotated[str | None, Query(max_length=64, pattern=r"^[a-z_]+$", description="Only those.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> RejectedPage:
    """Return a page of the rows and events that were rejected, from files and live."""
    at, sha, line = place_of(cursor, int, str, int) if cursor else _NEVER
    rows = door.app.engine.query(
        REJECTED_SQL,
        {"rejected": REJECTED},
        reason=reason,
        at=instant_of(int(at)),
        sha=sha,
        line=line,
        limit=limit + 1,
    ).to_pylist()
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    return RejectedPage(
        rejected=[Rejected(**{name: row[name] for name in Rejected.model_fields}) for row in page],
        next=cursor_of(micros(last["received_at"]), last["file_sha256"], last["line"]) if last else None,
    )
