"""Near names: which of many names is most like an unknown one, quickly enough to say so in an answer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

_NEAR = 12
"""Names on either side of an unknown one, sorted by their beginnings and by their ends, that are compared letter by letter."""
_LONGEST = 48
"""Letters of a name that are compared."""
_LEAST = 0.5
"""Of the letters, how many must be alike."""
_MOST_KEPT = 2048
"""Unknown names whose answer is remembered; then all of them are forgotten."""


class Near:
    """Many names, sorted so that those like another one stand beside it.

    >>> Near(["SKU-1", "SKU-2", "pot"]).to("sku 2"), Near(["SKU-1"]).to("tea")
    ('SKU-2', None)
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.casefold(): name for name in names}
        self._forward = sorted(self._names)
        self._backward = sorted(name[::-1] for name in self._forward)
        self._kept: dict[str, str | None] = {}

    def to(self, name: str) -> str | None:
        """Return the name most like an unknown one; None where none is. Takes microseconds per name compared, once."""
        sought = name[: 2 * _LONGEST].casefold()
        if sought in self._kept:
            return self._kept[sought]
        found = self._nearest(sought)
        if len(self._kept) >= _MOST_KEPT:
            self._kept = {}
        self._kept[sought] = found
        return found

    def _nearest(self, sought: str) -> str | None:
        if sought in self._names:
            return self._names[sought]
        matcher = SequenceMatcher(None, autojunk=False)
        matcher.set_seq2(sought[:_LONGEST])
        least, found = _LEAST, None
        for name in self._beside(sought):
            matcher.set_seq1(name[:_LONGEST])
            if matcher.real_quick_ratio() <= least or matcher.quick_ratio() <= least:
                continue
            if (alike := matcher.ratio()) > least:
                least, found = alike, self._names[name]
        return found

    def _beside(self, sought: str) -> Iterable[str]:
        """Return the names beside it, each once: by their beginnings, then by their ends."""
        backward = (name[::-1] for name in _around(self._backward, sought[::-1]))
        return dict.fromkeys([*_around(self._forward, sought), *backward])


def _around(names: Sequence[str], sought: str) -> Sequence[str]:
    at = bisect_left(names, sought)
    return names[max(0, at - _NEAR) : at + _NEAR]
