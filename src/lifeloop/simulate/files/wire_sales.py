"""What the events of orders and refunds say on the wire: sums and products as JSON, put together by columns."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.simulate.dirt import LONGEST_DAYS
from lifeloop.simulate.files.wire_texts import escaped, listed, money, said, unit_price
from lifeloop.simulate.words import goods as words

if TYPE_CHECKING:
    from lifeloop.simulate.world import World

_TEXT = pa.string()


class OrderTexts:
    """The sums and products of the orders of late, by order number: their events may be on the way for days."""

    def __init__(self, world: World) -> None:
        self.currency = world.currency
        goods = world.goods
        self._product, self._english = goods.product_id, goods.title[0]
        self._beside = pa.array(
            [
                f',"category":{_json(goods.categories[category][language])},"brand":{_json(words.BRANDS[brand])}'
                for language in (0, 1)
                for category, brand in zip(goods.category.tolist(), goods.brand.tolist(), strict=True)
            ],
            _TEXT,
        )
        self._days: deque[tuple[Any, Any]] = deque(maxlen=LONGEST_DAYS + 2)

    def add(self, order: pa.Table, line: pa.Table) -> None:
        """Remember the orders of another day."""
        if len(order):
            self._days.append((order["order_id"].combine_chunks(), self._sums(order, self._products(order, line))))

    def of(self, order_id: Any, wanted: Any) -> Any:
        """Return the texts of orders where they are wanted; null elsewhere."""
        asked = pc.if_else(wanted, order_id, pa.scalar(None, _TEXT))
        if asked.null_count == len(asked) or not self._days:
            return pa.nulls(len(asked), _TEXT)
        ids, found = (pa.concat_arrays([day[one] for day in self._days]) for one in (0, 1))
        return found.take(pc.index_in(asked, value_set=ids, skip_nulls=True))

    def _sums(self, order: pa.Table, products: Any) -> Any:
        sums = {
            "total": "total_minor",
            "subtotal": "goods_minor",
            "shipping": "shipping_minor",
            "tax": "tax_minor",
            "discount": "discount_minor",
        }
        parts = [said(f'"{name}":', money(order[ours].combine_chunks(), self.currency), "") for name, ours in sums.items()]
        parts += [said(f'"{name}":"', escaped(order[name].combine_chunks()), '"') for name in ("coupon", "country")]
        return listed([*parts, said('"products":[', products, "]")])

    def _products(self, order: pa.Table, line: pa.Table) -> Any:
        """Return the products of each order as JSON objects, separated by commas."""
        place = np.asarray(pc.index_in(line["order_id"], value_set=order["order_id"].combine_chunks()))
        by_order = np.argsort(place, kind="stable")
        line = line.take(pa.array(by_order)).combine_chunks()
        get = {name: line[name].combine_chunks() for name in ("product_id", "title", "quantity", "amount_minor")}
        good = pc.index_in(get["product_id"], value_set=self._product)
        is_english = np.asarray(pc.equal(get["title"], self._english.take(good)))
        beside = self._beside.take(pa.array(np.asarray(good) + np.where(is_english, 0, len(self._product))))
        pieces = np.asarray(get["quantity"]).astype(np.int64)
        texts = pc.binary_join_element_wise(
            '{"product_id":"', get["product_id"], '","name":"', escaped(get["title"]), '"', beside,
            ',"price":', unit_price(np.asarray(get["amount_minor"]), pieces, self.currency),
            ',"quantity":', pa.array(pieces).cast(_TEXT), "}", "",
        )  # fmt: skip
        counts = np.bincount(place, minlength=len(order))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), texts), ",")


def refund_texts(get: dict[str, Any], properties: Any, value: Any, is_refund: Any, currency: str) -> Any:
    """Return what the events of refunds say: the total, and what comes back with its price; null elsewhere."""
    rows = np.flatnonzero(np.asarray(is_refund))
    if not rows.size:
        return pa.nulls(len(properties), _TEXT)
    here = pa.array(rows)
    told = pc.extract_regex(properties.take(here), r'"quantity": (?P<pieces>\d+)').field("pieces")
    pieces = np.asarray(pc.fill_null(told, "1").cast(pa.int64()))
    amount = np.asarray(pc.fill_null(get["amount_minor"].take(here), 0))
    product = said('"products":[{"product_id":"', get["product_id"].take(here), '"')
    rest = pc.binary_join_element_wise(',"price":', unit_price(amount, pieces, currency), ',"quantity":', told, "}]", "")
    texts = pc.binary_join_element_wise(
        said('"total":', value.take(here), ""), said(product, rest, ""), ",", null_handling="skip"
    )
    place = np.full(len(properties), -1)
    place[rows] = np.arange(rows.size)
    return texts.take(pa.array(place, mask=place < 0))


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
