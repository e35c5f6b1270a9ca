"""Together: what is bought in the same order as a given product.

Reads    orders as sets of products
Writes   a matrix: row i, column j holds the lower end of the 95 % interval of P(j in the order | i in it), of the pairs that
         are surely no chance; rules with support, confidence, lift, interval, p and q
Source   Agrawal, Imielinski & Swami (1993) for rules; statistics.py for how sure they are
Limits   a pair needs `least` orders of `least_people` people; to the statistics two orders of one customer are two; what is on
         sale at the same time goes together
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lifeloop.recommend.histories import Histories, Ints, Products
from lifeloop.recommend.together.basket_counts import BasketCounts, count_baskets
from lifeloop.recommend.together.rules import Rules, find_rules

if TYPE_CHECKING:
    import pyarrow as pa

    from lifeloop.recommend.matrices import SparseMatrix


@dataclass(frozen=True, kw_only=True)
class TogetherConfig:
    """How rules are found."""

    least: int = 5
    """Orders a pair must stand in."""
    widest: int = 100
    """Most products of an order that is counted; wider ones are left out of every count."""
    least_people: int = 3
    """People whose orders a pair must stand in: what one household buys every week says nothing about others, and is theirs."""
    false_share: float = 0.05
    """Share of false rules among those that are kept, on average over shops at most."""
    per_product: int = 100
    """Most rules of one product; the surest are kept."""


@dataclass(frozen=True)
class Together:
    """What was counted over orders, and the rules that come of it."""

    counts: BasketCounts
    config: TogetherConfig

    @classmethod
    def fit(
        cls,
        baskets: Histories,
        config: TogetherConfig | None = None,
        *,
        owners: Ints | None = None,
        threads: int | None = None,
    ) -> Together:
        """Count orders; their sequence does not matter.

        Args:
            baskets: the products of each order
            config: how rules are found
            owners: whose each order is, -1 of nobody known, shape (orders,); None where each is of somebody else
            threads: None for one per core
        """
        config = config or TogetherConfig()
        return cls(count_baskets(baskets, owners=owners, least=config.least, widest=config.widest, threads=threads), config)

    @cached_property
    def found(self) -> Rules:
        """The rules, by product and the surest of each first."""
        asked = self.config
        return find_rules(
            self.counts, false_share=asked.false_share, per_product=asked.per_product, least_people=asked.least_people
        )

    @cached_property
    def matrix(self) -> SparseMatrix:
        """Row i, column j: how surely j is in an order with i, 0 where that may be chance."""
        from lifeloop.recommend.matrices import SparseMatrix

        found, products = self.found, self.counts.products
        order = np.lexsort((found.second, found.first))
        starts = np.zeros(products + 1, np.int64)
        np.cumsum(np.bincount(found.first, minlength=products), out=starts[1:])
        return SparseMatrix(starts, found.second[order], found.low[order].astype(np.float32))

    def rules(self, products: Products, as_of: datetime) -> pa.Table:
        """Return the rules as rows of ASSOCIATION_RULE, the surest first."""
        return self.found.strongest_first().table(products, as_of)

    def forget(self, baskets: Histories, *, owners: Ints | None = None) -> Together:
        """Return it without those orders: exactly what fitting the others gives. Raises ValueError if they were never in.

        Where it was fitted with owners, `baskets` are all orders of theirs; without `owners`, all orders of one person.
        """
        return Together(self.counts.less(baskets, owners=owners), self.config)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what was counted as arrays, to be kept in a file."""
        return self.counts.arrays()

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], config: TogetherConfig | None = None) -> Together:
        """Return what `arrays` were made of."""
        return cls(BasketCounts.of_arrays(arrays), config or TogetherConfig())
