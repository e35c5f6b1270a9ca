"""Documents of a shop system kept in files: answers of its API, lists of documents, or one document on each line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from lifeloop.base.errors import SourceError
from lifeloop.collect.shops.pages import KINDS, Kind

Document: TypeAlias = tuple[Kind, dict[str, Any]]
"""A document and what it is."""


def holds_documents(file: Path) -> bool:
    """Return whether a file holds documents as the API has them, not rows of an export. Raises SourceError."""
    try:
        with file.open("rb") as stream:
            return stream.read(256).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    except OSError as error:
        raise SourceError(f"cannot read {file}", error.strerror or str(error), "Check its path and rights.") from error


def documents_in(files: Iterable[Path]) -> Iterator[Document]:
    """Yield the documents of files, one after the other. Raises SourceError where one is no JSON."""
    for file in files:
        with file.open(encoding="utf-8-sig") as lines:
            first = lines.readline()
            if _is_json(first):
                for number, line in enumerate(chain([first], lines), 1):
                    yield from _found_in(_line(file, number, line)) if line.strip() else ()
            else:
                yield from _found_in(_line(file, 1, first + lines.read()))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _line(file: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        fix = "Write the API's answers, a list of documents, or one document on each line."
        raise SourceError(f"cannot read {file}", f"what begins in line {number} is no JSON", fix) from error


def _found_in(found: Any) -> Iterator[Document]:
    if isinstance(found, list):
        for one in found:
            yield from _found_in(one)
    elif isinstance(found, dict):
        pages = [kind for kind in KINDS if isinstance(found.get(f"{kind}s"), list) and "id" not in found]
        for kind in pages:
            yield from ((kind, one) for one in found[f"{kind}s"] if isinstance(one, dict))
        if not pages:
            yield _kind_of(found), found


def _kind_of(one: Mapping[str, Any]) -> Kind:
    """Return what a document is by what only such a one has."""
    if "line_items" in one:
        return "order"
    return "product" if "variants" in one or "regular_price" in one or "body_html" in one else "customer"
