"""How a record lies in a segment file; see `record` for the form in words."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import msgspec

from lifeloop.collect.spool.record import Stamp

HEAD = struct.Struct("<4sIII")
"""Magic, length of stamp and body, checksum of everything behind it, length of the stamp."""

MAGIC = b"LLr1"
_SUFFIX = ".log"
_DAMAGED = ".damaged"
_NOTE = ".passed"
_PIECE_BYTES = 5 << 10
_STAMP_LENGTH = struct.Struct("<I")

_encode_stamp = msgspec.msgpack.Encoder().encode
_decode_stamp = msgspec.msgpack.Decoder(Stamp).decode


def framed(stamp: Stamp, body: bytes) -> tuple[bytes, bytes]:
    """Return the bytes of one record, as head with stamp, and body (which is not copied)."""
    said = _encode_stamp(stamp)
    checksum = _checksum(body, zlib.crc32(said, zlib.crc32(_STAMP_LENGTH.pack(len(said)))))
    return HEAD.pack(MAGIC, len(said) + len(body), checksum, len(said)) + said, body


def _checksum(body: bytes, so_far: int) -> int:
    """Return the checksum, made in pieces of 5 KB: for more, zlib gives the interpreter away and waits to get it back."""
    view = memoryview(body)
    for begin in range(0, len(body), _PIECE_BYTES):
        so_far = zlib.crc32(view[begin : begin + _PIECE_BYTES], so_far)
    return so_far


def opened(head: tuple[bytes, int, int, int], rest: bytes) -> tuple[Stamp, bytes] | None:
    """Return stamp and body of a record whose head was unpacked; None when it is not whole."""
    magic, length, checksum, stamp_length = head
    if magic != MAGIC or len(rest) != length or stamp_length > length:
        return None
    if zlib.crc32(rest, zlib.crc32(_STAMP_LENGTH.pack(stamp_length))) != checksum:
        return None
    try:
        return _decode_stamp(rest[:stamp_length]), rest[stamp_length:]
    except msgspec.DecodeError:
        return None


def segment_name(number: int) -> str:
    """Return the file name of a segment.

    >>> segment_name(7)
    '000000000007.log'
    """
    return f"{number:012d}{_SUFFIX}"


def segment_numbers(names: list[str]) -> list[int]:
    """Return the numbers of the segments among file names, ascending."""
    return _numbers(names, _SUFFIX)


def damaged_numbers(names: list[str]) -> list[int]:
    """Return the numbers of the segments that were kept because they are damaged, ascending."""
    return _numbers(names, _DAMAGED)


def _numbers(names: list[str], suffix: str) -> list[int]:
    stems = (name.removesuffix(suffix) for name in names if name.endswith(suffix))
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def noted_damage(names: list[str]) -> list[tuple[int, str]]:
    """Return the notes of damaged places among file names, each with the number of its segment."""
    found = ((name.partition(".")[0], name) for name in names if name.endswith(_NOTE))
    return [(int(stem), name) for stem, name in found if stem.isdecimal()]


def segment_file(folder: Path, number: int) -> Path:
    """Return where a segment lies."""
    return folder / segment_name(number)


def damaged_file(folder: Path, number: int) -> Path:
    """Return where a segment lies that was read and is kept because it is damaged."""
    return folder / f"{number:012d}{_DAMAGED}"


def damage_note(folder: Path, number: int, begin: int, end: int) -> Path:
    """Return the empty file that says that these bytes of a segment were passed over.

    >>> damage_note(Path(), 7, 16, 80).name
    '000000000007.16-80.passed'
    """
    return folder / f"{number:012d}.{begin}-{end}{_NOTE}"
