"""What shops say of their stock, as pieces: a figure, or only whether there are any.

    pieces      the figure, at least 0
    sold out    0, whatever figure stands beside it
    in stock    the figure, else 1, the least that is true; also where the shop sells on without a piece on the shelf

So what was sold out and is in stock again is known to be, though nobody says how many there are.
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifeloop.collect.numbers import by_distinct, parse_numbers

_IN = """in stock, available, yes, true, y, t, low stock, limited availability, in store only, online only, on backorder,
    backorder, available for order, preorder, presale, made to order,
    有货, 现货, 有, 是, 充足, 有库存, 预售, 预订, 可预订, 紧张, 库存紧张, 在售, 少量"""
_OUT = """out of stock, sold out, unavailable, not available, no, false, n, f, discontinued,
    无货, 缺货, 售罄, 无, 否, 已售完, 卖完, 断货, 无库存, 下架, 停产, 停售"""
_SOLD = {
    re.sub(r"\s", "", word): is_in for words, is_in in ((_IN, True), (_OUT, False)) for word in words.split(",")
}  # fmt: skip
_SCHEMA = re.compile(r"^https?://schema\.org/", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s_\-]+")
_ABOUT = re.compile(r"^[>≥]=?\s*(?=\d)|(?<=\d)\s*\+$")


def in_stock(text: str) -> bool | None:
    """Return whether a word says that there are pieces; None where it is not known to say either.

    >>> in_stock("In_Stock"), in_stock("https://schema.org/OutOfStock"), in_stock("onbackorder"), in_stock("?")
    (True, False, True, None)
    """
    return _SOLD.get(_BETWEEN.sub("", _SCHEMA.sub("", text.strip())).lower())


def pieces(figures: Any, words: Any, *, comma: bool = False) -> tuple[Any, Any]:
    """Return the stock of each row (float64; null where nothing is said), and which rows say something nobody understands.

    Both columns are trimmed text and may hold either: a figure (`7`, `10+`) or a word (`sold out`).

    >>> both = pa.array(["5", "-2", "0", "8", "售罄", None, "?"]), pa.array([None, None, "yes", "no", None, "in stock", None])
    >>> stock, odd = pieces(*both)
    >>> stock.to_pylist(), odd.to_pylist()
    ([5.0, 0.0, 1.0, 0.0, 0.0, 1.0, None], [False, False, False, False, False, False, True])
    """
    (figure, said, odd), (other, beside, odd_beside) = _heard(figures, comma=comma), _heard(words, comma=comma)
    count = pc.coalesce(figure, other)
    at_least = pc.if_else(pc.less(count, 0.0), 0.0, count)
    some = pc.if_else(pc.greater(at_least, 0.0), at_least, 1.0)
    is_in = pc.coalesce(beside, pc.greater(other, 0.0), said)
    told = pc.if_else(is_in, pc.coalesce(some, pa.scalar(1.0)), pa.scalar(0.0))
    return pc.coalesce(told, at_least), pc.or_(odd, odd_beside)


def _heard(texts: Any, *, comma: bool) -> tuple[Any, Any, Any]:
    """Return a column as figures, as words, and which of its cells are neither."""
    figures = parse_numbers(by_distinct(texts, _exactly, pa.string()), comma=comma).cast(pa.float64())
    said = by_distinct(texts, in_stock, pa.bool_())
    return figures, said, pc.and_(pc.is_valid(texts), pc.and_(pc.is_null(figures), pc.is_null(said)))


def _exactly(text: str) -> str:
    return _ABOUT.sub("", text)
