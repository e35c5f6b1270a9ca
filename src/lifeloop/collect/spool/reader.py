"""Reading the spool: records in the order they were accepted, from a place on.

Reading never waits for the writer and never disturbs it. A segment ends for a reader at the first record that is not whole. If
that is the newest segment, the rest is still being written; if there is a newer one, the tail was torn and never acknowledged,
and reading goes on there.

Bytes that are no whole record with a whole one behind them are a bad spot of the disk and no torn tail. They are passed over,
to the next place that begins as a record does and whose checksum is good (a body cannot look like one: it is JSON, which has
no NUL, and every head has some). Each such place is logged once, by whichever reader comes first, and noted by an empty file
beside the segment; a segment with such a note is kept as `NUMBER.damaged` when all others would be deleted.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from lifeloop.collect.spool.disk import RealDisk
from lifeloop.collect.spool.framing import (
    HEAD,
    MAGIC,
    damage_note,
    damaged_file,
    noted_damage,
    opened,
    segment_file,
    segment_numbers,
)
from lifeloop.collect.spool.record import Place, Record, Stamp

START = Place(0, 0)
"""Before everything."""

_BUFFER_BYTES = 1 << 18
_log = logging.getLogger(__name__)


class _Read(NamedTuple):
    stamp: Stamp
    body: bytes
    begin: int
    end: int


def read_records(folder: Path, start: Place, *, limit_bytes: int) -> Iterator[Record]:
    """Yield the whole records from `start` on, until their bodies are `limit_bytes` or more together; one at least.

    `start` is a record's `after` or the `next_place` of such. A missing folder holds nothing. Raises OSError.
    """
    taken = 0
    for number in _segments(folder, start):
        begin = start.offset if number == start.segment else 0
        for read in _segment_records(folder, number, begin):
            yield Record(Place(number, read.begin), Place(number, read.end), read.stamp, read.body)
            taken += len(read.body)
            if taken >= limit_bytes:
                return


def next_place(folder: Path, place: Place) -> Place:
    """Return `place`, or the beginning of a newer segment when nothing more will ever be read at it.

    A reader that found nothing moves there, so that a finished or abandoned segment can be removed.
    """
    for number in _segments(folder, place):
        if number != place.segment:
            place = Place(number, 0)
        if next(_segment_records(folder, number, place.offset), None) is not None:
            break
    return place


def remove_before(folder: Path, place: Place) -> int:
    """Delete the segments that end before `place`, the least of all readers' positions; return how many are gone.

    One in whose middle bytes were passed over is not deleted but renamed to `NUMBER.damaged`, for somebody to look. Raises
    OSError.
    """
    names = _names(folder)
    notes = [(number, note) for number, note in noted_damage(names) if number < place.segment]
    damaged = {number for number, _ in notes}
    gone = 0
    for number in segment_numbers(names):
        if number < place.segment:
            with suppress(FileNotFoundError):
                _put_away(folder, number) if number in damaged else segment_file(folder, number).unlink()
                gone += 1
    for _, note in notes:
        (folder / note).unlink(missing_ok=True)
    return gone


def _put_away(folder: Path, number: int) -> None:
    kept = segment_file(folder, number).rename(damaged_file(folder, number))
    RealDisk().sync_folder(folder)
    _log.error("spool segment %s is read, and kept: bytes in its middle were damaged and could not be read", kept)


def newest(folder: Path) -> Place:
    """Return the end of the newest segment file; `START` when there is none."""
    numbers = _numbers(folder)
    return Place(numbers[-1], _size(folder, numbers[-1])) if numbers else START


def bytes_after(folder: Path, place: Place) -> int:
    """Return how many bytes of files lie behind `place`, torn tails included."""
    skipped = place.offset if place.segment in (found := _segments(folder, place)) else 0
    return max(0, sum(_size(folder, number) for number in found) - skipped)


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []


def _numbers(folder: Path) -> list[int]:
    return segment_numbers(_names(folder))


def _segments(folder: Path, start: Place) -> list[int]:
    """Return the segments from `start` on. Listed before any is read: one that had a newer one then is finished."""
    return [number for number in _numbers(folder) if number >= start.segment]


def _size(folder: Path, number: int) -> int:
    try:
        return segment_file(folder, number).stat().st_size
    except FileNotFoundError:
        return 0


def _segment_records(folder: Path, number: int, offset: int) -> Iterator[_Read]:
    try:
        file = segment_file(folder, number).open("rb", buffering=_BUFFER_BYTES)
    except FileNotFoundError:
        return
    with file:
        size = os.fstat(file.fileno()).st_size
        while (read := _whole_one(file, offset, size)) is not None:
            if read.begin != offset:
                _note_damage(folder, number, offset, read.begin)
            yield read
            offset = read.end


def _note_damage(folder: Path, number: int, begin: int, end: int) -> None:
    """Log bytes that are passed over, unless a reader did before; the note outlives a power cut before anybody reads on."""
    note = damage_note(folder, number, begin, end)
    try:
        note.touch(0o600, exist_ok=False)
    except FileExistsError:
        return
    RealDisk().sync_folder(folder)
    file = segment_file(folder, number)
    _log.error("spool segment %s: %d damaged bytes from byte %d on passed over", file, end - begin, begin)


def _whole_one(file: BinaryIO, offset: int, size: int) -> _Read | None:
    """Return the record at `offset`, or the next one that is whole; None when none is before `size`."""
    while offset + HEAD.size <= size:
        file.seek(offset)
        read = file.read(HEAD.size)
        if len(read) < HEAD.size:  # it was shortened since
            return None
        head = HEAD.unpack(read)
        end = offset + HEAD.size + head[1]
        found = opened(head, file.read(head[1])) if head[0] == MAGIC and end <= size else None
        if found is not None:
            return _Read(*found, offset, end)
        offset = _next_beginning(file, offset + 1, size)
    return None


def _next_beginning(file: BinaryIO, offset: int, size: int) -> int:
    """Return where from `offset` on something begins as a record does; `size` when nothing does."""
    while offset + HEAD.size <= size:
        file.seek(offset)
        piece = file.read(_BUFFER_BYTES)
        if len(piece) < len(MAGIC):
            break
        found = piece.find(MAGIC)
        if found >= 0:
            return offset + found
        offset += len(piece) - len(MAGIC) + 1
    return size
