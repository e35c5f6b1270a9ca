"""From identifiers to customers: one row per person, after the shop's own customer id."""

from lifeloop.unify.customers import unify

__all__ = ["unify"]
