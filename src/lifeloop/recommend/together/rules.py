"""Association rules: pairs of products that are bought in the same order more often than by chance.

Which pairs could have become a rule is decided by the margins alone: all pairs of products with `least` orders each. That is
the number of tests the share of false rules is judged with; a pair in too few orders counts as a test that failed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lifeloop.recommend.histories import Ints, Products
from lifeloop.recommend.together.basket_counts import BasketCounts
from lifeloop.recommend.together.pairs import Pairs
from lifeloop.recommend.together.statistics import Doubles, benjamini_hochberg, chance_of_at_least, wilson

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Who buys `first` buys `second` too: one rule per place, the strongest of a product first, products in order."""

    first: Ints
    """Places of products, shape (rules,)."""
    second: Ints
    total: int
    """Orders that were counted."""
    orders_if: Ints
    """Orders with `first`."""
    orders_then: Ints
    """Orders with `second`."""
    both: Ints
    """Orders with both."""
    low: Doubles
    """Ends of the 95 % interval of the confidence."""
    high: Doubles
    p: Doubles
    q: Doubles

    def __len__(self) -> int:
        return len(self.first)

    @property
    def confidence(self) -> Doubles:
        """Share of the orders with `first` that hold `second`."""
        return self.both / np.maximum(self.orders_if, 1)

    @property
    def lift(self) -> Doubles:
        """Confidence over the share of all orders with `second`."""
        return self.confidence * self.total / np.maximum(self.orders_then, 1)

    def take(self, places: npt.NDArray[np.intp]) -> Rules:
        """Return the rules at `places`, in that order."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return Rules(**{name: value if name == "total" else value[places] for name, value in arrays.items()})

    def strongest_first(self) -> Rules:
        """Return all of them, the most certain confidence first."""
        return self.take(np.lexsort((self.second, self.first, -self.low)))

    def table(self, products: Products, as_of: datetime) -> pa.Table:
        """Return them as rows of ASSOCIATION_RULE in the order they are in."""
        import pyarrow as pa

        from lifeloop.schema.shown import ASSOCIATION_RULE

        names, schema = pa.array(products.ids, pa.string()), ASSOCIATION_RULE.arrow()
        columns = {
            "as_of": pa.repeat(pa.scalar(as_of, schema.field("as_of").type), len(self)),
            "if_product": names.take(pa.array(self.first)),
            "then_product": names.take(pa.array(self.second)),
            "orders": np.full(len(self), self.total, np.int64),
            "orders_if": self.orders_if,
            "orders_then": self.orders_then,
            "orders_both": self.both,
            "support": self.both / max(self.total, 1),
            "confidence": self.confidence,
            "low": self.low,
            "high": self.high,
            "lift": self.lift,
            "p_value": self.p,
            "q_value": self.q,
        }
        return pa.table({name: pa.array(column, schema.field(name).type) for name, column in columns.items()}, schema=schema)


def find_rules(counts: BasketCounts, *, false_share: float, per_product: int, least_people: int = 1) -> Rules:
    """Return the rules of at most `false_share` false ones with a lift above 1, at most `per_product` of one product.

    A pair in the orders of fewer than `least_people` is one that failed the test: p is 1.
    """
    pairs, held = counts.pairs, counts.holding.sum(axis=1, dtype=np.int64)
    p = np.where(pairs.people >= least_people, judge(counts, pairs), 1.0)
    q = benjamini_hochberg(p, tests=testable(held, counts.least))
    lifts = pairs.orders.astype(np.int64) * counts.total > held[pairs.first] * held[pairs.second]
    good = np.flatnonzero(lifts & (q <= false_share))
    first = np.concatenate([pairs.first[good], pairs.second[good]])
    second = np.concatenate([pairs.second[good], pairs.first[good]])
    both = np.concatenate([pairs.orders[good]] * 2)
    low, high = wilson(both, held[first])
    order = np.lexsort((second, -low, first))
    kept = order[_places(first[order]) < per_product]
    pair = np.concatenate([good, good])[kept]
    return Rules(
        first=first[kept],
        second=second[kept],
        total=counts.total,
        orders_if=held[first[kept]].astype(np.int32),
        orders_then=held[second[kept]].astype(np.int32),
        both=both[kept],
        low=low[kept],
        high=high[kept],
        p=p[pair],
        q=q[pair],
    )


def testable(held: npt.NDArray[np.int64], least: int) -> int:
    """Return how many pairs could stand together in `least` orders, by the orders with each product alone.

    >>> testable(np.array([5, 9, 4, 7]), least=5)
    3
    """
    often = int((held >= max(least, 1)).sum())
    return often * (often - 1) // 2


def judge(counts: BasketCounts, pairs: Pairs) -> Doubles:
    """Return the chance of so many orders with both if the two had nothing to do with each other, shape (pairs,)."""
    expected, most = np.zeros(len(pairs)), np.zeros(len(pairs), np.int64)
    for held, orders in zip(counts.holding.T[1:], counts.orders[1:], strict=True):  # an order of one product has no pair
        if orders:
            of_class = np.ascontiguousarray(held)
            first, second = of_class[pairs.first], of_class[pairs.second]
            expected += first * (second / orders)
            most += np.minimum(first, second)
    return chance_of_at_least(pairs.orders, expected, most)


def _places(sorted_values: Ints) -> npt.NDArray[np.intp]:
    """Return the how-manieth of its equals each value is, from 0."""
    if not len(sorted_values):
        return np.zeros(0, np.intp)
    new = np.flatnonzero(np.r_[True, sorted_values[1:] != sorted_values[:-1]])
    return np.arange(len(sorted_values)) - np.repeat(new, np.diff(np.r_[new, len(sorted_values)]))
