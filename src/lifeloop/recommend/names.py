"""Names: whose a history is. Bytes in one array, so that a million of them are mapped from a file and none is an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.recommend.histories import Flags, Longs

CUSTOMER = "c"
VISITOR = "v"
"""What a name begins with: a customer's id and a device's may be the same text, and mean two people."""


def customer(customer_id: str) -> str:
    """Return the name of a customer."""
    return CUSTOMER + customer_id


def visitor(anonymous_id: str) -> str:
    """Return the name of a visitor, whom only a device tells."""
    return VISITOR + anonymous_id


@dataclass(frozen=True)
class Names(Sequence[str]):
    """Texts in the order of their bytes (UTF-8), each once.

    >>> names = Names.of(["cbob", "cann", "vbob"])
    >>> list(names), names.find("vbob"), names.find("ceve")
    (['cann', 'cbob', 'vbob'], 2, -1)
    """

    starts: Longs
    """Shape (names + 1,)."""
    text: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        """Return some names, sorted, each once."""
        encoded = sorted({name.encode() for name in names})
        starts = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(one) for one in encoded], out=starts[1:])
        return cls(starts, np.frombuffer(b"".join(encoded), np.uint8))

    @classmethod
    def of_sorted(cls, column: Any) -> Names:
        """Return the names in an Arrow column, sorted already; nothing of it becomes an object."""
        texts = column.cast(pa.large_string())
        texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        if isinstance(texts, pa.ChunkedArray):
            texts = pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], pa.large_string())
        if not len(texts):
            return cls.of(())
        offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
        held = texts.buffers()[2]
        text = np.frombuffer(held, np.uint8)[offsets[0] : offsets[-1]] if held else np.zeros(0, np.uint8)
        return cls(offsets - offsets[0], text.copy())

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        """Return the name at a place."""
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._bytes(index % len(self)).decode()

    def find(self, name: str) -> int:
        """Return the place of a name, -1 where it is not among them; halves 20 times among a million."""
        sought, low, high = name.encode("utf-8", "replace"), 0, len(self)
        starts, text = self._held
        while low < high:
            middle = (low + high) // 2
            if bytes(text[starts[middle] : starts[middle + 1]]) < sought:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._bytes(low) == sought else -1

    @cached_property
    def _held(self) -> tuple[memoryview, memoryview]:
        """The arrays as what is quickest to read single numbers from."""
        return np.ascontiguousarray(self.starts).data, np.ascontiguousarray(self.text).data

    def places(self, names: Iterable[str]) -> list[int]:
        """Return the places of those that are among them, in order."""
        return [place for name in names if (place := self.find(name)) >= 0]

    def kept(self, keep: Flags) -> Names:
        """Return those where `keep`, shape (names,), is true."""
        lengths = np.diff(self.starts)
        starts = np.zeros(int(np.count_nonzero(keep)) + 1, np.int64)
        np.cumsum(lengths[keep], out=starts[1:])
        return Names(starts, self.text[np.repeat(keep, lengths)])

    def column(self, places: npt.NDArray[np.integer[Any]], *, skip: int = 0) -> pa.Array:
        """Return the names at some places as Arrow texts, without the first `skip` bytes of each."""
        whole = pa.Array.from_buffers(
            pa.large_string(), len(self), [None, pa.py_buffer(np.ascontiguousarray(self.starts)), pa.py_buffer(self.text)]
        )
        chosen = whole.take(pa.array(places))
        return pa.compute.utf8_slice_codeunits(chosen, skip).cast(pa.string()) if skip else chosen.cast(pa.string())

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all it is, by name."""
        return {"starts": self.starts, "text": self.text}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Names:
        """Return the names that these arrays are; they may be mapped from a file, and are not copied."""
        return cls(arrays["starts"], arrays["text"])

    def _bytes(self, place: int) -> bytes:
        return self.text[self.starts[place] : self.starts[place + 1]].tobytes()
