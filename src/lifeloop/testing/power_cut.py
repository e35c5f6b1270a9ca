"""A disk that loses its power.

Everything is written to real files, as into the page cache of a machine that runs, and remembered as it would lie on the
platter: bytes since the last fdatasync wait there in the pieces of 512 bytes a disk writes at once; names wait until their
folder is synchronised. `cut` makes the real folder what a machine finds when it comes back: synced bytes, and a random part
of what waited, so that writes are dropped, torn and reordered, files vanish, and removed ones return.

Sectors are taken to be whole, and synced bytes to stay. Killing a process instead would prove little: the page cache survives.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lifeloop.collect.spool.disk import Handle, RealDisk

SECTOR_BYTES = 512


class PowerCut(BaseException):
    """The power is gone: nobody gets to handle it."""


@dataclass
class _Platter:
    """One file as the platter has it, and the pieces that wait."""

    synced: bytes = b""
    waiting: list[tuple[int, bytes]] = field(default_factory=list)
    length: int = 0
    named: bool = False


@dataclass
class PowerCutDisk(RealDisk):
    """The disk of one folder. Its switches turn off what a test shall then miss."""

    folder: Path
    rng: np.random.Generator
    syncs_data: bool = True
    syncs_names: bool = True
    errors: float = 0.0
    """Part of the operations that fail with an error instead."""
    fails_at: int = -2
    """Operations before the one that fails, besides those."""
    left: int = 1 << 60
    """Operations until the power goes."""
    meanwhile: Callable[[], None] = lambda: None
    """Called before each operation: what other processes do at that moment."""
    _platters: dict[str, _Platter] = field(default_factory=dict)

    def create(self, file: Path) -> Handle:
        """See `Disk`."""
        self.tick()
        real = super().create(file)
        platter = self._platters[file.name] = _Platter()
        return _CutHandle(self, real, platter)

    def sync_folder(self, folder: Path) -> None:
        """See `Disk`."""
        self.tick()
        if self.syncs_names and folder == self.folder:
            for platter in self._platters.values():
                platter.named = True
        self.tick(may_fail=False)

    def remove(self, file: Path) -> None:
        """See `Disk`."""
        self.tick()
        super().remove(file)

    def tick(self, *, may_fail: bool = True) -> None:
        """Count one operation. Raises PowerCut when it is the last, now and then OSError."""
        if self.left <= 0:
            raise PowerCut
        self.left -= 1
        self.meanwhile()
        self.fails_at -= 1
        if may_fail and (self.fails_at == -1 or (self.errors and self.rng.random() < self.errors)):
            number = int(self.rng.choice([errno.EIO, errno.ENOSPC]))
            raise OSError(number, os.strerror(number))

    def cut(self) -> None:
        """Make the folder what is found after the power came back; all of that is safe now."""
        for name, platter in list(self._platters.items()):
            file = self.folder / name
            if not platter.named and self.rng.random() < 0.5:
                file.unlink(missing_ok=True)
                del self._platters[name]
                continue
            if not file.exists() and self.rng.random() < 0.5:
                del self._platters[name]
                continue
            if not platter.waiting and platter.named and file.exists():
                continue
            content = self._survives(platter)
            file.write_bytes(content)
            self._platters[name] = _Platter(synced=content, length=len(content), named=True)

    def _survives(self, platter: _Platter) -> bytes:
        share = self.rng.choice([0.0, 1.0, self.rng.random()])
        kept = [piece for piece in platter.waiting if self.rng.random() < share]
        end = max([len(platter.synced), *(offset + len(piece) for offset, piece in kept)])
        if self.rng.random() < 0.25:  # the length came through without its bytes
            end = max(end, platter.length)
        hole = self.rng.bytes(end) if self.rng.random() < 0.5 else bytes(end)
        content = bytearray(platter.synced + hole[len(platter.synced) :])
        for offset, piece in kept:
            content[offset : offset + len(piece)] = piece
        return bytes(content)


class _CutHandle:
    def __init__(self, disk: PowerCutDisk, real: Handle, platter: _Platter) -> None:
        self._disk = disk
        self._real = real
        self._platter = platter

    def write(self, buffers: Sequence[bytes]) -> None:
        """See `Handle`. The power may go between any two buffers."""
        for buffer in buffers:
            self._disk.tick()
            self._real.write([buffer])
            offset, platter = self._platter.length, self._platter
            platter.length += len(buffer)
            while buffer:
                room = SECTOR_BYTES - offset % SECTOR_BYTES
                platter.waiting.append((offset, buffer[:room]))
                offset, buffer = offset + room, buffer[room:]

    def fdatasync(self) -> None:
        """See `Handle`. After an error, what waited counts as written to the page cache and is not on the platter."""
        platter = self._platter
        try:
            self._disk.tick()
        except OSError:
            platter.waiting.clear()
            raise
        if self._disk.syncs_data:
            content = bytearray(platter.length)
            content[: len(platter.synced)] = platter.synced
            for offset, piece in platter.waiting:
                content[offset : offset + len(piece)] = piece
            platter.synced = bytes(content)
            platter.waiting.clear()
        self._disk.tick(may_fail=False)

    def shorten(self, size: int) -> None:
        """See `Handle`."""
        self._disk.tick()
        self._real.shorten(size)

    def close(self) -> None:
        """See `Handle`."""
        self._real.close()
