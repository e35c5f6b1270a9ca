"""The association rules of the last run, as they are told to people: with the titles of the products."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lifeloop.base.errors import NotEnoughData, UnknownName
from lifeloop.base.versions import moment_of, versions
from lifeloop.lake import Engine
from lifeloop.recommend.model import QUESTION
from lifeloop.schema import ASSOCIATION_RULE, PRODUCT

MOMENT_SQL = "SELECT max(as_of) AS as_of FROM rules"

STRONGEST_SQL = """
WITH titles AS (SELECT product_id, max(title) AS title FROM products GROUP BY product_id)
SELECT rules.*, one.title AS if_title, other.title AS then_title
FROM rules
LEFT JOIN titles AS one ON one.product_id = rules.if_product
LEFT JOIN titles AS other ON other.product_id = rules.then_product
WHERE rules.as_of = $as_of AND ($product IS NULL OR rules.if_product = $product OR one.title = $product)
ORDER BY rules.low DESC, rules.lift DESC, rules.if_product, rules.then_product
LIMIT $top
"""

PRODUCTS_SQL = "SELECT DISTINCT product_id, title FROM products"

_NEAR = 5
"""Names that are offered for an unknown one; a shop has too many to tell all."""


@dataclass(frozen=True)
class ToldRule:
    """Who buys one product buys another too: one row of ASSOCIATION_RULE with titles."""

    if_product: str
    if_title: str | None
    then_product: str
    then_title: str | None
    orders: int
    orders_if: int
    orders_then: int
    orders_both: int
    support: float
    confidence: float
    low: float
    high: float
    lift: float
    p_value: float
    q_value: float


@dataclass(frozen=True)
class ToldRules:
    """The surest rules as of one moment."""

    as_of: datetime
    rules: tuple[ToldRule, ...]


def strongest_rules(engine: Engine, models: Path, *, product: str | None = None, top: int = 20) -> ToldRules:
    """Return the `top` surest rules of the last run, of all products or of the one with that id or title.

    `models` is the folder of all model versions: it tells of a last run that found none. Raises NotEnoughData when the last run
    has found no rule, UnknownName for a product nobody sells.
    """
    moment: datetime | None = engine.query(MOMENT_SQL, {"rules": ASSOCIATION_RULE}).column("as_of")[0].as_py()
    runs = versions(models, QUESTION)
    if moment is None or (runs and moment_of(runs[-1]) > moment):
        run = f"the run as of {moment_of(runs[-1]):%Y-%m-%d}" if runs else "no run"
        raise NotEnoughData(
            "nothing can be said about what is bought together",
            f"{run} has found {'no ' if runs else ''}two products that stand in the same orders more often than by chance",
            "Import orders with their lines, then: lifeloop run",
        )
    found = rules_as_of(engine, moment, product=product, top=top)
    if product is not None and not found:
        _known(engine, product)
    return ToldRules(moment, found)


def rules_as_of(engine: Engine, as_of: datetime, *, product: str | None = None, top: int = 20) -> tuple[ToldRule, ...]:
    """Return the `top` surest rules of the run of one moment; none where it found none."""
    tables = {"rules": ASSOCIATION_RULE, "products": PRODUCT}
    rows = engine.query(STRONGEST_SQL, tables, as_of=as_of, product=product, top=top).drop_columns(["as_of"]).to_pylist()
    return tuple(ToldRule(**row) for row in rows)


def _known(engine: Engine, product: str) -> None:
    """Raise UnknownName, with a near name, unless there is a product of that id or title."""
    rows = engine.query(PRODUCTS_SQL, {"products": PRODUCT})
    names = {name for column in rows.columns for name in column.to_pylist() if name}
    if product not in names:
        near = difflib.get_close_matches(product, names, n=_NEAR, cutoff=0.5)
        raise UnknownName("product", product, near or sorted(names)[:_NEAR])
