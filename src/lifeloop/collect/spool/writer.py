"""Writing the spool: append, synchronise, and only then say where.

A writer always begins a new segment file and never appends to one it did not begin: the tail of an old one may be torn.
For the same reason it abandons its segment after any error: a failed write or synchronisation leaves a tail whose fate is
unknown (on Linux a second fdatasync would succeed without having written what the first one lost).
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from lifeloop.collect.spool.disk import Disk, Handle, RealDisk
from lifeloop.collect.spool.errors import SpoolFailed, SpoolFull
from lifeloop.collect.spool.framing import damaged_numbers, framed, segment_file, segment_numbers
from lifeloop.collect.spool.record import Place, Stamp

LOCK_FILE = ".writing"
_ASKED = "cannot keep what was sent"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SpoolWriter:
    """The one writer of one spool folder; for one thread."""

    def __init__(
        self, folder: Path, *, disk: Disk | None = None, segment_bytes: int = 64 << 20, first_segment: int = 1
    ) -> None:
        """Hold `folder` for writing, which makes it where missing.

        `first_segment` must be greater than that of every position a reader keeps: a power cut may take away a segment that
        was read but never acknowledged, and its number must not come again.
        Raises SpoolFailed, also when another process writes here.
        """
        self._folder = folder
        self._disk = disk or RealDisk()
        self._segment_bytes = segment_bytes
        self._handle: Handle | None = None
        self._offset = 0
        try:
            self._disk.make_folder(folder)
            self._lock = self._disk.lock(folder / LOCK_FILE)
        except BlockingIOError as error:
            raise SpoolFailed(
                f"cannot write the spool {folder}", "another process is writing there", "Stop it, or give each its own folder."
            ) from error
        except OSError as error:
            raise _spoken(error) from error
        names = self._disk.names(folder)
        self._number = max([first_segment - 1, *segment_numbers(names), *damaged_numbers(names)])

    @property
    def place(self) -> Place:
        """Where the next record would begin, if the segment is not changed before."""
        return Place(self._number, self._offset)

    def append(self, entries: Sequence[tuple[Stamp, bytes]]) -> list[Place]:
        """Write all of `entries` and return where each lies, once all will survive a power cut.

        Raises SpoolFull or SpoolFailed; then none of them counts as kept, and the next append tries a new segment.
        """
        return self.append_framed([framed(stamp, body) for stamp, body in entries])

    def append_framed(self, records: Sequence[tuple[bytes, bytes]]) -> list[Place]:
        """Do the same with records that were framed already."""
        if not records:
            return []
        try:
            return self._write(records)
        except OSError as error:
            self._abandon(full=error.errno in _NO_ROOM)
            raise _spoken(error) from error
        except BaseException:  # memory may run out, or a signal come, in the middle of a write
            self._abandon(full=False)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def turn(self) -> None:
        """Begin a new segment now, so that readers can leave this one and it can be removed. Raises SpoolFull, SpoolFailed."""
        self._leave()
        try:
            self._segment()
        except OSError as error:
            self._abandon(full=False)
            raise _spoken(error) from error

    def close(self) -> None:
        """Let go of the folder."""
        self._leave()
        self._lock.close()

    def _write(self, records: Sequence[tuple[bytes, bytes]]) -> list[Place]:
        handle = self._segment()
        places: list[Place] = []
        buffers: list[bytes] = []
        offset = self._offset
        for head, body in records:
            places.append(Place(self._number, offset))
            buffers += (head, body)
            offset += len(head) + len(body)
        handle.write(buffers)
        handle.fdatasync()
        self._offset = offset
        return places

    def _segment(self) -> Handle:
        if self._handle is not None and self._offset < self._segment_bytes:
            return self._handle
        self._leave()
        self._number += 1
        self._offset = 0
        self._handle = self._disk.create(segment_file(self._folder, self._number))
        self._disk.sync_folder(self._folder)
        return self._handle

    def _abandon(self, *, full: bool) -> None:
        """Never write to this segment again. What it holds without having acknowledged it gives its room back."""
        if full and self._handle is not None:
            with suppress(OSError):
                self._handle.shorten(self._offset)
        self._leave()
        if self._offset == 0:
            with suppress(OSError):
                self._disk.remove(segment_file(self._folder, self._number))

    def _leave(self) -> None:
        if self._handle is not None:
            self._handle.close()
        self._handle = None


def _spoken(error: OSError) -> SpoolFailed:
    if error.errno in _NO_ROOM:
        return SpoolFull(_ASKED, "the disk of the spool is full", "Make room; clients try again by themselves.")
    return SpoolFailed(
        _ASKED, f"the disk of the spool fails ({error.strerror or error})", "Check the disk and the rights of the home."
    )
