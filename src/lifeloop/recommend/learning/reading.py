"""Reading: from the facts of the lake to what everybody did. Nothing of the moment asked for or later is looked at.

Reads    event (views, carts, wishes, orders that name a product), order_line, refund, customer; by the engine's views, so
         that a device that turned out to be a customer's is that customer
Limits   an order counts once for a product however many pieces; what a robot did does not count
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lifeloop.lake import Engine
from lifeloop.recommend.asked import DEED_KINDS, DeedKind
from lifeloop.recommend.deeds import MOST, Deeds, latest, runs, strongest
from lifeloop.recommend.goods import is_goods
from lifeloop.recommend.histories import Histories, Ints, Longs, Products
from lifeloop.recommend.learning.ties import marks_of, untied
from lifeloop.recommend.names import CUSTOMER, VISITOR, Names
from lifeloop.schema import CUSTOMER as CUSTOMERS
from lifeloop.schema import EVENT, ORDER_LINE, REFUND

DONE: Mapping[str, DeedKind] = {
    "Product Viewed": "view",
    "Product Clicked": "view",
    "Product Added": "cart",
    "Wishlist Product Added to Cart": "cart",
    "Product Added to Wishlist": "wish",
    "Order Completed": "order",
}
"""What an event is called -> the deed it tells of."""

_KIND = " ".join(f"WHEN '{name}' THEN {DEED_KINDS.index(kind)}" for name, kind in DONE.items())
_NAMES = ", ".join(f"'{name}'" for name in DONE)
_WHO = (
    f"CASE WHEN e.customer_id IS NOT NULL THEN concat('{CUSTOMER}', e.customer_id) ELSE concat('{VISITOR}', e.anonymous_id) END"
)
_DEEDS = f"""
SELECT {_WHO} AS who, e.product_id AS product_id, CASE e.name {_KIND} END AS kind, e.occurred_at AS done_at, e.source AS source
FROM events AS e
WHERE e.occurred_at >= $since AND e.occurred_at < $as_of AND e.name IN ({_NAMES}) AND e.product_id IS NOT NULL
    AND (e.customer_id IS NOT NULL OR e.anonymous_id IS NOT NULL) AND NOT coalesce(e.is_bot, false)
UNION ALL
SELECT concat('{CUSTOMER}', l.customer_id) AS who, l.product_id AS product_id, {DEED_KINDS.index("order")} AS kind,
    l.placed_at AS done_at, l.source AS source
FROM lines AS l
WHERE l.placed_at >= $since AND l.placed_at < $as_of AND l.customer_id IS NOT NULL AND l.product_id IS NOT NULL
"""
PEOPLE_SQL = f"SELECT DISTINCT d.who AS who FROM ({_DEEDS}) AS d ORDER BY who"
SOURCES_SQL = """
SELECT DISTINCT s.source AS source FROM (
    SELECT e.source AS source FROM events AS e WHERE e.occurred_at >= $since AND e.occurred_at < $as_of
    UNION ALL SELECT l.source AS source FROM lines AS l WHERE l.placed_at >= $since AND l.placed_at < $as_of
) AS s ORDER BY source
"""
DEEDS_SQL = f"""
SELECT CAST(p.place AS INTEGER) AS who, CAST(t.place AS INTEGER) AS item, CAST(d.kind AS TINYINT) AS kind,
    d.done_at AS done_at, CAST(s.place AS SMALLINT) AS source
FROM ({_DEEDS}) AS d
JOIN people AS p ON d.who = p.name JOIN products AS t ON d.product_id = t.name JOIN sources AS s ON d.source = s.name
ORDER BY who, done_at, item, kind, source
"""
ORDERS_SQL = f"""
SELECT DISTINCT CAST(coalesce(p.place, -1) AS INTEGER) AS owner, l.placed_at AS placed_at, l.source AS source,
    l.order_id AS order_id, CAST(t.place AS INTEGER) AS item
FROM lines AS l JOIN products AS t ON l.product_id = t.name
LEFT JOIN people AS p ON concat('{CUSTOMER}', l.customer_id) = p.name
WHERE l.placed_at < $as_of ORDER BY owner, placed_at, source, order_id, item
"""
REFUNDS_SQL = f"""
SELECT DISTINCT CAST(p.place AS INTEGER) AS who, r.refunded_at AS refunded_at, CAST(t.place AS INTEGER) AS item
FROM refunds AS r JOIN products AS t ON r.product_id = t.name JOIN people AS p ON concat('{CUSTOMER}', r.customer_id) = p.name
WHERE r.refunded_at >= $since AND r.refunded_at < $as_of AND r.quantity > 0 ORDER BY who, refunded_at, item
"""
LANGUAGES_SQL = f"""
SELECT CAST(p.place AS INTEGER) AS who, c.language AS language
FROM customers AS c JOIN people AS p ON concat('{CUSTOMER}', c.customer_id) = p.name
WHERE c.language IS NOT NULL AND c.first_seen_at < $as_of ORDER BY who
"""
SEEN_SQL = f"""
SELECT DISTINCT e.product_id AS product_id FROM events AS e WHERE e.product_id IS NOT NULL AND e.name IN ({_NAMES})
    AND NOT coalesce(e.is_bot, false)
"""

BEGINNING = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def read_deeds(engine: Engine, products: Products, as_of: datetime, *, titles: Sequence[str | None] = ()) -> Deeds:
    """Return all that was done with `products` before `as_of`, but for fees and the like (see `goods`). Raises LakeError.

    Whether anybody agreed to anything is not known yet: see `consents`. Takes about 60 bytes a deed at its peak, in memory.
    """
    known, lately = _coded(engine, products, BEGINNING, as_of, titles)
    sold = engine.query(ORDERS_SQL, {"lines": ORDER_LINE, **known}, as_of=as_of)
    orders, owner, ordered_at = _orders(sold, len(products))
    return replace(lately, orders=orders, owner=owner, ordered_at=ordered_at)


def read_lately(engine: Engine, products: Products, since: datetime, until: datetime) -> Deeds:
    """Return what was done with `products` in [since, until), without which orders it was in. Raises LakeError."""
    return _coded(engine, products, since, until)[1]


def _coded(
    engine: Engine, products: Products, since: datetime, until: datetime, titles: Sequence[str | None] = ()
) -> tuple[dict[str, pa.Table], Deeds]:
    """Return the numbers that names stand for, and what was done, without orders."""
    facts = {"events": EVENT, "lines": ORDER_LINE}
    span = {"since": since, "as_of": until}
    people = engine.query(PEOPLE_SQL, facts, **span)["who"]
    names, sources = Names.of_sorted(people), engine.query(SOURCES_SQL, facts, **span)["source"].to_pylist()
    known = {
        "people": placed(people),
        "products": placed(pa.array(products.ids, pa.string())).filter(pa.array(is_goods(products.ids, titles))),
        "sources": placed(pa.array(sources, pa.string())),
    }
    done = engine.query(DEEDS_SQL, {**facts, **known}, **span)
    histories, source = _histories(done, names, products)
    returned = engine.query(REFUNDS_SQL, {"refunds": REFUND, **known}, **span)
    told = engine.query(LANGUAGES_SQL, {"customers": CUSTOMERS, **known}, as_of=until)
    language, languages = _languages(told, len(names))
    nothing = Deeds.none(len(products))
    return known, replace(
        nothing,
        names=names,
        histories=histories,
        source=source,
        sources=tuple(sources),
        language=language,
        languages=languages,
        consent=np.zeros(len(names), np.int8),
        refunds=_refunds(returned, names, len(products)),
        taught=np.zeros(len(names), np.bool_),
    )


def products_seen(engine: Engine) -> list[str]:
    """Return the products that events tell of, sorted: all there are of a shop that has no list and sold nothing yet."""
    found: list[str] = engine.query(SEEN_SQL, {"events": EVENT})["product_id"].to_pylist()
    return sorted(found)


def _histories(done: pa.Table, names: Names, products: Products) -> tuple[Histories, npt.NDArray[np.int16]]:
    """Return histories of rows in order of person and time, and the source of each deed."""
    who, items, at = _numbers(done, "who", np.int32), _numbers(done, "item", np.int32), _instants(done, "done_at")
    order = untied(who, at, items, marks_of(products.ids))
    who, items, at, kinds = who[order], items[order], at[order], _numbers(done, "kind", np.int8)[order]
    first = runs(who, items)
    kinds, at = strongest(first, kinds, at)
    starts = np.searchsorted(who[first], np.arange(len(names) + 1)).astype(np.int64)
    whole = Histories(starts, items[first], len(products), at, kinds, names)
    kept, late = latest(whole, MOST)
    return kept, _numbers(done, "source", np.int16)[order][first][late]


def _orders(sold: pa.Table, products: int) -> tuple[Histories, Ints, Longs]:
    """Return the products of each order, whose it is, and when it was placed; rows are in that order."""
    if not sold.num_rows:
        return Histories(np.zeros(1, np.int64), np.zeros(0, np.int32), products), np.zeros(0, np.int32), np.zeros(0, np.int64)
    new = np.ones(sold.num_rows, np.bool_)
    new[1:] = False
    for name in ("owner", "placed_at", "source", "order_id"):
        column = sold[name].combine_chunks()
        new[1:] |= pa.compute.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    first = np.flatnonzero(new)
    owner, at = _numbers(sold, "owner", np.int32)[first], _instants(sold, "placed_at")[first]
    whole = Histories(np.append(first, sold.num_rows).astype(np.int64), _numbers(sold, "item", np.int32), products)
    return whole, owner, at


def _refunds(returned: pa.Table, names: Names, products: int) -> Histories:
    who = _numbers(returned, "who", np.int32)
    starts = np.searchsorted(who, np.arange(len(names) + 1)).astype(np.int64)
    kinds = np.full(len(who), DEED_KINDS.index("refund"), np.int8)
    return Histories(starts, _numbers(returned, "item", np.int32), products, _instants(returned, "refunded_at"), kinds)


def _languages(told: pa.Table, people: int) -> tuple[npt.NDArray[np.int16], tuple[str, ...]]:
    languages = sorted(set(told["language"].to_pylist()))
    places = {name: place for place, name in enumerate(languages)}
    language = np.full(people, -1, np.int16)
    language[_numbers(told, "who", np.int32)] = [places[name] for name in told["language"].to_pylist()]
    return language, tuple(languages)


def placed(names: Any) -> pa.Table:
    """Return names with their places."""
    return pa.table({"name": names, "place": pa.array(np.arange(len(names), dtype=np.int32))})


def _numbers(rows: pa.Table, name: str, kind: Any) -> npt.NDArray[Any]:
    return np.asarray(rows[name].to_numpy(), kind)


def _instants(rows: pa.Table, name: str) -> Longs:
    return np.asarray(rows[name].cast(pa.int64()).to_numpy(), np.int64)
