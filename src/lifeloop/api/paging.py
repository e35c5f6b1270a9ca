"""Pages: an answer that does not fit holds `next`, to be sent back as `cursor` for what comes behind it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from fastapi import Query

from lifeloop.api.errors import ApiError
from lifeloop.base.clock import micros

Limit: TypeAlias = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
Cursor: TypeAlias = Annotated[
    str | None, Query(max_length=2000, description="The `next` of the page before, as it came; without it, the first page.")
]
Place: TypeAlias = str | int

_FIRST, _LAST = micros(datetime.min.replace(tzinfo=UTC)), micros(datetime.max.replace(tzinfo=UTC))


def cursor_of(*place: Place) -> str:
    """Return where the next page begins, as a text that means nothing to anybody else.

    >>> place_of(cursor_of(17, "m-1"), int, str)
    (17, 'm-1')
    """
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(cursor: str, *kinds: type[Place]) -> tuple[Place, ...]:
    """Return the place a cursor names, one value of each kind. Raises ApiError where it is none of ours."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or [type(value) for value in found] != list(kinds) or not all(map(_is_sane, found)):
        raise ApiError(
            400, "bad_cursor", "cannot find that page", "the cursor is not one of this path", "Leave it away to start anew."
        )
    return tuple(found)


def _is_sane(value: Place) -> bool:
    """Whether a number is an instant that a calendar has, or a text one that can be kept."""
    if isinstance(value, int):
        return _FIRST <= value <= _LAST
    return "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)
