"""Bought together: which products stand in the same order more often than by chance, and how sure that is."""

from lifeloop.recommend.together.basket_counts import BasketCounts, count_baskets
from lifeloop.recommend.together.rules import Rules
from lifeloop.recommend.together.together import Together, TogetherConfig

__all__ = ["BasketCounts", "Rules", "Together", "TogetherConfig", "count_baskets"]
