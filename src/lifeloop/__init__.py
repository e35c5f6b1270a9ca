"""lifeloop: where each customer stands in their life with the shop, what happens next, and why."""

__version__ = "0.1.0"
