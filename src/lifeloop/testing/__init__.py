"""Builders and contract tests, shipped for people who write sources, models and channels."""

from lifeloop.testing.shop import ShopBuilder

__all__ = ["ShopBuilder"]
