"""Ours as it is served: the product's own code and its one default configuration, behind the interface of the others."""

from __future__ import annotations

from collections.abc import Callable

from lifeloop.recommend.histories import Histories, Ints
from lifeloop.recommend.matrices import Blend, next_blend, taste_blend, visit_blend


class Ours:
    """A blend of our item-item matrices."""

    def __init__(self, name: str, fit: Callable[..., Blend], threads: int = 1) -> None:
        self.name = name
        self.threads = threads
        self._fit = fit
        self._blend: Blend | None = None

    def fit(self, histories: Histories) -> None:
        """Fit the matrices, solved for and not only counted."""
        self._blend = self._fit(histories, threads=self.threads)

    def top(self, histories: Histories, k: int, *, drop_seen: bool) -> Ints:
        """Rank by the fused kernel."""
        assert self._blend is not None
        return self._blend.top(histories, k, drop_seen=drop_seen, threads=self.threads)[0]


def next_of_ours() -> Ours:
    """Return what answers "what is wanted next": home and message."""
    return _warm("lifeloop", next_blend)


def visit_of_ours() -> Ours:
    """Return what answers "what is looked at next in this visit", where what was seen may come again."""
    return _warm("lifeloop_visit", visit_blend)


def taste_of_ours() -> Ours:
    """Return what answers "what is liked", of histories in which order says nothing."""
    return _warm("lifeloop_taste", taste_blend)


def _warm(name: str, fit: Callable[..., Blend]) -> Ours:
    """Return one whose kernels are compiled, so that what is timed is not the compiler."""
    some = Histories.of([[0, 1, 2], [1, 2, 0]], products=3)
    first = Ours(name, fit)
    first.fit(some)
    first.top(some, 1, drop_seen=False)
    return Ours(name, fit)
