"""What a data set records: who had what in which order, and the cases it was published with, if any."""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.recommend.histories import Flags, Histories, Ints


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Histories of one data set."""

    about: str
    """Where they were read from, in words."""
    histories: Histories
    """Of people, visits or baskets, oldest first; with times where there are any."""
    is_ordered: bool = True
    """Whether what stands later was had later."""
    marked: Flags | None = None
    """Whom the data marks as held for validation, shape (histories,)."""
    given: Histories | None = None
    """What the published cases give, in the same numbers of products."""
    targets: Histories | None = None
    """What they want, as many."""
    clusters: Ints | None = None
    """Whose each published case is, shape (cases,)."""
