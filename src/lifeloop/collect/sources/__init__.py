"""Shop systems and file forms that can be imported, one file each."""

from __future__ import annotations

from lifeloop.base.registry import Registry
from lifeloop.collect.source import Source
from lifeloop.collect.sources.customers import CustomerList
from lifeloop.collect.sources.events import Events
from lifeloop.collect.sources.lines import OrderLines
from lifeloop.collect.sources.orders import WholeOrders
from lifeloop.collect.sources.products import ProductList
from lifeloop.collect.sources.segment import Segment
from lifeloop.collect.sources.shopify import ShopifyOrders
from lifeloop.collect.sources.tables import DECLARED

_LISTS: tuple[Source, ...] = (Segment(), *DECLARED, Events(), OrderLines(), WholeOrders(), ProductList(), CustomerList())
_OWN: tuple[Source, ...] = (ShopifyOrders(), *_LISTS)

SOURCES: Registry[Source] = Registry("source", "lifeloop.sources", {source.name: source for source in _OWN})
"""Every source by name, in the order they are asked whether a file is theirs."""

OF_ONE_SHOP = frozenset(source.name for source in _LISTS)
"""The sources whose files speak of the same orders and products, so that their facts are kept together."""
