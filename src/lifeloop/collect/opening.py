"""Files as they are found: what form a file really has is read from its bytes, not from its name."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

from lifeloop.base.errors import SourceError
from lifeloop.base.ids import file_sha256
from lifeloop.collect.delimited import DelimitedPart, sniff_delimiter
from lifeloop.collect.encoding import OpenBytes, detect_encoding, utf8_blocks
from lifeloop.collect.jsonlines import JsonLinesPart
from lifeloop.collect.parquet import ParquetPart
from lifeloop.collect.rows import Form, Part
from lifeloop.collect.workbook import open_workbook

_GZIP, _PARQUET, _ZIP, _OLE = b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_HEAD_BYTES = 1 << 20
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_FORMS = "CSV, TSV, JSON lines, Parquet or XLSX, each also as .gz"


def open_parts(path: Path, folder: Path) -> list[Part]:
    """Return the tables of one file; `folder` takes unpacked copies. Raises SourceError for a file that is none."""
    asked = f"cannot import {path}"
    if not path.exists():
        raise SourceError(asked, "there is no such file", "Check the path.")
    if path.is_dir():
        raise SourceError(asked, "it is a folder", f"Name the files in it, such as {path}/*.csv.")
    try:
        return _open(path, folder, asked)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(asked, f"it cannot be read ({error})", "Check its rights, or fetch it again.") from error


def _open(path: Path, folder: Path, asked: str) -> list[Part]:
    sha256 = file_sha256(path)
    packed = _starts(path.open, _GZIP)
    open_bytes: OpenBytes = _Gunzip(path) if packed else _Plain(path)
    with open_bytes() as stream:
        head = stream.read(4)
    if not head:
        raise SourceError(asked, "it is empty", "Export it again with its data.")
    if head == _PARQUET or head in (_ZIP, _OLE):
        plain = _unpacked(open_bytes, folder / f"{sha256}.unpacked") if packed else path
        if head == _PARQUET:
            return [ParquetPart(plain, path.name, sha256, Form("parquet", packed=packed))]
        return list(open_workbook(plain, path.name, sha256, packed=packed))
    return [_open_text(path, open_bytes, sha256, asked, packed=packed)]


def _open_text(path: Path, open_bytes: OpenBytes, sha256: str, asked: str, *, packed: bool) -> Part:
    encoding = detect_encoding(open_bytes)
    head = next(utf8_blocks(open_bytes, encoding), b"")[:_HEAD_BYTES].decode("utf-8", "replace")
    if not head.strip():
        raise SourceError(asked, "there is nothing in it but blanks", "Export it again with its data.")
    if len(_CONTROL.findall(head)) > 0.02 * len(head):
        raise SourceError(asked, "its bytes are no text", f"Export it as {_FORMS}.")
    lone_returns = "\r" in head and "\n" not in head
    size = path.stat().st_size * (4 if packed else 1)
    common: dict[str, Any] = {"path": path, "name": path.name, "sha256": sha256, "open_bytes": open_bytes, "size": size}
    start = head.lstrip()[:1]
    if start == "{":
        return JsonLinesPart(form=Form("jsonl", encoding, packed=packed), lone_returns=lone_returns, **common)
    if start == "[" and head.lstrip()[1:].lstrip()[:1] in ("{", "["):
        raise SourceError(asked, "it is one JSON list", "Write one object per line (JSON lines): jq -c '.[]' does that.")
    lines = [line for line in head.splitlines()[:101] if line.strip()]
    lines = lines if len(lines) < 3 else lines[:-1]
    named = re.match(r"^sep=(.)$", lines[0], re.IGNORECASE)
    delimiter = named[1] if named and named[1].isascii() else sniff_delimiter(lines[1:] if named else lines)
    return DelimitedPart(form=Form("csv", encoding, delimiter, packed), lone_returns=lone_returns, **common)


class _Plain:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> BinaryIO:
        return self._path.open("rb")


class _Gunzip:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> BinaryIO:
        return cast(BinaryIO, gzip.open(self._path, "rb"))


def _starts(opener: Any, mark: bytes) -> bool:
    with opener("rb") as stream:
        return bool(stream.read(len(mark)) == mark)


def _unpacked(open_bytes: OpenBytes, target: Path) -> Path:
    with open_bytes() as packed, target.open("wb") as plain:
        while piece := packed.read(1 << 20):
            plain.write(piece)
    return target
