"""Shop systems and file forms that can be imported, one file each."""

from __future__ import annotations

from lifeloop.base.registry import Registry
from lifeloop.collect.source import Source
from lifeloop.collect.sources.lines import OrderLines

SOURCES: Registry[Source] = Registry("source", "lifeloop.sources", {source.name: source for source in (OrderLines(),)})
"""Every source by name, in the order they are asked whether a file is theirs."""
