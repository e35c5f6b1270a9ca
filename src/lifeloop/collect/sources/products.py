"""Product lists: one row per product, as the shop's catalogue has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow.compute as pc

from lifeloop.collect import amounts
from lifeloop.collect.facts import Facts, staged
from lifeloop.collect.idents import clean_ids
from lifeloop.collect.rows import Rows, Sieve
from lifeloop.collect.source import Kind, Reader, Reading, negative
from lifeloop.collect.stock import pieces
from lifeloop.collect.words import WORDS, plain_name

_OF_SALES = frozenset(plain_name(word) for name in ("order_id", "customer_id") for word in WORDS[name])
_TOLD = ("title", "category", "brand", "description", "price", "cost", "stock", "availability")
_TITLES = frozenset(map(plain_name, WORDS["title"]))


class ProductList:
    """The generic source for product files."""

    name = "products"
    kind: Kind = "products"
    also: Sequence[Kind] = ()
    about = "One row per product: title, category, brand, description, price, cost, stock."
    fields: Mapping[str, Sequence[str]] = {
        **{name: WORDS[name] for name in ("product_id", *_TOLD, "currency", "updated_at")},
        "product_id": (*WORDS["product_id"], "id"),
        "price": (*WORDS["price"], "regular price"),
        "brand": (*WORDS["brand"], "brands"),
    }
    required: Sequence[Sequence[str]] = (("product_id",), _TOLD)

    def recognises(self, columns: Sequence[str], mapping: Mapping[str, str], /) -> bool:
        """Return whether products are named and something is told of them, and neither orders nor customers are."""
        if any(plain_name(name) in _OF_SALES for name in columns if name not in mapping.values()):
            return False
        return all(any(name in mapping for name in group) for group in self.required)

    def begin(self, reading: Reading) -> Reader:
        """Return the reader of one file's batches; a description that alone says what products are called is their title."""
        columns = reading.columns
        if "title" not in columns and plain_name(columns.get("description", "")) in _TITLES:
            called = {"title" if ours == "description" else ours: theirs for ours, theirs in columns.items()}
            reading = replace(reading, columns=called)
        return lambda rows: _read(reading, rows)


def _read(reading: Reading, rows: Rows) -> tuple[Facts, Sieve]:
    sieve = Sieve(rows)
    product = clean_ids(reading.text(rows, "product_id"))
    sieve.drop(pc.is_null(product), "no_product", "no product number stands in it")
    price = reading.numbers(rows, sieve, "price")
    cost = reading.numbers(rows, sieve, "cost")
    sieve.drop(negative(price) | negative(cost), "negative_price", "the price is below 0")
    currency = amounts.currency_of(reading, rows, sieve, "price")
    priced = pc.or_(pc.is_valid(price), pc.is_valid(cost))
    stock, odd = pieces(reading.text(rows, "stock"), reading.text(rows, "availability"), comma=reading.comma)
    sieve.drop(odd, "bad_stock", "what it says of the stock is neither a number nor a word for having some or none")
    columns = {
        "line": rows.lines,
        "product_id": product,
        **{name: reading.text(rows, name) for name in ("title", "category", "brand", "description")},
        "currency": pc.if_else(priced, currency, None),
        "price_minor": amounts.minor(price, currency),
        "cost_minor": amounts.minor(cost, currency),
        "stock": stock,
        "happened_at": reading.instants(rows, sieve, "updated_at", required=False),
    }
    return Facts({"product": staged("product", sieve.good, columns)}), sieve
