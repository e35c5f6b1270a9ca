"""The catalogue: what the shop sells now, as arrays; stock, price and margin are looked up here when a request is answered.

Reads   product; of a lake without one, the products of its order lines
Limits  a product that two sources know is one; of each thing told of it the word that counts stands (a product list's before
        an order line's before an event's, then the later one)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.base.clock import micros
from lifeloop.base.money import EXPONENT
from lifeloop.lake import Engine
from lifeloop.recommend.categories import begins, holds, levels
from lifeloop.recommend.goods import is_goods
from lifeloop.recommend.histories import Flags, Ints, Longs, Products
from lifeloop.recommend.near import Near
from lifeloop.schema import ORDER_LINE, PRODUCT

Doubles: TypeAlias = npt.NDArray[np.float64]


def _word(name: str) -> str:
    """Return the query for the word that counts on one trait, among all sources."""
    return f"max_by(t.{name}, t.{name}_told) FILTER (WHERE t.{name} IS NOT NULL) AS {name}"


_TRAITS = ("title", "category", "brand", "description", "price_minor", "cost_minor", "stock")
_TOLD = ", ".join(
    f"concat(coalesce(json_extract_string(p.told, '$.{name}'), concat('line ', CAST(p.updated_at AS VARCHAR))), ' ', p.source)"
    f" AS {name}_told"
    for name in _TRAITS
)
CATALOGUE_SQL = f"""
WITH t AS (SELECT p.*, {_TOLD} FROM products AS p)
SELECT t.product_id AS product_id, {", ".join(map(_word, _TRAITS))},
    max_by(t.currency, t.price_minor_told) FILTER (WHERE t.price_minor IS NOT NULL) AS currency,
    max_by(t.currency, t.cost_minor_told) FILTER (WHERE t.cost_minor IS NOT NULL) AS cost_currency,
    max(t.updated_at) AS updated_at
FROM t GROUP BY t.product_id ORDER BY product_id
"""
SOLD_SQL = """
SELECT l.product_id AS product_id, max_by(l.title, l.placed_at) FILTER (WHERE l.title IS NOT NULL) AS title,
    max(l.placed_at) AS updated_at
FROM lines AS l WHERE l.product_id IS NOT NULL GROUP BY l.product_id ORDER BY product_id
"""


@dataclass(frozen=True)
class Catalogue:
    """Every product of the shop, sorted by id; every array and sequence has one entry for each of them.

    >>> tea = {"product_id": "tea", "category": "Drinks > Tea", "price_minor": 500, "cost_minor": 300, "stock": 0}
    >>> shop = Catalogue.of([tea, {"product_id": "pot", "category": "Kitchen"}])
    >>> shop.products.ids, shop.in_stock().tolist(), shop.margin().tolist(), shop.below("drinks").tolist()
    (['pot', 'tea'], [True, False], [nan, 0.4], [False, True])
    """

    products: Products
    title: Sequence[str | None]
    category: Sequence[str | None]
    """Paths; see `categories`."""
    brand: Sequence[str | None]
    description: Sequence[str | None]
    price_minor: Doubles
    """Minor units of the base currency; NaN where not known, or in a currency without a rate."""
    cost_minor: Doubles
    """As `price_minor`."""
    stock: Doubles
    """Pieces; NaN where nobody says."""
    updated_at: Longs
    """Microseconds since 1970 UTC."""
    currency: str | None = None
    """The base currency; None where no price has one."""

    @classmethod
    def read(
        cls,
        engine: Engine,
        *,
        base: str | None = None,
        rates: Mapping[str, float] | None = None,
        also: Iterable[str] = (),
    ) -> Catalogue:
        """Return the catalogue of a lake; `also` are products it shall have even where the lake tells nothing of them.

        Amounts are converted to `base` with `rates` (units of it that one unit of another currency buys); without a base,
        the currency of most products is taken for it. Raises LakeError.
        """
        found = engine.query(CATALOGUE_SQL, {"products": PRODUCT})
        if not found.num_rows:
            found = engine.query(SOLD_SQL, {"lines": ORDER_LINE})
        told = {name: found[name].to_pylist() for name in found.column_names if name != "updated_at"}
        told["updated_at"] = found["updated_at"].cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
        unknown = set(also).difference(told["product_id"])
        if unknown:
            lacking = {name: [None] * len(unknown) for name in told} | {"product_id": sorted(unknown)}
            joined = {name: [*values, *lacking[name]] for name, values in told.items()}
            order = sorted(range(len(joined["product_id"])), key=joined["product_id"].__getitem__)
            told = {name: [values[place] for place in order] for name, values in joined.items()}
        return cls._of_columns(told, base, rates)

    @classmethod
    def of(
        cls, rows: Iterable[Mapping[str, Any]], *, base: str | None = None, rates: Mapping[str, float] | None = None
    ) -> Catalogue:
        """Return the catalogue of rows with the columns of `product`; of one product id the last row counts."""
        by_id = {row["product_id"]: row for row in rows}
        kept = [by_id[name] for name in sorted(by_id)]
        names = {name for row in kept for name in row} | {"product_id"}
        return cls._of_columns({name: [row.get(name) for row in kept] for name in names}, base, rates)

    @classmethod
    def _of_columns(cls, told: Mapping[str, list[Any]], base: str | None, rates: Mapping[str, float] | None) -> Catalogue:
        """Return the catalogue of columns sorted by product id; those that are not told are null."""
        ids = told["product_id"]
        nothing: list[Any] = [None] * len(ids)
        column = {name: told.get(name, nothing) for name in (*PRODUCT.columns, "cost_currency")}
        worth = _Worth.of(column["currency"], base, rates or {})
        title, category, brand, description = (tuple(column[name]) for name in ("title", "category", "brand", "description"))
        of_cost = [own or other for own, other in zip(column["cost_currency"], column["currency"], strict=True)]
        return cls(
            Products(ids),
            title,
            category,
            brand,
            description,
            np.array(column["price_minor"], np.float64) * worth.factors(column["currency"]),
            np.array(column["cost_minor"], np.float64) * worth.factors(of_cost),
            np.array(column["stock"], np.float64),
            np.array([_instant(at) for at in column["updated_at"]], np.int64),
            worth.base,
        )

    def __len__(self) -> int:
        return len(self.products)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Every category path there is, sorted."""
        return tuple(sorted({one for one in self.category if one}))

    @cached_property
    def category_code(self) -> Ints:
        """Place in `categories` of each product, -1 without one."""
        return _codes(self.category, self.categories)

    @cached_property
    def brands(self) -> tuple[str, ...]:
        """Every brand there is, sorted."""
        return tuple(sorted({one for one in self.brand if one}))

    @cached_property
    def brand_code(self) -> Ints:
        """Place in `brands` of each product, -1 without one."""
        return _codes(self.brand, self.brands)

    @cached_property
    def goods(self) -> Flags:
        """Which are goods, and not postage, fees or corrections; worked out once."""
        return is_goods(self.products.ids, self.title)

    def in_stock(self) -> Flags:
        """Return which can be sold now; what nobody knows the stock of can."""
        return ~(self.stock <= 0)

    def margin(self) -> Doubles:
        """Return the share of the price that is left after the cost; NaN where either is not known.

        Of what is given away nothing is left, whatever it cost: minus infinity.
        """
        is_free = (self.price_minor <= 0) & ~np.isnan(self.cost_minor)
        price = np.where(self.price_minor > 0, self.price_minor, np.nan)
        return np.where(is_free, -np.inf, 1.0 - self.cost_minor / price)

    def below(self, category: str) -> Flags:
        """Return which products lie in a category or below it, whatever its case.

        It is a path from the top (`Home > Kitchen`). One that no product has at the top is looked for anywhere in the paths:
        `kitchen` finds `Home > Kitchen > Pots`.
        """
        wanted = levels(category)
        chosen = [begins(path, wanted) for path in self._paths]
        return self._of_paths(chosen) if any(chosen) else self.anywhere(category)

    def anywhere(self, category: str) -> Flags:
        """Return which products have a category anywhere in their path, whatever else begins with it.

        `alcohol` finds `Food > Alcohol > Wine` beside `Alcohol > Beer`: what is to be kept out is kept out wherever it lies.
        """
        wanted = levels(category)
        return self._of_paths([holds(path, wanted) for path in self._paths])

    def near(self, name: str) -> str | None:
        """Return the product id most like an unknown one; None where none is. Takes a few hundred microseconds, once."""
        return self._near.to(name)

    def aligned(self, products: Products) -> Ints:
        """Return the place here of each of other products, such as a model's; -1 of what is not sold (any more)."""
        places = self.products.places
        return np.array([places.get(name, -1) for name in products.ids], np.int32)

    @cached_property
    def _near(self) -> Near:
        return Near(self.products.ids)

    @cached_property
    def _paths(self) -> tuple[tuple[str, ...], ...]:
        """The levels of each of `categories`."""
        return tuple(levels(path) for path in self.categories)

    def _of_paths(self, chosen: Sequence[bool]) -> Flags:
        """Return which products are of chosen `categories`."""
        return np.array([*chosen, False], np.bool_)[self.category_code]


@dataclass(frozen=True)
class _Worth:
    """What a minor unit of each currency is worth in minor units of the base."""

    base: str | None
    known: Mapping[str | None, float]

    @classmethod
    def of(cls, named: Sequence[str | None], base: str | None, rates: Mapping[str, float]) -> _Worth:
        counts = Counter(sorted(code for code in named if code))
        base = base or next((code for code, _ in counts.most_common(1)), None)
        if base is None:
            return cls(None, {None: 1.0})
        own = EXPONENT[base]
        known: dict[str | None, float] = {None: 1.0}
        known |= {code: rate * 10.0 ** (own - EXPONENT[code]) for code, rate in rates.items() if code in EXPONENT}
        return cls(base, known | {base: 1.0})

    def factors(self, codes: Sequence[str | None]) -> Doubles:
        """Return the worth of each code; NaN without a rate; what names no currency is in the base's."""
        return np.array([self.known.get(code, np.nan) for code in codes], np.float64)


def _instant(value: datetime | int | None) -> int:
    if isinstance(value, datetime):
        return micros(value)
    return 0 if value is None else value


def _codes(values: Sequence[str | None], names: Sequence[str]) -> Ints:
    places = {name: place for place, name in enumerate(names)}
    return np.array([places.get(one or "", -1) for one in values], np.int32)
