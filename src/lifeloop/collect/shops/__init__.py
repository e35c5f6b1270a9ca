"""What shop systems say by themselves: their documents (orders, customers, products), told as events in Segment's form.

A document comes by webhook or from a page of the shop's API; it is the same document, and makes the same events.
"""

from lifeloop.collect.shops.document import BadDocument

__all__ = ["BadDocument"]
