"""A disk under SQLite that loses its power: what was not synchronised is dropped, torn or reordered, as seeds have it.

`CutDisk` keeps for each file the bytes as they are, the bytes as of its last synchronisation, and the later writes in pieces of
one sector. After a cut a file holds its synchronised bytes and a random part of the later pieces. A file whose name was not
synchronised may be gone, one whose deletion was not may be back; as SQLite does on Unix, the first synchronisation of a new log
synchronises its folder too. Needs APSW.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import apsw
import numpy as np

SECTOR = 512
"""Bytes that are written as one or not at all."""


class PowerCut(apsw.IOError):
    """The power is gone."""


@dataclass
class _Content:
    """The bytes of one file, now and after a cut."""

    now: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    later: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Since the last synchronisation: (offset, bytes), or (size, None) for a cut to that size."""
    is_entered: bool = False
    """Whether its name is on the disk for sure."""

    def write(self, offset: int, data: bytes) -> None:
        _put(self.now, offset, data)
        first = SECTOR - offset % SECTOR
        for begin in (0, *range(first, len(data), SECTOR)):
            piece = data[begin : first if begin == 0 else begin + SECTOR]
            self.later.append((offset + begin, piece))

    def truncate(self, size: int) -> None:
        del self.now[size:]
        self.later.append((size, None))

    def sync(self) -> None:
        self.kept, self.later = bytearray(self.now), []

    def after_cut(self, rng: np.random.Generator) -> _Content:
        chance = rng.choice([0.0, rng.random(), 1.0], p=[0.2, 0.6, 0.2])
        data = bytearray(self.kept)
        for (offset, piece), lucky in zip(self.later, rng.random(len(self.later)) < chance, strict=True):
            if not lucky:
                continue
            if piece is None:
                del data[offset:]
            else:
                _put(data, offset, piece)
        return _Content(data, bytearray(data), is_entered=True)


@dataclass
class CutDisk:
    """One machine's disk until the power goes: at the `left`th write, synchronisation or deletion from now."""

    rng: np.random.Generator
    left: int = 1 << 60
    syncs: bool = True
    """False: synchronising does nothing, as on a disk or under a setting that lies."""
    room: int = 1 << 60
    """Bytes that all files together may have; beyond, a write fails."""
    files: dict[str, _Content] = field(default_factory=dict)
    deleted: dict[str, _Content] = field(default_factory=dict)
    """Files whose deletion a cut may take back."""

    @property
    def is_off(self) -> bool:
        """Whether the power is gone."""
        return self.left <= 0

    def act(self) -> None:
        """Do one thing to the disk. Raises PowerCut."""
        self.left -= 1
        if self.is_off:
            raise PowerCut("the power is gone")

    def taken(self) -> int:
        """Return the bytes of all files together."""
        return sum(len(file.now) for file in self.files.values())

    def after_cut(self) -> CutDisk:
        """Return the disk as it is found when the power is back."""
        files = {name: file.after_cut(self.rng) for name, file in self.files.items() if file.is_entered or self._luck()}
        back = {name: file.after_cut(self.rng) for name, file in self.deleted.items() if name not in files and self._luck()}
        return CutDisk(self.rng, syncs=self.syncs, files={**files, **back})

    def copy(self, rng: np.random.Generator, *, syncs: bool = True) -> CutDisk:
        """Return a disk with the same files, all of them synchronised."""
        files = {name: _Content(bytearray(file.now), bytearray(file.now), is_entered=True) for name, file in self.files.items()}
        return CutDisk(rng, syncs=syncs, files=files)

    def sync_folder(self) -> None:
        """Make every name that was entered or taken away last, as a file system does when the folder is synchronised."""
        self.deleted.clear()
        for file in self.files.values():
            file.is_entered = True

    def _luck(self) -> bool:
        return bool(self.rng.random() < 0.5)


class _File:
    """What SQLite calls for one open file."""

    def __init__(self, disk: CutDisk, content: _Content, *, is_log: bool) -> None:
        self._disk, self._content, self._is_log = disk, content, is_log

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's names
        return bytes(self._content.now[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.act()
        if offset + len(data) > len(self._content.now) and self._disk.taken() + len(data) > self._disk.room:
            raise apsw.FullError("database or disk is full")
        self._content.write(offset, bytes(data))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._disk.act()
        self._content.truncate(size)

    def xSync(self, _flags: int) -> None:  # noqa: N802
        self._disk.act()
        if self._disk.syncs:
            self._content.sync()
            if not self._content.is_entered and self._is_log:
                self._disk.sync_folder()

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._content.now)

    def xLock(self, _level: int) -> None:  # noqa: N802
        """One process only."""

    def xUnlock(self, _level: int) -> None:  # noqa: N802
        """One process only."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, _operation: int, _pointer: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return SECTOR

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return int(apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE)

    def xClose(self) -> None:  # noqa: N802
        """Nothing is kept by closing."""

    def excepthook(self, *_error: object) -> None:
        """Say nothing of a second error while the first is on its way."""


class Machine(apsw.VFS):
    """The system calls of a machine with one `CutDisk`."""

    def __init__(self, name: str, disk: CutDisk) -> None:
        self._disk = disk
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        """Return an open file; its name stands in the folder from then on."""
        flags[1] = flags[0]
        if name is None:
            return _File(self._disk, _Content(), is_log=False)
        path = str(name.filename() if isinstance(name, apsw.URIFilename) else name)
        if path not in self._disk.files:
            if not flags[0] & apsw.SQLITE_OPEN_CREATE:
                raise apsw.CantOpenError(path)
            self._disk.files[path] = _Content()
        is_log = bool(flags[0] & (apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL))
        return _File(self._disk, self._disk.files[path], is_log=is_log)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802, FBT001
        """Remove a file."""
        self._disk.act()
        gone = self._disk.files.pop(name, None)
        if gone is not None and gone.is_entered:
            self._disk.deleted[name] = gone
        if sync_folder and self._disk.syncs:
            self._disk.sync_folder()

    def xAccess(self, name: str, _flags: int) -> bool:  # noqa: N802
        """Whether there is such a file."""
        return name in self._disk.files

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        """Return the name: there is one folder."""
        return name

    def xRandomness(self, amount: int) -> bytes:  # noqa: N802
        """Return random bytes of this seed."""
        return self._disk.rng.bytes(amount)

    def xSleep(self, microseconds: int) -> int:  # noqa: N802
        """Return at once."""
        return microseconds

    def xCurrentTimeInt64(self) -> int:  # noqa: N802
        """Return some moment, in milliseconds of the Julian calendar."""
        return 212_646_000_000_000

    def excepthook(self, *_error: object) -> bool:
        """Say nothing of a second error while the first is on its way."""
        return True


def _put(data: bytearray, offset: int, piece: bytes) -> None:
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(piece)] = piece
