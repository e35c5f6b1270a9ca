"""The one configuration everything is recommended with; its figures stand in docs/models/recommend.md."""

from __future__ import annotations

from lifeloop.recommend.histories import Histories
from lifeloop.recommend.matrices.blend import Blend, Part
from lifeloop.recommend.matrices.following import Following, FollowingConfig
from lifeloop.recommend.matrices.taste import Taste, TasteConfig


def next_part(following: Following) -> Part:
    """Return what follows, with the fading it is meant for."""
    return Part(following.matrix, delta=0.2, most=50, newest=1.25)


def taste_part(taste: Taste) -> Part:
    """Return taste, to be asked in whole histories in which order says nothing."""
    return Part(taste.matrix, delta=0.0, most=500)


def next_blend(histories: Histories, memory_mb: int = 2000, *, threads: int | None = None) -> Blend:
    """Return what answers "what is wanted next", fitted from histories."""
    config = FollowingConfig(memory_mb=memory_mb, threads=threads)
    return Blend((next_part(Following.fit(histories, config)),))


def taste_blend(histories: Histories, memory_mb: int = 2000, *, threads: int | None = None) -> Blend:
    """Return what answers "what is liked", fitted from histories whose order says nothing."""
    return Blend((taste_part(Taste.fit(histories, TasteConfig(memory_mb=memory_mb, threads=threads))),))
