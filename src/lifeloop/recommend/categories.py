"""Category paths: how they are read. Shops write them in many ways: `Home > Kitchen`, `Home / Kitchen`, `Home | Kitchen`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import normalize

_BETWEEN = re.compile(r"[>/|\\›»→＞／｜＼]")


def steps(path: str) -> list[str]:
    """Return the levels of a path as they are written, from the top.

    >>> steps("Food ›  Fruit|Apples"), steps("食品＞水果")
    (['Food', 'Fruit', 'Apples'], ['食品', '水果'])
    """
    return [step for step in (" ".join(one.split()) for one in _BETWEEN.split(path)) if step]


@lru_cache(maxsize=1 << 13)
def levels(path: str) -> tuple[str, ...]:
    """Return the levels of a path, from the top, as they are compared: whatever their case, width and blanks.

    >>> levels("FOOD/ Fruit")
    ('food', 'fruit')
    """
    return tuple(normalize("NFKC", step).casefold() for step in steps(path))


def begins(path: Sequence[str], wanted: Sequence[str]) -> bool:
    """Return whether levels begin with some wanted ones; nothing begins with none."""
    return bool(wanted) and path[: len(wanted)] == wanted


def holds(path: Sequence[str], wanted: Sequence[str]) -> bool:
    """Return whether some wanted levels follow each other anywhere in a path; nothing holds none.

    >>> holds(("food", "alcohol", "wine"), ("alcohol",)), holds(("food", "wine"), ("food", "alcohol"))
    (True, False)
    """
    return bool(wanted) and any(path[at : at + len(wanted)] == wanted for at in range(len(path)))
