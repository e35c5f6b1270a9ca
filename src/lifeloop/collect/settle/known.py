"""Which files of the lake may hold an event: what lets a few live events meet a large lake without reading all its ids.

Of each data file the hashes of its message ids are kept in memory, sorted: 8 bytes an event. Files never change, so they are
read once, when they are first met. A file with none of the hashes looked for holds none of the events; only others are read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifeloop.lake import Engine, Lake
from lifeloop.schema import EVENT

MOST_EVENTS = 32_000_000
"""Above it (256 MB) the ids in the lake are read at each comparison instead."""
HASHES = "SELECT hash(message_id) AS hashed FROM ids"


class KnownEvents:
    """Remembers hashes for as long as one process carries live events into one lake."""

    def __init__(self, most: int = MOST_EVENTS) -> None:
        self._most = most
        self._hashes: dict[str, NDArray[np.uint64]] = {}
        self._is_full = False

    def files(self, lake: Lake, engine: Engine, named: Any) -> list[Path] | None:
        """Return the files that may hold an event of `named`, a source with message ids; None: any may."""
        if self._is_full or not lake.is_local:
            return None
        present = lake.files(EVENT)
        there = set(present)
        self._hashes = {file: hashes for file, hashes in self._hashes.items() if file in there}
        held = sum(map(len, self._hashes.values()))
        for file in present:
            if file not in self._hashes:
                self._hashes[file] = _hashes(engine, [Path(file)])
                held += len(self._hashes[file])
                if held > self._most:
                    self._is_full, self._hashes = True, {}
                    return None
        wanted = _hashes(engine, named)
        return [Path(file) for file, hashes in self._hashes.items() if _meet(hashes, wanted)]


def _hashes(engine: Engine, ids: Any) -> NDArray[np.uint64]:
    found = engine.query(HASHES, {"ids": ids})["hashed"].to_numpy().astype(np.uint64, copy=False)
    return np.unique(found)


def _meet(these: NDArray[np.uint64], those: NDArray[np.uint64]) -> bool:
    """Return whether two sorted arrays have a value in common."""
    if not len(these):
        return False
    at = np.minimum(np.searchsorted(these, those), len(these) - 1)
    return bool((these[at] == those).any())
