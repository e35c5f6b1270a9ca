"""JSON lines as rows of text: one object per line; numbers keep the digits they are written with.

An object within the object gives columns `outer.inner`; lists are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import SourceError
from lifeloop.collect.encoding import OpenBytes, utf8_blocks
from lifeloop.collect.records import Records, Splitter
from lifeloop.collect.rows import Damaged, Form, Positions, Rows, shorten

_HEADER_LINES = 1000
_DEEPEST = 20
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def flatten(value: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, str | None]:
    """Return an object's plain values as text, by dotted name.

    >>> flatten({"id": "7", "customer": {"id": "a"}, "tags": [1], "paid": True})
    {'id': '7', 'customer.id': 'a', 'paid': 'true'}
    """
    found: dict[str, str | None] = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            if depth < _DEEPEST:
                found |= flatten(inner, f"{prefix}{key}.", depth + 1)
        elif isinstance(inner, bool):
            found[prefix + key] = "true" if inner else "false"
        elif inner is None or isinstance(inner, str):
            found[prefix + key] = inner
    return found


@dataclass
class JsonLinesPart:
    """One file of JSON objects, one a line. Its columns are the names in its first 1,000 lines."""

    path: Path
    name: str
    sha256: str
    form: Form
    open_bytes: OpenBytes
    size: int
    lone_returns: bool = False
    columns: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Look for names in the first lines. Raises SourceError when there is no object in them."""
        names: dict[str, None] = {}
        for records in self._records():
            first = np.arange(min(_HEADER_LINES, len(records.starts)))
            for text in records.raw(first):
                value = _object(text)
                names |= dict.fromkeys(flatten(value)) if isinstance(value, dict) else {}
            if len(first):
                break
        if not names:
            raise SourceError(
                f"cannot import {self.name}",
                "none of its first lines is a JSON object",
                "Write one object per line, as JSON lines.",
            )
        self.columns = list(names)

    def rows(self) -> Iterator[Rows]:
        """Read the objects, block by block."""
        read = 0
        for records in self._records():
            read += len(records.data)
            if len(records.starts) or records.damaged:
                yield self._rows(records, min(1.0, read / max(self.size, 1)))

    def _records(self) -> Iterator[Records]:
        text = utf8_blocks(self.open_bytes, self.form.encoding or "utf-8", lone_returns=self.lone_returns)
        return Splitter(None).split(text)

    def _rows(self, records: Records, share: float) -> Rows:
        objects: list[dict[str, str | None]] = []
        lines: list[int] = []
        texts: list[str] = []
        damaged = list(records.damaged)
        for text, line in zip(records.raw(np.arange(len(records.starts))), records.lines.tolist(), strict=True):
            value = _object(text) if "\ufffd" not in text else "bytes that are no text stand in it"
            if isinstance(value, dict):
                objects.append(flatten(value))
                lines.append(line)
                texts.append(text)
            elif text.strip():
                damaged.append(Damaged(line, "bad_json", value, shorten(text)))
        columns = {name: pa.array([found.get(name) for found in objects], pa.string()) for name in self.columns}

        def raw(positions: Positions) -> list[str]:
            return [texts[place] for place in positions.tolist()]

        return Rows(lines=np.array(lines, np.int64), columns=columns, raw=raw, damaged=damaged, share=share)


def _object(text: str) -> dict[str, Any] | str:
    """Return the object of one line, or what is wrong with it."""
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        return f"it is no JSON: {error}"[:200]
    if not isinstance(value, dict):
        return "it is no JSON object"
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "half a character stands in it"
    return value
