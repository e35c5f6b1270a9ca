"""The few things the spool asks of a disk, so that a test can put one underneath that loses its power."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_BUFFERS_AT_ONCE = 1000
"""`writev` takes 1,024 (IOV_MAX of Linux)."""


class Handle(Protocol):
    """One file that only grows."""

    def write(self, buffers: Sequence[bytes]) -> None:
        """Append all of `buffers`. Raises OSError; how much was written then is unknown."""
        ...

    def fdatasync(self) -> None:
        """Return when everything written will survive a power cut. Raises OSError, after which nothing is sure of it."""
        ...

    def shorten(self, size: int) -> None:
        """Give up what lies behind `size`; a power cut may bring it back. Raises OSError."""
        ...

    def close(self) -> None:
        """Let go of the file; says nothing about its bytes."""
        ...


class Held(Protocol):
    """Something held until it is closed."""

    def close(self) -> None:
        """Let go."""
        ...


class Disk(Protocol):
    """Where a spool writes."""

    def make_folder(self, folder: Path) -> None:
        """Make `folder` and those above it, each entry synced. Raises OSError."""
        ...

    def lock(self, file: Path) -> Held:
        """Hold `file` until closed. Raises BlockingIOError when another process does, OSError when it cannot be made."""
        ...

    def names(self, folder: Path) -> list[str]:
        """Return the names of the files in `folder`. Raises OSError."""
        ...

    def create(self, file: Path) -> Handle:
        """Open a new file for appending. Raises OSError, FileExistsError when there is one."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in `folder` will survive a power cut. Raises OSError."""
        ...

    def remove(self, file: Path) -> None:
        """Delete `file`; a power cut may bring it back. Raises OSError."""
        ...


class RealHandle:
    """A file of this machine."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, buffers: Sequence[bytes]) -> None:
        """See `Handle`."""
        for begin in range(0, len(buffers), _BUFFERS_AT_ONCE):
            part = buffers[begin : begin + _BUFFERS_AT_ONCE]
            written = os.writev(self._descriptor, part)
            if written < sum(map(len, part)):
                self._write_rest(memoryview(b"".join(part))[written:])

    def _write_rest(self, rest: memoryview) -> None:
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def fdatasync(self) -> None:
        """See `Handle`. On macOS only F_FULLFSYNC reaches the platter."""
        if sys.platform == "darwin":
            import fcntl

            fcntl.fcntl(self._descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(self._descriptor)

    def shorten(self, size: int) -> None:
        """See `Handle`."""
        os.ftruncate(self._descriptor, size)

    def close(self) -> None:
        """See `Handle`."""
        with suppress(OSError):
            os.close(self._descriptor)


class RealDisk:
    """The file systems of this machine."""

    def make_folder(self, folder: Path) -> None:
        """See `Disk`."""
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing:
            self.sync_folder(each.parent)

    def lock(self, file: Path) -> Held:
        """See `Disk`. The system lets go of it when the process ends, however it ends."""
        import fcntl

        held = file.open("ab")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.close()
            raise
        return held

    def names(self, folder: Path) -> list[str]:
        """See `Disk`."""
        return [entry.name for entry in os.scandir(folder)]

    def create(self, file: Path) -> Handle:
        """See `Disk`. Only its owner may read it: bodies hold personal data."""
        return RealHandle(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600))

    def sync_folder(self, folder: Path) -> None:
        """See `Disk`."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, file: Path) -> None:
        """See `Disk`."""
        file.unlink(missing_ok=True)
