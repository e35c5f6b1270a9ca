"""The facts, kept as Delta tables, and the engines that compute over them."""

from lifeloop.lake.delta import Lake
from lifeloop.lake.duck import DuckEngine
from lifeloop.lake.engine import Engine, Source, View

__all__ = ["DuckEngine", "Engine", "Lake", "Source", "View"]
