"""Files as they are found: what form a file really has is read from its bytes, not from its name."""

from __future__ import annotations

from pathlib import Path

from lifeloop.base.errors import SourceError
from lifeloop.base.ids import file_sha256
from lifeloop.collect.parquet import ParquetPart
from lifeloop.collect.rows import Form, Part


def open_parts(path: Path, _folder: Path) -> list[Part]:
    """Return the tables of one file; `_folder` takes unpacked copies. Raises SourceError for a file that is none."""
    with path.open("rb") as stream:
        head = stream.read(8)
    if head[:4] == b"PAR1":
        return [ParquetPart(path, path.name, file_sha256(path), Form("parquet"))]
    raise SourceError(f"cannot import {path}", "it is no Parquet file", "Convert it.")
