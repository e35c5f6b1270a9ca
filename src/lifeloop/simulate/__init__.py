"""A shop with known truth; what it tells goes through the same import as a real shop's facts."""

from lifeloop.simulate.settings import WorldConfig
from lifeloop.simulate.shop import Seen, Shop
from lifeloop.simulate.world import World

__all__ = ["Seen", "Shop", "World", "WorldConfig"]
