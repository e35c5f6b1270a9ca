"""From the stage to the lake: overlapping files joined, known facts left alone, changes written so that a crash heals."""

from lifeloop.collect.settle.change import Change, Settlement
from lifeloop.collect.settle.run import settle

__all__ = ["Change", "Settlement", "settle"]
