"""A shop with known truth; its files go through the same import as a real shop's."""

from lifeloop.simulate.shop import ShopConfig, SimulatedShop, simulate, write_files

__all__ = ["ShopConfig", "SimulatedShop", "simulate", "write_files"]
