"""Pairs of products and the orders that hold both; what is not there was never needed, and takes no room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from lifeloop.recommend.histories import Ints, Longs


@dataclass(frozen=True)
class Pairs:
    """Pairs first < second, in rising order, with the orders that hold both."""

    first: Ints
    """Places of products, shape (pairs,)."""
    second: Ints
    orders: Ints
    people: Ints
    """Whose these orders are: how many different people; nobody's orders are of somebody else each."""

    def __len__(self) -> int:
        return len(self.first)

    def keys(self, products: int) -> Longs:
        """Return one number for each pair, rising."""
        return self.first.astype(np.int64) * products + self.second

    def at_least(self, orders: int) -> Pairs:
        """Return the pairs in that many orders or more."""
        kept = self.orders >= orders
        return Pairs(self.first[kept], self.second[kept], self.orders[kept], self.people[kept])

    def less(self, gone: Pairs) -> Pairs:
        """Return the same pairs with the orders in `gone` subtracted; pairs of `gone` that are not here are passed over."""
        if not len(self):
            return self
        products = int(max(self.second.max(), gone.second.max(initial=0))) + 1
        mine, theirs = self.keys(products), gone.keys(products)
        places = np.minimum(np.searchsorted(mine, theirs), len(mine) - 1)
        here = mine[places] == theirs
        orders, people = self.orders.copy(), self.people.copy()
        orders[places[here]] -= gone.orders[here]
        people[places[here]] -= gone.people[here]
        return Pairs(self.first, self.second, orders, people)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as arrays."""
        return {f"pair_{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Pairs:
        """Return what `arrays` were made of."""
        return cls(*(arrays[f"pair_{field.name}"].astype(np.int32, copy=False) for field in fields(cls)))
