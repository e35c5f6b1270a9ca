"""What is still to come because of orders placed: few numbers a row, kept by the day it is due and dropped with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lifeloop.simulate.draws import Ints

RETURN, REVIEW, COMMENT, SURVEY, QUESTION = range(5)
"""Kinds of what may come."""
ROW = np.dtype(
    [
        ("key", np.int64),  # the order, as `deeds.order_key`
        ("amount", np.int64),  # paid, or given back, for the line in question; minor units
        ("product", np.int32),
        ("place", np.int32),  # the line's place in its order
        ("pieces", np.int32),  # of a return
        ("satisfaction", np.float32),  # standard normal
        ("kind", np.int8),
        ("said", np.int8),  # as whom it was ordered
        ("about", np.int8),  # reason of a return, intent of a question
    ]
)
"""35 bytes a row."""
_RAW = np.dtype((np.void, ROW.itemsize))


def rows(n: int, **columns: Any) -> Any:
    """Return n rows; columns not given are 0."""
    made = np.zeros(n, ROW)
    for name, values in columns.items():
        made[name] = values
    return made


def joined(parts: Sequence[Any]) -> Any:
    """Return rows one behind the other; as raw bytes, since NumPy compares the fields of structured arrays one by one."""
    return np.concatenate([part.view(_RAW) for part in parts]).view(ROW) if parts else np.zeros(0, ROW)


def persons(made: Any) -> Ints:
    """Return whose order each row follows."""
    return np.asarray(made["key"] & 0xFFFFFFFF)


class Coming:
    """Rows by the day on which they are due."""

    def __init__(self) -> None:
        self._days: dict[int, list[Any]] = {}

    def __len__(self) -> int:
        return sum(part.size for parts in self._days.values() for part in parts)

    def put(self, day: Ints, made: Any) -> None:
        """Keep rows until their days, which must lie ahead."""
        order = np.argsort(day, kind="stable")
        days, first = np.unique(day[order], return_index=True)
        for one, part in zip(days.tolist(), np.split(made[order], first[1:]), strict=False):
            self._days.setdefault(one, []).append(part.copy())

    def take(self, day: int) -> Any:
        """Return what is due on a day, and forget it."""
        return joined(self._days.pop(day, []))
