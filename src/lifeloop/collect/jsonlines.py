"""JSON lines as rows of text: one object per line; numbers keep the digits they are written with.

An object within the object gives columns `outer.inner`; lists are passed over. A source that needs them, or that knows the
objects, takes `Rows.objects`; the columns are made only of what is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from lifeloop.base.errors import SourceError
from lifeloop.collect.encoding import OpenBytes, utf8_blocks
from lifeloop.collect.records import Records, Splitter
from lifeloop.collect.rows import Damaged, Form, Positions, Rows, shorten

_HEADER_LINES = 1000
_DEEPEST = 20
_TOO_DEEP = 200
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=str)

Keys: TypeAlias = tuple[str, ...]
"""Keys that lead from an object to a value in it."""


def paths_of(value: Mapping[str, Any], behind: Keys = ()) -> Iterator[Keys]:
    """Yield where an object's plain values stand.

    >>> list(paths_of({"id": "7", "customer": {"id": "a"}, "tags": [1], "paid": True}))
    [('id',), ('customer', 'id'), ('paid',)]
    """
    for key, inner in value.items():
        if isinstance(inner, dict):
            if len(behind) < _DEEPEST:
                yield from paths_of(inner, (*behind, key))
        elif not isinstance(inner, list):
            yield (*behind, key)


def plain_text(value: Any) -> str | None:
    """Return a plain JSON value as text; null for null, lists and objects.

    >>> plain_text(Decimal("7.50")), plain_text(True), plain_text([1])
    ('7.50', 'true', None)
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal) else None


def values_at(objects: Sequence[Mapping[str, Any]], path: Keys) -> list[Any]:
    """Return what stands at `path` in each object; None where nothing does."""
    found: list[Any] = [one.get(path[0]) for one in objects]
    for key in path[1:]:
        found = [inner.get(key) if isinstance(inner, dict) else None for inner in found]
    return found


@dataclass(frozen=True)
class _Columns(Mapping[str, Any]):
    """The columns of some objects, made when they are asked for and kept."""

    objects: Sequence[Mapping[str, Any]]
    paths: Mapping[str, Sequence[Keys]]
    made: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """Return one column as text."""
        if name not in self.made:
            texts: list[str | None] = [None] * len(self.objects)
            for path in self.paths[name]:
                here = [plain_text(value) for value in values_at(self.objects, path)]
                texts = (
                    here
                    if len(self.paths[name]) == 1
                    else [a if a is not None else b for a, b in zip(here, texts, strict=True)]
                )
            self.made[name] = pa.array(texts, pa.string())
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        """Walk the names."""
        return iter(self.paths)

    def __len__(self) -> int:
        """Count the columns."""
        return len(self.paths)


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
        paths: dict[Keys, None] = {}
        for records in self._records():
            first = np.arange(min(_HEADER_LINES, len(records.starts)))
            for text in records.raw(first):
                value = _object(text)
                paths |= dict.fromkeys(paths_of(value)) if isinstance(value, dict) else {}
            if len(first):
                break
        if not paths:
            raise SourceError(
                f"cannot import {self.name}",
                "none of its first lines is a JSON object",
                "Write one object per line, as JSON lines.",
            )
        self._paths: dict[str, list[Keys]] = {}
        for path in paths:
            self._paths.setdefault(".".join(path), []).append(path)
        self.columns = list(self._paths)

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
        objects: list[dict[str, Any]] = []
        lines: list[int] = []
        texts: list[str] = []
        damaged = list(records.damaged)
        for text, line in zip(records.raw(np.arange(len(records.starts))), records.lines.tolist(), strict=True):
            value = _object(text) if "\ufffd" not in text else "bytes that are no text stand in it"
            if isinstance(value, dict):
                objects.append(value)
                lines.append(line)
                texts.append(text)
            elif text.strip():
                damaged.append(Damaged(line, "bad_json", value, shorten(text)))

        def raw(positions: Positions) -> list[str]:
            return [texts[place] for place in positions.tolist()]

        columns = _Columns(objects, self._paths)
        return Rows(lines=np.array(lines, np.int64), columns=columns, raw=raw, damaged=damaged, share=share, objects=objects)


def _object(text: str) -> dict[str, Any] | str:
    """Return the object of one line, or what is wrong with it."""
    try:
        value, end = _DECODER.raw_decode(text) if text[:1] == "{" else (None, -1)
        value = value if end == len(text) else _DECODER.decode(text)
    except (ValueError, ArithmeticError, RecursionError) as error:
        return f"it is no JSON: {error}"[:200]
    if not isinstance(value, dict):
        return "it is no JSON object"
    if text.count("{") + text.count("[") > _TOO_DEEP and is_too_deep(value):
        return f"it is nested more than {_TOO_DEEP} deep"
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            return "half a character stands in it"
    return value


def is_too_deep(value: dict[str, Any]) -> bool:
    """Return whether lists and objects stand within each other too deep for whoever must write them again."""
    level: list[Any] = [value]
    for _ in range(_TOO_DEEP):
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [one for ones in inner for one in ones if isinstance(one, dict | list)]
        if not level:
            return False
    return True
