"""Ours: the product's own code and its one default configuration, behind the interface of the others.

`lifeloop` is what is served to a known customer, `lifeloop_visit` what is served within a visit. `lifeloop_taste` is the one
part of the former that tells what is liked: served, it has a weight of .03 beside what follows; here it stands alone.
"""

from __future__ import annotations

from collections.abc import Callable

from lifeloop.recommend.histories import Histories, Ints
from lifeloop.recommend.matrices import Blend, Following, FollowingConfig, next_blend, taste_blend, visit_blend


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
    """Return what a known customer is served: what answers "what is wanted next"."""
    return _warm("lifeloop", next_blend)


def visit_of_ours() -> Ours:
    """Return what is served within a visit: what is looked at next in it, where what was seen may come again."""
    return _warm("lifeloop_visit", _visit)


def taste_of_ours() -> Ours:
    """Return taste alone, a part of what is served: "what is liked", of histories in which order says nothing."""
    return _warm("lifeloop_taste", taste_blend)


def _visit(histories: Histories, *, threads: int) -> Blend:
    return visit_blend(Following.fit(histories, FollowingConfig(threads=threads)))


def _warm(name: str, fit: Callable[..., Blend]) -> Ours:
    """Return one whose kernels are compiled, so that what is timed is not the compiler."""
    some = Histories.of([[0, 1, 2], [1, 2, 0]], products=3)
    first = Ours(name, fit)
    first.fit(some)
    first.top(some, 1, drop_seen=False)
    return Ours(name, fit)
