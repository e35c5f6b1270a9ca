"""A shop with known truth; what it tells goes through the same import as a real shop's facts."""

from lifeloop.simulate.shop import Seen, Shop, World
from lifeloop.simulate.world import WorldConfig

__all__ = ["Seen", "Shop", "World", "WorldConfig"]
