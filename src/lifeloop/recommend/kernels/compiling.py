"""How kernels are compiled: once, for written-out types, cached beside the code, and without the interpreter's lock.

Importing a kernel compiles it, or loads it from the cache; no call does. Arrays that are read come as views that cannot be
written, as files mapped into memory do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba as nb
from numba import types as t

_LOOSE = {"contract", "reassoc", "nsz", "nnan"}
"""Sums may be taken in any order, and nothing is ever not a number; infinities are used, and kept."""

F = TypeVar("F", bound=Callable[..., Any])


def _fixed(kind: Any, dimensions: int) -> Any:
    return t.Array(kind, dimensions, "C", readonly=True)


LONGS, INTS, FLOATS, FLAGS = _fixed(t.int64, 1), _fixed(t.int32, 1), _fixed(t.float32, 1), _fixed(t.boolean, 1)
TABLE = _fixed(t.float32, 2)
SCORES, IDS = t.float32[:, ::1], t.int32[:, ::1]


def compiled(*signature: Any) -> Callable[[F], F]:
    """Compile for this one signature, cached on disk."""
    decorate: Callable[[F], F] = nb.njit(t.void(*signature), nogil=True, cache=True, fastmath=_LOOSE)
    return decorate


def inner(function: F) -> F:
    """Compile as a part of those that call it."""
    compiled_within: F = nb.njit(nogil=True, fastmath=_LOOSE)(function)
    return compiled_within
