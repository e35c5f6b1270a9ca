"""The one configuration everything is recommended with; its figures stand in docs/models/recommend.md."""

from __future__ import annotations

from lifeloop.recommend.histories import Histories
from lifeloop.recommend.matrices.blend import Blend, Part
from lifeloop.recommend.matrices.following import Following
from lifeloop.recommend.matrices.following_config import CountedConfig, FollowingConfig
from lifeloop.recommend.matrices.taste import Taste, TasteConfig


def next_parts(following: Following) -> tuple[Part, ...]:
    """Return what follows, with the fading each matrix is meant for."""
    if following.soon is None:
        return (Part(following.matrix, delta=0.5, most=500, newest=1.25, floor=0.04, floor_delta=0.01),)
    long = Part(following.matrix, delta=0.25, most=100, floor=0.1, floor_delta=0.01)
    return long, Part(following.soon, weight=0.5, delta=2.0, most=4)


def taste_part(taste: Taste) -> Part:
    """Return taste, to be asked in whole histories in which order says nothing."""
    return Part(taste.matrix, delta=0.0, most=5000)


def personal_blend(following: Following, taste: Taste) -> Blend:
    """Return what a history says is wanted: what follows, and where it is solved for a little of taste, the whole history's.

    Without it what is wanted in the coming weeks is found less often than by taste alone.
    """
    parts = next_parts(following)
    if not following.is_solved:
        return Blend(parts)
    return Blend((*parts, Part(taste.matrix, weight=0.03, delta=0.0, most=500)))


def next_blend(histories: Histories, memory_mb: int = 2000, *, threads: int | None = None) -> Blend:
    """Return what answers "what is wanted next", fitted from histories."""
    following = Following.fit(histories, FollowingConfig(memory_mb=memory_mb, threads=threads))
    if not following.is_solved:
        return Blend(next_parts(following))
    return personal_blend(following, Taste.fit(histories, TasteConfig(memory_mb=memory_mb, threads=threads)))


def visit_blend(histories: Histories, memory_mb: int = 2000, *, threads: int | None = None) -> Blend:
    """Return what answers "what is looked at next in this visit", where what was seen may come again, fitted from visits."""
    counted = CountedConfig(alone=0.4)
    config = FollowingConfig(counted=counted, may_solve=False, memory_mb=memory_mb, threads=threads)
    return Blend(next_parts(Following.fit(histories, config)))


def taste_blend(histories: Histories, memory_mb: int = 2000, *, threads: int | None = None) -> Blend:
    """Return what answers "what is liked", fitted from histories whose order says nothing."""
    return Blend((taste_part(Taste.fit(histories, TasteConfig(memory_mb=memory_mb, threads=threads))),))
